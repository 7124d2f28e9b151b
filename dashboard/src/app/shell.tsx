import { Link, Outlet, useNavigate, useRouter } from '@tanstack/react-router'
import clsx from 'clsx'
import { Gauge, History, Menu as MenuIcon, RefreshCw, Search, Table2 } from 'lucide-react'
import { lazy, Suspense, useEffect } from 'react'
import { tinykeys } from 'tinykeys'
import { focusNext, focusPage } from '@/lib/focus'
import { useMedia } from '@/lib/hooks'
import { isTyping } from '@/lib/keys'
import { useObservable } from '@/lib/observable'
import { bulkJob } from '@/tables/bulk-job'
import { SyncButton } from '@/sync/sync-button'
import { Banner } from '@/system/banner'
import { StatusButton } from '@/system/status-button'
import { buttonClass } from '@/ui/button'
import { Logo } from '@/ui/logo'
import { toasterWanted } from '@/ui/notify'
import { OnDemand } from '@/ui/on-demand'
import { Key } from '@/ui/parts'
import { overlay } from './overlay'

const Palette = lazy(() => import('./palette'))
const Help = lazy(() => import('./help'))
const Toaster = lazy(() => import('./toaster'))
const BulkNotice = lazy(() => import('@/tables/bulk-notice'))
const loadMenu = () => import('./main-menu')

const PAGES = [
	{ to: '/', text: 'Overview', icon: Gauge },
	{ to: '/orders', text: 'Orders', icon: Table2 },
	{ to: '/activity', text: 'Activity', icon: History },
	{ to: '/sync', text: 'Sync', icon: RefreshCw },
] as const

function useShortcuts() {
	const navigate = useNavigate()
	useEffect(() => {
		const plain = (act: () => void) => (event: KeyboardEvent) => {
			if (isTyping(event)) return
			event.preventDefault()
			act()
		}
		return tinykeys(window, {
			'$mod+k': event => {
				event.preventDefault()
				overlay.set('palette')
			},
			'Shift+?': plain(() => overlay.set('help')),
			'?': plain(() => overlay.set('help')),
			'g h': plain(() => void navigate({ to: '/' })),
			'g o': plain(() => void navigate({ to: '/orders' })),
			'g a': plain(() => void navigate({ to: '/activity' })),
			'g s': plain(() => void navigate({ to: '/sync' })),
			'/': event => {
				if (isTyping(event) || location.pathname === '/orders') return
				event.preventDefault()
				focusNext('#search')
				void navigate({ to: '/orders' })
			},
		})
	}, [navigate])
}

/** A new page gets the focus, however the user got there. */
function usePageFocus() {
	const router = useRouter()
	useEffect(
		() =>
			router.subscribe('onRendered', ({ pathChanged, fromLocation }) => {
				if (pathChanged && fromLocation !== undefined) focusPage()
			}),
		[router],
	)
}

export function Shell() {
	const open = useObservable(overlay)
	const bulk = useObservable(bulkJob) !== null
	useShortcuts()
	usePageFocus()
	return (
		<div className="flex h-dvh flex-col">
			<a
				href="#main"
				className={clsx(
					'sr-only z-50 rounded-lg bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed',
					'focus:top-2 focus:left-2',
				)}
			>
				Skip to the content
			</a>
			<header className="shrink-0 border-b border-line bg-surface">
				<div className="flex h-14 items-center gap-1 px-3 sm:gap-2 sm:px-6">
					<Link
						to="/"
						className="mr-1 flex items-center gap-2.5 rounded-lg font-semibold tracking-tight sm:mr-4"
						aria-label="Orderdeck, overview"
					>
						<Logo />
						<span className="text-[0.9375rem] max-md:sr-only">Orderdeck</span>
					</Link>
					<Navigation className="max-sm:hidden" />
					<div className="flex-1" />
					<button
						type="button"
						onClick={() => overlay.set('palette')}
						data-testid="palette"
						className={clsx(buttonClass('plain', 'bar'), 'text-ink-2 max-lg:w-8 max-lg:px-0')}
					>
						<Search aria-hidden className="size-4" />
						<span className="max-lg:sr-only">Search</span>
						<span className="ml-3 max-lg:hidden">
							<Key>Ctrl K</Key>
						</span>
					</button>
					<StatusButton />
					<SyncButton />
					<OnDemand
						load={loadMenu}
						button={
							<button
								type="button"
								aria-label="Menu"
								aria-haspopup="menu"
								className={buttonClass('quiet', 'bar-icon')}
							>
								<MenuIcon aria-hidden className="size-4.5" />
							</button>
						}
					/>
				</div>
			</header>
			<Banner />
			{bulk && (
				<Suspense fallback={null}>
					<BulkNotice />
				</Suspense>
			)}
			<main
				id="main"
				tabIndex={-1}
				className="relative min-h-0 w-full flex-1 overflow-y-auto px-3 pt-4 pb-4 outline-none sm:px-6 sm:pt-6 sm:pb-6"
				data-scroll-restoration-id="main"
			>
				<Outlet />
			</main>
			<Navigation
				className="shrink-0 justify-around border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] sm:hidden"
				phone
			/>
			<Suspense fallback={null}>
				{useObservable(toasterWanted) && <Toaster />}
				{open === 'palette' && <Palette onClose={() => overlay.set(null)} onHelp={() => overlay.set('help')} />}
				{open === 'help' && <Help onClose={() => overlay.set(null)} />}
			</Suspense>
		</div>
	)
}

function Navigation({ className, phone }: { className?: string; phone?: boolean }) {
	const small = useMedia('(max-width: 639px)')
	if (small !== Boolean(phone)) return null // only one of the two, also for screen readers
	return (
		<nav aria-label="Pages" className={clsx('flex items-center gap-0.5', className)}>
			{PAGES.map(({ to, text, icon: Icon }) => (
				<Link
					key={to}
					to={to}
					activeOptions={{ exact: to === '/', includeSearch: false }}
					className={clsx(
						'flex items-center font-medium text-ink-2 transition-colors hover:text-ink',
						phone
							? 'h-14 flex-1 flex-col justify-center gap-0.5 text-2xs'
							: 'h-8 gap-2 rounded-lg px-2.5 text-[0.8125rem] hover:bg-hover md:px-3',
					)}
					activeProps={{ className: phone ? 'text-accent-ink!' : 'bg-accent-soft text-accent-ink!' }}
				>
					<Icon aria-hidden className={phone ? 'size-5' : 'size-4'} />
					{text}
				</Link>
			))}
		</nav>
	)
}

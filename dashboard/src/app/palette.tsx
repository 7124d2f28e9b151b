import clsx from 'clsx'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import {
	Gauge,
	History,
	Keyboard,
	type LucideIcon,
	Moon,
	Package,
	Plus,
	RefreshCw,
	Search,
	Sun,
	Table2,
} from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { api, WHAT_THERE_IS } from '@/api/client'
import { useHealth } from '@/api/health'
import { chooseTheme } from '@/lib/theme'
import { writingNew } from '@/orders/creating'
import type { OrdersSearch } from '@/orders/search'
import { orders as ordersTable } from '@/orders/table'
import { useObservable } from '@/lib/observable'
import { useSyncNow } from '@/sync/sync-button'
import { Dialog } from '@/ui/dialog'
import { StatusBadge } from '@/ui/badges'

type Item = { key: string; icon: LucideIcon; label: ReactNode; run: () => void }

function useFound(text: string) {
	const [settled, setSettled] = useState('')
	useEffect(() => {
		const timer = setTimeout(() => setSettled(text.trim()), 120)
		return () => clearTimeout(timer)
	}, [text])
	return useQuery({
		queryKey: ['orders', 'found', settled],
		enabled: settled.length > 1,
		queryFn: async ({ signal }) => {
			const { data } = await api.GET('/api/orders', {
				params: { header: WHAT_THERE_IS, query: { search: settled, pageSize: 6 } },
				signal,
			})
			ordersTable.store.put(data!.orders, data!.generation)
			return data!
		},
	})
}

export default function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
	const [text, setText] = useState('')
	const groups = useGroups(text.trim(), onClose, onHelp)
	const items = groups.flatMap(group => group.items)
	const [chosen, setChosen] = useState('')
	const at = Math.max(
		0,
		items.findIndex(({ key }) => key === chosen),
	)
	const id = useId()
	const list = useRef<HTMLDivElement>(null)

	useEffect(() => {
		// newer browsers return a promise, which is no clean-up
		void list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
	}, [at])

	function keys(event: KeyboardEvent) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
		if (step !== undefined) setChosen(items[(at + step + items.length) % items.length]?.key ?? '')
		else if (event.key === 'Enter') items[at]?.run()
		else return
		event.preventDefault()
	}

	return (
		<Dialog open onClose={onClose} title="Search and commands" hideTitle className="max-w-xl!">
			<div className="flex items-center gap-3 border-b border-line px-4">
				<Search aria-hidden className="size-4 shrink-0 text-ink-3" />
				<input
					data-first
					value={text}
					onChange={event => {
						setText(event.target.value)
						setChosen('')
					}}
					onKeyDown={keys}
					placeholder="Find an order or a command"
					role="combobox"
					aria-label="Search and commands"
					aria-expanded
					aria-controls={id}
					aria-activedescendant={items[at] && `${id}-${items[at].key}`}
					autoComplete="off"
					spellCheck={false}
					className="h-13 flex-1 bg-transparent text-[0.9375rem] outline-none placeholder:text-ink-3"
				/>
			</div>
			<div
				ref={list}
				id={id}
				role="listbox"
				aria-label="Found"
				tabIndex={-1}
				className="max-h-[52vh] overflow-y-auto p-2"
			>
				{groups.map(
					({ title, items: some }) =>
						some.length > 0 && (
							<div key={title} role="group" aria-label={title}>
								<p aria-hidden className="px-3 pt-2 pb-1 text-2xs font-semibold text-ink-3">
									{title}
								</p>
								{some.map(({ key, icon: Icon, label, run }) => (
									<div
										key={key}
										id={`${id}-${key}`}
										role="option"
										aria-selected={key === items[at]?.key}
										tabIndex={-1}
										onClick={run}
										onPointerMove={() => setChosen(key)}
										className={clsx(
											'flex h-10 items-center gap-3 rounded-lg px-3 aria-selected:bg-accent-soft',
											'aria-selected:text-accent-ink',
										)}
									>
										<Icon aria-hidden className="size-4 shrink-0 text-ink-3" />
										{label}
									</div>
								))}
							</div>
						),
				)}
				{items.length === 0 && <p className="px-3 py-8 text-center text-ink-2">Nothing found.</p>}
			</div>
		</Dialog>
	)
}

/** The choices for the text typed so far. */
function useGroups(text: string, onClose: () => void, onHelp: () => void): { title: string; items: Item[] }[] {
	const navigate = useNavigate()
	const { run: sync } = useSyncNow()
	const found = useFound(text).data
	const views = useObservable(ordersTable.views.saved)
	const mayCreate = useHealth().data?.writes.create ?? false
	const item = (label: string, icon: LucideIcon, act: () => void): Item => ({
		key: label.replace(/\W+/g, '-'),
		icon,
		label,
		run: () => {
			onClose()
			act()
		},
	})
	const toOrders = (search: OrdersSearch) => () => void navigate({ to: '/orders', search })
	const orders: Item[] =
		text.length < 2
			? []
			: [
					...(found?.orders ?? []).map(order => ({
						key: order.id,
						icon: Package,
						run: item('', Package, toOrders({ order: order.id })).run,
						label: (
							<>
								<span className="tnum">{order.orderId ?? order.id}</span>
								<span className="min-w-0 flex-1 truncate text-ink-2">{order.customer}</span>
								<StatusBadge status={order.status} />
							</>
						),
					})),
					{ ...item(`Show all orders matching “${text}”`, Search, toOrders({ search: text })), key: 'all' },
				]
	const named = (items: Item[]) =>
		items.filter(({ label }) => String(label).toLowerCase().includes(text.toLowerCase()))
	return [
		{ title: 'Do', items: text === '' ? [] : named(commands()) },
		{ title: 'Orders', items: orders },
		{
			title: 'Go to',
			items: named([
				item('Overview', Gauge, () => void navigate({ to: '/' })),
				item('Orders', Table2, toOrders({})),
				...views.map(view => item(view.name, Table2, toOrders(view.search))).slice(1),
				item('Activity', History, () => void navigate({ to: '/activity' })),
				item('Sync and system', RefreshCw, () => void navigate({ to: '/sync' })),
			]),
		},
		{ title: 'Commands', items: text === '' ? commands() : [] },
	]

	function commands() {
		return [
			...(mayCreate
				? [
						item(
							'New order',
							Plus,
							() => void navigate({ to: '/orders', search: {} }).then(() => writingNew.set(true)),
						),
					]
				: []),
			item('Sync now', RefreshCw, () => sync()),
			item('Dark theme', Moon, () => chooseTheme('dark')),
			item('Light theme', Sun, () => chooseTheme('light')),
			{ ...item('Keyboard shortcuts', Keyboard, () => {}), run: onHelp },
		]
	}
}

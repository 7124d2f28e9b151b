import clsx from 'clsx'
import { Bookmark, Columns3, Download, Plus, Search, SlidersHorizontal, Trash2, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useHealth } from '@/api/health'
import { useObservable } from '@/lib/observable'
import { Button, buttonClass } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Menu, MenuItem, MenuLine, MenuTitle } from '@/ui/menu'
import { notify } from '@/ui/notify'
import { EXPORTS, exportUrl } from '@/orders/api'
import { COLUMN } from './cells'
import { writingNew } from '@/orders/creating'
import { Filters } from './filters'
import { COLUMNS, columnsOf, columnsParameter, filterOf, isFiltered, type OrdersSearch } from '@/orders/search'
import { currentView, removeView, savedViews, saveView } from './views'

const SEARCH_PAUSE_MS = 180

type Props = {
	search: OrdersSearch
	/** replace: a step that the back button should not stop at. */
	set: (next: Partial<OrdersSearch>, replace?: boolean) => void
	small: boolean
}

export function Toolbar({ search, set, small }: Props) {
	const [open, setOpen] = useState(false)
	const mayCreate = useHealth().data?.writes.create ?? false
	return (
		<div className="flex flex-col gap-2 border-b border-line p-2.5 sm:p-3">
			<div className="flex items-center gap-2">
				<SearchBox value={search.search} onChange={text => set({ search: text }, true)} />
				{small && (
					<Button
						size="icon"
						aria-expanded={open}
						aria-label="Filters"
						className={clsx(isFiltered(search) && 'border-accent! text-accent-ink!')}
						onClick={() => setOpen(!open)}
					>
						<SlidersHorizontal aria-hidden className="size-4" />
					</Button>
				)}
				<Views search={search} set={set} />
				<Look search={search} set={set} small={small} />
				<Export search={search} />
				{mayCreate && (
					<Button
						look="primary"
						className="max-lg:w-9 max-lg:px-0"
						onClick={() => writingNew.set(true)}
						aria-label="New order"
						title="New order (n)"
					>
						<Plus aria-hidden className="size-4" />
						<span className="max-lg:sr-only">New order</span>
					</Button>
				)}
			</div>
			{(!small || open) && (
				<div role="group" aria-label="Filters" className="flex flex-wrap items-center gap-1.5">
					<Filters search={search} set={set} />
				</div>
			)}
		</div>
	)
}

/** What is typed shows at once and never waits; the address follows when there is a pause. */
function SearchBox({ value, onChange }: { value: string | undefined; onChange: (text: string | undefined) => void }) {
	const [text, setText] = useState(value ?? '')
	const sent = useRef(value ?? '')
	useEffect(() => {
		if ((value ?? '') === sent.current) return // what comes back is what was typed before
		sent.current = value ?? ''
		setText(value ?? '')
	}, [value])
	useEffect(() => {
		const next = text.trim()
		if (next === sent.current) return
		const timer = setTimeout(() => {
			sent.current = next
			onChange(next === '' ? undefined : next.slice(0, 200))
		}, SEARCH_PAUSE_MS)
		return () => clearTimeout(timer)
	}, [text, onChange])
	return (
		<div className="relative min-w-0 flex-1 sm:max-w-sm">
			<Search
				aria-hidden
				className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-ink-3"
			/>
			<input
				id="search"
				type="search"
				value={text}
				onChange={event => setText(event.target.value)}
				aria-label="Search orders"
				placeholder="Order or customer"
				autoComplete="off"
				spellCheck={false}
				enterKeyHint="search"
				onKeyDown={event => {
					if (event.key === 'Escape') {
						setText('')
						event.currentTarget.blur()
					}
				}}
				className={clsx(
					'h-9 w-full rounded-lg border border-line-strong bg-surface pr-8 pl-9',
					'placeholder:text-ink-3 [&::-webkit-search-cancel-button]:hidden',
				)}
			/>
			{text !== '' && (
				<button
					type="button"
					aria-label="Clear the search"
					onClick={() => setText('')}
					className={clsx(
						'absolute top-1/2 right-1.5 grid size-6 -translate-y-1/2 place-items-center rounded-md',
						'text-ink-3 hover:bg-hover',
					)}
				>
					<X aria-hidden className="size-3.5" />
				</button>
			)}
		</div>
	)
}

function Views({ search, set }: Pick<Props, 'search' | 'set'>) {
	const views = useObservable(savedViews)
	const [naming, setNaming] = useState(false)
	const current = currentView(views, search)
	const show = (next: OrdersSearch) =>
		set({ ...Object.fromEntries(Object.keys(search).map(name => [name, undefined])), ...next })
	return (
		<>
			<Menu
				align="start"
				trigger={
					<button
						type="button"
						className={clsx(buttonClass('plain'), 'max-md:w-9 max-md:px-0')}
						aria-label={current ? `View: ${current.name}` : 'Views'}
					>
						<Bookmark aria-hidden className="size-4" />
						<span className="max-w-36 truncate max-md:sr-only">{current?.name ?? 'Views'}</span>
					</button>
				}
			>
				<MenuTitle>Views</MenuTitle>
				{views.map(view => (
					<MenuItem key={view.name} checked={view === current} onSelect={() => show(view.search)}>
						{view.name}
					</MenuItem>
				))}
				<MenuLine />
				<MenuItem icon={Bookmark} disabled={current !== undefined} onSelect={() => setNaming(true)}>
					Save this view
				</MenuItem>
				{current?.own && (
					<MenuItem icon={Trash2} danger onSelect={() => removeView(current.name)}>
						Remove “{current.name}”
					</MenuItem>
				)}
			</Menu>
			{naming && (
				<NameView
					onClose={() => setNaming(false)}
					onName={name => {
						saveView(name, search)
						setNaming(false)
						notify.success(`Saved as “${name}”`)
					}}
				/>
			)}
		</>
	)
}

function NameView({ onClose, onName }: { onClose: () => void; onName: (name: string) => void }) {
	const [name, setName] = useState('')
	return (
		<Dialog
			open
			onClose={onClose}
			title="Save this view"
			description="Its filters, sorting and columns, in this browser."
		>
			<form
				className="px-5 pb-5"
				onSubmit={event => {
					event.preventDefault()
					if (name.trim()) onName(name.trim())
				}}
			>
				<label className="flex flex-col gap-1 text-xs font-medium text-ink-2">
					Name
					<input
						data-first
						value={name}
						maxLength={60}
						onChange={event => setName(event.target.value)}
						className="h-9 rounded-lg border border-line-strong bg-surface px-3 text-sm text-ink"
					/>
				</label>
				<div className="mt-4 flex justify-end gap-2">
					<Button look="quiet" onClick={onClose}>
						Cancel
					</Button>
					<Button look="primary" type="submit" disabled={name.trim() === ''}>
						Save
					</Button>
				</div>
			</form>
		</Dialog>
	)
}

function Look({ search, set, small }: Props) {
	const columns = columnsOf(search)
	if (small) return null
	return (
		<Menu
			trigger={
				<button
					type="button"
					className={clsx(buttonClass('plain'), 'ml-auto max-lg:w-9 max-lg:px-0')}
					aria-label="Columns and density"
				>
					<Columns3 aria-hidden className="size-4" />
					<span className="max-lg:sr-only">Columns</span>
				</button>
			}
		>
			<MenuTitle>Columns</MenuTitle>
			{COLUMNS.map(id => (
				<MenuItem
					key={id}
					checked={columns.includes(id)}
					disabled={id === 'orderId'}
					onSelect={() =>
						set(
							{
								columns: columnsParameter(
									columns.includes(id) ? columns.filter(other => other !== id) : [...columns, id],
								),
							},
							true,
						)
					}
				>
					{COLUMN[id].title}
				</MenuItem>
			))}
			<MenuTitle>Density</MenuTitle>
			<MenuItem checked={search.density !== 'compact'} onSelect={() => set({ density: undefined }, true)}>
				Comfortable
			</MenuItem>
			<MenuItem checked={search.density === 'compact'} onSelect={() => set({ density: 'compact' }, true)}>
				Compact
			</MenuItem>
		</Menu>
	)
}

function Export({ search }: { search: OrdersSearch }) {
	const save = (as: keyof typeof EXPORTS) => {
		const link = document.createElement('a')
		link.href = exportUrl(filterOf(search), as)
		link.download = ''
		link.click()
	}
	return (
		<Menu
			trigger={
				<button
					type="button"
					className={clsx(buttonClass('plain'), 'max-lg:w-9 max-lg:px-0')}
					aria-label="Export"
					title="Every order that matches, as a file"
				>
					<Download aria-hidden className="size-4" />
					<span className="max-lg:sr-only">Export</span>
				</button>
			}
		>
			{(Object.keys(EXPORTS) as (keyof typeof EXPORTS)[]).map(as => (
				<MenuItem key={as} onSelect={() => save(as)}>
					{EXPORTS[as]}
				</MenuItem>
			))}
		</Menu>
	)
}

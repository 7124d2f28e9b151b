import clsx from 'clsx'
import { Bookmark, Columns3, Download, Plus, Search, SlidersHorizontal, Trash2, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useObservable } from '@/lib/observable'
import { Button, buttonClass } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Menu, MenuItem, MenuLine, MenuTitle } from '@/ui/menu'
import { notify } from '@/ui/notify'
import { columnsOf, columnsParameter, filterOf, isFiltered, textIn } from './address'
import type { AnyTable, Search as Searched, SetSearch } from './descriptor'
import { EXPORTS, exportUrl } from './export'
import { Filters } from './filters'

const SEARCH_PAUSE_MS = 180

type Props = {
	table: AnyTable
	search: Searched
	set: SetSearch
	small: boolean
	/** null: not allowed here. */
	onCreate: (() => void) | null
}

export function Toolbar({ table, search, set, small, onCreate }: Props) {
	const [open, setOpen] = useState(false)
	return (
		<div className="flex flex-col gap-2 border-b border-line p-2.5 sm:p-3">
			<div className="flex items-center gap-2">
				<SearchBox
					table={table}
					value={textIn(search, 'search')}
					onChange={text => set({ search: text }, true)}
				/>
				{small && (
					<Button
						size="icon"
						aria-expanded={open}
						aria-label="Filters"
						className={clsx(isFiltered(table, search) && 'border-accent! text-accent-ink!')}
						onClick={() => setOpen(!open)}
					>
						<SlidersHorizontal aria-hidden className="size-4" />
					</Button>
				)}
				<Views table={table} search={search} set={set} />
				<Look table={table} search={search} set={set} small={small} />
				<Export table={table} search={search} />
				{onCreate && (
					<Button
						look="primary"
						className="max-lg:w-9 max-lg:px-0"
						onClick={onCreate}
						aria-label={`New ${table.one}`}
						title={`New ${table.one} (n)`}
					>
						<Plus aria-hidden className="size-4" />
						<span className="max-lg:sr-only">New {table.one}</span>
					</Button>
				)}
			</div>
			{(!small || open) && (
				<div role="group" aria-label="Filters" className="flex flex-wrap items-center gap-1.5">
					<Filters table={table} search={search} set={set} />
				</div>
			)}
		</div>
	)
}

type SearchBoxProps = { table: AnyTable; value: string | undefined; onChange: (text: string | undefined) => void }

/** Typed text shows at once; the address follows when there is a pause. */
function SearchBox({ table, value, onChange }: SearchBoxProps) {
	const [text, setText] = useState(value ?? '')
	const sent = useRef(value ?? '')
	const [first, ...others] = table.names.map(name => table.fields[name]!.title)
	const placeholder = [first, ...others.map(title => title.toLowerCase())].join(' or ')
	useEffect(() => {
		if ((value ?? '') === sent.current) return // the address returns what was typed before
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
				aria-label={`Search ${table.many}`}
				placeholder={placeholder}
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

function Views({ table, search, set }: Pick<Props, 'table' | 'search' | 'set'>) {
	const views = useObservable(table.views.saved)
	const [naming, setNaming] = useState(false)
	const current = table.views.current(search)
	const show = (next: Searched) =>
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
					<MenuItem icon={Trash2} danger onSelect={() => table.views.remove(current.name)}>
						Remove “{current.name}”
					</MenuItem>
				)}
			</Menu>
			{naming && (
				<NameView
					onClose={() => setNaming(false)}
					onName={name => {
						table.views.save(name, search)
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
			description="Saves its filters, sorting and columns in this browser."
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

function Look({ table, search, set, small }: Omit<Props, 'onCreate'>) {
	const columns = columnsOf(table, search)
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
			{Object.entries(table.fields).map(([id, { kind, title }]) => (
				<MenuItem
					key={id}
					checked={columns.includes(id)}
					disabled={kind === 'key'}
					onSelect={() =>
						set(
							{
								columns: columnsParameter(
									table,
									columns.includes(id) ? columns.filter(other => other !== id) : [...columns, id],
								),
							},
							true,
						)
					}
				>
					{title}
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

function Export({ table, search }: Pick<Props, 'table' | 'search'>) {
	const save = (as: keyof typeof EXPORTS) => {
		const link = document.createElement('a')
		link.href = exportUrl(table, filterOf(table, search), as)
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
					title={`Export every ${table.one} that matches`}
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

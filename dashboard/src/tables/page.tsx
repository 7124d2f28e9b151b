import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { formatCount, plural } from '@/lib/format'
import { useLatest, useMedia } from '@/lib/hooks'
import { useObservable } from '@/lib/observable'
import { Button } from '@/ui/button'
import { notify } from '@/ui/notify'
import { columnsOf, filterOf, isFiltered, nextSort, textIn, withoutFilters } from './address'
import { BulkBar } from './bulk-bar'
import { toBeChosen } from './bulk-job'
import { ConflictDialog } from './conflict-dialog'
import { type AnyTable, type Filter, PAGE_SIZE, type Row, type Search, type SetSearch } from './descriptor'
import { Detail } from './detail'
import { type Editing, FieldEditor } from './field-editor'
import { useRows } from './rows'
import { chosenOf, useSelection } from './selection'
import { LeftOut, NoMatch, Unreadable } from './states'
import type { Entry } from './store'
import { TableView } from './table'
import { useTableKeys } from './table-keys'
import { Toolbar } from './toolbar'

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

type Props = {
	table: AnyTable
	search: Search
	set: SetSearch
	/** Filters in the address that were dropped as invalid. */
	dropped: () => string[]
	/** null: not allowed here. */
	create: (() => void) | null
	remove: ((id: string) => void) | null
	/** The table has no rows at all. */
	empty: ReactNode
	/** Shown below the details of a row. */
	detailFoot: (entry: Entry<Row>, onClose: () => void) => ReactNode
}

/** The page of a table: its list, and what opens from it. */
export function TablePage({ table, search, set, dropped, create, remove, empty, detailFoot }: Props) {
	const { rowParameter } = table
	const sort = textIn(search, 'sort')
	const opened = textIn(search, rowParameter)
	const closeRow = () => set({ [rowParameter]: undefined })
	const small = useMedia('(max-width: 639px)')
	const filterText = JSON.stringify(filterOf(table, search))
	const filter = useMemo(() => JSON.parse(filterText) as Filter, [filterText])
	const columns = useMemo(() => columnsOf(table, { columns: search.columns }), [table, search.columns])
	const [editing, setEditing] = useState<Editing | null>(null)
	const [active, setActive] = useState(-1)
	const scroller = useRef<HTMLDivElement>(null)
	const focusRow = useRef<((index: number) => void) | null>(null)
	const pointer = useRef(false)
	const busy = useLatest(editing !== null)
	const chosen = useRef(0)
	const firstPage = useRef(Number(textIn(search, 'page') ?? 1))

	/** Rows may move only when nobody is about to click on one. */
	const mayMove = useCallback(
		() =>
			!pointer.current &&
			!busy.current &&
			chosen.current === 0 &&
			(scroller.current?.scrollTop ?? 0) < 4 &&
			!scroller.current?.querySelector('tbody')?.contains(document.activeElement),
		[busy],
	)
	const letGo = useRef<(ids: string[]) => void>(() => undefined)
	const onLeft = useCallback((ids: string[]) => letGo.current(ids), [])
	const rows = useRows(table, filter, mayMove, firstPage.current, onLeft)
	const { idAt } = rows
	const latestIdAt = useLatest(idAt)
	const stableIdAt = useCallback((index: number) => latestIdAt.current(index), [latestIdAt])
	const {
		selection,
		toggle,
		clear,
		setIds,
		selectAll,
		letGo: unchoose,
	} = useSelection(JSON.stringify({ ...filter, sort: undefined }), stableIdAt)
	const count = chosenOf(selection)
	useEffect(() => {
		letGo.current = unchoose
		chosen.current = count
	})
	const failed = useObservable(toBeChosen)
	useEffect(() => {
		if (failed === null) return
		setIds(failed)
		toBeChosen.set(null)
	}, [failed, setIds])
	const [picking, setPicking] = useState<string | null>(null)

	const onEdit = useCallback(
		(id: string, field: Editing['field'], button: HTMLElement) => setEditing({ id, field, button }),
		[],
	)
	const onOpen = useCallback(
		(index: number) => {
			const id = latestIdAt.current(index)
			setActive(index)
			if (id !== undefined) set({ [rowParameter]: id })
		},
		[latestIdAt, set, rowParameter],
	)
	const onToggle = useCallback(
		(index: number, extend: boolean) => {
			setActive(index)
			toggle(index, extend)
		},
		[toggle],
	)

	useTableKeys({
		fields: table.fields,
		total: rows.total ?? 0,
		active,
		setActive,
		focusRow,
		onOpen,
		onToggle,
		clear,
		create,
		// with a selection a key applies to all of it, never to the row that happens to have the focus
		remove: !remove
			? null
			: index => {
					const only =
						count === 0
							? idAt(index)
							: count === 1 && selection.all === null
								? [...selection.ids][0]
								: undefined
					if (only !== undefined) remove(only)
					else if (count > 0)
						notify.info(`${capital(table.many)} are deleted one at a time`, {
							description: `${plural(count, `${table.one} is`, `${table.many} are`)} selected; Escape clears the selection.`,
						})
				},
		edit: (index, field) =>
			count > 0
				? setPicking(field)
				: scroller.current
						?.querySelector<HTMLElement>(`tr[data-index="${index}"] [data-edit="${field}"]`)
						?.click(),
		chosen: count > 0,
	})

	const total = rows.total
	const [leftOut, setLeftOut] = useState(dropped)
	return (
		<div className="absolute inset-0 flex flex-col p-2 sm:p-4">
			<h1 tabIndex={-1} className="sr-only">
				{capital(table.many)}
			</h1>
			<div
				className="card relative flex min-h-0 flex-1 flex-col overflow-hidden"
				onPointerEnter={event => {
					pointer.current = event.pointerType === 'mouse'
				}}
				onPointerLeave={() => {
					pointer.current = false
				}}
			>
				<Toolbar {...{ table, search, set, small }} onCreate={create} />
				<LeftOut table={table} names={leftOut} onSeen={() => setLeftOut([])} />
				{rows.held > 0 && (
					<div
						className="pointer-events-none absolute top-14 right-3 z-20 flex justify-center max-sm:inset-x-0 max-sm:top-16"
						role="status"
					>
						<Button
							look="primary"
							size="bar"
							className="animate-in pointer-events-auto rounded-full! px-3.5! shadow-pop"
							onClick={() => {
								scroller.current?.scrollTo({ top: 0 })
								rows.show()
							}}
						>
							{plural(rows.held, table.one, table.many)} changed · Show
						</Button>
					</div>
				)}
				{total === 0 && !rows.stale ? (
					isFiltered(table, search) ? (
						<NoMatch table={table} onClear={() => set(withoutFilters(table))} />
					) : (
						<div className="grid flex-1 place-items-center">{empty}</div>
					)
				) : rows.error && (total === null || rows.stale) ? (
					<Unreadable
						table={table}
						error={rows.error}
						onRetry={rows.retry}
						onDrop={names => set(Object.fromEntries(names.map(name => [name, undefined])))}
						onClear={() => set({ ...withoutFilters(table), sort: undefined })}
					/>
				) : (
					<TableView
						key={filterText}
						{...{
							table,
							rows,
							columns,
							small,
							selection,
							active,
							scroller,
							focusRow,
							onEdit,
							onOpen,
							onToggle,
						}}
						sort={sort}
						compact={search.density === 'compact'}
						firstIndex={(Number(textIn(search, 'page') ?? 1) - 1) * PAGE_SIZE}
						onSort={field => set({ sort: nextSort(table, sort, field) })}
						onToggleAll={() => (count > 0 ? clear() : selectAll(total ?? 0))}
						onSettled={index => {
							const page = index < PAGE_SIZE ? undefined : String(Math.floor(index / PAGE_SIZE) + 1)
							if (page !== search.page) set({ page }, true)
						}}
					/>
				)}
				<BulkBar
					{...{ table, selection, filter, picking, setPicking }}
					total={total ?? 0}
					onClear={clear}
					onAll={() => selectAll(total ?? 0)}
				/>
				<div
					className="tnum flex h-9 shrink-0 items-center gap-3 border-t border-line px-4 text-xs text-ink-2"
					role="status"
					data-testid="count"
				>
					{total === null
						? rows.error
							? 'Not available'
							: 'Loading'
						: isFiltered(table, search)
							? `${plural(total, table.one, table.many)} match`
							: plural(total, table.one, table.many)}
					{rows.error !== null && total !== null && <span className="text-bad">Some could not be read</span>}
					{search.page !== undefined && (
						<span className="ml-auto">
							Page {formatCount(Number(textIn(search, 'page')))} of{' '}
							{formatCount(Math.ceil((total ?? 0) / PAGE_SIZE))}
						</span>
					)}
				</div>
			</div>
			<FieldEditor table={table} editing={editing} onClose={() => setEditing(null)} />
			{opened !== undefined && (
				<Detail
					table={table}
					id={opened}
					onClose={closeRow}
					onFilter={(field, value) =>
						set({ ...withoutFilters(table), [field]: value, [rowParameter]: undefined })
					}
				>
					{entry => detailFoot(entry, closeRow)}
				</Detail>
			)}
			<ConflictDialog table={table} />
		</div>
	)
}

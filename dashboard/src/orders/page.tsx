import { getRouteApi } from '@tanstack/react-router'
import { CloudOff, SearchX } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { explain, wrongFilters } from '@/api/problem'
import { mayPass } from '@/api/query-client'
import { useHealth } from '@/api/health'
import { formatCount, plural } from '@/lib/format'
import { useLatest, useMedia, useTitle } from '@/lib/hooks'
import { useObservable } from '@/lib/observable'
import { Button } from '@/ui/button'
import { NoOrders } from '@/ui/no-orders'
import { notify } from '@/ui/notify'
import { Blank } from '@/ui/parts'
import { PAGE_SIZE } from './api'
import { BulkBar } from '@/tables/bulk-bar'
import { toBeChosen } from '@/tables/bulk-job'
import { ConflictDialog } from '@/tables/conflict-dialog'
import { writingNew } from './creating'
import { DeleteOrder } from './delete-order'
import { Detail } from './detail'
import { type Editing, FieldEditor } from '@/tables/field-editor'
import { NewOrder } from './new-order'
import { useRows } from '@/tables/rows'
import {
	columnsOf,
	FILTER_NAMES,
	type FilterName,
	filterOf,
	FILTERS,
	isFiltered,
	nextSort,
	type OrdersSearch,
	takeLeftOut,
	withoutFilters,
} from './search'
import { chosenOf, useSelection } from '@/tables/selection'
import { type Field, useOrder } from '@/tables/store'
import { OrdersTable } from '@/tables/table'
import { Toolbar } from '@/tables/toolbar'
import { useTableKeys } from '@/tables/table-keys'

const route = getRouteApi('/orders')

function useAddress() {
	const search = route.useSearch()
	const navigate = route.useNavigate()
	const set = useCallback(
		(next: Partial<OrdersSearch>, replace = false) => {
			// another filter or order begins at the top
			const looks = Object.keys(next).every(name => ['columns', 'density', 'order', 'page'].includes(name))
			void navigate({
				search: now => ({ ...now, ...(looks ? {} : { page: undefined }), ...next }),
				replace,
				resetScroll: false,
			})
		},
		[navigate],
	)
	return { search, set }
}

export default function OrdersPage() {
	useTitle('Orders')
	const { search, set } = useAddress()
	const small = useMedia('(max-width: 639px)')
	const filterText = JSON.stringify(filterOf(search))
	const filter = useMemo(() => JSON.parse(filterText) as ReturnType<typeof filterOf>, [filterText])
	const columns = useMemo(() => columnsOf({ columns: search.columns }), [search.columns])
	const [editing, setEditing] = useState<Editing | null>(null)
	const [active, setActive] = useState(-1)
	const scroller = useRef<HTMLDivElement>(null)
	const focusRow = useRef<((index: number) => void) | null>(null)
	const pointer = useRef(false)
	const busy = useLatest(editing !== null)
	const chosen = useRef(0)
	const firstPage = useRef(Number(search.page ?? 1))

	/** Rows may change places only when nobody is about to click on one. */
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
	const rows = useRows(filter, mayMove, firstPage.current, onLeft)
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
	const [picking, setPicking] = useState<Field | null>(null)

	const onEdit = useCallback(
		(id: string, field: Editing['field'], button: HTMLElement) => setEditing({ id, field, button }),
		[],
	)
	const onOpen = useCallback(
		(index: number) => {
			const id = latestIdAt.current(index)
			setActive(index)
			if (id !== undefined) set({ order: id })
		},
		[latestIdAt, set],
	)
	const onToggle = useCallback(
		(index: number, extend: boolean) => {
			setActive(index)
			toggle(index, extend)
		},
		[toggle],
	)

	const may = useHealth().data?.writes
	const writing = useObservable(writingNew)
	const [deleting, setDeleting] = useState<string | null>(null)
	useEffect(() => () => writingNew.set(false), [])

	useTableKeys({
		total: rows.total ?? 0,
		active,
		setActive,
		focusRow,
		onOpen,
		onToggle,
		clear,
		create: may?.create ? () => writingNew.set(true) : null,
		// with a selection a key means all of it, never the one row that happens to have the focus
		remove: !may?.delete
			? null
			: index => {
					const only =
						count === 0
							? idAt(index)
							: count === 1 && selection.all === null
								? [...selection.ids][0]
								: undefined
					if (only !== undefined) setDeleting(only)
					else if (count > 0)
						notify.info('Orders are deleted one at a time', {
							description: `${plural(count, 'order is', 'orders are')} chosen; Escape lets them go.`,
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
	const [leftOut, setLeftOut] = useState(takeLeftOut)
	const deleted = useOrder(deleting ?? '')?.order
	return (
		<div className="absolute inset-0 flex flex-col p-2 sm:p-4">
			<h1 tabIndex={-1} className="sr-only">
				Orders
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
				<Toolbar search={search} set={set} small={small} />
				<LeftOut names={leftOut} onSeen={() => setLeftOut([])} />
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
							{plural(rows.held, 'order')} changed · Show
						</Button>
					</div>
				)}
				{total === 0 && !rows.stale ? (
					<Nothing filtered={isFiltered(search)} onClear={() => set(withoutFilters)} />
				) : rows.error && (total === null || rows.stale) ? (
					<Unreadable
						error={rows.error}
						onRetry={rows.retry}
						onDrop={names => set(Object.fromEntries(names.map(name => [name, undefined])))}
						onClear={() => set({ ...withoutFilters, sort: undefined })}
					/>
				) : (
					<OrdersTable
						key={filterText}
						{...{ rows, columns, small, selection, active, scroller, focusRow, onEdit, onOpen, onToggle }}
						sort={search.sort}
						compact={search.density === 'compact'}
						firstIndex={(Number(search.page ?? 1) - 1) * PAGE_SIZE}
						onSort={field => set({ sort: nextSort(search.sort, field) })}
						onToggleAll={() => (count > 0 ? clear() : selectAll(total ?? 0))}
						onSettled={index => {
							const page = index < PAGE_SIZE ? undefined : String(Math.floor(index / PAGE_SIZE) + 1)
							if (page !== search.page) set({ page }, true)
						}}
					/>
				)}
				<BulkBar
					{...{ selection, filter, picking, setPicking }}
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
						: isFiltered(search)
							? `${plural(total, 'order')} match`
							: plural(total, 'order')}
					{rows.error !== null && total !== null && <span className="text-bad">Some could not be read</span>}
					{search.page !== undefined && (
						<span className="ml-auto">
							Page {formatCount(Number(search.page))} of{' '}
							{formatCount(Math.ceil((total ?? 0) / PAGE_SIZE))}
						</span>
					)}
				</div>
			</div>
			<FieldEditor editing={editing} onClose={() => setEditing(null)} />
			{search.order !== undefined && (
				<Detail
					id={search.order}
					onClose={() => set({ order: undefined })}
					onCustomer={customer => set({ ...withoutFilters, customer, order: undefined })}
				/>
			)}
			<ConflictDialog />
			{writing && may?.create && (
				<NewOrder onClose={() => writingNew.set(false)} onShow={id => set({ order: id })} />
			)}
			{deleted && <DeleteOrder order={deleted} onClose={() => setDeleting(null)} />}
		</div>
	)
}

/** Why there are no rows: a filter that the API can't take, or something that passes. */
function Unreadable({
	error,
	onRetry,
	onDrop,
	onClear,
}: {
	error: Error
	onRetry: () => void
	onDrop: (names: FilterName[]) => void
	onClear: () => void
}) {
	const wrong = wrongFilters(error)
	const names = FILTERS.filter(name => wrong.some(({ field }) => field.replace(/\[\]$/, '') === name))
	return (
		<div className="grid flex-1 place-items-center">
			{wrong.length > 0 ? (
				<Blank
					icon={SearchX}
					title="This filter can’t be used"
					action={
						<>
							{names.length > 0 && (
								<Button look="primary" onClick={() => onDrop(names)}>
									Leave out {names.map(name => FILTER_NAMES[name]).join(', ')}
								</Button>
							)}
							<Button onClick={onClear}>Clear the filters</Button>
						</>
					}
				>
					{wrong
						.map(({ field, message }) => `${FILTER_NAMES[field as FilterName] ?? field}: ${message}`)
						.join('. ')}
					.
				</Blank>
			) : (
				<Blank
					icon={CloudOff}
					title="The orders can’t be read"
					action={
						<>
							<Button onClick={onRetry}>Try again</Button>
							{!mayPass(error) && (
								<Button look="quiet" onClick={onClear}>
									Clear the filters
								</Button>
							)}
						</>
					}
				>
					{explain(error)}
					{mayPass(error) && ' It is tried again by itself.'}
				</Blank>
			)}
		</div>
	)
}

/** Else all orders would be taken for some. */
function LeftOut({ names, onSeen }: { names: FilterName[]; onSeen: () => void }) {
	if (names.length === 0) return null
	return (
		<div
			role="status"
			data-testid="left-out"
			className="flex items-center gap-3 border-b border-line bg-warn-soft px-4 py-1.5 text-[0.8125rem]"
		>
			<span className="min-w-0 flex-1">
				What the address says of this can be no filter, and was left out:{' '}
				<b className="font-medium">{names.map(name => FILTER_NAMES[name]).join(', ')}</b>.
			</span>
			<Button look="quiet" size="small" onClick={onSeen}>
				Close
			</Button>
		</div>
	)
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
	const complete = useHealth().data?.syncedAt != null
	return (
		<div className="grid flex-1 place-items-center">
			{filtered ? (
				<Blank
					icon={SearchX}
					title="No order matches"
					action={<Button onClick={onClear}>Clear the filters</Button>}
				>
					Try fewer filters, or another spelling.
				</Blank>
			) : (
				<NoOrders complete={complete} />
			)}
		</div>
	)
}

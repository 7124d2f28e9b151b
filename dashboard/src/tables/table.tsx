import { useVirtualizer } from '@tanstack/react-virtual'
import clsx from 'clsx'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { type RefObject, useEffect, useRef } from 'react'
import { formatCount, plural } from '@/lib/format'
import { isSortable } from './address'
import { type Edit, isRight } from './cells'
import type { AnyTable } from './descriptor'
import { Row } from './row'
import type { Rows } from './rows'
import { chosenOf, isChosen, type Selection } from './selection'

/** Browsers can't lay out more than some 17 million pixels; beyond that a filter is needed. */
const HEIGHT_MAX = 15_000_000

const rem = (pixels: number) => `${pixels / 16}rem`
/** Text is larger on very large screens (app.css) and where the user's settings say so. */
const textScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

type Props = {
	table: AnyTable
	rows: Rows
	columns: readonly string[]
	sort: string | undefined
	onSort: (field: string) => void
	compact: boolean
	small: boolean
	selection: Selection
	active: number
	onEdit: Edit
	onOpen: (index: number) => void
	onToggle: (index: number, extend: boolean) => void
	onToggleAll: () => void
	scroller: RefObject<HTMLDivElement | null>
	firstIndex: number
	onSettled: (firstIndex: number) => void
	/** Set by the table: scrolls to a row and gives it the focus. */
	focusRow: RefObject<((index: number) => void) | null>
}

export function TableView(props: Props) {
	const { table, rows, columns, compact, small, selection, active, scroller, firstIndex, onSettled, focusRow } = props
	const height = Math.round((small ? 68 : compact ? 36 : 46) * textScale())
	const count = Math.min(rows.total ?? 12, Math.floor(HEIGHT_MAX / height))
	const virtual = useVirtualizer({
		count,
		getScrollElement: () => scroller.current,
		estimateSize: () => height,
		overscan: 8,
	})
	const items = virtual.getVirtualItems()
	const first = items[0]?.index ?? 0
	const last = items.at(-1)?.index ?? 0
	const { see } = rows

	useEffect(() => virtual.measure(), [virtual, height])
	// a position from the address can be scrolled to once the number of rows is known
	const arrived = rows.total !== null && !rows.stale
	const placed = useRef(firstIndex === 0)
	useEffect(() => {
		if (!arrived) return
		if (placed.current) see(first, last)
		else virtual.scrollToIndex(firstIndex, { align: 'start' })
		placed.current = true
	}, [arrived, virtual, firstIndex, see, first, last])
	useSettled(virtual.scrollOffset ?? 0, offset => {
		if (arrived && placed.current) onSettled(Math.round(offset / height))
	})

	// the row may have to be scrolled to, drawn and loaded first
	const wanted = useRef<number | null>(null)
	useEffect(() => {
		focusRow.current = index => {
			wanted.current = index
			virtual.scrollToIndex(index, { align: 'auto' })
		}
	}, [focusRow, virtual])
	useEffect(() => {
		if (wanted.current === null) return
		const row = scroller.current?.querySelector<HTMLElement>(`tr[data-index="${wanted.current}"]`)
		if (!row) return
		wanted.current = null
		row.focus({ preventScroll: true })
	})

	const before = items[0]?.start ?? 0
	const after = Math.max(0, virtual.getTotalSize() - (items.at(-1)?.end ?? 0))
	const span = (small ? 2 : columns.length) + 1
	return (
		<div
			ref={scroller}
			className="min-h-0 flex-1 overflow-auto overscroll-contain scroll-pt-10"
			data-testid="scroller"
		>
			<table
				role="grid"
				aria-label={capital(table.many)}
				aria-rowcount={(rows.total ?? 0) + 1}
				aria-multiselectable
				aria-busy={rows.stale || rows.total === null}
				className={clsx(
					'w-full table-fixed border-separate border-spacing-0 [&>tbody]:transition-[filter]',
					rows.stale && '[&>tbody]:grayscale',
				)}
				style={{
					minWidth: small
						? undefined
						: rem(48 + columns.reduce((sum, column) => sum + (table.fields[column]!.width ?? 180), 0)),
				}}
			>
				<Head {...props} />
				<tbody>
					{before > 0 && (
						<tr aria-hidden>
							<td colSpan={span} style={{ height: before, padding: 0 }} />
						</tr>
					)}
					{items.map(({ index }) => {
						const id = rows.idAt(index)
						return (
							<Row
								table={table}
								key={index}
								id={id}
								index={index}
								height={height}
								columns={columns}
								small={small}
								selected={isChosen(selection, id)}
								active={index === active}
								focusable={index === Math.max(first, Math.min(last, Math.max(0, active)))}
								onEdit={props.onEdit}
								onOpen={props.onOpen}
								onToggle={props.onToggle}
							/>
						)
					})}
					{after > 0 && (
						<tr aria-hidden>
							<td colSpan={span} style={{ height: after, padding: 0 }} />
						</tr>
					)}
				</tbody>
			</table>
			{rows.total !== null && count < rows.total && (
				<p className="p-6 text-center text-ink-2">
					The first {formatCount(count)} of {plural(rows.total, table.one, table.many)}. Filter or search to
					see the others.
				</p>
			)}
		</div>
	)
}

function Head({ table, columns, sort, onSort, small, selection, onToggleAll, rows }: Props) {
	const now = sort ?? table.defaultSort
	const box = (
		<th scope="col" className="w-12 p-0 text-center">
			<input
				type="checkbox"
				aria-label={`Select all ${table.many}`}
				checked={selection.all !== null && selection.ids.size === 0}
				onChange={onToggleAll}
				disabled={!rows.total}
				ref={input => {
					if (input) input.indeterminate = selection.ids.size > 0 && chosenOf(selection) > 0
				}}
				className="size-4 translate-y-0.5 cursor-pointer accent-(--accent)"
			/>
		</th>
	)
	const cellClass =
		'[&>tr>th]:sticky [&>tr>th]:top-0 [&>tr>th]:z-10 [&>tr>th]:h-10 [&>tr>th]:border-b [&>tr>th]:border-line [&>tr>th]:bg-surface'
	if (small) {
		const { amount: right, option: below } = table.phone
		const [first, amount, option] = [table.names[0]!, right, below].map(name => table.fields[name]!.title)
		return (
			<thead className={cellClass}>
				<tr aria-rowindex={1}>
					{box}
					<th scope="col" className="text-left text-xs font-medium text-ink-2">
						{first}
					</th>
					<th
						scope="col"
						className="w-34 pr-3 text-right text-xs font-medium text-ink-2"
					>{`${amount} and ${option!.toLowerCase()}`}</th>
				</tr>
			</thead>
		)
	}
	return (
		<thead className={cellClass}>
			<tr aria-rowindex={1}>
				{box}
				{columns.map(id => {
					const { title, width } = table.fields[id]!
					const field = isSortable(table.fields, id) ? id : undefined
					const right = isRight(table, id)
					const direction = now === field ? 'ascending' : now === `-${field}` ? 'descending' : 'none'
					const Icon = direction === 'descending' ? ArrowDown : ArrowUp
					return (
						<th
							key={id}
							scope="col"
							aria-sort={field ? direction : undefined}
							style={{ width: width === null ? undefined : rem(width) }}
							className={clsx('px-3 text-xs font-medium text-ink-2', right ? 'text-right' : 'text-left')}
						>
							{field === undefined ? (
								title
							) : (
								<button
									type="button"
									data-sort={field}
									onClick={() => onSort(field)}
									className={clsx(
										'group inline-flex h-8 items-center gap-1 rounded-md hover:text-ink',
										right && 'flex-row-reverse',
										direction !== 'none' && 'text-ink',
									)}
								>
									{title}
									<Icon
										aria-hidden
										className={clsx(
											'size-3.5',
											direction === 'none' && 'opacity-0 group-hover:opacity-50',
										)}
									/>
								</button>
							)}
						</th>
					)
				})}
			</tr>
		</thead>
	)
}

/** Reports where the scrolling stopped. */
function useSettled(offset: number, settled: (offset: number) => void) {
	const tell = useRef(settled)
	useEffect(() => {
		tell.current = settled
	})
	useEffect(() => {
		const timer = setTimeout(() => tell.current(offset), 250)
		return () => clearTimeout(timer)
	}, [offset])
}

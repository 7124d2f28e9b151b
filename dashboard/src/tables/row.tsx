import clsx from 'clsx'
import { memo, useEffect, useRef } from 'react'
import { Bone } from '@/ui/parts'
import { Cell, type Edit, EditButton, isRight, Money, SmallCell } from './cells'
import { type AnyTable, keyOf, valueOf } from './descriptor'
import { useRow } from './store'

type Props = {
	table: AnyTable
	id: string | undefined
	index: number
	height: number
	columns: readonly string[]
	small: boolean
	selected: boolean
	active: boolean
	focusable: boolean
	onEdit: Edit
	onOpen: (index: number) => void
	onToggle: (index: number, extend: boolean) => void
}

export const Row = memo(function Row({ id, ...props }: Props) {
	return id === undefined ? <LoadingRow {...props} /> : <KnownRow id={id} {...props} />
})

function LoadingRow({ table, index, height, columns, small }: Omit<Props, 'id'>) {
	return (
		<tr aria-rowindex={index + 2} style={{ height }} className="[&>td]:border-b [&>td]:border-line" aria-busy>
			<td />
			{small ? (
				<>
					<td>
						<Bone className="h-4 w-2/3" />
					</td>
					<td>
						<Bone className="ml-auto h-4 w-16" />
					</td>
				</>
			) : (
				columns.map(column => (
					<td key={column} className="px-3">
						<Bone className={clsx('h-3.5', isRight(table, column) ? 'ml-auto w-16' : 'w-2/3')} />
					</td>
				))
			)}
		</tr>
	)
}

function KnownRow({
	table,
	id,
	index,
	height,
	columns,
	small,
	selected,
	active,
	focusable,
	onEdit,
	onOpen,
	onToggle,
}: Props & { id: string }) {
	const entry = useRow(table, id)
	const row = useFlash(id, entry?.changed ?? 0)
	if (!entry)
		return (
			<LoadingRow
				{...{ table, index, height, columns, small, selected, active, focusable, onEdit, onOpen, onToggle }}
			/>
		)
	const { amount, option } = table.phone
	return (
		<tr
			ref={row}
			data-index={index}
			data-id={id}
			aria-rowindex={index + 2}
			aria-selected={selected}
			tabIndex={focusable ? 0 : -1}
			onClick={() => onOpen(index)}
			style={{ height }}
			className={clsx(
				'group cursor-pointer -outline-offset-2 [&>td]:border-b [&>td]:border-line',
				selected ? 'bg-accent-soft' : 'hover:bg-hover',
				active && !selected && 'bg-hover',
				entry.gone && '[&>td]:text-ink-3',
			)}
		>
			<td
				className="p-0 text-center"
				onMouseDown={event => {
					if (event.shiftKey) event.preventDefault() /* no text is marked */
				}}
				onClick={event => {
					event.stopPropagation()
					onToggle(index, event.shiftKey)
				}}
			>
				<input
					type="checkbox"
					readOnly
					checked={selected}
					tabIndex={-1}
					aria-label={`Select ${keyOf(table, entry.shown)}`}
					className="pointer-events-none size-4 translate-y-0.5 accent-(--accent)"
				/>
			</td>
			{small ? (
				<>
					<td className="overflow-hidden pr-2">
						<SmallCell table={table} entry={entry} />
					</td>
					<td className="pr-3 text-right">
						<Money value={valueOf(entry.shown, amount) as number | null} />
						<div className="-mr-1.5 flex justify-end">
							<EditButton {...{ table, entry, onEdit }} field={option} bare />
						</div>
					</td>
				</>
			) : (
				columns.map(column => (
					<td key={column} className={clsx('overflow-hidden px-3', isRight(table, column) && 'text-right')}>
						<Cell {...{ table, entry, onEdit }} field={column} />
					</td>
				))
			)}
		</tr>
	)
}

/** A change by somebody else is highlighted for a moment. */
function useFlash(id: string, changed: number) {
	const row = useRef<HTMLTableRowElement>(null)
	const seen = useRef({ id, changed })
	useEffect(() => {
		const flash =
			seen.current.id === id &&
			changed > seen.current.changed &&
			!matchMedia('(prefers-reduced-motion: reduce)').matches
		seen.current = { id, changed }
		if (flash) row.current?.animate([{ backgroundColor: 'var(--accent-soft)' }, {}], 1400)
	}, [id, changed])
	return row
}

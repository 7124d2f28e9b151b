import clsx from 'clsx'
import { ChevronDown } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { formatInstant, formatInstantExact } from '@/lib/format'
import { useMoney } from '@/lib/money'
import { GoneBadge, PendingBadge, PriorityLabel, StatusBadge } from '@/ui/badges'
import type { ColumnId } from '@/orders/search'
import { type Entry, type Field, isSaving } from './store'

export type Column = { id: ColumnId; title: string; width: number | null; sort?: string; right?: boolean }

export const COLUMN: Record<ColumnId, Column> = {
	orderId: { id: 'orderId', title: 'Order', width: 200, sort: 'orderId' },
	customer: { id: 'customer', title: 'Customer', width: null, sort: 'customer' },
	status: { id: 'status', title: 'Status', width: 150, sort: 'status' },
	priority: { id: 'priority', title: 'Priority', width: 124, sort: 'priority' },
	orderTotal: { id: 'orderTotal', title: 'Total', width: 124, sort: 'orderTotal', right: true },
	createdAt: { id: 'createdAt', title: 'Created', width: 138, sort: 'createdAt' },
	updatedAt: { id: 'updatedAt', title: 'Updated', width: 138, sort: 'updatedAt' },
	id: { id: 'id', title: 'Record', width: 190 },
}

export type Edit = (id: string, field: Field, button: HTMLElement) => void

export const EditButton = memo(function EditButton({
	entry,
	field,
	onEdit,
	bare,
}: {
	entry: Entry
	field: Field
	onEdit: Edit
	bare?: boolean
}) {
	const { shown } = entry
	const value = shown[field]
	const title = field === 'status' ? 'Status' : 'Priority'
	const nothing = field === 'status' ? 'No status' : 'None'
	return (
		<button
			type="button"
			data-edit={field}
			tabIndex={-1}
			aria-label={`${title} of ${shown.orderId ?? shown.id}: ${value ?? nothing}. Change`}
			aria-haspopup="listbox"
			onClick={event => {
				event.stopPropagation()
				onEdit(shown.id, field, event.currentTarget)
			}}
			className={clsx(
				'group/edit -ml-1.5 inline-flex h-8 max-w-full items-center gap-1 rounded-lg px-1.5 hover:bg-line/60',
				field === 'status' && 'pl-1',
			)}
		>
			{field === 'status' ? <StatusBadge status={value} /> : <PriorityLabel priority={value} />}
			{!bare && (
				<ChevronDown
					aria-hidden
					className="size-3.5 shrink-0 text-ink-3 opacity-0 group-hover/edit:opacity-100 group-focus-visible/edit:opacity-100"
				/>
			)}
		</button>
	)
})

export function State({ entry }: { entry: Entry }) {
	if (entry.gone) return <GoneBadge />
	if (isSaving(entry)) return <PendingBadge saving />
	return entry.order.pending ? <PendingBadge /> : null
}

const None = () => (
	<span className="text-ink-3" aria-label="empty">
		–
	</span>
)
const Instant = ({ at }: { at: string | null }) =>
	at === null ? (
		<None />
	) : (
		<time dateTime={at} title={formatInstantExact(at)} className="tnum text-ink-2">
			{formatInstant(at)}
		</time>
	)

export function Money({ value }: { value: number | null }) {
	const money = useMoney()
	return value === null ? <None /> : <span className="tnum font-medium">{money.exact(value)}</span>
}

export function Cell({ column, entry, onEdit }: { column: ColumnId; entry: Entry; onEdit: Edit }): ReactNode {
	const { shown } = entry
	switch (column) {
		case 'orderId':
			return (
				<span className="flex items-center gap-2">
					<span
						className={clsx('tnum truncate font-medium', entry.gone && 'line-through')}
						title={shown.orderId ?? shown.id}
					>
						{shown.orderId ?? shown.id}
					</span>
					<State entry={entry} />
				</span>
			)
		case 'customer':
			return shown.customer === null ? (
				<None />
			) : (
				<span className="block truncate" title={shown.customer}>
					{shown.customer}
				</span>
			)
		case 'status':
		case 'priority':
			return <EditButton entry={entry} field={column} onEdit={onEdit} />
		case 'orderTotal':
			return <Money value={shown.orderTotal} />
		case 'createdAt':
			return <Instant at={shown.createdAt} />
		case 'updatedAt':
			return <Instant at={shown.updatedAt} />
		case 'id':
			return (
				<span className="block truncate font-mono text-xs text-ink-2" title={shown.id}>
					{shown.id}
				</span>
			)
	}
}

/** Two lines, for a phone. */
export function SmallCell({ entry }: { entry: Entry }) {
	const { shown } = entry
	return (
		<span className="flex min-w-0 flex-col">
			<span className="truncate font-medium">{shown.customer ?? 'No customer'}</span>
			<span className="tnum flex items-center gap-2 truncate text-xs text-ink-2">
				{shown.orderId ?? shown.id}
				<State entry={entry} />
			</span>
		</span>
	)
}

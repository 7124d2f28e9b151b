import clsx from 'clsx'
import { ArrowDown, ArrowUp, Clock3, Equal, LoaderCircle, Trash2 } from 'lucide-react'

const TONES: Record<string, string> = {
	Pending: 'bg-warn-soft text-warn',
	Processing: 'bg-info-soft text-info',
	Shipped: 'bg-violet-soft text-violet',
	Delivered: 'bg-good-soft text-good',
	Cancelled: 'bg-sunken text-ink-2',
}

/** Colour never stands alone: the word is always there. */
export function StatusBadge({ status }: { status: string | null }) {
	if (status === null) return <span className="text-ink-3">No status</span>
	return (
		<span
			className={clsx(
				'inline-flex h-6 max-w-full items-center gap-1.5 rounded-full px-2.5 text-xs font-medium',
				TONES[status] ?? 'bg-sunken text-ink-2',
			)}
		>
			<span
				aria-hidden
				className={clsx('size-1.5 shrink-0 rounded-full bg-current', status === 'Cancelled' && 'opacity-60')}
			/>
			<span className="truncate" title={status}>
				{status}
			</span>
		</span>
	)
}

const PRIORITY_ICONS: Record<string, [typeof ArrowUp, string]> = {
	High: [ArrowUp, 'text-bad'],
	Medium: [Equal, 'text-warn'],
	Low: [ArrowDown, 'text-info'],
}

export function PriorityLabel({ priority }: { priority: string | null }) {
	if (priority === null) return <span className="text-ink-3">None</span>
	const [Icon, tone] = PRIORITY_ICONS[priority] ?? [Equal, 'text-ink-3']
	return (
		<span className="inline-flex max-w-full items-center gap-1.5 text-[0.8125rem]">
			<Icon aria-hidden className={clsx('size-3.5 shrink-0', tone)} strokeWidth={2.5} />
			<span className="truncate" title={priority}>
				{priority}
			</span>
		</span>
	)
}

export function PendingBadge({ saving }: { saving?: boolean }) {
	return saving ? (
		<span className="inline-flex items-center gap-1 text-2xs font-medium text-ink-3">
			<LoaderCircle aria-hidden className="size-3 animate-spinner" /> Saving
		</span>
	) : (
		<span
			className="inline-flex h-5 items-center gap-1 rounded-full bg-warn-soft px-1.5 text-2xs font-medium text-warn"
			title="Airtable has not confirmed this change yet. Orderdeck delivers it as soon as Airtable is back."
		>
			<Clock3 aria-hidden className="size-3" /> Queued
		</span>
	)
}

export const GoneBadge = () => (
	<span
		className="inline-flex h-5 items-center gap-1 rounded-full bg-bad-soft px-1.5 text-2xs font-medium text-bad"
		title="Airtable no longer has it. The row disappears when the list is refreshed."
	>
		<Trash2 aria-hidden className="size-3" /> Deleted
	</span>
)

export function Dot({ tone, className }: { tone: 'good' | 'warn' | 'bad' | 'off'; className?: string }) {
	const tones = { good: 'bg-good', warn: 'bg-warn', bad: 'bg-bad', off: 'bg-ink-3' }
	return <span aria-hidden className={clsx('inline-block size-2 shrink-0 rounded-full', tones[tone], className)} />
}

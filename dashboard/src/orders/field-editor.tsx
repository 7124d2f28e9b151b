import { ChevronDown } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Choices } from '@/ui/choices'
import { Popover } from '@/ui/popover'
import { PriorityLabel, StatusBadge } from '@/ui/badges'
import type { OrderChange } from '@/api/client'
import { useSummary } from '@/api/summary'
import { editOrder } from './edits'
import { choicesOf } from './choices-of'
import { type Field, orderStore } from './store'

export type Editing = { id: string; field: Field; button: HTMLElement }

/** One popover for all rows, standing at the button that asked for it. */
export function FieldEditor({ editing, onClose }: { editing: Editing | null; onClose: () => void }) {
	const anchor = useMemo(() => ({ current: editing?.button ?? null }), [editing])
	if (editing === null) return null
	const { id, field, button } = editing
	const value = orderStore.get(id)?.shown[field] ?? null
	const name = field === 'status' ? 'Status' : 'Priority'
	return (
		<Popover
			open label={name} anchor={anchor} onOpenChange={open => { if (!open) onClose() }}
			// the button may have been scrolled away meanwhile
			onClosed={() => (button.isConnected ? button.closest<HTMLElement>('tr') ?? button : null)?.focus()}
		>
			<FieldChoices
				field={field} value={value}
				onChoose={chosen => {
					onClose()
					void editOrder(id, { [field]: chosen } as OrderChange)
				}}
			/>
		</Popover>
	)
}

/** A field of a form: the value, and the list behind it. */
export function FieldButton({ field, value, onChoose }: { field: Field; value: string | null; onChoose: (value: string | null) => void }) {
	const [open, setOpen] = useState(false)
	const name = field === 'status' ? 'Status' : 'Priority'
	return (
		<div>
			<p className="mb-1 text-xs font-medium text-ink-2">{name}</p>
			<Popover label={name} open={open} onOpenChange={setOpen} trigger={
				<button type="button" aria-label={`${name}: ${value ?? (field === 'status' ? 'No status' : 'None')}. Change`} className="flex h-10 w-full items-center justify-between gap-2 rounded-lg border border-line-strong bg-surface px-2.5 hover:bg-hover">
					{field === 'status' ? <StatusBadge status={value} /> : <PriorityLabel priority={value} />}<ChevronDown aria-hidden className="size-4 text-ink-3" />
				</button>
			}>
				<FieldChoices field={field} value={value} onChoose={chosen => { setOpen(false); onChoose(chosen) }} />
			</Popover>
		</div>
	)
}

export function FieldChoices({ field, value, onChoose }: { field: Field; value: string | null | undefined; onChoose: (value: string | null) => void }) {
	const summary = useSummary().data
	return (
		<Choices<string | null>
			label={field === 'status' ? 'Status' : 'Priority'} chosen={option => option === value} onChoose={onChoose}
			options={[...choicesOf(summary, field), null].map(option => ({
				value: option, text: option ?? 'none',
				content: field === 'status' ? <StatusBadge status={option} /> : <PriorityLabel priority={option} />,
			}))}
		/>
	)
}

import { useMemo } from 'react'
import { Choices } from '@/ui/choices'
import { Popover } from '@/ui/popover'
import { PriorityLabel, StatusBadge } from '@/ui/badges'
import type { OrderChange } from '@/api/client'
import { editOrder, type Field } from './edits'
import { PRIORITIES, STATUSES } from './search'
import { orderStore } from './store'

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

export function FieldChoices({ field, value, onChoose }: { field: Field; value: string | null | undefined; onChoose: (value: string | null) => void }) {
	return (
		<Choices<string | null>
			label={field === 'status' ? 'Status' : 'Priority'} chosen={option => option === value} onChoose={onChoose}
			options={[...(field === 'status' ? STATUSES : PRIORITIES), null].map(option => ({
				value: option, text: option ?? 'none',
				content: field === 'status' ? <StatusBadge status={option} /> : <PriorityLabel priority={option} />,
			}))}
		/>
	)
}

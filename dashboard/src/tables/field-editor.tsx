import clsx from 'clsx'
import { ChevronDown } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Button } from '@/ui/button'
import { Choices } from '@/ui/choices'
import { Popover } from '@/ui/popover'
import { PriorityLabel, StatusBadge } from '@/ui/badges'
import type { OrderChange } from '@/api/client'
import { useSummary } from '@/api/summary'
import { editOrder } from './edits'
import { choicesOf } from './choices-of'
import { namesIn, valueOf } from './several'
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
			open
			label={name}
			anchor={anchor}
			onOpenChange={open => {
				if (!open) onClose()
			}}
			// the button may have been scrolled away meanwhile
			onClosed={() => (button.isConnected ? (button.closest<HTMLElement>('tr') ?? button) : null)?.focus()}
		>
			<FieldChoices
				field={field}
				value={value}
				onChoose={chosen => {
					onClose()
					void editOrder(id, { [field]: chosen } as OrderChange)
				}}
			/>
		</Popover>
	)
}

/** A field of a form: the value, and the list behind it. */
export function FieldButton({
	field,
	value,
	onChoose,
}: {
	field: Field
	value: string | null
	onChoose: (value: string | null) => void
}) {
	const [open, setOpen] = useState(false)
	const name = field === 'status' ? 'Status' : 'Priority'
	return (
		<div>
			<p className="mb-1 text-xs font-medium text-ink-2">{name}</p>
			<Popover
				label={name}
				open={open}
				onOpenChange={setOpen}
				trigger={
					<button
						type="button"
						aria-label={`${name}: ${value ?? (field === 'status' ? 'No status' : 'None')}. Change`}
						className={clsx(
							'flex h-10 w-full items-center justify-between gap-2 rounded-lg border border-line-strong',
							'bg-surface px-2.5 hover:bg-hover',
						)}
					>
						<span className="flex min-w-0">{content(field, value)}</span>
						<ChevronDown aria-hidden className="size-4 shrink-0 text-ink-3" />
					</button>
				}
			>
				<FieldChoices
					field={field}
					value={value}
					onChoose={chosen => {
						setOpen(false)
						onChoose(chosen)
					}}
				/>
			</Popover>
		</div>
	)
}

type ChoicesProps = { field: Field; value: string | null | undefined; onChoose: (value: string | null) => void }

const content = (field: Field, option: string | null) =>
	field === 'status' ? <StatusBadge status={option} /> : <PriorityLabel priority={option} />

export function FieldChoices({ field, value, onChoose }: ChoicesProps) {
	const summary = useSummary().data
	if (summary?.several?.includes(field))
		return <Several field={field} value={value} onChoose={onChoose} offered={choicesOf(summary, field)} />
	return (
		<Choices<string | null>
			label={field === 'status' ? 'Status' : 'Priority'}
			chosen={option => option === value}
			onChoose={onChoose}
			options={[...choicesOf(summary, field), null].map(option => ({
				value: option,
				text: option ?? 'none',
				content: content(field, option),
			}))}
		/>
	)
}

/** A field that takes several: what is ticked is what it is set to, once that is asked for. */
function Several({ field, value, onChoose, offered }: ChoicesProps & { offered: readonly string[] }) {
	const had = value === undefined ? [] : namesIn(value, offered)
	const [names, setNames] = useState<readonly string[]>(had ?? [])
	const [touched, setTouched] = useState(false)
	// one that is offered no more meanwhile can't be set
	const kept = names.filter(name => offered.includes(name))
	const next = valueOf(kept, offered)
	const toggle = (name: string | null) => {
		setTouched(true)
		setNames(name === null ? [] : kept.includes(name) ? kept.filter(other => other !== name) : [...kept, name])
	}
	return (
		<div
			className="max-w-72"
			onKeyDown={event => {
				if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && next !== undefined && touched) {
					event.preventDefault()
					event.stopPropagation()
					onChoose(next)
				}
			}}
		>
			<Choices<string | null>
				label={field === 'status' ? 'Status' : 'Priority'}
				multiple
				chosen={name => (name === null ? kept.length === 0 : kept.includes(name))}
				onChoose={toggle}
				options={[...offered, null].map(option => ({
					value: option,
					text: option ?? 'none',
					content: content(field, option),
				}))}
			/>
			{had === null && !touched && (
				<p className="px-3 py-1 text-xs text-ink-2">
					Now it is “{value}”, which can’t be taken apart into what is offered. What is chosen here takes its
					place.
				</p>
			)}
			{next === undefined && (
				<p role="alert" className="px-3 py-1 text-xs text-bad">
					Names have commas in them, and these together could be read as others. Set them in Airtable.
				</p>
			)}
			<div className="border-t border-line p-2">
				<Button
					look="primary"
					size="small"
					className="w-full"
					disabled={!touched || next === undefined}
					onClick={() => onChoose(next!)}
				>
					Set {field}
					{kept.length > 1 && ` (${kept.length})`}
				</Button>
			</div>
		</div>
	)
}

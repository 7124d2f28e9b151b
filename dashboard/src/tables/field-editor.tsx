import clsx from 'clsx'
import { ChevronDown } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Button } from '@/ui/button'
import { Choices } from '@/ui/choices'
import { Popover } from '@/ui/popover'
import { choicesOf } from './choices-of'
import { type AnyTable, nameOfField, optionField, textOf, wordFor } from './descriptor'
import { namesIn, valueOf } from './several'

export type Editing = { id: string; field: string; button: HTMLElement }

/** One popover for all rows, placed at the button that opened it. */
export function FieldEditor({
	table,
	editing,
	onClose,
}: {
	table: AnyTable
	editing: Editing | null
	onClose: () => void
}) {
	const anchor = useMemo(() => ({ current: editing?.button ?? null }), [editing])
	if (editing === null) return null
	const { id, field, button } = editing
	const value = textOf(table.store.get(id)?.shown ?? {}, field)
	const name = nameOfField(table.fields, field)
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
				table={table}
				field={field}
				value={value}
				onChoose={chosen => {
					onClose()
					void table.edits.edit(id, { [field]: chosen })
				}}
			/>
		</Popover>
	)
}

/** A field of a form: the value, and the list behind it. */
export function FieldButton({
	table,
	field,
	value,
	onChoose,
}: {
	table: AnyTable
	field: string
	value: string | null
	onChoose: (value: string | null) => void
}) {
	const [open, setOpen] = useState(false)
	const name = nameOfField(table.fields, field)
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
						aria-label={`${name}: ${value ?? optionField(table.fields, field).none}. Change`}
						className={clsx(
							'flex h-10 w-full items-center justify-between gap-2 rounded-lg border border-line-strong',
							'bg-surface px-2.5 hover:bg-hover',
						)}
					>
						<span className="flex min-w-0">{optionField(table.fields, field).show(value)}</span>
						<ChevronDown aria-hidden className="size-4 shrink-0 text-ink-3" />
					</button>
				}
			>
				<FieldChoices
					table={table}
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

type ChoicesProps = {
	table: AnyTable
	field: string
	value: string | null | undefined
	onChoose: (value: string | null) => void
}

export function FieldChoices({ table, field, value, onChoose }: ChoicesProps) {
	const options = table.useOptions()
	const offered = choicesOf(options, field, optionField(table.fields, field))
	if (options?.several.includes(field)) return <Several {...{ table, field, value, onChoose, offered }} />
	return (
		<Choices<string | null>
			label={nameOfField(table.fields, field)}
			chosen={option => option === value}
			onChoose={onChoose}
			options={[...offered, null].map(option => ({
				value: option,
				text: option ?? 'none',
				content: optionField(table.fields, field).show(option),
			}))}
		/>
	)
}

/** A field that takes several options: it is set to the ticked ones when the user confirms. */
function Several({ table, field, value, onChoose, offered }: ChoicesProps & { offered: readonly string[] }) {
	const had = value === undefined ? [] : namesIn(value, offered)
	const [names, setNames] = useState<readonly string[]>(had ?? [])
	const [touched, setTouched] = useState(false)
	// an option that is no longer offered can't be set
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
				label={nameOfField(table.fields, field)}
				multiple
				chosen={name => (name === null ? kept.length === 0 : kept.includes(name))}
				onChoose={toggle}
				options={[...offered, null].map(option => ({
					value: option,
					text: option ?? 'none',
					content: optionField(table.fields, field).show(option),
				}))}
			/>
			{had === null && !touched && (
				<p className="px-3 py-1 text-xs text-ink-2">
					The current value, “{value}”, can’t be split into the options on offer. Your choice replaces it.
				</p>
			)}
			{next === undefined && (
				<p role="alert" className="px-3 py-1 text-xs text-bad">
					These names contain commas and together could be read as other options. Set them in Airtable.
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
					Set {wordFor(table.fields, field)}
					{kept.length > 1 && ` (${kept.length})`}
				</Button>
			</div>
		</div>
	)
}

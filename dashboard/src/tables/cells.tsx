import clsx from 'clsx'
import { ChevronDown } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { formatInstant, formatInstantExact } from '@/lib/format'
import { useMoney } from '@/lib/money'
import { GoneBadge, PendingBadge } from '@/ui/badges'
import { type AnyTable, keyOf, nameOfField, optionField, type Row, textOf, valueOf } from './descriptor'
import { type Entry, isSaving } from './store'

export type Edit = (id: string, field: string, button: HTMLElement) => void
type AnyEntry = Entry<Row>
type Props = { table: AnyTable; entry: AnyEntry; field: string; onEdit: Edit }

export const EditButton = memo(function EditButton({ table, entry, field, onEdit, bare }: Props & { bare?: boolean }) {
	const { shown } = entry
	const value = textOf(shown, field)
	const { none, show, badge } = optionField(table.fields, field)
	return (
		<button
			type="button"
			data-edit={field}
			tabIndex={-1}
			aria-label={`${nameOfField(table.fields, field)} of ${keyOf(table, shown)}: ${value ?? none}. Change`}
			aria-haspopup="listbox"
			onClick={event => {
				event.stopPropagation()
				onEdit(shown.id, field, event.currentTarget)
			}}
			className={clsx(
				'group/edit -ml-1.5 inline-flex h-8 max-w-full items-center gap-1 rounded-lg px-1.5 hover:bg-line/60',
				badge && 'pl-1',
			)}
		>
			{show(value)}
			{!bare && (
				<ChevronDown
					aria-hidden
					className="size-3.5 shrink-0 text-ink-3 opacity-0 group-hover/edit:opacity-100 group-focus-visible/edit:opacity-100"
				/>
			)}
		</button>
	)
})

export function State({ entry }: { entry: AnyEntry }) {
	if (entry.gone) return <GoneBadge />
	if (isSaving(entry)) return <PendingBadge saving />
	return entry.row.pending ? <PendingBadge /> : null
}

const None = () => (
	<span className="text-ink-3" aria-label="empty">
		–
	</span>
)
const Instant = ({ at }: { at: string }) => (
	<time dateTime={at} title={formatInstantExact(at)} className="tnum text-ink-2">
		{formatInstant(at)}
	</time>
)

export function Money({ value }: { value: number | null }) {
	const money = useMoney()
	return value === null ? <None /> : <span className="tnum font-medium">{money.exact(value)}</span>
}

/** Numbers are aligned right, one under the other. */
export const isRight = (table: AnyTable, field: string) => table.fields[field]!.kind === 'money'

export function Cell({ table, entry, field, onEdit }: Props): ReactNode {
	const { shown } = entry
	const text = textOf(shown, field)
	switch (table.fields[field]!.kind) {
		case 'key': {
			const key = keyOf(table, shown)
			return (
				<span className="flex items-center gap-2">
					<span className={clsx('tnum truncate font-medium', entry.gone && 'line-through')} title={key}>
						{key}
					</span>
					<State entry={entry} />
				</span>
			)
		}
		case 'option':
			return <EditButton {...{ table, entry, field, onEdit }} />
		case 'money':
			return <Money value={valueOf(shown, field) as number | null} />
		case 'instant':
			return text === null ? <None /> : <Instant at={text} />
		case 'text':
			return text === null ? (
				<None />
			) : (
				<span className="block truncate" title={text}>
					{text}
				</span>
			)
		case 'id':
			return (
				<span className="block truncate font-mono text-xs text-ink-2" title={text ?? undefined}>
					{text}
				</span>
			)
	}
}

/** A row of two lines, for phones. */
export function SmallCell({ table, entry }: { table: AnyTable; entry: AnyEntry }) {
	const { shown } = entry
	const { first } = table.phone
	return (
		<span className="flex min-w-0 flex-col">
			<span className="truncate font-medium">
				{textOf(shown, first) ?? `No ${table.fields[first]!.title.toLowerCase()}`}
			</span>
			<span className="tnum flex items-center gap-2 truncate text-xs text-ink-2">
				{keyOf(table, shown)}
				<State entry={entry} />
			</span>
		</span>
	)
}

import { Link } from '@tanstack/react-router'
import { ArrowRight, Ban, Bot, CircleMinus, CirclePlus, Pencil, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Change } from '@/api/client'
import { formatAgo, formatInstant, formatInstantExact } from '@/lib/format'
import { useMoney } from '@/lib/money'
import { type AnyTable, type Field, type Fields as FieldsOf, nameOf, nameOfField } from './descriptor'

const SOURCES = { api: 'through Orderdeck', airtable: 'in Airtable', job: 'by a job' }
/** What changes things in Airtable without being a person. */
const MACHINES: Record<string, string> = {
	publicApi: 'a program',
	automation: 'an automation',
	formSubmission: 'a form',
	formPageSubmission: 'a form',
	system: 'Airtable itself',
	sync: 'a synced table',
	anonymousUser: 'someone without an account',
}
const ICONS = { created: CirclePlus, changed: Pencil, deleted: CircleMinus, notApplied: Ban, rejected: Ban }
const VERBS = {
	created: 'Created',
	changed: 'Changed',
	deleted: 'Deleted',
	notApplied: 'Not applied',
	rejected: 'Refused by Airtable',
}

/** Entries of a history, newest first. */
export function ChangeList({
	table,
	changes,
	withRow,
	action,
}: {
	table: AnyTable
	changes: Change[]
	/** The entries are of many rows: each names its own. */
	withRow?: boolean
	action?: (change: Change) => ReactNode
}) {
	return (
		<ol className="flex flex-col">
			{changes.map(change => {
				const Icon = change.undoes !== null ? Undo2 : change.source === 'job' ? Bot : ICONS[change.action]
				return (
					<li key={change.change} className="flex gap-3 border-b border-line py-3 last:border-0">
						<span
							aria-hidden
							className="mt-0.5 grid size-7 shrink-0 place-items-center rounded-full bg-sunken text-ink-2"
						>
							<Icon className="size-3.5" />
						</span>
						<div className="min-w-0 flex-1">
							<p className="text-ink-2">
								{withRow && change.id !== null && (
									<>
										<Link
											to={table.path}
											search={{ [table.rowParameter]: change.id }}
											className="font-medium text-accent-ink underline-offset-2 hover:underline"
										>
											<span className="tnum">{nameOf(table, change)}</span>
										</Link>{' '}
									</>
								)}
								<span
									className={
										change.action === 'rejected' || change.action === 'notApplied'
											? 'font-medium text-bad'
											: 'text-ink'
									}
								>
									{change.undoes !== null ? 'Undone' : VERBS[change.action]}
								</span>{' '}
								{SOURCES[change.source]}
								<Who change={change} />
								{change.bulk !== null && <>, bulk edit {change.bulk}</>}
							</p>
							{change.action !== 'created' && change.action !== 'deleted' && (
								<Fields fields={table.fields} change={change} />
							)}
							{change.detail !== undefined && <p className="mt-1 text-xs text-ink-2">{change.detail}</p>}
						</div>
						<div className="flex flex-col items-end gap-1">
							<time
								dateTime={change.at}
								title={`${formatAgo(change.at)}\n${formatInstantExact(change.at)}`}
								className="tnum text-xs whitespace-nowrap text-ink-3"
							>
								{formatInstant(change.at)}
							</time>
							{action?.(change)}
						</div>
					</li>
				)
			})}
		</ol>
	)
}

/** By whom; the e-mail address tells people of the same name apart. */
function Who({ change: { by, via, user } }: { change: Change }) {
	const machine = via === undefined ? undefined : MACHINES[via]
	if (by === null) return machine === undefined ? null : <> by {machine}</>
	return (
		<>
			{' '}
			by{' '}
			<span className="text-ink" title={user?.email ?? undefined}>
				{by}
			</span>
			{machine !== undefined && <> ({machine})</>}
		</>
	)
}

function Fields({ fields, change }: { fields: FieldsOf; change: Change }) {
	return (
		<ul className="mt-1.5 flex flex-col gap-1">
			{change.fields.map(({ field, from, to }) => (
				<li key={field} className="flex flex-wrap items-center gap-1.5 text-[0.8125rem]">
					<span className="text-ink-3">{nameOfField(fields, field)}</span>
					<Value field={fields[field]} value={from} />
					<ArrowRight aria-label="to" className="size-3.5 text-ink-3" />
					<Value field={fields[field]} value={to} />
				</li>
			))}
		</ul>
	)
}

function Value({ field, value }: { field: Field | undefined; value: string | number | null }) {
	const money = useMoney()
	if (value === null) return <span className="text-ink-3">none</span>
	if (field?.kind === 'option' && field.badge) return field.show(String(value))
	if (typeof value === 'number') return <span className="tnum">{money.exact(value)}</span>
	return field?.kind === 'instant' ? (
		<time dateTime={value} title={formatInstantExact(value)}>
			{formatInstant(value)}
		</time>
	) : (
		<span className="break-words">{value}</span>
	)
}

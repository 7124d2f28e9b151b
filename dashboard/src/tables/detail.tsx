import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Copy, History, PackageX, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Change } from '@/api/client'
import { explain, Problem } from '@/api/problem'
import { formatAgo, formatInstant, formatInstantExact, isDate } from '@/lib/format'
import { useMoney } from '@/lib/money'
import { Button, buttonClass } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { notify } from '@/ui/notify'
import { Blank, Bone } from '@/ui/parts'
import { State } from './cells'
import { ChangeList } from './changes'
import { type AnyTable, keyOf, optionsOf, type Row, textOf, valueOf } from './descriptor'
import { FieldButton } from './field-editor'
import { type Entry, useRow } from './store'

type Props = {
	table: AnyTable
	/** Its id, or what people call it. */
	id: string
	onClose: () => void
	/** All rows with this value of a field. */
	onFilter: (field: string, value: string) => void
	/** Actions for the row, below everything else. */
	children: (entry: Entry<Row>) => ReactNode
}

/** One row, beside the table: its amount, the editable fields, the other fields, and its history. */
export function Detail({ table, id, onClose, onFilter, children }: Props) {
	const { fields, phone, requests } = table
	const money = useMoney()
	const query = useQuery<Row>({
		queryKey: [table.id, 'one', id],
		queryFn: ({ signal }) => requests.one(id, signal),
		staleTime: Infinity,
	})
	const entry: Entry<Row> | undefined = useRow(table, query.data?.id ?? id)
	if (!entry) {
		return (
			<Dialog open onClose={onClose} place="side" title={id}>
				{query.error ? (
					<NotThere table={table} error={query.error} retry={() => void query.refetch()} />
				) : (
					<div className="flex flex-col gap-3 p-5">
						<Bone className="h-6 w-1/2" />
						<Bone className="h-24" />
					</div>
				)}
			</Dialog>
		)
	}
	const row = entry.shown
	const amount = valueOf(row, phone.amount) as number | null
	const others = Object.keys(fields).filter(field => {
		const { kind } = fields[field]!
		return kind !== 'key' && kind !== 'option' && field !== phone.amount
	})
	return (
		<Dialog
			open
			onClose={onClose}
			place="side"
			title={keyOf(table, row)}
			description={textOf(row, phone.first) ?? undefined}
		>
			<div className="min-h-0 flex-1 overflow-y-auto" tabIndex={0} role="region" aria-label="Details">
				<div className="flex items-end justify-between gap-4 px-5 pb-4">
					<p className="tnum text-3xl font-semibold tracking-tight">
						{amount === null ? '–' : money.exact(amount)}
					</p>
					<State entry={entry} />
				</div>
				<div className="grid grid-cols-2 gap-3 px-5 pb-4">
					{optionsOf(fields).map(([field]) => (
						<FieldButton
							key={field}
							table={table}
							field={field}
							value={textOf(row, field)}
							onChoose={chosen => void table.edits.edit(row.id, { [field]: chosen })}
						/>
					))}
				</div>
				<dl className="mx-5 border-t border-line">
					{others.map(field => (
						<div key={field} className="flex justify-between gap-6 border-b border-line py-2.5">
							<dt className="text-ink-2">{fields[field]!.title}</dt>
							<dd className="min-w-0 text-right break-words">
								<Value {...{ table, row, field, onFilter }} />
							</dd>
						</div>
					))}
				</dl>
				<RowHistory table={table} id={row.id} version={entry.row.version} />
			</div>
			{children(entry)}
		</Dialog>
	)
}

function NotThere({ table, error, retry }: { table: AnyTable; error: Error; retry: () => void }) {
	const gone = error instanceof Problem && error.status === 404
	return (
		<Blank
			icon={PackageX}
			title={gone ? `This ${table.one} does not exist` : `The ${table.one} can’t be read`}
			action={!gone && <Button onClick={retry}>Try again</Button>}
		>
			{gone ? 'It may have been deleted in Airtable.' : explain(error)}
		</Blank>
	)
}

type ValueProps = Pick<Props, 'table' | 'onFilter'> & { row: Row; field: string }

function Value({ table, row, field, onFilter }: ValueProps) {
	const { kind, exact, title } = table.fields[field]!
	const money = useMoney()
	const text = textOf(row, field)
	if (text === null) return '–'
	if (kind === 'id') return <CopyId id={text} />
	if (kind === 'instant') return <Instant at={text} />
	if (kind === 'money') return money.exact(Number(text))
	if (!exact) return text
	return (
		<button
			type="button"
			className="text-right text-accent-ink underline-offset-2 hover:underline"
			onClick={() => onFilter(field, text)}
			title={`All ${table.many} with this ${title.toLowerCase()}`}
		>
			{text}
		</button>
	)
}

const Instant = ({ at }: { at: string }) => (
	<time dateTime={at} title={formatInstantExact(at)} className="tnum">
		{formatInstant(at)}
		{!isDate(at) && (
			<>
				{' '}
				<span className="text-ink-3">({formatAgo(at)})</span>
			</>
		)}
	</time>
)

function CopyId({ id }: { id: string }) {
	const copy = () => {
		// the clipboard needs HTTPS
		void (navigator.clipboard?.writeText(id) ?? Promise.reject(new Error())).then(
			() => notify.success('Copied'),
			() => notify.error('Copying failed', { description: id }),
		)
	}
	return (
		<button
			type="button"
			onClick={copy}
			aria-label={`Copy ${id}`}
			className="inline-flex items-center gap-1.5 font-mono text-xs text-ink-2 hover:text-ink"
		>
			{id}
			<Copy aria-hidden className="size-3.5" />
		</button>
	)
}

function RowHistory({ table, id, version }: { table: AnyTable; id: string; version: number }) {
	const { data, error, fetchNextPage, hasNextPage, refetch } = useInfiniteQuery({
		queryKey: [table.id, 'history', id],
		queryFn: ({ signal, pageParam }) => table.requests.history(id, pageParam, signal),
		initialPageParam: null as string | null,
		getNextPageParam: page => page.nextCursor,
	})
	const changes = data?.pages.flatMap(page => page.changes)
	const undo = async (change: Change) => {
		try {
			await table.requests.undo(id, version, change.change)
			notify.success('Change undone')
		} catch (fault) {
			notify.error('The change was not undone', {
				description:
					fault instanceof Problem && fault.status === 409
						? `The ${table.one} has changed since in the same field.`
						: explain(fault),
			})
		}
		void refetch()
	}
	return (
		<section className="px-5 pt-5 pb-8" aria-label="History">
			<h3 className="flex items-center gap-2 font-semibold">
				<History aria-hidden className="size-4 text-ink-3" />
				History
			</h3>
			{changes === undefined ? (
				error ? (
					<p className="mt-2 text-ink-2">{explain(error)}</p>
				) : (
					<div className="mt-3 flex flex-col gap-3" role="status" aria-label="Loading the history">
						<Bone className="h-9" />
						<Bone className="h-9" />
					</div>
				)
			) : changes.length === 0 ? (
				<p className="mt-2 text-ink-2">Nothing has changed since the first sync.</p>
			) : (
				<ChangeList
					table={table}
					changes={changes}
					action={change =>
						change.action === 'changed' &&
						change.source === 'api' && (
							<button
								type="button"
								onClick={() => void undo(change)}
								className={buttonClass('quiet', 'small')}
							>
								<Undo2 aria-hidden className="size-3.5" />
								Undo
							</button>
						)
					}
				/>
			)}
			{hasNextPage && (
				<Button look="quiet" className="mt-2 w-full" onClick={() => void fetchNextPage()}>
					Older changes
				</Button>
			)}
		</section>
	)
}

import { useInfiniteQuery } from '@tanstack/react-query'
import { History, Layers, TriangleAlert, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { api, type Change, type ChangePage } from '@/api/client'
import { explain } from '@/api/problem'
import { formatCount, formatInstant, formatInstantExact, plural } from '@/lib/format'
import { useTitle } from '@/lib/hooks'
import { Button } from '@/ui/button'
import { ChangeList } from '@/tables/changes'
import type { AnyTable } from '@/tables/descriptor'
import { Dialog } from '@/ui/dialog'
import { Blank, Bone, Card, PageTitle } from '@/ui/parts'

function useAudit() {
	return useInfiniteQuery({
		queryKey: ['audit'],
		queryFn: async ({ signal, pageParam }): Promise<ChangePage> => {
			const after = pageParam === null ? {} : { after: pageParam }
			return (await api.GET('/api/audit', { params: { query: { limit: 50, ...after } }, signal })).data!
		},
		initialPageParam: null as string | null,
		getNextPageParam: page => page.nextCursor,
		maxPages: 20,
	})
}

/** Parts of one bulk edit; changed: how many orders they changed, out of total, if that is known. */
export type BulkEdit = { name: string; bulks: string[]; at?: number; changed?: number; total?: number }
type Props = {
	/** The table that the changes belong to. */
	table: AnyTable
	/** The bulk edit that one of its parts belongs to. */
	whole: (bulk: string) => BulkEdit
	recent: BulkEdit[]
	/** One is running: another can't begin. */
	busy: boolean
	undo: (edit: BulkEdit) => void
}

/** The entries that offer to undo a bulk edit: the first of each. */
export function heads(changes: readonly Change[]): Set<string> {
	const seen = new Set<string>(),
		found = new Set<string>()
	for (const { bulk, change, action } of changes) {
		if (bulk === null || seen.has(bulk) || action !== 'changed') continue
		seen.add(bulk)
		found.add(change)
	}
	return found
}

export default function ActivityPage({ table, whole, recent, busy, undo }: Props) {
	useTitle('Activity')
	const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useAudit()
	const [asked, setAsked] = useState<BulkEdit | null>(null)
	const changes = data?.pages.flatMap(page => page.changes) ?? []
	const first = heads(changes)
	const button = (edit: BulkEdit) => (
		<Button
			look="quiet"
			size="small"
			disabled={busy}
			aria-label={`Undo ${edit.name}`}
			title={busy ? 'A bulk edit is running' : 'Undo this bulk edit'}
			onClick={() => setAsked(edit)}
		>
			<Undo2 aria-hidden className="size-3.5" />
			Undo
		</Button>
	)
	return (
		<div className="mx-auto w-full max-w-4xl">
			<PageTitle>Activity</PageTitle>
			{recent.length > 0 && <Recent edits={recent} button={button} />}
			<Card label="Changes, newest first">
				{data === undefined ? (
					error ? (
						<Blank
							icon={TriangleAlert}
							title="The activity can’t be read"
							action={<Button onClick={() => void refetch()}>Try again</Button>}
						>
							{explain(error)}
						</Blank>
					) : (
						<div className="flex flex-col gap-4 p-5" role="status" aria-label="Loading the activity">
							{[1, 2, 3, 4, 5].map(n => (
								<Bone key={n} className="h-10" />
							))}
						</div>
					)
				) : changes.length === 0 ? (
					<Blank icon={History} title="Nothing has changed yet">
						Every change from now on is listed here: who made it, when, and how.
					</Blank>
				) : (
					<div className="px-4 py-2 sm:px-5">
						<ChangeList
							changes={changes}
							table={table}
							withRow
							action={entry =>
								entry.bulk !== null && first.has(entry.change) && button(whole(entry.bulk))
							}
						/>
					</div>
				)}
				{hasNextPage && (
					<div className="flex justify-center border-t border-line p-3">
						<Button look="quiet" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
							Older changes
						</Button>
					</div>
				)}
			</Card>
			{asked && (
				<UndoBulk
					edit={asked}
					onClose={() => setAsked(null)}
					onUndo={() => {
						setAsked(null)
						undo(asked)
					}}
				/>
			)}
		</div>
	)
}

/** Bulk edits made in this browser, interrupted ones included. */
function Recent({ edits, button }: { edits: BulkEdit[]; button: (edit: BulkEdit) => React.ReactNode }) {
	return (
		<Card title="Bulk edits made in this browser" className="mb-4">
			<ul className="px-4 pt-1 pb-2 sm:px-5" data-testid="bulk-edits">
				{edits.map(edit => (
					<li
						key={edit.bulks[0]}
						className="flex items-center gap-3 border-b border-line py-2.5 last:border-0"
					>
						<Layers aria-hidden className="size-4 shrink-0 text-ink-3" />
						<p className="tnum min-w-0 flex-1">
							<span className="font-medium">{edit.name}</span>{' '}
							<span className="text-ink-2">{countOf(edit)}</span>
						</p>
						{edit.at !== undefined && (
							<time
								dateTime={new Date(edit.at).toISOString()}
								title={formatInstantExact(new Date(edit.at).toISOString())}
								className="tnum text-xs whitespace-nowrap text-ink-3"
							>
								{formatInstant(new Date(edit.at).toISOString())}
							</time>
						)}
						{button(edit)}
					</li>
				))}
			</ul>
		</Card>
	)
}

const countOf = ({ changed, total }: BulkEdit) =>
	changed === undefined || total === undefined
		? ''
		: changed === total
			? plural(total, 'order')
			: `${formatCount(changed)} of ${plural(total, 'order')}`

function UndoBulk({ edit, onClose, onUndo }: { edit: BulkEdit; onClose: () => void; onUndo: () => void }) {
	return (
		<Dialog
			open
			onClose={onClose}
			title={`Undo ${edit.name}?`}
			description={
				<>
					Each{edit.changed !== undefined && <> of the {formatCount(edit.changed)}</>}{' '}
					{edit.changed === undefined ? 'order' : 'orders'} gets its previous value back, unless it has
					changed since.
				</>
			}
		>
			<div className="flex justify-end gap-2 border-t border-line px-5 py-3">
				<Button look="quiet" onClick={onClose} data-first>
					Cancel
				</Button>
				<Button look="primary" onClick={onUndo}>
					Undo
				</Button>
			</div>
		</Dialog>
	)
}

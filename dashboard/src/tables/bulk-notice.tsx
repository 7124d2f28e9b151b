import { useNavigate } from '@tanstack/react-router'
import { Layers, Undo2 } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import { formatCount, formatDuration, plural } from '@/lib/format'
import { useNow } from '@/lib/hooks'
import { useObservable } from '@/lib/observable'
import { Button } from '@/ui/button'
import { Progress } from '@/ui/parts'
import { answerBulk, closeBulk, stopBulk, undoBulkEdits } from './bulk'
import { bulkJob, type Job, toBeChosen } from './bulk-job'

/** The running bulk edit, on every page, until the user has seen its end. */
export default function BulkNotice() {
	const job = useObservable(bulkJob)
	const [details, setDetails] = useState(false)
	const ended = job?.phase === 'done' || job?.phase === 'stopped'
	useEffect(() => {
		if (!ended) setDetails(false)
	}, [ended])
	const id = useId()
	if (job === null) return null
	const failed = job.failures.length > 0
	return (
		<section
			aria-label="Bulk edit"
			data-bulk={job.phase}
			className="border-b border-line bg-raised px-4 py-2 sm:px-6"
		>
			<div className="flex flex-wrap items-center gap-x-4 gap-y-2">
				<p className="flex min-w-0 items-center gap-2">
					<Layers aria-hidden className="size-4 shrink-0 text-ink-3" />
					<span role="status" className="tnum min-w-0">
						{sayOf(job)}
					</span>
					{job.phase === 'waiting' && <Countdown until={job.until!} />}
				</p>
				{!ended && job.phase !== 'asking' && (
					<div className="min-w-32 max-w-sm flex-1">
						<Progress
							value={job.total > 0 ? job.done : null}
							max={job.total}
							label={`Bulk edit: ${job.what}`}
						/>
					</div>
				)}
				<div className="ml-auto flex gap-1.5">
					{job.phase === 'asking' && (
						<>
							<Button size="small" look="quiet" onClick={() => answerBulk(false)}>
								Cancel
							</Button>
							<Button size="small" look="primary" onClick={() => answerBulk(true)}>
								Change {formatCount(job.total)}
							</Button>
						</>
					)}
					{!ended && job.phase !== 'asking' && (
						<Button size="small" onClick={stopBulk}>
							Stop
						</Button>
					)}
					{ended && failed && (
						<Button
							size="small"
							look="quiet"
							aria-expanded={details}
							aria-controls={id}
							onClick={() => setDetails(!details)}
						>
							{details ? 'Hide' : 'Why'}
						</Button>
					)}
					{ended && failed && job.kind === 'edit' && <ChooseFailed job={job} />}
					{ended && job.kind === 'edit' && job.bulks.length > 0 && job.done > job.failures.length && (
						<Button
							size="small"
							onClick={() =>
								void undoBulkEdits(job.table, { ...job, changed: job.done - job.failures.length })
							}
						>
							<Undo2 aria-hidden className="size-3.5" />
							Undo
						</Button>
					)}
					{ended && (
						<Button size="small" look="primary" onClick={closeBulk}>
							Done
						</Button>
					)}
				</div>
			</div>
			{ended && failed && details && (
				<div
					id={id}
					className="mt-2 max-h-48 overflow-y-auto rounded-lg border border-line"
					data-testid="failures"
					tabIndex={0}
					role="region"
					aria-label="What was not changed, and why"
				>
					<ul>
						{job.failures.slice(0, 200).map(({ id: row, name, why }, i) => (
							<li key={`${row} ${i}`} className="border-b border-line px-3 py-1.5 last:border-0">
								<span className="tnum font-medium">{name}</span>{' '}
								<span className="text-ink-2">{why}</span>
							</li>
						))}
					</ul>
				</div>
			)}
		</section>
	)
}

function sayOf(job: Job): string {
	const { table, kind, what, phase, done, total, pending, failures, counted, error } = job
	const good = done - failures.filter(({ id }) => id !== '').length
	const queued = pending > 0 ? `, ${formatCount(pending)} queued until Airtable is back` : ''
	const verb = kind === 'undo' ? 'Undoing' : 'Setting'
	switch (phase) {
		case 'gathering':
			return `Looking up the ${table.many}: ${formatCount(done)} so far`
		case 'asking':
			return (
				`${plural(total, `${table.one} matches`, `${table.many} match`)} now, ` +
				`not ${formatCount(counted!)} as when you selected them. ` +
				`Set ${what} for all of them?`
			)
		case 'running':
			return `${verb} ${what}: ${total > 0 ? `${formatCount(done)} of ${formatCount(total)}` : plural(done, table.one, table.many)}`
		case 'waiting':
			return `${verb} ${what}: ${formatCount(done)} of ${formatCount(total)}. Paused, resuming in`
		default: {
			if (error !== undefined) return error
			const end = `${formatCount(good)} of ${formatCount(total)} ${kind === 'undo' ? 'restored' : 'changed'}`
			const faults = failures.length > 0 ? `. ${plural(failures.length, 'failure')}` : ''
			return `${what}: ${end}${phase === 'stopped' ? ', then stopped' : ''}${queued}${faults}`
		}
	}
}

function Countdown({ until }: { until: number }) {
	const now = useNow()
	return (
		<span className="tnum text-ink-2" aria-live="off">
			{formatDuration(Math.max(0, until - now) / 1000)}
		</span>
	)
}

/** Selects them in the table, under the filter where the edit began. */
function ChooseFailed({ job }: { job: Job }) {
	const navigate = useNavigate()
	const ids = job.failures.map(({ id }) => id).filter(Boolean)
	const go = () => {
		closeBulk()
		void navigate({ to: job.table.path, search: { ...job.filter } }).then(() => toBeChosen.set(ids))
	}
	return ids.length === 0 ? null : (
		<Button size="small" onClick={go}>
			Select those {formatCount(ids.length)}
		</Button>
	)
}

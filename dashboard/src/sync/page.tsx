import { Activity, CircleCheck, CircleX, LoaderCircle, RefreshCw } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useHealth } from '@/api/health'
import { useSync } from '@/api/sync'
import type { SyncProgress } from '@/api/client'
import { formatCount, formatDuration, formatInstant, formatInstantExact, formatPercent } from '@/lib/format'
import { useNow, useTitle } from '@/lib/hooks'
import { Dot } from '@/ui/badges'
import { Button } from '@/ui/button'
import { Bone, Card, PageTitle, Progress } from '@/ui/parts'
import { useSyncNow } from './sync-button'

export default function SyncPage() {
	useTitle('Sync')
	const sync = useSync().data
	const { run, pending } = useSyncNow()
	const running = sync?.state === 'running'
	return (
		<div className="mx-auto max-w-5xl">
			<PageTitle
				aside={
					<div className="flex gap-2">
						<Button
							onClick={() => run('full')}
							disabled={pending || running}
							title="Read the whole table and compare it with the copy"
						>
							Compare everything
						</Button>
						<Button look="primary" onClick={() => run('auto')} disabled={pending || running}>
							<RefreshCw aria-hidden className="size-4" />
							Sync now
						</Button>
					</div>
				}
			>
				Sync and system
			</PageTitle>
			<div className="grid gap-4 lg:grid-cols-2">
				<Card
					title={running ? 'Sync running' : 'Last sync'}
					className="lg:col-span-2"
					aside={sync && <Outcome sync={sync} />}
				>
					{sync === undefined ? (
						<div className="p-5">
							<Bone className="h-16" />
						</div>
					) : running ? (
						<Running sync={sync} />
					) : (
						<Result sync={sync} />
					)}
				</Card>
				<Airtable />
				<Copy />
			</div>
		</div>
	)
}

function Outcome({ sync }: { sync: SyncProgress }) {
	if (sync.state === 'running')
		return (
			<span className="flex items-center gap-1.5 text-ink-2">
				<LoaderCircle aria-hidden className="size-4 animate-spinner" />
				Running
			</span>
		)
	if (sync.state === 'failed')
		return (
			<span className="flex items-center gap-1.5 font-medium text-bad">
				<CircleX aria-hidden className="size-4" />
				Failed
			</span>
		)
	return sync.finishedAt ? (
		<span className="flex items-center gap-1.5 font-medium text-good">
			<CircleCheck aria-hidden className="size-4" />
			Complete
		</span>
	) : (
		<span className="text-ink-2">None yet</span>
	)
}

function Running({ sync }: { sync: SyncProgress }) {
	const now = useNow(500)
	// a server's clock may differ from ours: elapsed time is measured here
	const [since] = useState(() => Date.now())
	const [first, setFirst] = useState<number | null>(null)
	useEffect(() => {
		if (first === null && sync.records !== null) setFirst(sync.records)
	}, [first, sync.records])
	const rate =
		first !== null && sync.records !== null && now - since > 1500
			? ((sync.records - first) * 1000) / (now - since)
			: 0
	const left =
		rate > 0 && sync.expectedRecords && sync.records !== null
			? Math.max(0, sync.expectedRecords - sync.records) / rate
			: null
	return (
		<div className="p-4 pt-2 sm:p-5 sm:pt-2">
			<Progress value={sync.records} max={sync.expectedRecords} label="Progress of the sync" />
			<p className="tnum mt-3 flex flex-wrap gap-x-6 gap-y-1 text-ink-2">
				<span>
					<b className="font-semibold text-ink">{formatCount(sync.records ?? 0)}</b>
					{sync.expectedRecords ? ` of about ${formatCount(sync.expectedRecords)}` : ''} orders
				</span>
				<span>
					<b className="font-semibold text-ink">{formatCount(sync.pages ?? 0)}</b> pages
				</span>
				{left !== null && (
					<span>
						about <b className="font-semibold text-ink">{formatDuration(left)}</b> left
					</span>
				)}
			</p>
		</div>
	)
}

function Result({ sync }: { sync: SyncProgress }) {
	if (sync.state === 'failed') {
		return (
			<div className="p-4 pt-1 sm:p-5 sm:pt-1">
				<p className="font-medium text-bad">{sync.error?.detail ?? 'The cause is not known.'}</p>
				<p className="mt-1 text-ink-2">
					The local copy is unchanged.{' '}
					{sync.next ? (
						<>
							The next attempt starts at <Instant at={sync.next} />.
						</>
					) : null}
				</p>
			</div>
		)
	}
	if (!sync.finishedAt) return <p className="p-4 pt-1 text-ink-2 sm:p-5 sm:pt-1">No sync has finished yet.</p>
	const seconds = sync.startedAt ? (Date.parse(sync.finishedAt) - Date.parse(sync.startedAt)) / 1000 : null
	const drift = [
		['Changed', sync.changed],
		['New', sync.created],
		['Gone', sync.deleted],
		['Not understood', sync.warnings],
	] as const
	const none = drift.every(([, value]) => !value)
	return (
		<div className="p-4 pt-1 sm:p-5 sm:pt-1">
			<p className="text-ink-2">
				Finished <Instant at={sync.finishedAt} />
				{seconds !== null && <> after {formatDuration(Math.max(1, seconds))}</>}:{' '}
				{formatCount(sync.records ?? 0)} orders on {formatCount(sync.pages ?? 0)} pages.
				{sync.next && (
					<>
						{' '}
						The next one starts <Instant at={sync.next} />.
					</>
				)}
			</p>
			<h3 className="mt-5 text-[0.8125rem] font-semibold">Drift report</h3>
			<p className="mt-0.5 text-ink-2">
				{none ? 'The copy matched Airtable exactly.' : 'How the copy differed from Airtable before this sync:'}
			</p>
			<dl className="mt-3 grid grid-cols-2 gap-2 sm:grid-cols-4">
				{drift.map(([name, value]) => (
					<div key={name} className="rounded-lg bg-sunken px-3 py-2.5">
						<dt className="text-xs text-ink-2">{name}</dt>
						<dd className="tnum text-lg font-semibold">{formatCount(value ?? 0)}</dd>
					</div>
				))}
			</dl>
		</div>
	)
}

const Instant = ({ at }: { at: string }) => (
	<time dateTime={at} title={formatInstantExact(at)} className="tnum text-ink">
		{formatInstant(at)}
	</time>
)

function Facts({ rows }: { rows: [string, React.ReactNode][] }) {
	return (
		<dl className="px-4 pt-1 pb-4 sm:px-5">
			{rows.map(([name, value]) => (
				<div key={name} className="flex justify-between gap-4 border-b border-line py-2.5 last:border-0">
					<dt className="text-ink-2">{name}</dt>
					<dd className="tnum text-right">{value}</dd>
				</div>
			))}
		</dl>
	)
}

const CIRCUIT = {
	closed: ['good', 'Connected'],
	open: ['bad', 'Unavailable'],
	halfOpen: ['warn', 'Trying again'],
} as const

function Airtable() {
	const health = useHealth().data
	const airtable = health?.airtable
	const [tone, word] = airtable?.circuit ? CIRCUIT[airtable.circuit] : (['off', 'Not known'] as const)
	const calls = airtable?.monthlyCalls
	const locked = airtable?.rateLimit?.lockedForMs ?? 0
	return (
		<Card
			title="Airtable"
			aside={
				<span className="flex items-center gap-2">
					<Dot tone={tone} />
					{word}
				</span>
			}
		>
			<Facts
				rows={[
					[
						'Last answer',
						airtable?.lastSuccessAt ? <Instant key="at" at={airtable.lastSuccessAt} /> : 'none yet',
					],
					[
						'Last fault',
						airtable?.lastError ? (
							<span key="error" title={airtable.lastError.at ?? undefined}>
								{airtable.lastError.detail ?? airtable.lastError.code}
							</span>
						) : (
							'none'
						),
					],
					[
						'Calls per second',
						airtable?.rateLimit?.perSecond === undefined
							? 'not known'
							: `at most ${formatCount(airtable.rateLimit.perSecond)}`,
					],
					['Rate limit', locked > 0 ? `held for ${formatDuration(locked / 1000)}` : 'not reached'],
					[
						'Calls this month',
						calls
							? `${formatCount(calls.used)}${calls.budget ? ` of ${formatCount(calls.budget)}` : ''}`
							: 'not known',
					],
					['Changes queued', formatCount(health?.outbox?.pending ?? 0)],
				]}
			/>
			{calls?.budget ? (
				<div className="px-4 pb-5 sm:px-5">
					<Progress value={calls.used} max={calls.budget} label="Calls used this month" />
				</div>
			) : null}
		</Card>
	)
}

const megabytes = (bytes: number | undefined) =>
	bytes === undefined ? 'not known' : `${formatCount(Math.round(bytes / 104857.6) / 10)} MiB`

function Copy() {
	const health = useHealth().data
	const store = health?.store
	return (
		<Card
			title="Local copy"
			aside={
				<span className="flex items-center gap-2">
					<Dot tone={store === undefined ? 'off' : store.up ? 'good' : 'bad'} />
					{store === undefined ? 'Not known' : store.up ? 'Serving' : 'Unavailable'}
				</span>
			}
		>
			<Facts
				rows={[
					['Orders', store?.orders === undefined ? 'not known' : formatCount(store.orders)],
					[
						'Space used',
						store?.usedBytes !== undefined && store.mapBytes
							? `${megabytes(store.usedBytes)} (${formatPercent(store.usedBytes / store.mapBytes)})`
							: 'not known',
					],
					[
						'Generation',
						health?.generation === null || health?.generation === undefined
							? 'not known'
							: formatCount(health.generation),
					],
					['Last full comparison', health?.syncedAt ? <Instant key="at" at={health.syncedAt} /> : 'none yet'],
					[
						'Sync service',
						health
							? health.syncd.up
								? `running, version ${health.syncd.version ?? '?'}`
								: 'unavailable'
							: 'not known',
					],
					[
						'API',
						<a
							key="docs"
							className="inline-flex items-center gap-1 text-accent-ink underline-offset-2 hover:underline"
							href="/docs"
						>
							<Activity aria-hidden className="size-3.5" />
							Description
						</a>,
					],
				]}
			/>
		</Card>
	)
}

import { Link } from '@tanstack/react-router'
import { useSummary } from '@/api/summary'
import { liveState } from '@/api/live'
import { formatAgo, formatCount, formatInstantExact, formatPercent } from '@/lib/format'
import { useNow } from '@/lib/hooks'
import { useObservable } from '@/lib/observable'
import { Dot } from '@/ui/badges'
import { buttonClass } from '@/ui/button'
import type { Opened } from '@/ui/on-demand'
import { Popover, PopoverClose } from '@/ui/popover'
import { useCondition } from './use-condition'

const LIVE = { live: 'Live', polling: 'Every 3 seconds', connecting: 'Connecting' }
const CIRCUIT = { closed: 'Connected', open: 'Unavailable', halfOpen: 'Trying again' }

/** The state of each part, behind the pill in the header. */
export default function StatusMenu({ button }: Opened) {
	const { condition, health, sync, at } = useCondition()
	const live = useObservable(liveState)
	const pending = useSummary().data?.pending
	const calls = health?.airtable?.monthlyCalls
	const rows: [string, React.ReactNode][] = [
		['Data as of', at === null ? 'not known' : <Ago key="age" instant={new Date(at).toISOString()} />],
		['Last full comparison', health?.syncedAt ? <Ago key="ago" instant={health.syncedAt} /> : 'not yet'],
		['Changes arrive', LIVE[live]],
		['Airtable', health?.airtable?.circuit ? CIRCUIT[health.airtable.circuit] : 'not known'],
		['Sync service', health ? (health.syncd.up ? 'Running' : 'Unavailable') : 'not known'],
		['Sync', sync?.state === 'running' ? 'Running' : sync?.state === 'failed' ? 'Failed' : 'Idle'],
		['Changes queued', formatCount(health?.outbox?.pending ?? pending ?? 0)],
		[
			'Calls this month',
			calls?.budget
				? `${formatCount(calls.used)} of ${formatCount(calls.budget)} (${formatPercent(calls.used / calls.budget)})`
				: calls
					? formatCount(calls.used)
					: 'not known',
		],
	]
	return (
		<Popover label="State of the system" align="end" className="w-80" defaultOpen trigger={button}>
			<div className="border-b border-line p-4">
				<p className="flex items-center gap-2 font-semibold">
					<Dot tone={condition.tone} />
					{condition.title ??
						(condition.short === 'Up to date' ? 'Everything is up to date' : condition.short)}
				</p>
			</div>
			<dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 p-4 text-[0.8125rem]">
				{rows.map(([name, value]) => (
					<div key={name} className="contents">
						<dt className="text-ink-2">{name}</dt>
						<dd className="tnum text-right">{value}</dd>
					</div>
				))}
			</dl>
			<div className="flex gap-2 border-t border-line p-2">
				<PopoverClose asChild>
					<Link to="/sync" className={buttonClass('quiet', 'small')}>
						Sync and system
					</Link>
				</PopoverClose>
				<PopoverClose asChild>
					<a href="/docs" className={buttonClass('quiet', 'small')}>
						HTTP API
					</a>
				</PopoverClose>
			</div>
		</Popover>
	)
}

function Ago({ instant }: { instant: string }) {
	const now = useNow()
	return (
		<time dateTime={instant} title={formatInstantExact(instant)} className="tnum">
			{formatAgo(instant, now)}
		</time>
	)
}

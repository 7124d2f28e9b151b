import clsx from 'clsx'
import { CloudOff, DatabaseZap, Hourglass, Info, TriangleAlert, WifiOff } from 'lucide-react'
import { formatCount, formatDuration } from '@/lib/format'
import { useNow } from '@/lib/hooks'
import { Progress } from '@/ui/parts'
import type { Kind } from './condition'
import { useCondition } from './use-condition'

const ICONS: Partial<Record<Kind, typeof Info>> = {
	offline: WifiOff,
	away: CloudOff,
	store: DatabaseZap,
	airtable: CloudOff,
	syncd: CloudOff,
	limited: Hourglass,
	slowed: Hourglass,
	'first-sync': Info,
}
const TONES = { bad: 'bg-bad-soft text-bad', warn: 'bg-warn-soft text-warn', good: '', off: '' }

/** Across the page, only if there is something that everyone should know. */
export function Banner() {
	const { condition, health, sync } = useCondition()
	const Icon = ICONS[condition.kind] ?? TriangleAlert
	return (
		<div role="status" aria-live="polite">
			{condition.title !== null && (
				<div
					data-condition={condition.kind}
					className={clsx(
						'flex items-start gap-3 border-b border-line px-4 py-2.5 sm:px-6',
						TONES[condition.tone],
					)}
				>
					<Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
					<div className="min-w-0 flex-1">
						<span className="font-semibold">{condition.title}.</span>{' '}
						<span className="text-ink-2">
							{condition.detail}
							{condition.until !== undefined && <Countdown until={condition.until} />}
						</span>
						{condition.kind === 'first-sync' && sync?.state === 'running' && (
							<div className="mt-2 max-w-md">
								<Progress value={sync.records} max={sync.expectedRecords} label="First sync" />
								<p className="tnum mt-1 text-xs text-ink-2">
									{formatCount(Math.max(sync.records ?? 0, health?.store.orders ?? 0))}{' '}
									{sync.expectedRecords ? `of ${formatCount(sync.expectedRecords)} ` : ''}orders so
									far
								</p>
							</div>
						)}
					</div>
				</div>
			)}
		</div>
	)
}

function Countdown({ until }: { until: number }) {
	const now = useNow()
	return (
		<span className="tnum" aria-live="off">
			{' '}
			{formatDuration((until - now) / 1000)}.
		</span>
	)
}

import { CloudOff, DatabaseZap } from 'lucide-react'
import { explain, Problem } from '@/api/problem'
import { mayPass } from '@/api/query-client'
import { useSummary } from '@/api/summary'
import { freshAt } from '@/api/age'
import { useNow, useTitle } from '@/lib/hooks'
import { useObservable } from '@/lib/observable'
import { formatAgo, formatInstantExact, plural } from '@/lib/format'
import { PriorityLabel, StatusBadge } from '@/ui/badges'
import { Button } from '@/ui/button'
import { NoOrders } from '@/ui/no-orders'
import { Blank, Card, PageTitle } from '@/ui/parts'
import { Breakdown } from './breakdown'
import { ChartBones, DayCard } from './day-card'
import { FigureBones, Figures } from './figures'

export default function OverviewPage() {
	useTitle('Overview')
	const { data: summary, error, refetch } = useSummary()
	return (
		<div className="mx-auto w-full max-w-[150rem]" aria-busy={summary === undefined}>
			<PageTitle aside={summary && <AsOf />}>Overview</PageTitle>
			{summary === undefined ? (
				error ? (
					<Failed error={error} retry={() => void refetch()} />
				) : (
					<Bones />
				)
			) : summary.total.count === 0 ? (
				<Empty complete={summary.syncedAt !== null} />
			) : (
				<div className="flex flex-col gap-3 sm:gap-4">
					<Figures summary={summary} />
					<div className="grid gap-3 sm:gap-4 lg:grid-cols-2">
						<DayCard summary={summary} measure="count" />
						<DayCard summary={summary} measure="revenue" />
						<Breakdown
							name="Status"
							field="status"
							groups={summary.byStatus.map(({ status, ...rest }) => ({
								value: status,
								label: <StatusBadge status={status} />,
								...rest,
							}))}
						/>
						<Breakdown
							name="Priority"
							field="priority"
							groups={summary.byPriority.map(({ priority, ...rest }) => ({
								value: priority,
								label: <PriorityLabel priority={priority} />,
								...rest,
							}))}
						/>
					</div>
				</div>
			)}
		</div>
	)
}

/** How old the figures are, and what they do not include yet. */
function AsOf() {
	const at = useObservable(freshAt)
	const pending = useSummary().data?.pending ?? 0
	const now = useNow()
	if (at === null) return null
	return (
		<p className="text-[0.8125rem] text-ink-2" title={formatInstantExact(new Date(at).toISOString())}>
			<span className="tnum" data-testid="as-of">
				As of {formatAgo(at, now)}
			</span>
			{pending > 0 && <> · {plural(pending, 'change')} not confirmed yet</>}
		</p>
	)
}

function Failed({ error, retry }: { error: Error; retry: () => void }) {
	const store = error instanceof Problem && error.code === 'store_unavailable'
	return (
		<Card className="min-h-[55dvh] justify-center">
			<Blank
				icon={store ? DatabaseZap : CloudOff}
				title={store ? 'There is no local copy yet' : 'The figures can’t be read'}
				action={<Button onClick={retry}>Try again</Button>}
			>
				{explain(error)}
				{mayPass(error) && ' Orderdeck keeps trying.'}
			</Blank>
		</Card>
	)
}

function Empty({ complete }: { complete: boolean }) {
	return (
		<Card className="min-h-[55dvh] justify-center">
			<NoOrders complete={complete} />
		</Card>
	)
}

const Bones = () => (
	<div className="flex flex-col gap-4" role="status" aria-label="Loading the figures">
		<FigureBones />
		<div className="grid gap-4 lg:grid-cols-2">
			{[1, 2, 3, 4].map(n => (
				<div key={n} className="card h-72 p-4">
					<ChartBones />
				</div>
			))}
		</div>
	</div>
)

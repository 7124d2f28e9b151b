import { useNavigate } from '@tanstack/react-router'
import { ChartColumn, Table2 } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { Link } from '@tanstack/react-router'
import type { Summary } from '@/api/client'
import { formatCount, formatLongDay } from '@/lib/format'
import { useMoney } from '@/lib/money'
import { inTurn } from '@/lib/idle'
import { dayFilter } from '@/lib/zone'
import { buttonClass } from '@/ui/button'
import { Exact } from '@/ui/exact'
import { Bone, Card } from '@/ui/parts'

const NoChart = () => (
	<p className="px-3 py-8 text-sm text-ink-2">
		The chart could not be loaded. The button above shows the same numbers as a table.
	</p>
)
const load = () => inTurn(() => import('./day-chart')).catch(() => ({ default: NoChart }))
/** Each is drawn in its own turn, so the page stays responsive in between. */
const CHARTS = { count: lazy(load), revenue: lazy(load) }

export type Measure = 'count' | 'revenue'
const NAMES = { count: 'Orders', revenue: 'Revenue' }

export function DayCard({ summary, measure }: { summary: Summary; measure: Measure }) {
	const DayChart = CHARTS[measure]
	const money = useMoney()
	const [table, setTable] = useState(false)
	const navigate = useNavigate()
	const total = summary.daily.reduce(
		(sum, day) => sum + (measure === 'count' ? day.count : day.revenue.orderTotal),
		0,
	)
	const without =
		measure === 'revenue' && summary.revenue.excludes.length > 0
			? `, without ${summary.revenue.excludes.join(', ')}`
			: ''
	return (
		<Card
			label={`${NAMES[measure]} a day`}
			title={
				<>
					{NAMES[measure]} a day
					<span className="ml-2 text-xs font-normal text-ink-2">
						30 days, {summary.timeZone}
						{without}
					</span>
				</>
			}
			aside={
				<button
					type="button"
					aria-pressed={table}
					onClick={() => setTable(!table)}
					className={buttonClass('quiet', 'bar-icon')}
					aria-label={`${NAMES[measure]} a day as a table`}
					title={table ? 'As a chart' : 'As a table'}
				>
					{table ? <ChartColumn aria-hidden className="size-4" /> : <Table2 aria-hidden className="size-4" />}
				</button>
			}
		>
			<p className="tnum px-4 text-lg font-semibold sm:px-5">
				<Exact
					short={measure === 'count' ? formatCount(total) : money.compact(total)}
					exact={measure === 'count' ? formatCount(total) : money.exact(total)}
				/>
			</p>
			<div className="h-60 px-2 3xl:h-88 pt-1 pb-3 sm:px-3">
				{table ? (
					<DayTable summary={summary} />
				) : (
					<Suspense fallback={<ChartBones />}>
						<DayChart
							days={summary.daily}
							measure={measure}
							onPick={date => void navigate({ to: '/orders', search: dayFilter(date) })}
						/>
					</Suspense>
				)}
			</div>
		</Card>
	)
}

export const ChartBones = () => (
	<div aria-hidden className="flex h-full items-end gap-1.5 px-3 pb-6">
		{Array.from({ length: 24 }, (_, i) => (
			<Bone key={i} className={['h-1/3 flex-1', 'h-1/2 flex-1', 'h-2/3 flex-1', 'h-2/5 flex-1'][(i * 7) % 4]!} />
		))}
	</div>
)

function DayTable({ summary }: { summary: Summary }) {
	const money = useMoney()
	return (
		<div className="h-full overflow-y-auto px-2" tabIndex={0} role="region" aria-label="Days as a table">
			<table className="w-full text-[0.8125rem]">
				<thead className="sticky top-0 bg-surface text-left text-xs text-ink-3">
					<tr>
						<th scope="col" className="py-1.5 font-medium">
							Day
						</th>
						<th scope="col" className="py-1.5 text-right font-medium">
							Orders
						</th>
						<th scope="col" className="py-1.5 text-right font-medium">
							Revenue
						</th>
					</tr>
				</thead>
				<tbody>
					{summary.daily.toReversed().map(({ date, count, revenue }) => (
						<tr key={date} className="border-t border-line">
							<th scope="row" className="py-1.5 text-left font-normal">
								<Link
									to="/orders"
									search={dayFilter(date)}
									title={date}
									className="underline-offset-2 hover:underline"
								>
									{formatLongDay(date)}
								</Link>
								{date === summary.daily.at(-1)?.date && <span className="text-ink-3"> so far</span>}
							</th>
							<td className="tnum text-right">{formatCount(count)}</td>
							<td className="tnum text-right">{money.exact(revenue.orderTotal)}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	)
}

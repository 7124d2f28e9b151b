import {
	Area,
	AreaChart,
	Bar,
	BarChart,
	CartesianGrid,
	Cell,
	ResponsiveContainer,
	Tooltip,
	XAxis,
	YAxis,
} from 'recharts'
import type { Summary } from '@/api/client'
import { formatCompact, formatCount, formatDay, formatLongDay } from '@/lib/format'
import { useMoney } from '@/lib/money'
import type { Measure } from './day-card'

/** part: the day is not over yet. */
type Day = Summary['daily'][number] & { part?: boolean }
const AXIS = 42,
	LETTER = 7,
	RIGHT = 10 // pixels beside the plot

type Props = { days: Summary['daily']; measure: Measure; onPick: (date: string) => void }

/** Hidden from screen readers: the table behind the card's button has the same numbers. */
export default function DayChart({ days, measure, onPick }: Props) {
	const money = useMoney()
	const label = measure === 'count' ? formatCompact : money.compact
	const most = Math.max(...days.map(day => (measure === 'count' ? day.count : day.revenue.orderTotal)))
	const axis = Math.max(AXIS, (label(most).length + 1) * LETTER)
	// by the position of the click: before a tap no pointer rests on a day
	const pick = (event: React.MouseEvent<HTMLDivElement>) => {
		const { left, width } = event.currentTarget.getBoundingClientRect()
		const share = (event.clientX - left - axis) / (width - axis - RIGHT)
		const index = measure === 'count' ? Math.floor(share * days.length) : Math.round(share * (days.length - 1))
		const day = days[index]
		if (day) onPick(day.date)
	}
	const Chart = measure === 'count' ? BarChart : AreaChart
	// today is fainter and not part of the line, which would always fall at its end
	const shown = days.map((day, i) =>
		i < days.length - 1
			? { ...day, whole: day.revenue.orderTotal, part: false }
			: { ...day, whole: null, part: true },
	)
	return (
		<div aria-hidden className="h-full cursor-pointer text-ink-3" data-chart={measure} onClick={pick}>
			<ResponsiveContainer width="100%" height="100%">
				<Chart
					data={shown}
					margin={{ top: 8, right: RIGHT, bottom: 0, left: 0 }}
					accessibilityLayer={false}
					barCategoryGap="22%"
				>
					<defs>
						<linearGradient id="area" x1="0" y1="0" x2="0" y2="1">
							<stop offset="0%" stopColor="var(--chart-2)" stopOpacity={0.28} />
							<stop offset="100%" stopColor="var(--chart-2)" stopOpacity={0.02} />
						</linearGradient>
					</defs>
					<CartesianGrid vertical={false} stroke="var(--line)" />
					<XAxis
						dataKey="date"
						tickFormatter={formatDay}
						tickLine={false}
						axisLine={false}
						minTickGap={36}
						tick={{ fontSize: 11, fill: 'var(--ink-3)' }}
						tickMargin={8}
					/>
					<YAxis
						width={axis}
						tickFormatter={label}
						tickLine={false}
						axisLine={false}
						tickCount={4}
						allowDecimals={false}
						tick={{ fontSize: 11, fill: 'var(--ink-3)' }}
					/>
					<Tooltip
						content={<Tip />}
						cursor={{ fill: 'var(--ink)', fillOpacity: 0.05, stroke: 'var(--line-strong)' }}
						isAnimationActive={false}
					/>
					{measure === 'count' ? (
						<Bar
							dataKey="count"
							fill="var(--chart-1)"
							radius={[3, 3, 0, 0]}
							maxBarSize={28}
							isAnimationActive={false}
						>
							{shown.map(day => (
								<Cell key={day.date} fillOpacity={day.part ? 0.4 : 1} />
							))}
						</Bar>
					) : (
						<Area
							dataKey="whole"
							stroke="var(--chart-2)"
							strokeWidth={2}
							fill="url(#area)"
							isAnimationActive={false}
						/>
					)}
				</Chart>
			</ResponsiveContainer>
		</div>
	)
}

function Tip({ active, payload }: { active?: boolean; payload?: readonly { payload: Day }[] }) {
	const day = payload?.[0]?.payload
	const money = useMoney()
	if (!active || !day) return null
	return (
		<div className="rounded-lg bg-raised px-3 py-2 text-xs shadow-pop">
			<p className="font-semibold text-ink">
				{formatLongDay(day.date)}
				{day.part && ', so far'}
			</p>
			<p className="tnum mt-0.5 text-ink-2">
				{formatCount(day.count)} orders · {money.exact(day.revenue.orderTotal)} revenue
			</p>
			{day.revenue.count !== day.count && (
				<p className="tnum text-ink-3">{formatCount(day.count - day.revenue.count)} without revenue</p>
			)}
		</div>
	)
}

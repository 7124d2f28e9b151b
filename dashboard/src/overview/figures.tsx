import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Summary, Today } from '@/api/client'
import { useToday } from '@/api/today'
import { formatCompact, formatCount, formatPercent, plural } from '@/lib/format'
import { useMoney } from '@/lib/money'
import { dayFilter } from '@/lib/zone'
import { withoutOne } from '@/lib/without-one'
import { Exact } from '@/ui/exact'
import { Bone } from '@/ui/parts'
import { Sparkline } from '@/ui/sparkline'

const OPEN = ['Pending', 'Processing']
const DAYS_BACK = 7

/** How many orders are open, and which of the open statuses exist. */
export function openOf(summary: Summary) {
	const groups = summary.byStatus.filter(({ status }) => status !== null && OPEN.includes(status))
	return {
		names: groups.map(({ status }) => status!),
		count: groups.reduce((n, group) => n + group.count, 0),
		orderTotal: groups.reduce((sum, group) => sum + group.orderTotal, 0),
	}
}

/** Excluded statuses that no longer exist under that name, as far as that is known. */
export const unknownExcludes = ({ byStatus, offered, revenue: { excludes } }: Summary) =>
	offered?.status === undefined ? [] : excludes.filter(name => !byStatus.some(({ status }) => status === name))

/** The days that are over: today is the last in the list. */
export const wholeDays = (daily: Summary['daily']) => daily.slice(0, -1)

/**
 * What to compare today with, which is not over: the same part of the other days if
 * it is known for them and for today; otherwise each whole day, labelled as such.
 */
export function besideToday({ daily }: Summary, today: Today | undefined): string[] {
	const same = (day: Today['today'] | undefined, back: number) => {
		const whole = daily[daily.length - 1 - back]
		if (!whole) return null
		// it may be from the minute before midnight
		const part = today?.today.date === daily.at(-1)?.date && today?.today.count != null ? day?.count : undefined
		return part == null ? { count: whole.count, of: 'all day' } : { count: part, of: 'by this time' }
	}
	return (
		[
			[same(today?.yesterday, 1), 'yesterday'],
			[same(today?.weekAgo, DAYS_BACK), 'a week ago'],
		] as const
	).flatMap(([day, name]) => (day === null ? [] : [`${formatCount(day.count)} ${name} ${day.of}`]))
}

export function Figures({ summary }: { summary: Summary }) {
	const { data: parts, isPending } = useToday()
	const open = openOf(summary)
	const money = useMoney()
	const { count } = summary.total
	const { orderTotal, excludes } = summary.revenue
	const unknown = unknownExcludes(summary),
		left = excludes.filter(name => !unknown.includes(name))
	const days = summary.daily,
		today = days.at(-1)!
	// today is not over: compared with whole days it would always look like a drop
	const whole = wholeDays(days)
	return (
		<div className="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4">
			<Figure
				name="Orders"
				value={formatCompact(count)}
				exact={formatCount(count)}
				link={{}}
				chart={<Sparkline values={whole.map(day => day.count)} />}
			>
				<span>
					<Exact short={formatCompact(countOf(days))} exact={formatCount(countOf(days))} /> in 30 days
				</span>
			</Figure>
			<Figure
				name="Revenue"
				value={money.compact(orderTotal)}
				exact={money.exact(orderTotal)}
				link={{ ...revenueFilter(summary), sort: '-orderTotal' }}
				chart={<Sparkline values={whole.map(day => day.revenue.orderTotal)} />}
			>
				<span>
					<Exact short={money.compact(revenueOf(days))} exact={money.exact(revenueOf(days))} /> in 30 days
				</span>
				{left.length > 0 && <span>without {left.join(', ')}</span>}
				{unknown.length > 0 && (
					<span
						className="text-warn"
						title="What they are called in Airtable now is to be set as summary.excluded."
					>
						{unknown.join(', ')} is not left out: no status has that name
					</span>
				)}
			</Figure>
			<Figure
				name="Open"
				value={formatCompact(open.count)}
				exact={formatCount(open.count)}
				link={{ status: open.names.length > 0 ? open.names : OPEN }}
			>
				{open.names.length < OPEN.length && (
					<span
						className="text-warn"
						title={`Open orders are those that are ${OPEN.join(' or ')}; Airtable no longer has all of these statuses.`}
					>
						{open.names.length > 0
							? `only ${open.names.join(', ')}`
							: `no status is called ${OPEN.join(' or ')}`}
					</span>
				)}
				<span>
					worth <Exact short={money.whole(open.orderTotal)} exact={money.exact(open.orderTotal)} />
				</span>
				<span>{formatPercent(count ? open.count / count : 0)} of all</span>
			</Figure>
			<Figure
				name="Today"
				value={formatCompact(today.count)}
				exact={`${plural(today.count, 'order')}, ${money.exact(today.orderTotal)}`}
				link={dayFilter(today.date)}
				chart={<Sparkline values={whole.slice(-DAYS_BACK).map(day => day.count)} />}
				beside={<span className="tnum text-ink-2">{money.exact(today.orderTotal)}</span>}
			>
				<span>so far</span>
				{!isPending && besideToday(summary, parts).map(text => <span key={text}>{text}</span>)}
			</Figure>
		</div>
	)
}

const countOf = (days: Summary['daily']) => days.reduce((total, day) => total + day.count, 0)
const revenueOf = (days: Summary['daily']) => days.reduce((total, day) => total + day.revenue.orderTotal, 0)

/** The orders that count as revenue: those of every status that is not excluded. */
export function revenueFilter({ byStatus, revenue: { excludes } }: Summary): { status?: string[]; empty?: string[] } {
	const all = byStatus.map(({ status }) => status)
	const names = all.filter(status => status !== null && !excludes.includes(status)) as string[]
	if (!all.some(status => status !== null && excludes.includes(status))) return {}
	const without = all.includes(null) ? withoutOne('status', all) : {}
	return { ...without, status: [...names, ...(without.status ?? [])] }
}

function Figure({
	name,
	value,
	exact,
	children,
	chart,
	beside,
	link,
}: {
	name: string
	value: string
	exact: string
	children: ReactNode
	chart?: ReactNode
	beside?: ReactNode
	link: { sort?: string; status?: string[]; empty?: string[]; createdFrom?: string; createdTo?: string }
}) {
	return (
		<div
			data-figure={name}
			className="card group relative flex min-w-0 flex-col p-4 transition-colors hover:border-line-strong sm:p-5"
		>
			<Link
				to="/orders"
				search={link}
				className="text-[0.8125rem] font-medium text-ink-2 after:absolute after:inset-0 after:rounded-xl"
			>
				{name}
			</Link>
			<span className="mt-1 flex min-w-0 items-baseline gap-2">
				<span data-value={exact} className="min-w-0">
					<Exact
						short={value}
						exact={exact}
						className="tnum text-2xl leading-9 font-semibold tracking-tight break-all sm:text-[1.75rem] aria-pressed:text-base"
					/>
				</span>
				{beside !== undefined && <span className="truncate max-sm:hidden">{beside}</span>}
			</span>
			<span className="tnum mt-1 flex flex-wrap gap-x-3 gap-y-0.5 text-xs text-ink-2">{children}</span>
			{chart !== undefined && (
				<span className="pointer-events-none absolute top-4 right-4 text-accent opacity-80 max-sm:hidden sm:top-5 sm:right-5">
					{chart}
				</span>
			)}
		</div>
	)
}

export const FigureBones = () => (
	<div className="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4" aria-hidden>
		{[1, 2, 3, 4].map(n => (
			<div key={n} className="card p-4 sm:p-5">
				<Bone className="h-4 w-16" />
				<Bone className="mt-3 h-8 w-24" />
				<Bone className="mt-3 h-3 w-28" />
			</div>
		))}
	</div>
)

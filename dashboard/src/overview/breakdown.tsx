import clsx from 'clsx'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { formatCount, formatPercent } from '@/lib/format'
import { withoutOne } from '@/lib/without-one'
import { useMoney } from '@/lib/money'
import { Exact } from '@/ui/exact'
import { Card } from '@/ui/parts'

type Group = { value: string | null; label: ReactNode; count: number; orderTotal: number }

/** A table drawn as bars: each row links to its orders. */
export function Breakdown({ name, field, groups }: { name: string; field: string; groups: Group[] }) {
	const money = useMoney()
	const title = `By ${name.toLowerCase()}`
	const all = Math.max(
		1,
		groups.reduce((n, group) => n + group.count, 0),
	)
	const most = Math.max(1, ...groups.map(group => group.count))
	return (
		<Card title={title} label={title}>
			<table className="mx-2 mt-1 mb-3 sm:mx-3">
				<thead className="text-left text-xs text-ink-3">
					<tr>
						<th scope="col" className="w-1/3 px-2 py-1.5 font-medium max-sm:w-2/5">
							{name}
						</th>
						<th scope="col" className="px-2 py-1.5 text-right font-medium">
							Orders
						</th>
						<th
							scope="col"
							className="px-2 py-1.5 text-right font-medium"
							title="Of all these orders, including those that do not count as revenue"
						>
							Amount
						</th>
						<th scope="col" className="w-2/5 px-2 py-1.5 font-medium max-sm:w-1/4">
							<span className="sr-only">Share</span>
						</th>
					</tr>
				</thead>
				<tbody>
					{groups.map(({ value, label, count, orderTotal }) => (
						<tr key={value ?? ''} data-group={value ?? 'none'} className="group relative hover:bg-hover">
							<th scope="row" className="max-w-0 rounded-l-lg px-2 py-1.5 text-left font-normal">
								<Link
									to="/orders"
									search={
										value === null
											? withoutOne(
													field,
													groups.map(group => group.value),
												)
											: { [field]: [value] }
									}
									className="block after:absolute after:inset-0 after:rounded-lg"
								>
									{label}
								</Link>
							</th>
							<td className="tnum px-2 text-right font-medium">{formatCount(count)}</td>
							<td className="tnum px-2 text-right text-ink-2">
								<Exact short={money.compact(orderTotal)} exact={money.exact(orderTotal)} />
							</td>
							<td className="rounded-r-lg px-2">
								<span className="flex items-center gap-2">
									<span
										aria-hidden
										className="block h-2 flex-1 overflow-hidden rounded-full bg-sunken"
									>
										<span
											className={clsx(
												'block h-full origin-left rounded-full bg-(--chart-1)',
												'transition-transform duration-500',
											)}
											style={{ transform: `scaleX(${count / most})` }}
										/>
									</span>
									<span className="tnum w-12 text-right text-xs text-ink-2 max-sm:sr-only">
										{formatPercent(count / all)}
									</span>
								</span>
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</Card>
	)
}

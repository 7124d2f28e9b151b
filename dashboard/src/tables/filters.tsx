import { CircleDot, Flag, Sigma, X } from 'lucide-react'
import { type ComponentType, useState } from 'react'
import { useSummary } from '@/api/summary'
import { formatCompact } from '@/lib/format'
import { useMoney } from '@/lib/money'
import { type Grouped, withoutOne } from '@/lib/grouped'
import { PriorityLabel, StatusBadge } from '@/ui/badges'
import { Button } from '@/ui/button'
import { Choices } from '@/ui/choices'
import { AMOUNT, amountOf, Field } from '@/ui/field'
import { Popover } from '@/ui/popover'
import { countedOf, filtersOf } from './choices-of'
import { Dates } from './dates'
import { Trigger } from './filter-trigger'
import { isFiltered, type OrdersSearch, toggled, withoutFilters } from '@/orders/search'

type Set = (next: Partial<OrdersSearch>) => void
type Props = { search: OrdersSearch; set: Set }

export function Filters({ search, set }: Props) {
	const summary = useSummary().data
	const list = (field: Grouped, icon: ComponentType<{ className?: string }>, title: string) => {
		const groups = countedOf(summary, field)
		const none = withoutOne(
			field,
			groups.map(({ value }) => value),
		)
		const isNone = (value: string) => none[field] !== undefined && value === 'none'
		const noneChosen = (search.empty?.includes(field) || search[field]?.some(isNone)) ?? false
		const shown = [...(search[field]?.filter(value => !isNone(value)) ?? []), ...(noneChosen ? ['None'] : [])]
		const names = filtersOf(summary, field, search[field]?.filter(value => !isNone(value)) ?? [])
		const toggleNone = () => {
			if (!noneChosen)
				set(
					none[field]
						? { [field]: [...(search[field] ?? []), 'none'] }
						: { empty: toggled(search.empty, field) },
				)
			else
				set({
					[field]: search[field]?.some(value => !isNone(value))
						? search[field].filter(value => !isNone(value))
						: undefined,
					...(search.empty?.includes(field) && { empty: toggled(search.empty, field) }),
				})
		}
		return (
			<Popover
				label={title}
				className="w-60"
				trigger={
					<Trigger icon={icon} text={shown.length > 0 ? shown.join(', ') : title} on={shown.length > 0} />
				}
			>
				<Choices
					label={title}
					multiple
					chosen={value => (value === null ? noneChosen : (search[field]?.includes(value) ?? false))}
					onChoose={value =>
						value === null ? toggleNone() : set({ [field]: toggled(search[field], value) })
					}
					options={[...names, null].map(value => {
						const count = groups.find(group => group.value === value)?.count
						return {
							value,
							text: value ?? 'none',
							content:
								field === 'status' ? (
									<StatusBadge status={value} />
								) : (
									<PriorityLabel priority={value} />
								),
							...(count !== undefined && { hint: formatCompact(count) }),
						}
					})}
				/>
			</Popover>
		)
	}
	return (
		<>
			{list('status', CircleDot, 'Status')}
			{list('priority', Flag, 'Priority')}
			<Dates search={search} set={set} zone={summary?.timeZone ?? 'UTC'} />
			<Amounts search={search} set={set} />
			{search.customer !== undefined && (
				<Button
					size="bar"
					className="border-accent! bg-accent-soft! font-normal text-accent-ink!"
					onClick={() => set({ customer: undefined })}
					aria-label={`Only ${search.customer}. Remove this filter`}
				>
					<span className="max-w-40 truncate">{search.customer}</span>
					<X aria-hidden className="size-3.5" />
				</Button>
			)}
			{isFiltered(search) && (
				<Button look="quiet" size="bar" onClick={() => set(withoutFilters)}>
					Clear
				</Button>
			)}
		</>
	)
}

function Amounts({ search, set }: Props) {
	const { minTotal, maxTotal } = search
	const money = useMoney()
	const [low, high] = [minTotal, maxTotal].map(text => text && money.exact(Number(text)))
	const text = low && high ? `${low} – ${high}` : low ? `From ${low}` : high ? `Up to ${high}` : 'Total'
	return (
		<Popover
			label="Total"
			className="w-64 p-3"
			trigger={<Trigger icon={Sigma} text={text} on={Boolean(low || high)} />}
		>
			<div className="grid grid-cols-2 gap-2.5">
				<Amount label="At least" value={minTotal} onChange={value => set({ minTotal: value })} />
				<Amount label="At most" value={maxTotal} onChange={value => set({ maxTotal: value })} />
			</div>
		</Popover>
	)
}

function Amount({
	label,
	value,
	onChange,
}: {
	label: string
	value: string | undefined
	onChange: (value: string | undefined) => void
}) {
	const [text, setText] = useState(value ?? '')
	const wrong = text !== '' && !AMOUNT.test(text)
	return (
		<Field
			label={label}
			inputMode="decimal"
			value={text}
			placeholder="any"
			aria-invalid={wrong}
			onChange={event => {
				const next = event.target.value.trim()
				setText(next)
				if (next === '') onChange(undefined)
				else if (AMOUNT.test(next)) onChange(amountOf(next))
			}}
		/>
	)
}

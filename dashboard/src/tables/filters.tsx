import { Sigma, X } from 'lucide-react'
import { useState } from 'react'
import { formatCompact } from '@/lib/format'
import { withoutOne } from '@/lib/without-one'
import { useMoney } from '@/lib/money'
import { Button } from '@/ui/button'
import { Choices } from '@/ui/choices'
import { AMOUNT, amountOf, Field } from '@/ui/field'
import { Popover } from '@/ui/popover'
import { isFiltered, listOf, textIn, toggled, withoutFilters } from './address'
import { countedOf, filtersOf } from './choices-of'
import { Dates } from './dates'
import { type AnyTable, type OptionField, optionsOf, type PlainField, type Search, type SetSearch } from './descriptor'
import { Trigger } from './filter-trigger'

type Props = { table: AnyTable; search: Search; set: SetSearch }

export function Filters({ table, search, set }: Props) {
	const zone = table.useOptions()?.timeZone ?? 'UTC'
	const amounts = Object.values(table.fields).filter(({ kind, range }) => kind === 'money' && range)
	const exact = Object.keys(table.fields).filter(name => table.fields[name]!.exact && search[name] !== undefined)
	return (
		<>
			{optionsOf(table.fields).map(([name, field]) => (
				<OptionFilter key={name} {...{ table, name, field, search, set }} />
			))}
			<Dates {...{ fields: table.fields, search, set, zone }} />
			{amounts.map(field => (
				<Amounts key={field.title} {...{ field, search, set }} />
			))}
			{exact.map(name => (
				<Button
					key={name}
					size="bar"
					className="border-accent! bg-accent-soft! font-normal text-accent-ink!"
					onClick={() => set({ [name]: undefined })}
					aria-label={`Only ${textIn(search, name)}. Remove this filter`}
				>
					<span className="max-w-40 truncate">{search[name]}</span>
					<X aria-hidden className="size-3.5" />
				</Button>
			))}
			{isFiltered(table, search) && (
				<Button look="quiet" size="bar" onClick={() => set(withoutFilters(table))}>
					Clear
				</Button>
			)}
		</>
	)
}

/** Rows with one of some options, or with none: "none" is a word, or a separate filter if an option has that name. */
function OptionFilter({ table, name, field, search, set }: Props & { name: string; field: OptionField }) {
	const options = table.useOptions()
	const groups = countedOf(options, name)
	const none = withoutOne(
		name,
		groups.map(({ value }) => value),
	)
	const isNone = (value: string) => none[name] !== undefined && value === 'none'
	const empty = listOf(search, 'empty')
	const chosen = listOf(search, name)
	const named = chosen?.filter(value => !isNone(value)) ?? []
	const noneChosen = (empty?.includes(name) || chosen?.some(isNone)) ?? false
	const shown = [...named, ...(noneChosen ? ['None'] : [])]
	const names = filtersOf(options, name, field, named)
	const toggleNone = () => {
		if (!noneChosen) set(none[name] ? { [name]: [...(chosen ?? []), 'none'] } : { empty: toggled(empty, name) })
		else
			set({
				[name]: named.length > 0 ? named : undefined,
				...(empty?.includes(name) && { empty: toggled(empty, name) }),
			})
	}
	const text = shown.length > 0 ? shown.join(', ') : field.title
	return (
		<Popover
			label={field.title}
			className="w-60"
			trigger={<Trigger icon={field.icon} text={text} on={shown.length > 0} />}
		>
			<Choices
				label={field.title}
				multiple
				chosen={value => (value === null ? noneChosen : (chosen?.includes(value) ?? false))}
				onChoose={value => (value === null ? toggleNone() : set({ [name]: toggled(chosen, value) }))}
				options={[...names, null].map(value => {
					const count = groups.find(group => group.value === value)?.count
					return {
						value,
						text: value ?? 'none',
						content: field.show(value),
						...(count !== undefined && { hint: formatCompact(count) }),
					}
				})}
			/>
		</Popover>
	)
}

function Amounts({ field, search, set }: Omit<Props, 'table'> & { field: PlainField | OptionField }) {
	const [from, to] = field.range!
	const money = useMoney()
	const [low, high] = [from, to].map(name => textIn(search, name)).map(text => text && money.exact(Number(text)))
	const text = low && high ? `${low} – ${high}` : low ? `From ${low}` : high ? `Up to ${high}` : field.title
	return (
		<Popover
			label={field.title}
			className="w-64 p-3"
			trigger={<Trigger icon={Sigma} text={text} on={Boolean(low || high)} />}
		>
			<div className="grid grid-cols-2 gap-2.5">
				<Amount label="At least" value={textIn(search, from)} onChange={value => set({ [from]: value })} />
				<Amount label="At most" value={textIn(search, to)} onChange={value => set({ [to]: value })} />
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

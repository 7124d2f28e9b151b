import { Calendar } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { formatDate, formatInstant } from '@/lib/format'
import { useLatest } from '@/lib/hooks'
import { addDays, dayOf, isDay, startOfDay, today } from '@/lib/zone'
import { Button } from '@/ui/button'
import { Field } from '@/ui/field'
import { Popover } from '@/ui/popover'
import { Trigger } from './filter-trigger'
import { textIn } from './address'
import type { Fields, Search, SetSearch } from './descriptor'

type Props = { fields: Fields; search: Search; set: SetSearch; zone: string }
/** An end of a range: the parameter, and whether it is the later one. */
type Edge = { name: string; until: boolean; label: string }

const PRESETS = [
	['Today', 0, 1],
	['Yesterday', -1, 0],
	['Last 7 days', -6, 1],
	['Last 30 days', -29, 1],
] as const
/** The calendar day in the address; null: it is not a day. */
const dateOf = (text: string, zone: string) => (text.length === 10 ? (isDay(text) ? text : null) : dayOf(text, zone))

/** The last day of a range that ends before this instant: the instant's own day if it is within that day. */
function lastDay(text: string, zone: string): string | null {
	const day = dateOf(text, zone)
	return day !== null && (text.length === 10 || Date.parse(startOfDay(day, zone)) === Date.parse(text))
		? addDays(day, -1)
		: day
}

const dayShown = ({ until }: Edge, text: string | undefined, zone: string) =>
	text === undefined ? '' : ((until ? lastDay(text, zone) : dateOf(text, zone)) ?? '')

/** In words, or as in the address if it is not a whole day. */
function inWords({ until }: Edge, text: string, zone: string): string {
	const day = dateOf(text, zone)
	if (day === null) return until ? `before ${text}` : text
	if (text.length !== 10 && Date.parse(startOfDay(day, zone)) !== Date.parse(text))
		return until ? `before ${formatInstant(text)}` : formatInstant(text)
	return until ? `until ${formatDate(addDays(day, -1))}` : formatDate(day)
}

export function Dates({ fields, search, set, zone }: Props) {
	const now = today(zone)
	const ranges = Object.values(fields).flatMap(({ kind, title, range }) =>
		kind === 'instant' && range !== undefined
			? [
					{
						title,
						from: { name: range[0], until: false, label: `${title} from` },
						to: { name: range[1], until: true, label: `${title} until` },
					},
				]
			: [],
	)
	const first = ranges[0]
	if (first === undefined) return null
	const valueAt = (edge: Edge) => {
		const text = textIn(search, edge.name)
		return text === undefined ? [] : [inWords(edge, text, zone)]
	}
	const words = ranges.map(({ title, from, to }) => [title, [from, to].flatMap(valueAt).join(' ')] as const)
	const text = words.find(([, range]) => range !== '')?.join(' ') ?? 'Date'
	return (
		<Popover
			label="Dates"
			className="w-80 p-3"
			trigger={<Trigger icon={Calendar} text={text} on={text !== 'Date'} />}
		>
			<div className="mb-3 grid grid-cols-2 gap-1.5">
				{PRESETS.map(([name, from, to]) => (
					<Button
						key={name}
						size="bar"
						onClick={() =>
							set({ [first.from.name]: addDays(now, from), [first.to.name]: addDays(now, to) })
						}
					>
						{name}
					</Button>
				))}
			</div>
			<div className="grid grid-cols-2 gap-2.5">
				{ranges
					.flatMap(({ from, to }) => [from, to])
					.map(edge => (
						<DateField
							key={edge.name}
							label={edge.label}
							value={dayShown(edge, textIn(search, edge.name), zone)}
							onChange={day =>
								set({ [edge.name]: day === '' ? undefined : edge.until ? addDays(day, 1) : day })
							}
						/>
					))}
			</div>
			<p className="mt-2.5 text-xs text-ink-3">Calendar days in {zone}.</p>
		</Popover>
	)
}

const SETTLED_MS = 700

/**
 * A day as it is typed, digit by digit: an unfinished one (the year 2 of 2026) stays in
 * the field. It takes effect after a pause, on Enter, and when the field is left. '': no
 * day.
 */
export function DateField({
	label,
	value,
	onChange,
}: {
	label: string
	value: string
	onChange: (day: string) => void
}) {
	const [error, setError] = useState<string>()
	const input = useRef<HTMLInputElement>(null)
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
	const sent = useRef(value)
	const typed = useRef({ text: value, partly: false })
	const latest = useLatest(onChange)
	useEffect(() => {
		if (value === sent.current) return // the address returns what was typed before
		sent.current = value
		typed.current = { text: value, partly: false }
		if (input.current) input.current.value = value // it may hold parts of a date that no value can express
		setError(undefined)
	}, [value])
	const take = useRef(() => {
		clearTimeout(timer.current)
		const { text, partly } = typed.current
		if (partly || text === sent.current || (text !== '' && !isDay(text))) return
		sent.current = text
		latest.current(text)
	})
	useEffect(() => {
		const last = take.current
		return () => last() // the popover may be closed at once
	}, [])
	return (
		<Field
			label={label}
			type="date"
			min="0001-01-01"
			max="9998-12-31"
			ref={input}
			defaultValue={value}
			error={error}
			onChange={event => {
				const { value: text, validity } = event.target
				typed.current = { text, partly: text === '' && validity.badInput }
				setError(undefined)
				clearTimeout(timer.current)
				if (text === '') take.current()
				// a year of few digits may be the beginning of another
				else if (text >= '1000') timer.current = setTimeout(take.current, SETTLED_MS)
			}}
			onKeyDown={event => {
				if (event.key === 'Enter') take.current()
			}}
			onBlur={event => {
				const { value: text, validity } = event.target
				setError(validity.badInput || (text !== '' && !isDay(text)) ? 'This day does not exist' : undefined)
				take.current()
			}}
		/>
	)
}

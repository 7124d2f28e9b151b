/*
 * Numbers and times in the user's locale; amounts are in money.ts. Each has an exact form,
 * which is shown when the pointer rests on the short one.
 */
export const locale = typeof navigator === 'undefined' ? 'en' : (navigator.languages?.[0] ?? navigator.language)

const count = new Intl.NumberFormat(locale)
const compactCount = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
const dayTime = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const dayYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' })
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' })
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' })
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayOfYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const fullDay = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone: 'UTC' })
const longDay = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' })
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })

export const formatCount = (value: number) => count.format(value)
export const formatCompact = (value: number) =>
	Math.abs(value) < 10_000 ? count.format(Math.round(value)) : compactCount.format(value)
export const formatPercent = (value: number) => percent.format(value)

/** A calendar day, "2026-11-20", without a time zone of its own. */
export const formatDay = (date: string) => day.format(new Date(`${date}T00:00:00Z`))
/** The same with its year, if that is not the current one. */
export const formatDate = (date: string, now = new Date()) =>
	(Number(date.slice(0, 4)) === now.getFullYear() ? day : dayOfYear).format(new Date(`${date}T00:00:00Z`))
export const formatLongDay = (date: string) => longDay.format(new Date(`${date}T00:00:00Z`))

/** A date without a time, which is that day in every zone. */
export const isDate = (moment: string) => moment.length === 10

/** "14:05" today, "20 Nov, 14:05" this year, "20 Nov 2025" before; a date has no time to show. */
export function formatInstant(instant: string, now = new Date()): string {
	const at = new Date(instant)
	if (isDate(instant)) return (at.getUTCFullYear() === now.getFullYear() ? day : dayOfYear).format(at)
	if (at.toDateString() === now.toDateString()) return clock.format(at)
	return at.getFullYear() === now.getFullYear() ? dayTime.format(at) : dayYear.format(at)
}

/** Both the reader's own time and the exact instant. */
export const formatInstantExact = (instant: string) =>
	`${(isDate(instant) ? fullDay : full).format(new Date(instant))}\n${instant}`

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
	['second', 60],
	['minute', 60],
	['hour', 24],
	['day', 30],
	['month', 12],
	['year', Infinity],
]

/** "12 seconds ago", "in 3 minutes". */
export function formatAgo(instant: string | number, now = Date.now()): string {
	let value = (new Date(instant).getTime() - now) / 1000
	for (const [unit, size] of STEPS) {
		if (Math.abs(Math.round(value)) < size) return relative.format(Math.round(value), unit)
		value /= size
	}
	return relative.format(Math.round(value), 'year')
}

/** "8 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(seconds: number): string {
	const s = Math.max(0, Math.round(seconds))
	if (s < 60) return `${s} s`
	if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 ? ` ${s % 60} s` : ''}`
	return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

export const plural = (n: number, one: string, many = `${one}s`) => `${formatCount(n)} ${n === 1 ? one : many}`

/*
 * Calendar days of a time zone as instants, for filters by date. A day is
 * "2026-11-20"; its year has four digits, from 0001 to 9998, whatever else can
 * be typed. They are the same days as the server's (common/base/zone.c).
 */

const SECOND = 1000,
	DAY = 86_400_000
const clocks = new Map<string, Intl.DateTimeFormat>() // creating one takes far longer than using it

function clockOf(timeZone: string): Intl.DateTimeFormat {
	let clock = clocks.get(timeZone)
	if (clock === undefined) {
		clock = new Intl.DateTimeFormat('en-US', {
			timeZone,
			hourCycle: 'h23',
			era: 'short',
			year: 'numeric',
			month: 'numeric',
			day: 'numeric',
			hour: 'numeric',
			minute: 'numeric',
			second: 'numeric',
		})
		clocks.set(timeZone, clock)
	}
	return clock
}

/** Date.UTC puts a year below 100 into the last century. */
function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
	const date = new Date(0)
	date.setUTCFullYear(year, month - 1, day)
	return date.setUTCHours(hour, minute, second)
}

/** What a clock in the zone shows, read as if it were UTC: in milliseconds, whole seconds. */
function shownAt(instant: number, timeZone: string): number {
	const parts = clockOf(timeZone).formatToParts(instant)
	const of = (type: string) => Number(parts.find(part => part.type === type)?.value)
	const year = parts.find(part => part.type === 'era')?.value === 'BC' ? 1 - of('year') : of('year')
	return utc(year, of('month'), of('day'), of('hour'), of('minute'), of('second'))
}

const dayNumber = (date: string) => Date.parse(`${date}T00:00:00Z`) / DAY
const nameOf = (midnight: number) => new Date(midnight).toISOString().slice(0, 10)
const isYear = (year: number) => year >= 1 && year <= 9998

/** Does the day exist in the calendar? */
export function isDay(date: string): boolean {
	const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? []
	if (year === undefined || !isYear(Number(year))) return false
	return nameOf(utc(Number(year), Number(month), Number(day))) === date
}

/** The day of an instant in the zone; null: not an instant, or its year is out of range. */
export function dayOf(instant: string | number, timeZone: string): string | null {
	const at = new Date(instant).getTime()
	if (Number.isNaN(at)) return null
	const shown = new Date(shownAt(at, timeZone))
	return isYear(shown.getUTCFullYear()) ? nameOf(shown.getTime()) : null
}

/**
 * The instant at which a day begins in a zone: "2026-11-20" -> "2026-11-20T00:00:00.000Z" in UTC. Where
 * clocks skip midnight it is the first moment after; where they show midnight twice, the first.
 */
export function startOfDay(date: string, timeZone: string): string {
	const midnight = dayNumber(date) * DAY
	const begun = (instant: number) => Math.floor(shownAt(instant, timeZone) / DAY) >= dayNumber(date)
	const guess = midnight - (shownAt(midnight, timeZone) - midnight)
	if (begun(guess) && !begun(guess - SECOND)) return new Date(guess).toISOString()
	let low = midnight - 2 * DAY,
		high = midnight + 2 * DAY
	while (low < high) {
		const middle = low + Math.floor((high - low) / 2 / SECOND) * SECOND
		if (begun(middle)) high = middle
		else low = middle + SECOND
	}
	return new Date(low).toISOString()
}

/** So many days later, within the valid years. */
export function addDays(date: string, days: number): string {
	const next = dayNumber(date) + days
	return nameOf(Math.min(Math.max(next, dayNumber('0001-01-01')), dayNumber('9998-12-31')) * DAY)
}

/** Today's date in a zone. */
export const today = (timeZone: string, now = Date.now()): string => dayOf(now, timeZone) ?? nameOf(now)

/** The orders of a day; the server knows where the day begins and ends. */
export const dayFilter = (date: string) => ({ createdFrom: date, createdTo: addDays(date, 1) })

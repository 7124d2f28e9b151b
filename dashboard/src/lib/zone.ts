/* Calendar days of a time zone, for filters by date. */

const clocks = new Map<string, Intl.DateTimeFormat>()	// to make one takes far longer than to use it

function clockOf(timeZone: string): Intl.DateTimeFormat {
	let clock = clocks.get(timeZone)
	if (clock === undefined) {
		clock = new Intl.DateTimeFormat('en-US', {
			timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
		})
		clocks.set(timeZone, clock)
	}
	return clock
}

function offsetMinutes(instant: number, timeZone: string): number {
	const parts = clockOf(timeZone).formatToParts(instant)
	const of = (type: string) => Number(parts.find(part => part.type === type)?.value)
	const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
	return Math.round((shown - Math.floor(instant / 1000) * 1000) / 60_000)
}

export function addDays(date: string, days: number): string {
	return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** Today's date in a zone. */
export function today(timeZone: string, now = Date.now()): string {
	return new Date(now + offsetMinutes(now, timeZone) * 60_000).toISOString().slice(0, 10)
}

/** The orders of a day; where it begins and ends the server knows. */
export const dayFilter = (date: string) => ({ createdFrom: date, createdTo: addDays(date, 1) })

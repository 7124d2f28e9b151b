/* Calendar days of a time zone as instants, for filters by date. */

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

/** The instant at which a day begins in a zone: "2026-11-20" -> "2026-11-20T00:00:00.000Z" in UTC. */
export function startOfDay(date: string, timeZone: string): string {
	const midnight = Date.parse(`${date}T00:00:00Z`)
	let instant = midnight
	// the offset depends on the instant that is looked for: the second look is right but within a change of it
	for (let i = 0; i < 2; i++) instant = midnight - offsetMinutes(instant, timeZone) * 60_000
	return new Date(instant).toISOString()
}

export function addDays(date: string, days: number): string {
	return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** Today's date in a zone. */
export function today(timeZone: string, now = Date.now()): string {
	return new Date(now + offsetMinutes(now, timeZone) * 60_000).toISOString().slice(0, 10)
}

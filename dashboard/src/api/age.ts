/*
 * How old the data is, for every page. Each answer of the API says up to which moment
 * it includes all that Airtable held (`X-Data-Age`, seconds). Every page requests health
 * every few seconds, so the age stays current while nothing else is read.
 */
import { Observable } from '@/lib/observable'

/** By this computer's clock, in milliseconds; null: not known yet. */
export const freshAt = new Observable<number | null>(null)

/** The header has whole seconds, so the same moment varies slightly between answers. */
const SAME_MS = 1500

/** An answer has arrived. If answers overtake each other, the newer moment counts; a replaced store may be older. */
export function noteAge(seconds: number | null, now = Date.now()) {
	if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return
	const at = now - seconds * 1000,
		known = freshAt.get()
	if (known === null || at > known + SAME_MS || at < known - SAME_MS) freshAt.set(at)
}

export function noteAgeOf(response: Response, now = Date.now()) {
	const header = response.headers.get('X-Data-Age')
	if (header !== null && header !== '') noteAge(Number(header), now)
}

/** Data younger than this counts as current. */
const NOW_MS = 60_000
export const isCurrent = (at: number | null, now: number) => at !== null && now - at < NOW_MS

/*
 * How old the data is: the one notion of it, for every page. With each answer
 * the API says up to which moment all that Airtable held is in it
 * (`X-Data-Age`, seconds). Health is asked for every few seconds wherever the
 * person is, so that it moves on while nothing else is read.
 */
import { Observable } from '@/lib/observable'

/** Of this computer's clock, milliseconds; null: not known yet. */
export const freshAt = new Observable<number | null>(null)

/** The header has whole seconds: the same moment comes back as slightly others. */
const SAME_MS = 1500

/** An answer has arrived. Of answers that overtake each other the newer moment counts; a store that is another may be older. */
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

/** Younger than this nobody asks how old it is. */
const NOW_MS = 60_000
export const isCurrent = (at: number | null, now: number) => at !== null && now - at < NOW_MS

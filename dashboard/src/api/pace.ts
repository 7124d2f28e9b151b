/*
 * How often this page may send requests. Every answer of a limited route says what is
 * left of the minute (`RateLimit: "orders_list";r=57;t=12`). Automatic requests, which
 * follow changes, slow down before they would be refused, so that some of the limit is
 * left for the user's own requests and for other people behind the same address.
 */
import { Observable } from '@/lib/observable'

export type Policy = 'orders_list' | 'orders_summary' | 'get_order'

const WINDOW_MS = 60_000
/** Shares of the quota: below the first automatic requests slow down, the second is left to the user. */
const PLENTY = 1 / 2,
	RESERVE = 1 / 10

const left = new Map<string, { remaining: number; quota: number; at: number }>()

/** Until when (Date.now()) requests are refused as too many. null: they are not. */
export const refusedUntil = new Observable<number | null>(null)

let over: ReturnType<typeof setTimeout> | undefined

/** Learn from an answer. */
export function notePace(response: Response, now = Date.now()) {
	const [, name, remaining] = /^"([a-z_]+)";r=(\d+)/.exec(response.headers.get('RateLimit') ?? '') ?? []
	const [, quota] = /;q=(\d+)/.exec(response.headers.get('RateLimit-Policy') ?? '') ?? []
	if (name !== undefined && quota !== undefined)
		left.set(name, { remaining: Number(remaining), quota: Number(quota), at: now })
	if (response.status !== 429) return
	const wait = Math.max(1, Number(response.headers.get('Retry-After')) || 1) * 1000
	refusedUntil.set(Math.max(refusedUntil.get() ?? 0, now + wait))
	clearTimeout(over)
	over = setTimeout(() => refusedUntil.set(null), refusedUntil.get()! - now)
}

/** What is probably left now: used requests leave the window bit by bit. */
function remainingOf({ remaining, quota, at }: { remaining: number; quota: number; at: number }, now: number) {
	return remaining + (quota - remaining) * Math.min(1, (now - at) / WINDOW_MS)
}

/** How many milliseconds to wait before so many automatic requests; at least shortest. */
export function pause(policy: Policy, shortest: number, requests = 1, now = Date.now()): number {
	const known = left.get(policy)
	if (known === undefined) return shortest
	const remaining = remainingOf(known, now)
	if (remaining - requests >= known.quota * PLENTY) return shortest
	const free = remaining - known.quota * RESERVE
	return Math.max(shortest, free <= requests ? WINDOW_MS : (WINDOW_MS * requests) / free)
}

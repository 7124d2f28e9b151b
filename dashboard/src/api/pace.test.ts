import { beforeEach, expect, test, vi } from 'vitest'

let pace: typeof import('./pace')

const answer = (status: number, headers: Record<string, string>) => new Response(null, { status, headers })
const says = (remaining: number) =>
	pace.notePace(
		answer(200, { 'RateLimit-Policy': '"orders_list";q=100;w=60', RateLimit: `"orders_list";r=${remaining};t=12` }),
	)

beforeEach(async () => {
	vi.useFakeTimers()
	vi.resetModules()
	pace = await import('./pace')
})

test('nothing is held back while half of the limit is left, or no limit is known', () => {
	expect(pace.pause('orders_list', 700)).toBe(700)
	says(90)
	expect(pace.pause('orders_list', 700, 3)).toBe(700)
	expect(pace.pause('orders_summary', 400)).toBe(400)
})

test('the less is left, the longer the pause', () => {
	says(50)
	expect(pace.pause('orders_list', 700)).toBe(60_000 / 40)
	expect(pace.pause('orders_list', 700, 2)).toBe(120_000 / 40)
	says(20)
	expect(pace.pause('orders_list', 700)).toBe(6000)
	says(10)
	expect(pace.pause('orders_list', 700)).toBe(60_000)
	vi.advanceTimersByTime(45_000)
	expect(pace.pause('orders_list', 700)).toBe(700)
})

test('a page that refreshes at that pace is never refused', () => {
	const passes: number[] = []
	const began = Date.now()
	for (let now = began; now < began + 600_000; now = Date.now()) {
		passes.push(now, now)
		says(100 - passes.filter(at => at > now - 60_000).length)
		expect(passes.filter(at => at > now - 60_000).length).toBeLessThan(90)
		vi.advanceTimersByTime(pace.pause('orders_list', 700, 2))
	}
	expect(passes.length).toBeGreaterThan(300)
})

test('a refusal is known until it is over', () => {
	expect(pace.refusedUntil.get()).toBe(null)
	pace.notePace(answer(429, { 'Retry-After': '3' }))
	expect(pace.refusedUntil.get()).toBe(Date.now() + 3000)
	vi.advanceTimersByTime(2999)
	expect(pace.refusedUntil.get()).not.toBe(null)
	vi.advanceTimersByTime(1)
	expect(pace.refusedUntil.get()).toBe(null)
})

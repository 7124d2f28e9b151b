import { beforeEach, expect, test } from 'vitest'
import { freshAt, isCurrent, noteAge, noteAgeOf } from './age'

beforeEach(() => freshAt.set(null))
const answer = (headers: Record<string, string>) => new Response(null, { headers })

test('every answer with an age counts, whatever the request', () => {
	noteAgeOf(answer({}), 100_000)
	expect(freshAt.get()).toBeNull()
	noteAgeOf(answer({ 'X-Data-Age': '4' }), 100_000)
	expect(freshAt.get()).toBe(96_000)
	noteAgeOf(answer({ 'X-Data-Age': '0' }), 105_000)
	expect(freshAt.get()).toBe(105_000)
	noteAge(null, 200_000)
	noteAgeOf(answer({ 'X-Data-Age': 'soon' }), 200_000)
	noteAgeOf(answer({ 'X-Data-Age': '' }), 200_000)
	expect(freshAt.get()).toBe(105_000)
})

test('the same moment in whole seconds is no news; an older store is', () => {
	noteAge(10, 100_000)
	noteAge(11, 100_900)
	expect(freshAt.get()).toBe(90_000)
	noteAge(3600, 101_000)
	expect(freshAt.get()).toBe(101_000 - 3_600_000)
})

test('data of the last minute is current; data of unknown age is not', () => {
	expect(isCurrent(100_000, 159_000)).toBe(true)
	expect(isCurrent(100_000, 160_000)).toBe(false)
	expect(isCurrent(null, 0)).toBe(false)
})

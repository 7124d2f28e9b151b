import { expect, test } from 'vitest'
import { aSummary } from '../../tests/orders'
import { compare, openOf } from './figures'

test('open is what is pending or processing', () => {
	expect(openOf(aSummary())).toEqual({ count: 7, orderTotal: 70.5 })
})

test('today stands beside yesterday and the same day a week ago', () => {
	const { today, yesterday, lastWeek } = compare(aSummary().daily)
	expect([today.count, yesterday.count, lastWeek.count]).toEqual([29, 28, 22])
})

import { expect, test } from 'vitest'
import { aSummary } from '../../tests/orders'
import { compare, openOf, revenueFilter, wholeDays } from './figures'

test('open is what is pending or processing', () => {
	expect(openOf(aSummary())).toEqual({ count: 7, orderTotal: 70.5 })
})

test('a day that is not over is in no trend', () => {
	expect(wholeDays(aSummary().daily).map(day => day.count)).toEqual(Array.from({ length: 29 }, (_, i) => i))
	expect(wholeDays([])).toEqual([])
})

test('today stands beside yesterday and the same day a week ago', () => {
	const { today, yesterday, lastWeek } = compare(aSummary().daily)
	expect([today.count, yesterday.count, lastWeek.count]).toEqual([29, 28, 22])
})

test('revenue leads to the orders that make it up', () => {
	const byStatus = (...names: (string | null)[]) => names.map(status => ({ status, count: 1, orderTotal: 1 }))
	expect(revenueFilter(aSummary())).toEqual({})
	expect(revenueFilter(aSummary({ byStatus: byStatus('Pending', 'Cancelled', 'On hold, paid') }))).toEqual({ status: ['Pending', 'On hold, paid'] })
	expect(revenueFilter(aSummary({ byStatus: byStatus('Pending', 'Cancelled', null) }))).toEqual({ status: ['Pending', 'none'] })
	expect(revenueFilter(aSummary({ byStatus: byStatus('none', 'Cancelled', null) }))).toEqual({ status: ['none'], empty: ['status'] })
})

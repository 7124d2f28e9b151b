import { expect, test } from 'vitest'
import { aSummary } from '../../tests/orders'
import { compare, openOf, revenueFilter, unknownExcludes, wholeDays } from './figures'

test('open is what is pending or processing', () => {
	expect(openOf(aSummary())).toEqual({ names: ['Pending', 'Processing'], count: 7, orderTotal: 70.5 })
	// one of them is called otherwise in Airtable now
	expect(openOf(aSummary({ byStatus: [{ status: 'In work', count: 4, orderTotal: 40 }, { status: 'Pending', count: 3, orderTotal: 30 }, { status: null, count: 1, orderTotal: 1 }] }))).toEqual({ names: ['Pending'], count: 3, orderTotal: 30 })
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

test('a status that is left out of revenue and that there is no more is named', () => {
	const byStatus = ['Pending', 'Canceled'].map(status => ({ status, count: 1, orderTotal: 1 }))
	expect(unknownExcludes(aSummary({ byStatus, offered: { status: ['Pending', 'Canceled'] } }))).toEqual(['Cancelled'])
	expect(unknownExcludes(aSummary({ byStatus }))).toEqual([])	// nobody can say
	expect(unknownExcludes(aSummary({ byStatus: [...byStatus, { status: 'Cancelled', count: 0, orderTotal: 0 }], offered: { status: ['Cancelled'] } }))).toEqual([])
})

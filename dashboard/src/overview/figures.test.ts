import { expect, test } from 'vitest'
import { aSummary } from '../../tests/orders'
import { besideToday, openOf, revenueFilter, unknownExcludes, wholeDays } from './figures'

test('pending and processing orders are open', () => {
	expect(openOf(aSummary())).toEqual({ names: ['Pending', 'Processing'], count: 7, orderTotal: 70.5 })
	// one of them was renamed in Airtable
	expect(
		openOf(
			aSummary({
				byStatus: [
					{ status: 'In work', count: 4, orderTotal: 40 },
					{ status: 'Pending', count: 3, orderTotal: 30 },
					{ status: null, count: 1, orderTotal: 1 },
				],
			}),
		),
	).toEqual({ names: ['Pending'], count: 3, orderTotal: 30 })
})

test('trends leave out a day that is not over', () => {
	expect(wholeDays(aSummary().daily).map(day => day.count)).toEqual(Array.from({ length: 29 }, (_, i) => i))
	expect(wholeDays([])).toEqual([])
})

const part = (date: string, count: number | null) => ({ date, until: `${date}T09:30:00.000Z`, count })

test('today is compared with the same part of yesterday and of a week ago', () => {
	const summary = aSummary(),
		at = (back: number) => summary.daily.at(-1 - back)!.date
	const today = {
		generation: 1,
		timeZone: 'UTC',
		today: part(at(0), 29),
		yesterday: part(at(1), 1200),
		weekAgo: part(at(7), 0),
	}
	expect(besideToday(summary, today)).toEqual(['1,200 yesterday by this time', '0 a week ago by this time'])
})

test('if no part of a day is known, whole days are shown and labelled as such', () => {
	const summary = aSummary(),
		at = (back: number) => summary.daily.at(-1 - back)!.date
	const today = {
		generation: 1,
		timeZone: 'UTC',
		today: part(at(0), 29),
		yesterday: part(at(1), null),
		weekAgo: part(at(7), 3),
	}
	const whole = ['28 yesterday all day', '22 a week ago all day']
	expect(besideToday(summary, today)).toEqual([whole[0], '3 a week ago by this time']) // one has dates without a time
	expect(besideToday(summary, { ...today, today: part(at(0), null) })).toEqual(whole) // today has
	expect(besideToday(summary, undefined)).toEqual(whole) // it could not be read
	expect(besideToday(summary, { ...today, today: part(at(1), 28), yesterday: part(at(2), 4) })).toEqual(whole) // it is from yesterday
	expect(besideToday({ ...summary, daily: summary.daily.slice(-1) }, today)).toEqual([])
})

test('revenue links to the orders that make it up', () => {
	const byStatus = (...names: (string | null)[]) => names.map(status => ({ status, count: 1, orderTotal: 1 }))
	expect(revenueFilter(aSummary())).toEqual({})
	expect(revenueFilter(aSummary({ byStatus: byStatus('Pending', 'Cancelled', 'On hold, paid') }))).toEqual({
		status: ['Pending', 'On hold, paid'],
	})
	expect(revenueFilter(aSummary({ byStatus: byStatus('Pending', 'Cancelled', null) }))).toEqual({
		status: ['Pending', 'none'],
	})
	expect(revenueFilter(aSummary({ byStatus: byStatus('none', 'Cancelled', null) }))).toEqual({
		status: ['none'],
		empty: ['status'],
	})
})

test('an excluded status that no longer exists is named', () => {
	const byStatus = ['Pending', 'Canceled'].map(status => ({ status, count: 1, orderTotal: 1 }))
	expect(unknownExcludes(aSummary({ byStatus, offered: { status: ['Pending', 'Canceled'] } }))).toEqual(['Cancelled'])
	expect(unknownExcludes(aSummary({ byStatus }))).toEqual([]) // not known
	expect(
		unknownExcludes(
			aSummary({
				byStatus: [...byStatus, { status: 'Cancelled', count: 0, orderTotal: 0 }],
				offered: { status: ['Cancelled'] },
			}),
		),
	).toEqual([])
})

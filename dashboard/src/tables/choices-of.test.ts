import { expect, test } from 'vitest'
import type { Summary } from '@/api/client'
import { aSummary, optionsIn, orders } from '../../tests/orders'
import { optionField } from './descriptor'
import { choicesOf, countedOf, filtersOf } from './choices-of'

const row = (status: string | null, count = 1) => ({ status, count, orderTotal: 1 })

const choices = (summary: Summary | undefined, field: string) =>
	choicesOf(summary && optionsIn(summary), field, optionField(orders.fields, field))
const filters = (summary: Summary | undefined, field: string, chosen: string[]) =>
	filtersOf(summary && optionsIn(summary), field, optionField(orders.fields, field), chosen)

test('a field can be set to what Airtable offers, in its order', () => {
	const summary = { ...aSummary(), offered: { status: ['Backorder', 'Sent', 'Pending'] } }
	expect(choices(summary, 'status')).toEqual(['Backorder', 'Sent', 'Pending'])
	expect(choices(summary, 'priority')).toEqual(['High', 'Medium', 'Low'])
	expect(choices({ ...summary, offered: { status: [] } }, 'status')).toEqual([])
})

test('while the offer is unknown, a field can be set to the known options and those of orders', () => {
	const own = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled']
	expect(choices(undefined, 'status')).toEqual(own)
	expect(
		choices({ ...aSummary(), byStatus: [row('Pending'), row('On hold'), row('(other)'), row(null)] }, 'status'),
	).toEqual([...own, 'On hold'])
})

test('a field can be filtered by offered options and those of orders', () => {
	// "Processing" was renamed, and one order of "Lost" is left
	const summary = {
		...aSummary(),
		offered: { status: ['Pending', 'On hold, paid', 'In work'] },
		byStatus: [row('Pending', 0), row('On hold, paid', 0), row('In work'), row('Lost'), row('(other)'), row(null)],
	}
	expect(filters(summary, 'status', [])).toEqual(['Pending', 'On hold, paid', 'In work', 'Lost', '(other)'])
	expect(choices(summary, 'status')).toEqual(['Pending', 'On hold, paid', 'In work'])
	// an option chosen in the address can be removed, although it is no longer offered
	expect(filters(summary, 'status', ['Processing', 'In work'])).toEqual([
		'Pending',
		'On hold, paid',
		'In work',
		'Lost',
		'(other)',
		'Processing',
	])
	expect(countedOf(optionsIn(summary), 'status').find(({ value }) => value === 'Lost')?.count).toBe(1)
})

test('while the offer is unknown, a field can be filtered by the known options', () => {
	expect(filters(undefined, 'priority', [])).toEqual(['High', 'Medium', 'Low'])
	expect(filters({ ...aSummary(), byStatus: [row('Pending'), row('Lost'), row(null)] }, 'status', [])).toEqual([
		'Pending',
		'Processing',
		'Shipped',
		'Delivered',
		'Cancelled',
		'Lost',
	])
})

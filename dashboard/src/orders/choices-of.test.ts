import { expect, test } from 'vitest'
import { aSummary } from '../../tests/orders'
import { choicesOf } from './choices-of'

const row = (status: string | null) => ({ status, count: 1, orderTotal: 1 })

test('what can be set is what Airtable offers, in its order', () => {
	const summary = { ...aSummary(), offered: { status: ['Backorder', 'Sent', 'Pending'] } }
	expect(choicesOf(summary, 'status')).toEqual(['Backorder', 'Sent', 'Pending'])
	expect(choicesOf(summary, 'priority')).toEqual(['High', 'Medium', 'Low'])
	expect(choicesOf({ ...summary, offered: { status: [] } }, 'status')).toEqual([])
})

test('while that is not known it is what we know, and what orders have', () => {
	const own = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled']
	expect(choicesOf(undefined, 'status')).toEqual(own)
	expect(choicesOf({ ...aSummary(), byStatus: [row('Pending'), row('On hold'), row('(other)'), row(null)] }, 'status')).toEqual([...own, 'On hold'])
})

import { expect, test } from 'vitest'
import { columnsOf, columnsParameter, nextSort, ordersSearch, toggled } from './search'

test('what the address can not mean is dropped, the rest stays', () => {
	expect(ordersSearch.parse({ status: 'Pending,Shipped', sort: 'price', page: '0', minTotal: '1e9', search: '', density: 'tiny', order: 'rec1' }))
		.toEqual({ status: 'Pending,Shipped', order: 'rec1' })
})

test('a header sorts up, then down, then as at first', () => {
	expect(nextSort(undefined, 'customer')).toBe('customer')
	expect(nextSort('customer', 'customer')).toBe('-customer')
	expect(nextSort('-customer', 'customer')).toBeUndefined()
})

test('the default order needs no place in the address', () => {
	expect(nextSort(undefined, 'createdAt')).toBe('createdAt')
	expect(nextSort('createdAt', 'createdAt')).toBeUndefined()
	expect(nextSort('customer', 'createdAt')).toBeUndefined()
})

test('lists grow and shrink by a value', () => {
	expect(toggled(undefined, 'High')).toBe('High')
	expect(toggled('High', 'none')).toBe('High,none')
	expect(toggled('High', 'High')).toBeUndefined()
})

test('the order is always a column, and the usual columns are left out of the address', () => {
	expect(columnsOf({ columns: 'status,nonsense' })).toEqual(['orderId', 'status'])
	expect(columnsParameter(columnsOf({}))).toBeUndefined()
	expect(columnsParameter(['status', 'orderId'])).toBe('orderId,status')
})

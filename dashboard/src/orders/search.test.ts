import { expect, test } from 'vitest'
import { withoutOne } from '@/lib/without-one'
import { columnsOf, columnsParameter, nextSort, toggled } from '@/tables/address'
import { addressOf, leftOutOf, ordersSearch, parseAddress } from './search'
import { orders } from './table'

test('invalid parts of the address are dropped, the rest stays', () => {
	expect(
		ordersSearch.parse({
			status: 'Pending,Shipped',
			sort: 'price',
			page: '0',
			minTotal: '1e9',
			search: '',
			density: 'tiny',
			order: 'rec1',
		}),
	).toEqual({ status: ['Pending', 'Shipped'], order: 'rec1' })
})

test('a header sorts ascending, then descending, then by default', () => {
	expect(nextSort(orders, undefined, 'customer')).toBe('customer')
	expect(nextSort(orders, 'customer', 'customer')).toBe('-customer')
	expect(nextSort(orders, '-customer', 'customer')).toBeUndefined()
})

test('the default sorting is not in the address', () => {
	expect(nextSort(orders, undefined, 'createdAt')).toBe('createdAt')
	expect(nextSort(orders, 'createdAt', 'createdAt')).toBeUndefined()
	expect(nextSort(orders, 'customer', 'createdAt')).toBeUndefined()
})

test('lists gain and lose a value', () => {
	expect(toggled(undefined, 'High')).toEqual(['High'])
	expect(toggled(['High'], 'none')).toEqual(['High', 'none'])
	expect(toggled(['High'], 'High')).toBeUndefined()
})

test('the order is always a column, and the default columns are not in the address', () => {
	expect(columnsOf(orders, { columns: 'status,nonsense' })).toEqual(['orderId', 'status'])
	expect(columnsParameter(orders, columnsOf(orders, {}))).toBeUndefined()
	expect(columnsParameter(orders, ['status', 'orderId'])).toBe('orderId,status')
})

test('an option of any name goes into the address and comes back', () => {
	for (const status of [
		['Pending'],
		['Pending', 'none'],
		['On hold, customer'],
		['On hold, customer', 'Pending'],
		['Pending,Shipped'],
		['none'],
		['a+b & c=d %', '🚚'],
		['status[]', ','],
	]) {
		const address = addressOf({ search: 'x, y', status, empty: undefined })
		expect(ordersSearch.parse(parseAddress(address)), address).toEqual({ search: 'x, y', status })
	}
	expect(addressOf({ status: ['Pending', 'Shipped'], sort: '-orderTotal' })).toBe(
		'?status=Pending,Shipped&sort=-orderTotal',
	)
	expect(addressOf({})).toBe('')
})

test('a text that may be a list or a name is left to the server', () => {
	const status = (address: string) => ordersSearch.parse(parseAddress(address)).status
	expect(status('?status=On+hold,+customer')).toEqual(['On hold, customer'])
	expect(status('?status=Pending,On+hold')).toEqual(['Pending,On hold'])
	expect(status('?status[]=Pending,Shipped')).toEqual(['Pending,Shipped'])
	expect(status('?status%5B%5D=a&status=b')).toEqual(['a', 'b'])
	expect(status('?status=')).toBeUndefined()
})

test('orders without an option are requested by a word that is no option', () => {
	expect(withoutOne('status', ['Pending', null])).toEqual({ status: ['none'] })
	expect(withoutOne('status', ['none', null])).toEqual({ empty: ['status'] })
	expect(ordersSearch.parse(parseAddress('?empty=status,priority'))).toEqual({ empty: ['status', 'priority'] })
	expect(ordersSearch.parse(parseAddress('?empty=colour'))).toEqual({})
})

test('invalid filters of the address are known by name, so nobody takes all orders for filtered ones', () => {
	const left = (address: string) => leftOutOf(address, ordersSearch.parse(parseAddress(address)))
	expect(left('?createdFrom=yesterday&minTotal=1e9&status=Pending&page=0&sort=price')).toEqual([
		'createdFrom',
		'minTotal',
	])
	expect(left(`?search=${'x'.repeat(300)}`)).toEqual(['search'])
	expect(left('?empty=colour')).toEqual(['empty'])
	expect(left('?search=&status=Whatever&createdFrom=2026-02-31')).toEqual([])
	expect(left('')).toEqual([])
})

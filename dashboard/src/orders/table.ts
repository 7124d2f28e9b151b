/* Describes the orders as a table for the engine. */
import type { Order } from '@/api/client'
import { useSummary } from '@/api/summary'
import type { Options, Table } from '@/tables/descriptor'
import { Edits } from '@/tables/edits'
import { Views } from '@/tables/views'
import { optionsIn } from './options'
import { requests } from './api'
import { fields } from './fields'
import { DEFAULT_SORT, FILTER_NAMES, ordersSearch } from './search'
import { orderStore } from './store'

function useOptions(): Options | undefined {
	const summary = useSummary().data
	return summary && optionsIn(summary)
}

const base = {
	id: 'orders',
	path: '/orders',
	rowParameter: 'order',
	exportPath: '/api/orders/export',
	policy: 'orders_list',
	one: 'order',
	many: 'orders',
	fields,
	names: ['orderId', 'customer'],
	phone: { first: 'customer', amount: 'orderTotal', option: 'status' },
	filters: FILTER_NAMES,
	defaultSort: DEFAULT_SORT,
	useOptions,
	store: orderStore,
	requests,
} as const

export const orders: Table<Order> = {
	...base,
	edits: new Edits<Order>(base),
	views: new Views({
		given: [
			{ name: 'All orders', search: {} },
			{ name: 'Open', search: { status: ['Pending', 'Processing'] } },
			{
				name: 'Open, high priority',
				search: { status: ['Pending', 'Processing'], priority: ['High'], sort: 'createdAt' },
			},
			{ name: 'Largest', search: { sort: '-orderTotal' } },
			{ name: 'Without a status', search: { empty: ['status'] } },
		],
		schema: ordersSearch,
		storage: 'views',
		rowParameter: base.rowParameter,
	}),
}

import { CircleDot } from 'lucide-react'
import { createElement } from 'react'
import * as z from 'zod/mini'
import type { Fields, Requests, Row, Table } from '@/tables/descriptor'
import { Edits } from '@/tables/edits'
import { RowStore } from '@/tables/store'
import { Views } from '@/tables/views'

/** A table that is not the orders': what the engine draws and says of it comes from here alone. */
export type Product = Row & {
	sku: string | null
	label: string | null
	shelf: string | null
	price: number | null
	countedAt: string | null
}

const fields: Fields = {
	sku: { kind: 'key', title: 'SKU', name: 'Stock number', width: 90 },
	label: { kind: 'text', title: 'Label', width: null, exact: true },
	shelf: {
		kind: 'option',
		title: 'Shelf',
		width: 90,
		icon: CircleDot,
		shortcut: 's',
		none: 'Nowhere',
		own: ['A1', 'B2'],
		show: shelf => createElement('b', null, shelf ?? 'Nowhere'),
	},
	price: { kind: 'money', title: 'Price', width: 90, range: ['minPrice', 'maxPrice'] },
	countedAt: {
		kind: 'instant',
		title: 'Counted',
		width: 90,
		hidden: true,
		range: ['countedFrom', 'countedTo'],
		follows: true,
	},
	id: { kind: 'id', title: 'Record', width: 90, hidden: true },
}

export function productsTable(some: Partial<Requests<Product>> = {}): Table<Product> {
	const base = {
		id: 'products',
		path: '/products',
		rowParameter: 'product',
		exportPath: '/api/products/export',
		policy: 'orders_list',
		one: 'product',
		many: 'products',
		fields,
		names: ['sku', 'label'],
		phone: { first: 'label', amount: 'price', option: 'shelf' },
		filters: { search: 'search', shelf: 'shelf', label: 'label', minPrice: 'at least' },
		defaultSort: 'sku',
		useOptions: () => ({
			timeZone: 'UTC',
			offered: { shelf: ['A1', 'C3'] },
			several: [],
			counted: { shelf: [{ value: 'C3', count: 7 }] },
		}),
		store: new RowStore<Product>(fields),
		requests: some as Requests<Product>,
	} as const
	return {
		...base,
		edits: new Edits<Product>(base),
		views: new Views({ given: [], schema: z.object({}), storage: 'product-views', rowParameter: 'product' }),
	}
}

export const aProduct = (some: Partial<Product> = {}): Product => ({
	id: 'recProduct',
	version: 3,
	sku: 'S-1',
	label: 'Lamp',
	shelf: 'A1',
	price: 12.5,
	countedAt: null,
	...some,
})

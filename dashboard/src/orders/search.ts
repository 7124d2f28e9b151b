/*
 * The state of the table is the address: parsed by a schema, wrong parts
 * dropped, defaults left out, so that links and the back button just work.
 */
import * as z from 'zod/mini'

export const STATUSES = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled'] as const
export const PRIORITIES = ['High', 'Medium', 'Low'] as const
export const COLUMNS = ['orderId', 'customer', 'status', 'priority', 'orderTotal', 'createdAt', 'updatedAt', 'id'] as const
export type ColumnId = (typeof COLUMNS)[number]
export const DEFAULT_COLUMNS: ColumnId[] = ['orderId', 'customer', 'status', 'priority', 'orderTotal', 'createdAt', 'updatedAt']
export const DEFAULT_SORT = '-createdAt'
const SORT_FIELDS = ['createdAt', 'updatedAt', 'orderId', 'customer', 'status', 'priority', 'orderTotal']
export const SORTS = SORT_FIELDS.flatMap(field => [field, `-${field}`])

const text = z.catch(z.optional(z.string().check(z.minLength(1), z.maxLength(200))), undefined)
const list = z.catch(z.optional(z.string().check(z.regex(/^[^,]{1,80}(,[^,]{1,80}){0,9}$/))), undefined)
const instant = z.catch(z.optional(z.string().check(z.regex(/^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/))), undefined)
const amount = z.catch(z.optional(z.string().check(z.regex(/^-?\d{1,11}(\.\d{1,4})?$/))), undefined)

/** All are texts, as in the address; a list is separated by commas. */
export const ordersSearch = z.object({
	search: text,
	status: list,
	priority: list,
	customer: text,
	createdFrom: instant,
	createdTo: instant,
	updatedFrom: instant,
	updatedTo: instant,
	minTotal: amount,
	maxTotal: amount,
	sort: z.catch(z.optional(z.enum(SORTS as [string, ...string[]])), undefined),
	page: z.catch(z.optional(z.string().check(z.regex(/^[1-9]\d{0,8}$/))), undefined),
	columns: list,
	density: z.catch(z.optional(z.enum(['compact', 'comfortable'])), undefined),
	order: text,
})
export type OrdersSearch = z.infer<typeof ordersSearch>

/** The part of it that says which orders, in which order: parameters of the API. */
export const FILTERS = ['search', 'status', 'priority', 'customer', 'createdFrom', 'createdTo', 'updatedFrom', 'updatedTo', 'minTotal', 'maxTotal'] as const
export type FilterName = (typeof FILTERS)[number]
export type Filter = Partial<Record<FilterName | 'sort', string>>

export function filterOf(search: OrdersSearch): Filter {
	const filter: Filter = {}
	for (const name of [...FILTERS, 'sort'] as const) if (search[name] !== undefined) filter[name] = search[name]
	return filter
}

export const isFiltered = (search: OrdersSearch) => FILTERS.some(name => search[name] !== undefined)

export const withoutFilters = Object.fromEntries(FILTERS.map(name => [name, undefined])) as Record<FilterName, undefined>

export function columnsOf(search: OrdersSearch): ColumnId[] {
	if (search.columns === undefined) return DEFAULT_COLUMNS
	const named = search.columns.split(',')
	return COLUMNS.filter(column => column === 'orderId' || named.includes(column))
}

export function columnsParameter(columns: ColumnId[]): string | undefined {
	const chosen = COLUMNS.filter(column => columns.includes(column))
	return chosen.join() === DEFAULT_COLUMNS.join() ? undefined : chosen.join()
}

/** A click on a header: ascending, descending, the default. */
export function nextSort(sort: string | undefined, field: string): string | undefined {
	const now = sort ?? DEFAULT_SORT
	const next = now === field ? `-${field}` : now === `-${field}` ? (field === 'createdAt' ? field : undefined) : field === 'createdAt' ? undefined : field
	return next === DEFAULT_SORT ? undefined : next
}

export const toggled = (list: string | undefined, value: string): string | undefined => {
	const values = list === undefined ? [] : list.split(',')
	const next = values.includes(value) ? values.filter(other => other !== value) : [...values, value]
	return next.length === 0 ? undefined : next.join()
}

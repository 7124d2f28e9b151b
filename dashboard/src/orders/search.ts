/*
 * The state of the table is the address: parsed by a schema, wrong parts
 * dropped, defaults left out, so that links and the back button just work.
 */
import * as z from 'zod/mini'
import { GROUPED } from '@/lib/grouped'

export const STATUSES = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled'] as const
export const PRIORITIES = ['High', 'Medium', 'Low'] as const
export const COLUMNS = [
	'orderId',
	'customer',
	'status',
	'priority',
	'orderTotal',
	'createdAt',
	'updatedAt',
	'id',
] as const
export type ColumnId = (typeof COLUMNS)[number]
export const DEFAULT_COLUMNS: ColumnId[] = [
	'orderId',
	'customer',
	'status',
	'priority',
	'orderTotal',
	'createdAt',
	'updatedAt',
]
export const DEFAULT_SORT = '-createdAt'
const SORT_FIELDS = ['createdAt', 'updatedAt', 'orderId', 'customer', 'status', 'priority', 'orderTotal']
export const SORTS = SORT_FIELDS.flatMap(field => [field, `-${field}`])

const text = z.catch(z.optional(z.string().check(z.minLength(1), z.maxLength(200))), undefined)
const list = z.catch(z.optional(z.string().check(z.regex(/^[^,]{1,80}(,[^,]{1,80}){0,9}$/))), undefined)

/** Words that no option of another meaning has: lists of them are written as "Pending,Shipped". */
const WORDS: readonly string[] = [...STATUSES, ...PRIORITIES, 'none']
const areWords = (values: string[]) => values.length > 1 && values.every(value => WORDS.includes(value))
const split = (text: string) => (areWords(text.split(',')) ? text.split(',') : [text])
/** Options by their names, which may hold anything; what is not surely a list is for the server to take apart. */
const options = z.catch(
	z.optional(
		z.pipe(
			z.pipe(
				z.union([z.string(), z.array(z.string())]),
				z.transform(value => (typeof value === 'string' ? split(value) : value)),
			),
			z.array(z.string().check(z.minLength(1), z.maxLength(2000))).check(z.minLength(1), z.maxLength(40)),
		),
	),
	undefined,
)
const fields = z.catch(
	z.optional(
		z.pipe(
			z.pipe(
				z.union([z.string(), z.array(z.string())]),
				z.transform(value => (typeof value === 'string' ? value.split(',') : value)),
			),
			z.array(z.enum(GROUPED)).check(z.minLength(1), z.maxLength(2)),
		),
	),
	undefined,
)
const instant = z.catch(z.optional(z.string().check(z.regex(/^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/))), undefined)
const amount = z.catch(z.optional(z.string().check(z.regex(/^-?\d{1,11}(\.\d{1,4})?$/))), undefined)

/** Texts and lists of them, as the address has them. */
export const ordersSearch = z.object({
	search: text,
	status: options,
	priority: options,
	empty: fields,
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
export const FILTERS = [
	'search',
	'status',
	'priority',
	'empty',
	'customer',
	'createdFrom',
	'createdTo',
	'updatedFrom',
	'updatedTo',
	'minTotal',
	'maxTotal',
] as const
export type FilterName = (typeof FILTERS)[number]
export type Filter = Pick<OrdersSearch, FilterName | 'sort'>

export const filterOf = (search: OrdersSearch): Filter =>
	Object.fromEntries(
		[...FILTERS, 'sort' as const].filter(name => search[name] !== undefined).map(name => [name, search[name]]),
	)

const LISTS: readonly string[] = [...GROUPED, 'empty']

/** What an address says, before it is checked: of a list's name all values, of another the last. */
export function parseAddress(text: string): Record<string, string | string[]> {
	const parts: Record<string, string | string[]> = {}
	for (const [name, value] of new URLSearchParams(text)) {
		const plain = name.replace(/\[\]$/, ''),
			before = parts[plain]
		if (!LISTS.includes(plain) || (before === undefined && plain === name)) parts[name] = value
		else parts[plain] = [...(before === undefined ? [] : [before].flat()), value]
	}
	return parts
}

/** The same the other way round, as the eye likes it: known words as a list, all else one by one. */
export function addressOf(search: Record<string, unknown>): string {
	const params = new URLSearchParams()
	for (const [name, value] of Object.entries(search)) {
		const values = (Array.isArray(value) ? value : [value]).filter(
			one => one !== undefined && one !== '',
		) as string[]
		if (areWords(values)) params.append(name, values.join())
		else
			for (const one of values)
				params.append(
					Array.isArray(value) && values.length === 1 && areWords(one.split(',')) ? `${name}[]` : name,
					one,
				)
	}
	const text = params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
	return text && `?${text}`
}

export const FILTER_NAMES: Record<FilterName, string> = {
	search: 'search',
	status: 'status',
	priority: 'priority',
	empty: 'empty fields',
	customer: 'customer',
	createdFrom: 'created from',
	createdTo: 'created until',
	updatedFrom: 'updated from',
	updatedTo: 'updated until',
	minTotal: 'at least',
	maxTotal: 'at most',
}

/** Filters that stand in an address and were dropped, since they can't be any. */
export function leftOutOf(address: string, search: OrdersSearch): FilterName[] {
	const given = parseAddress(address)
	return FILTERS.filter(name => given[name] !== undefined && given[name] !== '' && search[name] === undefined)
}

let cameWith = typeof location !== 'undefined' && location.pathname.startsWith('/orders') ? location.search : ''

/** The same of the address that this page was opened with, once: the router soon writes it anew. */
export function takeLeftOut(): FilterName[] {
	const names = leftOutOf(cameWith, ordersSearch.parse(parseAddress(cameWith)))
	cameWith = ''
	return names
}

export const isFiltered = (search: OrdersSearch) => FILTERS.some(name => search[name] !== undefined)

export const withoutFilters = Object.fromEntries(FILTERS.map(name => [name, undefined])) as Record<
	FilterName,
	undefined
>

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
	const next =
		now === field
			? `-${field}`
			: now === `-${field}`
				? field === 'createdAt'
					? field
					: undefined
				: field === 'createdAt'
					? undefined
					: field
	return next === DEFAULT_SORT ? undefined : next
}

export const toggled = <T extends string>(list: T[] | undefined, value: T): T[] | undefined => {
	const next = list?.includes(value) ? list.filter(other => other !== value) : [...(list ?? []), value]
	return next.length === 0 ? undefined : next
}

/*
 * The state of the table is the address: parsed by a schema, wrong parts
 * dropped, defaults left out, so that links and the back button just work.
 */
import * as z from 'zod/mini'
import { sortsOf } from '@/tables/address'
import { optionsOf } from '@/tables/descriptor'
import { fields } from './fields'

export const DEFAULT_SORT = '-createdAt'
const SORTS = sortsOf(fields)
/** Fields by whose options orders are filtered. */
const GROUPED = optionsOf(fields).map(([field]) => field)

const text = z.catch(z.optional(z.string().check(z.minLength(1), z.maxLength(200))), undefined)
const list = z.catch(z.optional(z.string().check(z.regex(/^[^,]{1,80}(,[^,]{1,80}){0,9}$/))), undefined)

/** Words that no option of another meaning has: lists of them are written as "Pending,Shipped". */
const WORDS: readonly string[] = [...optionsOf(fields).flatMap(([, { own }]) => own), 'none']
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
const emptyFields = z.catch(
	z.optional(
		z.pipe(
			z.pipe(
				z.union([z.string(), z.array(z.string())]),
				z.transform(value => (typeof value === 'string' ? value.split(',') : value)),
			),
			z.array(z.enum(GROUPED)).check(z.minLength(1), z.maxLength(GROUPED.length)),
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
	empty: emptyFields,
	customer: text,
	createdFrom: instant,
	createdTo: instant,
	updatedFrom: instant,
	updatedTo: instant,
	minTotal: amount,
	maxTotal: amount,
	sort: z.catch(z.optional(z.enum(SORTS)), undefined),
	page: z.catch(z.optional(z.string().check(z.regex(/^[1-9]\d{0,8}$/))), undefined),
	columns: list,
	density: z.catch(z.optional(z.enum(['compact', 'comfortable'])), undefined),
	order: text,
})
export type OrdersSearch = z.infer<typeof ordersSearch>

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

/** The parameters that say which orders, as in the API, and what they are in words. */
export const FILTER_NAMES = {
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
} as const satisfies { [name in keyof OrdersSearch]?: string }
export type FilterName = keyof typeof FILTER_NAMES
const FILTERS = Object.keys(FILTER_NAMES) as FilterName[]

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

/*
 * The address holds the state of the table: a schema parses it, drops invalid parts and
 * leaves out defaults, so links and the back button just work.
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

/** Words that are safe in a list: these are written as "Pending,Shipped". */
const WORDS: readonly string[] = [...optionsOf(fields).flatMap(([, { own }]) => own), 'none']
const areWords = (values: string[]) => values.length > 1 && values.every(value => WORDS.includes(value))
const split = (text: string) => (areWords(text.split(',')) ? text.split(',') : [text])
/** Options by their names, which may contain anything; the server splits what is not clearly a list. */
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

/** An address before it is checked: all values of a list parameter, the last value of another. */
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

/** The reverse, in a readable form: known words as a list, all others one by one. */
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

/** The parameters that select orders, as in the API, and their words. */
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

/** Filters in an address that were dropped as invalid. */
export function leftOutOf(address: string, search: OrdersSearch): FilterName[] {
	const given = parseAddress(address)
	return FILTERS.filter(name => given[name] !== undefined && given[name] !== '' && search[name] === undefined)
}

let cameWith = typeof location !== 'undefined' && location.pathname.startsWith('/orders') ? location.search : ''

/** The same for the address that this page was opened with, read once: the router soon rewrites it. */
export function takeLeftOut(): FilterName[] {
	const names = leftOutOf(cameWith, ordersSearch.parse(parseAddress(cameWith)))
	cameWith = ''
	return names
}

/*
 * What the address says about any table: which filters are set, which columns are
 * shown, how it is sorted.  The table's own schema has parsed it.
 */
import type { Fields, Filter, Search, Table } from './descriptor'

type Of = Pick<Table<never>, 'fields' | 'filters' | 'defaultSort'>

const LOOKS = ['columns', 'density', 'page']

/** Does it change only how the table looks, not which rows it shows? */
export const isLook = (table: Pick<Table<never>, 'rowParameter'>, name: string) =>
	LOOKS.includes(name) || name === table.rowParameter

/** The parameters that select and sort the rows. */
export const filterOf = ({ filters }: Pick<Of, 'filters'>, search: Search): Filter =>
	Object.fromEntries(
		[...Object.keys(filters), 'sort'].filter(name => search[name] !== undefined).map(name => [name, search[name]]),
	)

export const isFiltered = ({ filters }: Pick<Of, 'filters'>, search: Search) =>
	Object.keys(filters).some(name => search[name] !== undefined)

export const withoutFilters = ({ filters }: Pick<Of, 'filters'>): Search =>
	Object.fromEntries(Object.keys(filters).map(name => [name, undefined]))

const shownAlways = (fields: Fields, column: string) => fields[column]!.kind === 'key'
const defaultColumns = (fields: Fields) => Object.keys(fields).filter(column => !fields[column]!.hidden)

export function columnsOf({ fields }: Pick<Of, 'fields'>, search: Search): string[] {
	if (typeof search.columns !== 'string') return defaultColumns(fields)
	const named = search.columns.split(',')
	return Object.keys(fields).filter(column => shownAlways(fields, column) || named.includes(column))
}

export function columnsParameter({ fields }: Pick<Of, 'fields'>, columns: readonly string[]): string | undefined {
	const chosen = Object.keys(fields).filter(column => columns.includes(column))
	return chosen.join() === defaultColumns(fields).join() ? undefined : chosen.join()
}

/** Airtable's ids have no order that means anything. */
export const isSortable = (fields: Fields, column: string) => fields[column]!.kind !== 'id'
export const sortsOf = (fields: Fields): string[] =>
	Object.keys(fields)
		.filter(column => isSortable(fields, column))
		.flatMap(column => [column, `-${column}`])

/** A click on a header: ascending, descending, the default. */
export function nextSort(
	{ defaultSort }: Pick<Of, 'defaultSort'>,
	sort: string | undefined,
	field: string,
): string | undefined {
	const now = sort ?? defaultSort
	const byDefault = field === defaultSort.replace(/^-/, '')
	const next =
		now === field
			? `-${field}`
			: now === `-${field}`
				? byDefault
					? field
					: undefined
				: byDefault
					? undefined
					: field
	return next === defaultSort ? undefined : next
}

/** The values of a parameter that may occur several times. */
export const listOf = (search: Search, name: string): string[] | undefined => {
	const value = search[name]
	return value === undefined ? undefined : [value].flat()
}
export const textIn = (search: Search, name: string): string | undefined => {
	const value = search[name]
	return typeof value === 'string' ? value : undefined
}

export const toggled = (list: readonly string[] | undefined, value: string): string[] | undefined => {
	const next = list?.includes(value) ? list.filter(other => other !== value) : [...(list ?? []), value]
	return next.length === 0 ? undefined : next
}

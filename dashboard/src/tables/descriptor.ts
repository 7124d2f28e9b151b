/*
 * What the engine knows of a table: its fields, how each is worded, and the
 * requests that read and change its rows.  The engine names no table and no
 * field; orders/table.ts describes the orders.
 */
import type { QueryOptions } from '@tanstack/react-query'
import type { ComponentType, ReactNode } from 'react'
import type { ChangePage } from '@/api/client'
import type { Policy } from '@/api/pace'
import type { ProblemDocument } from '@/api/problem'
import type { Edits } from './edits'
import type { RowStore } from './store'
import type { Views } from './views'

/** Every row has these.  pending: Airtable has not confirmed a change of it; its fields have the requested values. */
export type Row = { id: string; version: number; pending?: boolean }
export type FieldOf<R extends Row> = Exclude<keyof R, keyof Row> & string
export type Change<R extends Row> = { [F in FieldOf<R>]?: R[F] }
export type Value = string | number | null

/** How often an option occurs; null: rows without one. */
export type Counted = { value: string | null; count: number }

/** What is known of the options of a table's fields.  offered: what Airtable offers. several: fields that take more than one. */
export type Options = {
	offered: { readonly [field: string]: readonly string[] | undefined }
	several: readonly string[]
	counted: { readonly [field: string]: readonly Counted[] | undefined }
	timeZone: string
}

type Told = {
	/** In the column's header. */
	title: string
	/** Elsewhere, where the header's word says too little. */
	name?: string
	/** rem / 16; null: the remaining width. */
	width: number | null
	/** Not a column unless the user chooses it. */
	hidden?: boolean
	/** Changes with every other field, so a change of it alone is not a change. */
	follows?: boolean
	/** The parameters that filter from and to. */
	range?: readonly [from: string, to: string]
	/** Filters by the field's own name, such as all rows of one customer. */
	exact?: boolean
}
/** key: what people call a row. id: Airtable's name of it. */
export type PlainField = Told & { kind: 'key' | 'id' | 'text' | 'money' | 'instant' }
/** A choice of options: the kind that can be edited, one row or many at a time. */
export type OptionField = Told & {
	kind: 'option'
	icon: ComponentType<{ className?: string }>
	/** The key that edits it in the table. */
	shortcut: string
	/** The word for no option. */
	none: string
	/** Is it shown as a badge, which has an edge of its own? */
	badge?: boolean
	/** Options known before Airtable reports what it offers. */
	own: readonly string[]
	show: (value: string | null) => ReactNode
}
export type Field = PlainField | OptionField
export type Fields = Readonly<Record<string, Field>>

/** The state of a table in the address. */
export type Search = { readonly [name: string]: string | string[] | undefined }
export type Filter = Search
/** replace: a step that the back button should not stop at. */
export type SetSearch = (next: Search, replace?: boolean) => void

export type Page<R extends Row> = { rows: R[]; total: number; generation: number }
export type Part = { rows: Row[]; next: string | null }
export type BulkResult<R extends Row> =
	{ id: string; ok: true; row: R | null } | { id: string | null; ok: false; error: ProblemDocument }
export type BulkAnswer<R extends Row> = { bulk: string | null; results: BulkResult<R>[]; generation: number }

/** Requests that return rows put them into the table's store. */
export type Requests<R extends Row> = {
	page: (filter: Filter, page: number) => QueryOptions<Page<R>> & { queryKey: readonly unknown[] }
	one: (id: string, signal?: AbortSignal) => Promise<R>
	/** The matching rows, part by part. after: where the previous part ended. */
	part: (filter: Filter, after: string | null, signal: AbortSignal) => Promise<Part>
	history: (id: string, after: string | null, signal: AbortSignal) => Promise<ChangePage>
	/** Only if the row still has the version; null: any version. */
	patch: (id: string, change: Change<R>, version: number | null, key: string) => Promise<R>
	undo: (id: string, version: number | null, change?: string) => Promise<R>
	patchMany: (ids: readonly string[], change: Change<R>, key: string) => Promise<BulkAnswer<R>>
	undoMany: (bulk: string, key: string) => Promise<BulkAnswer<R>>
}

export type Table<R extends Row> = {
	/** The first part of its queries' keys. */
	id: string
	/** Its page, and the name of the parameter there that opens a row. */
	path: string
	rowParameter: string
	/** For the names of its files. */
	exportPath: string
	policy: Policy
	one: string
	many: string
	fields: Fields
	/** What people call a row: the first of these fields that it has. */
	names: readonly string[]
	/** On a phone a row has two lines: these, the row's name under the first. */
	phone: { first: string; amount: string; option: string }
	/** The filter parameters, and their words. */
	filters: Readonly<Record<string, string>>
	defaultSort: string
	useOptions: () => Options | undefined
	store: RowStore<R>
	edits: Edits<R>
	requests: Requests<R>
	views: Views
}
/** A table with any kind of rows. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- its rows are both taken and returned
export type AnyTable = Table<any>

export const PAGE_SIZE = 100

export const nameOfField = (fields: Fields, field: string) => fields[field]?.name ?? fields[field]?.title ?? field
/** The word inside a sentence. */
export const wordFor = (fields: Fields, field: string) => nameOfField(fields, field).toLowerCase()

const isOption = (entry: [string, Field]): entry is [string, OptionField] => entry[1].kind === 'option'
export const optionsOf = (fields: Fields): [string, OptionField][] => Object.entries(fields).filter(isOption)
export function optionField(fields: Fields, field: string): OptionField {
	const found = fields[field]
	if (found?.kind !== 'option') throw new Error(`${field} has no options`)
	return found
}

export const valueOf = (row: object, field: string): Value => (row as Record<string, Value | undefined>)[field] ?? null
export const textOf = (row: object, field: string): string | null => {
	const value = valueOf(row, field)
	return value === null ? null : String(value)
}

/** What people call a row, or an object that names one. */
export function nameOf({ names }: { names: readonly string[] }, row: object): string {
	for (const name of names) {
		const text = textOf(row, name)
		if (text !== null) return text
	}
	return textOf(row, 'id') ?? ''
}
/** Its key, or Airtable's id. */
export const keyOf = ({ names }: { names: readonly string[] }, row: object) => nameOf({ names: names.slice(0, 1) }, row)

/** When a row was last changed, if a field holds that. */
export function changedAt(fields: Fields, row: object): string | undefined {
	const field = Object.keys(fields).find(name => fields[name]!.kind === 'instant' && fields[name]!.follows)
	return field === undefined ? undefined : (textOf(row, field) ?? undefined)
}

/*
 * The newest known contents of each row, from whichever answer, with the user's
 * unconfirmed edits laid over them.  Each drawn row subscribes to its own contents,
 * so a change draws one row again and not the table.
 *
 * Invariants: an answer read at an older generation never replaces one read at a
 * newer.  The overlay is never mixed into the server's values, so rolling back means
 * taking it off.  Each field has its own wish, which belongs to the last edit of that
 * field: the end of another edit leaves it alone.
 */
import { useSyncExternalStore } from 'react'
import { type Change, type FieldOf, type Fields, optionsOf, type Row } from './descriptor'

/** The wanted value of a field: by which edit, and whether it is under way or waits for the user to settle a conflict. */
export type Wish = { value: string | null; edit: number; state: 'saving' | 'conflict' }
export type Overlay = { readonly [field: string]: Wish }
/** changed: counts changes by others while the row was on the screen. gone: it was deleted, as far as we know. */
export type Entry<R extends Row> = {
	row: R
	generation: number
	overlay: Overlay | null
	shown: R
	changed: number
	gone: boolean
}
/** Whose answer it is: to a change made here, or any other. */
export type Asker = 'us' | 'anybody'

const KEPT_MAX = 4000

/**
 * Are all members equal? The version alone does not tell: while a change waits for Airtable, another
 * change gives the row other values at the same version.
 */
function alike(a: object, b: object, but: ReadonlySet<string> = new Set()): boolean {
	const names = new Set([...Object.keys(a), ...Object.keys(b)])
	return [...names].every(name => but.has(name) || a[name as keyof object] === b[name as keyof object])
}

export class RowStore<R extends Row> {
	/** The fields that can be edited. */
	private readonly editable: readonly FieldOf<R>[]
	/** Members that change with every other field, or only report changes, are none that a reader sees. */
	private readonly unseen: ReadonlySet<string>
	private entries = new Map<string, Entry<R>>()
	private listeners = new Map<string, Set<() => void>>()
	private asked = new Map<string, number>() // how many of our changes of a row are under way
	private ours = new Map<string, number>() // the generation of our last change of a row

	constructor(fields: Fields) {
		this.editable = optionsOf(fields).map(([field]) => field as FieldOf<R>)
		const follow = Object.keys(fields).filter(field => fields[field]!.follows)
		this.unseen = new Set(['id', 'version', 'pending', ...follow])
	}

	get(id: string): Entry<R> | undefined {
		return this.entries.get(id)
	}

	put(rows: readonly R[], generation: number, asker: Asker = 'anybody') {
		for (const row of rows) {
			const before = this.entries.get(row.id)
			// a change that no longer waits for Airtable is ours, although another answer brought it
			if (asker === 'us' || (before?.row.pending && !row.pending && this.ours.has(row.id)))
				this.noteOurs(row.id, generation)
			if (
				before &&
				(before.generation > generation || (alike(before.row, row) && before.generation === generation))
			)
				continue
			if (before && !before.gone && alike(before.row, row)) {
				before.generation = generation
				continue
			}
			const overlay = before?.overlay ?? null
			const shown = this.laid(row, overlay)
			const byOthers =
				before !== undefined &&
				asker === 'anybody' &&
				!this.asked.has(row.id) &&
				!alike(before.shown, shown, this.unseen)
			this.write(row.id, {
				row,
				generation,
				overlay,
				shown,
				changed: (before?.changed ?? 0) + (byOthers ? 1 : 0),
				gone: false,
			})
		}
		if (this.entries.size > KEPT_MAX) this.forget()
	}

	/** Lay an edit's values over a row. */
	lay(id: string, change: Change<R>, edit: number, state: Wish['state']) {
		const before = this.entries.get(id)
		if (!before) return
		const wishes: Record<string, Wish> = { ...before.overlay }
		for (const field of this.editable)
			if (change[field] !== undefined) wishes[field] = { value: change[field] as string | null, edit, state }
		this.write(id, { ...before, overlay: wishes, shown: this.laid(before.row, wishes) })
	}

	/** Take an edit's values off; those of later edits stay. */
	lift(id: string, edit: number) {
		const before = this.entries.get(id)
		if (!before?.overlay || this.wishes(id, edit).length === 0) return
		const left = Object.entries(before.overlay).filter(([, wish]) => wish.edit !== edit)
		const overlay = left.length === 0 ? null : Object.fromEntries(left)
		this.write(id, { ...before, overlay, shown: this.laid(before.row, overlay) })
	}

	/** The fields of which this edit is the last. */
	wishes(id: string, edit: number): FieldOf<R>[] {
		const overlay = this.entries.get(id)?.overlay
		return this.editable.filter(field => overlay?.[field]?.edit === edit)
	}

	/** Our changes are under way: their results are not somebody else's. Returns a function that ends this. */
	expect(ids: readonly string[]): () => void {
		for (const id of ids) this.asked.set(id, (this.asked.get(id) ?? 0) + 1)
		return () => {
			for (const id of ids) {
				const left = this.asked.get(id)! - 1
				if (left > 0) this.asked.set(id, left)
				else this.asked.delete(id)
			}
		}
	}

	/** Rows whose last change by us is after one generation and not after another: differences in them are ours. */
	changedByUs(after: number, until: number): ReadonlySet<string> {
		return new Set(
			[...this.ours].filter(([, generation]) => generation > after && generation <= until).map(([id]) => id),
		)
	}

	/** It no longer exists: a row that still shows it says so. generation: at which we deleted it. */
	drop(id: string, generation?: number) {
		if (generation !== undefined) this.noteOurs(id, generation)
		const before = this.entries.get(id)
		if (before && !before.gone) this.write(id, { ...before, overlay: null, shown: before.row, gone: true })
	}

	private noteOurs(id: string, generation: number) {
		this.ours.delete(id)
		this.ours.set(id, generation)
		if (this.ours.size > KEPT_MAX) this.ours.delete(this.ours.keys().next().value!)
	}

	subscribe(id: string, listener: () => void): () => void {
		const set = this.listeners.get(id) ?? new Set()
		this.listeners.set(id, set.add(listener))
		return () => {
			set.delete(listener)
			if (set.size === 0 && this.listeners.get(id) === set) this.listeners.delete(id)
		}
	}

	private write(id: string, entry: Entry<R>) {
		this.entries.delete(id) // so that the map stays in the order of the last change
		this.entries.set(id, entry)
		for (const listener of [...(this.listeners.get(id) ?? [])]) listener()
	}

	/** Rows that are not shown, longest unchanged first. */
	private forget() {
		for (const [id, entry] of this.entries) {
			if (this.entries.size <= KEPT_MAX * 0.75) return
			if (!this.listeners.has(id) && entry.overlay === null) this.entries.delete(id)
		}
	}

	private laid(row: R, overlay: Overlay | null): R {
		if (overlay === null) return row
		return { ...row, ...Object.fromEntries(Object.entries(overlay).map(([field, { value }]) => [field, value])) }
	}
}

/** Is any change of it under way? */
export const isSaving = (entry: { overlay: Overlay | null }) =>
	Object.values(entry.overlay ?? {}).some(({ state }) => state === 'saving')

export function useRow<R extends Row>({ store }: { store: RowStore<R> }, id: string): Entry<R> | undefined {
	return useSyncExternalStore(
		listener => store.subscribe(id, listener),
		() => store.get(id),
	)
}

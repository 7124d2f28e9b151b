/*
 * The newest that is known of each order, whatever answer brought it, with what
 * the person has asked for laid over it.  Rows follow their own order, so a
 * change draws one row again and not the table.
 *
 * Invariants: an answer read at an older generation never replaces one read at
 * a newer; what is laid over is never mixed into what the server said, so
 * rolling back is taking it off.  Each field has a wish of its own, which
 * belongs to the edit that asked last: the end of another edit leaves it alone.
 */
import { useSyncExternalStore } from 'react'
import type { Order, OrderChange } from '@/api/client'

export type Field = 'status' | 'priority'
export const FIELDS: readonly Field[] = ['status', 'priority']

/** What is asked of a field: by which edit, and whether it is on its way or waits for the person to settle a conflict. */
export type Wish = { value: string | null; edit: number; state: 'saving' | 'conflict' }
export type Overlay = Partial<Record<Field, Wish>>
/** changed: counts what others did to it while it was on the screen. gone: it has been deleted, as far as we know. */
export type Entry = {
	order: Order
	generation: number
	overlay: Overlay | null
	shown: Order
	changed: number
	gone: boolean
}
/** Whose answer it is: that to a change asked for here, or any other. */
export type Asker = 'us' | 'anybody'

const KEPT_MAX = 4000

const sameOrder = (a: Order, b: Order) =>
	a.version === b.version &&
	a.status === b.status &&
	a.priority === b.priority &&
	a.pending === b.pending &&
	a.customer === b.customer &&
	a.orderTotal === b.orderTotal &&
	a.orderId === b.orderId &&
	a.updatedAt === b.updatedAt &&
	a.createdAt === b.createdAt
/** Does a reader see another order? When it was changed says nothing that its values do not. */
const looksSame = (a: Order, b: Order) =>
	a.status === b.status &&
	a.priority === b.priority &&
	a.customer === b.customer &&
	a.orderTotal === b.orderTotal &&
	a.orderId === b.orderId &&
	a.createdAt === b.createdAt

export class OrderStore {
	private entries = new Map<string, Entry>()
	private listeners = new Map<string, Set<() => void>>()
	private asked = new Map<string, number>() // how many changes of ours of an order are under way
	private ours = new Map<string, number>() // the generation of our last change of an order

	get(id: string): Entry | undefined {
		return this.entries.get(id)
	}

	put(orders: readonly Order[], generation: number, asker: Asker = 'anybody') {
		for (const order of orders) {
			const before = this.entries.get(order.id)
			// what waited for Airtable and no longer does is our change, told by somebody else
			if (asker === 'us' || (before?.order.pending && !order.pending && this.ours.has(order.id)))
				this.noteOurs(order.id, generation)
			if (
				before &&
				(before.generation > generation || (sameOrder(before.order, order) && before.generation === generation))
			)
				continue
			if (before && !before.gone && sameOrder(before.order, order)) {
				before.generation = generation
				continue
			}
			const overlay = before?.overlay ?? null
			const shown = laid(order, overlay)
			const byOthers =
				before !== undefined &&
				asker === 'anybody' &&
				!this.asked.has(order.id) &&
				!looksSame(before.shown, shown)
			this.write(order.id, {
				order,
				generation,
				overlay,
				shown,
				changed: (before?.changed ?? 0) + (byOthers ? 1 : 0),
				gone: false,
			})
		}
		if (this.entries.size > KEPT_MAX) this.forget()
	}

	/** Lay what an edit asks for over an order. */
	lay(id: string, change: OrderChange, edit: number, state: Wish['state']) {
		const before = this.entries.get(id)
		if (!before) return
		const overlay: Overlay = { ...before.overlay }
		for (const field of FIELDS)
			if (change[field] !== undefined) overlay[field] = { value: change[field], edit, state }
		this.write(id, { ...before, overlay, shown: laid(before.order, overlay) })
	}

	/** Take off what an edit asked for; what was asked for since stays. */
	lift(id: string, edit: number) {
		const before = this.entries.get(id)
		if (!before?.overlay || this.wishes(id, edit).length === 0) return
		const left = FIELDS.filter(
			field => before.overlay![field] !== undefined && before.overlay![field].edit !== edit,
		)
		const overlay =
			left.length === 0 ? null : Object.fromEntries(left.map(field => [field, before.overlay![field]]))
		this.write(id, { ...before, overlay, shown: laid(before.order, overlay) })
	}

	/** The fields for which this edit is the last that was asked for. */
	wishes(id: string, edit: number): Field[] {
		const overlay = this.entries.get(id)?.overlay
		return FIELDS.filter(field => overlay?.[field]?.edit === edit)
	}

	/** Changes of ours are under way: what they bring is not somebody else's. Returns what ends that. */
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

	/** Orders whose last change by us came after one generation and not after another: a list that differs by them differs by us. */
	changedByUs(after: number, until: number): ReadonlySet<string> {
		return new Set(
			[...this.ours].filter(([, generation]) => generation > after && generation <= until).map(([id]) => id),
		)
	}

	/** It is not there any more: a row that still shows it says so. generation: where we deleted it. */
	drop(id: string, generation?: number) {
		if (generation !== undefined) this.noteOurs(id, generation)
		const before = this.entries.get(id)
		if (before && !before.gone) this.write(id, { ...before, overlay: null, shown: before.order, gone: true })
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

	private write(id: string, entry: Entry) {
		this.entries.delete(id) // so that the map is in order of last change
		this.entries.set(id, entry)
		for (const listener of [...(this.listeners.get(id) ?? [])]) listener()
	}

	/** Those that nobody looks at, longest unchanged first. */
	private forget() {
		for (const [id, entry] of this.entries) {
			if (this.entries.size <= KEPT_MAX * 0.75) return
			if (!this.listeners.has(id) && entry.overlay === null) this.entries.delete(id)
		}
	}
}

function laid(order: Order, overlay: Overlay | null): Order {
	if (overlay === null) return order
	return {
		...order,
		...Object.fromEntries(
			FIELDS.filter(field => overlay[field] !== undefined).map(field => [field, overlay[field]!.value]),
		),
	}
}

/** Is something of it on its way? */
export const isSaving = (entry: Entry) => FIELDS.some(field => entry.overlay?.[field]?.state === 'saving')

/** What people call it. */
export const nameOf = (order: Order) => order.orderId ?? order.customer ?? order.id

export const orderStore = new OrderStore()

export function useOrder(id: string): Entry | undefined {
	return useSyncExternalStore(
		listener => orderStore.subscribe(id, listener),
		() => orderStore.get(id),
	)
}

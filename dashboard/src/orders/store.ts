/*
 * The newest that is known of each order, whatever answer brought it, with what
 * the person has asked for laid over it.  Rows follow their own order, so a
 * change draws one row again and not the table.
 *
 * Invariants: an answer read at an older generation never replaces one read at
 * a newer; what is laid over is never mixed into what the server said, so
 * rolling back is taking it off.
 */
import { useSyncExternalStore } from 'react'
import type { Order, OrderChange } from '@/api/client'

/** An edit on its way: saving, or waiting for the person to settle a conflict. */
export type Overlay = { change: OrderChange; state: 'saving' | 'conflict' }
/** changed: counts what others did to it while it was on the screen. gone: it has been deleted, as far as we know. */
export type Entry = { order: Order; generation: number; overlay: Overlay | null; shown: Order; changed: number; gone: boolean }

const KEPT_MAX = 4000

const sameOrder = (a: Order, b: Order) =>
	a.version === b.version && a.status === b.status && a.priority === b.priority && a.pending === b.pending &&
	a.customer === b.customer && a.orderTotal === b.orderTotal && a.orderId === b.orderId && a.updatedAt === b.updatedAt && a.createdAt === b.createdAt

export class OrderStore {
	private entries = new Map<string, Entry>()
	private listeners = new Map<string, Set<() => void>>()

	get(id: string): Entry | undefined {
		return this.entries.get(id)
	}

	put(orders: readonly Order[], generation: number) {
		for (const order of orders) {
			const before = this.entries.get(order.id)
			if (before && (before.generation > generation || (sameOrder(before.order, order) && before.generation === generation))) continue
			if (before && !before.gone && sameOrder(before.order, order)) {
				before.generation = generation
				continue
			}
			const overlay = before?.overlay ?? null
			const byOthers = before !== undefined && overlay === null && before.order.version !== order.version
			this.write(order.id, { order, generation, overlay, shown: laid(order, overlay), changed: (before?.changed ?? 0) + (byOthers ? 1 : 0), gone: false })
		}
		if (this.entries.size > KEPT_MAX) this.forget()
	}

	/** Lay a change over an order, or take it off (null). */
	lay(id: string, overlay: Overlay | null) {
		const before = this.entries.get(id)
		if (before) this.write(id, { ...before, overlay, shown: laid(before.order, overlay) })
	}

	/** It is not there any more: a row that still shows it says so. */
	drop(id: string) {
		const before = this.entries.get(id)
		if (before && !before.gone) this.write(id, { ...before, overlay: null, shown: before.order, gone: true })
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
		this.entries.delete(id)	// so that the map is in order of last change
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

const laid = (order: Order, overlay: Overlay | null): Order => (overlay === null ? order : { ...order, ...overlay.change })

/** What people call it. */
export const nameOf = (order: Order) => order.orderId ?? order.customer ?? order.id

export const orderStore = new OrderStore()

export function useOrder(id: string): Entry | undefined {
	return useSyncExternalStore(listener => orderStore.subscribe(id, listener), () => orderStore.get(id))
}

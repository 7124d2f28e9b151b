/*
 * Edits that feel instant.  Each has a number; what it asks for is laid over
 * the order field by field and stays until this very edit is settled.  The
 * changes of one order are sent one after another, each naming a version.
 * Refused: it is taken off again and a toast says why.  Changed by somebody
 * else meanwhile: only if it was the same field the person is asked.
 */
import { type Order, type OrderChange, newKey } from '@/api/client'
import { explain, Problem } from '@/api/problem'
import { queryClient } from '@/api/query-client'
import { Observable } from '@/lib/observable'
import { notify } from '@/ui/notify'
import { fetchOrder, patchOrder, undoChange } from '@/orders/api'
import { type Field, FIELDS, nameOf, orderStore } from './store'

/** Both sides of a conflict, until it is settled; mine: the fields that nobody here has edited since. */
export type Conflict = { edit: number; id: string; name: string; mine: OrderChange; base: Order; theirs: Order }

const NETWORK_TRIES = 3
const VERSION_TRIES = 4
const NETWORK_PAUSE_MS = 500

export const conflicts = new Observable<Conflict[]>([])
let edits = 0
let lastUndo: (() => void) | null = null // what Ctrl-Z does
/** The last edit of each order under way, and then the order as far as the person has seen it or we have made it. */
const tails = new Map<string, Promise<Order>>()

const asks = (change: OrderChange, fields: readonly Field[] = FIELDS) =>
	fields.filter(field => change[field] !== undefined)
const part = (of: OrderChange, fields: readonly Field[]) =>
	Object.fromEntries(asks(of, fields).map(field => [field, of[field]])) as OrderChange
const has = (order: Order, change: OrderChange) => asks(change).every(field => order[field] === change[field])
const clashes = (seen: Order, now: Order, change: OrderChange) => asks(change).some(field => seen[field] !== now[field])
export const inWords = (change: OrderChange) =>
	asks(change)
		.map(field => `${field} ${change[field] ?? 'none'}`)
		.join(', ')

/** Change an order, as it is known or as the person has seen it. Returns when it is settled one way or another; it never throws. */
export function editOrder(id: string, change: OrderChange, seen?: Order): Promise<void> {
	const entry = orderStore.get(id)
	if (!entry || has(entry.shown, change)) return Promise.resolve()
	const edit = ++edits
	const before = tails.get(id)
	// of a field with an edit still on its way the person has seen what that one asked for
	const ours = before === undefined ? [] : FIELDS.filter(field => entry.overlay?.[field] !== undefined)
	const known = seen ?? entry.order
	orderStore.lay(id, change, edit, 'saving')
	forgetConflicts(id)
	const mine =
		before === undefined
			? deliver(id, edit, change, known)
			: before.then(left => deliver(id, edit, change, { ...known, ...pick(left, ours) }))
	tails.set(id, mine)
	return mine.then(() => {
		if (tails.get(id) === mine) tails.delete(id)
	})
}

const pick = (order: Order, fields: readonly Field[]) =>
	Object.fromEntries(fields.map(field => [field, order[field]])) as Partial<Order>

/** Send it, and say how it ended. The order as it is then known to the person. */
async function deliver(id: string, edit: number, change: OrderChange, seen: Order): Promise<Order> {
	if (orderStore.wishes(id, edit).length === 0) return seen // all of it has been asked for otherwise meanwhile
	const told = orderStore.expect([id])
	try {
		const order = await send(id, edit, change, seen)
		if (order === null) return seen
		orderStore.lift(id, edit)
		tellDone(order, change)
		return { ...seen, ...change }
	} catch (error) {
		const unknown = error instanceof Problem && error.code === 'outcome_unknown'
		if (unknown) await fetchOrder(id).catch(() => undefined) // it is shown as pending until that is settled
		orderStore.lift(id, edit)
		tellRefused(id, change, seen, error, unknown)
		return seen
	} finally {
		told()
	}
}

/** The order as changed; null: a conflict that the person has to settle. */
async function send(id: string, edit: number, change: OrderChange, seen: Order): Promise<Order | null> {
	let now = newest(id, seen)
	for (let i = 0; i < VERSION_TRIES; i++) {
		if (has(now, change)) return now
		if (clashes(seen, now, change)) {
			ask(id, edit, change, seen, now)
			return null
		}
		// the same fields as the person saw them: ours holds, whatever else was changed
		try {
			return await patchPatiently(id, change, now.version)
		} catch (error) {
			if (!(error instanceof Problem) || error.status !== 412) throw error
			now = await fetchOrder(id)
		}
	}
	throw new Error('The order changes too quickly to be edited.')
}

function newest(id: string, seen: Order): Order {
	const known = orderStore.get(id)?.order
	return known !== undefined && known.version >= seen.version ? known : seen
}

/** Ask the person, about what they have not asked for otherwise meanwhile. */
function ask(id: string, edit: number, change: OrderChange, seen: Order, theirs: Order) {
	const mine = part(change, orderStore.wishes(id, edit))
	if (asks(mine).length === 0) return
	orderStore.lay(id, mine, edit, 'conflict')
	conflicts.set([...conflicts.get(), { edit, id, name: nameOf(theirs), mine, base: seen, theirs }])
}

/** What has been asked for otherwise is no question any more. */
function forgetConflicts(id: string) {
	const kept = conflicts
		.get()
		.filter(conflict => conflict.id !== id || orderStore.wishes(id, conflict.edit).length > 0)
	if (kept.length < conflicts.get().length) conflicts.set(kept)
}

/** A lost connection is tried again with the same key, which never does it twice. */
async function patchPatiently(id: string, change: OrderChange, version: number): Promise<Order> {
	const key = newKey()
	for (let tries = 1; ; tries++) {
		try {
			return await patchOrder(id, change, version, key)
		} catch (error) {
			if (!(error instanceof Problem) || error.status !== 0 || tries >= NETWORK_TRIES) throw error
			await new Promise(resolve => setTimeout(resolve, NETWORK_PAUSE_MS * tries))
		}
	}
}

function tellDone(order: Order, change: OrderChange) {
	const takeBack = () => {
		if (lastUndo === takeBack) lastUndo = null
		void undoEdit(order)
	}
	rememberUndo(takeBack)
	const undo = { label: 'Undo', onClick: takeBack }
	if (order.pending)
		notify.info(`${nameOf(order)}: ${inWords(change)} is queued`, {
			description: 'Airtable can’t take it at the moment. It is delivered as soon as it can.',
			action: undo,
		})
	else notify.success(`${nameOf(order)}: ${inWords(change)}`, { action: undo })
	afterChange()
}

function tellRefused(id: string, change: OrderChange, seen: Order, error: unknown, unknown: boolean) {
	notify.error(unknown ? `${nameOf(seen)}: not confirmed yet` : `${nameOf(seen)} was not changed`, {
		description: explain(error),
		...(!unknown && { action: { label: 'Try again', onClick: () => void editOrder(id, change) } }),
	})
	afterChange()
}

/** What has just been done can be taken back so, of one order or of many. */
export const rememberUndo = (undo: () => void) => {
	lastUndo = undo
}

/** Take the last edit back, once. */
export function undoLast() {
	const undo = lastUndo
	lastUndo = null
	undo?.()
}

async function undoEdit(order: Order) {
	const told = orderStore.expect([order.id])
	try {
		const now = await undoChange(order.id, order.version)
		notify.success(`${nameOf(now)} is as it was before`)
	} catch (error) {
		const moved = error instanceof Problem && (error.status === 412 || error.status === 409)
		notify.error('Not undone', { description: moved ? 'The order has been changed since.' : explain(error) })
	} finally {
		told()
	}
	afterChange()
}

/** Figures and histories follow; the list does when the change is told of. */
function afterChange() {
	void queryClient.invalidateQueries({ queryKey: ['summary'] })
	void queryClient.invalidateQueries({ queryKey: ['orders', 'history'] })
	void queryClient.invalidateQueries({ queryKey: ['audit'] })
}

export function settleConflict(conflict: Conflict, keep: 'mine' | 'theirs') {
	conflicts.set(conflicts.get().filter(other => other !== conflict))
	orderStore.lift(conflict.id, conflict.edit)
	if (keep === 'mine') void editOrder(conflict.id, conflict.mine, conflict.theirs)
}

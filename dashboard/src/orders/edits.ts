/*
 * Edits that feel instant.  What was asked for is shown at once; the changes of
 * one order are sent one after another, each naming the version that the person
 * saw.  Refused: it is taken off again and a toast says why.  Changed by
 * somebody else meanwhile: only if it was the same field the person is asked.
 */
import { type Order, type OrderChange, newKey } from '@/api/client'
import { explain, Problem } from '@/api/problem'
import { queryClient } from '@/api/query-client'
import { Observable } from '@/lib/observable'
import { notify } from '@/ui/notify'
import { fetchOrder, patchOrder, undoChange } from './api'
import { nameOf, orderStore } from './store'

export type Field = 'status' | 'priority'
/** Both sides of a conflict, until it is settled. */
export type Conflict = { id: string; name: string; mine: OrderChange; base: Order; theirs: Order }

const NETWORK_TRIES = 3
const VERSION_TRIES = 4
const NETWORK_PAUSE_MS = 500
const FIELDS: Field[] = ['status', 'priority']

export const conflicts = new Observable<Conflict[]>([])
let lastEdit: Order | null = null	// as the last edit left it; Ctrl-Z takes that back
const tails = new Map<string, Promise<unknown>>()	// the last edit of each order under way

const has = (order: Order, change: OrderChange) => FIELDS.every(field => change[field] === undefined || order[field] === change[field])
const clashes = (base: Order, theirs: Order, change: OrderChange) => FIELDS.some(field => change[field] !== undefined && base[field] !== theirs[field])
const inWords = (change: OrderChange) => FIELDS.filter(field => change[field] !== undefined).map(field => `${field} ${change[field] ?? 'none'}`).join(', ')

/** Change an order. Returns when it is settled one way or another; it never throws. */
export function editOrder(id: string, change: OrderChange): Promise<void> {
	const entry = orderStore.get(id)
	if (!entry || has(entry.shown, change)) return Promise.resolve()
	const seen = entry.order
	const before = tails.get(id)
	orderStore.lay(id, { change: { ...entry.overlay?.change, ...change }, state: 'saving' })
	// an edit of ours that is still on its way moves the version on
	const mine = before ? before.then(() => deliver(id, change, orderStore.get(id)?.order ?? seen)) : deliver(id, change, seen)
	tails.set(id, mine)
	return mine.finally(() => {
		if (tails.get(id) === mine) tails.delete(id)
	})
}

async function deliver(id: string, change: OrderChange, base: Order): Promise<void> {
	try {
		const order = await send(id, change, base)
		if (order === null) return
		takeOff(id, change)
		tellDone(order, change)
	} catch (error) {
		takeOff(id, change)
		await tellRefused(id, change, base, error)
	}
}

/** The order as changed; null: a conflict that the person has to settle. */
async function send(id: string, change: OrderChange, base: Order): Promise<Order | null> {
	let version = base.version
	for (let i = 0; i < VERSION_TRIES; i++) {
		try {
			return await patchPatiently(id, change, version)
		} catch (error) {
			if (!(error instanceof Problem) || error.status !== 412) throw error
			const theirs = await fetchOrder(id)
			if (has(theirs, change)) return theirs
			if (clashes(base, theirs, change)) {
				orderStore.lay(id, { change, state: 'conflict' })
				conflicts.set([...conflicts.get().filter(other => other.id !== id), { id, name: nameOf(theirs), mine: change, base, theirs }])
				return null
			}
			version = theirs.version	// they changed something else: ours still holds
		}
	}
	throw new Error('The order changes too quickly to be edited.')
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

/** What was asked for since stays. */
function takeOff(id: string, change: OrderChange) {
	const overlay = orderStore.get(id)?.overlay
	if (!overlay) return
	const rest: OrderChange = { ...overlay.change }
	for (const field of FIELDS) if (change[field] !== undefined && rest[field] === change[field]) delete rest[field]
	orderStore.lay(id, Object.keys(rest).length === 0 ? null : { ...overlay, change: rest })
}

function tellDone(order: Order, change: OrderChange) {
	const undo = { label: 'Undo', onClick: () => void undoEdit(order) }
	lastEdit = order
	if (order.pending) notify.info(`${nameOf(order)}: ${inWords(change)} is queued`, { description: 'Airtable can’t take it at the moment. It is delivered as soon as it can.', action: undo })
	else notify.success(`${nameOf(order)}: ${inWords(change)}`, { action: undo })
	afterChange()
}

async function tellRefused(id: string, change: OrderChange, base: Order, error: unknown) {
	const unknown = error instanceof Problem && error.code === 'outcome_unknown'
	if (unknown) await fetchOrder(id).catch(() => undefined)	// it is shown as pending until that is settled
	notify.error(unknown ? `${nameOf(base)}: not confirmed yet` : `${nameOf(base)} was not changed`, {
		description: explain(error),
		...(!unknown && { action: { label: 'Try again', onClick: () => void editOrder(id, change) } }),
	})
	afterChange()
}

/** Take the last edit back, once. */
export function undoLast() {
	if (lastEdit !== null) void undoEdit(lastEdit)
}

async function undoEdit(order: Order) {
	if (lastEdit === order) lastEdit = null
	try {
		const now = await undoChange(order.id, order.version)
		notify.success(`${nameOf(now)} is as it was before`)
	} catch (error) {
		const moved = error instanceof Problem && (error.status === 412 || error.status === 409)
		notify.error('Not undone', { description: moved ? 'The order has been changed since.' : explain(error) })
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
	orderStore.lay(conflict.id, null)
	if (keep === 'mine') void editOrder(conflict.id, conflict.mine)
}

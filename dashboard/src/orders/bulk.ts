/*
 * The same change to many orders: sent in parts, so that there is progress to
 * see and an end to it, and what failed is known by name.
 */
import { api, generationOf, newKey, type BulkResults, type OrderChange } from '@/api/client'
import { explain, Problem } from '@/api/problem'
import { listParameters } from './api'
import type { Filter } from './search'
import { orderStore } from './store'

const PART = 100
const LIST_MAX = 500

export type Failure = { id: string; name: string; why: string }
export type BulkState = {
	phase: 'gathering' | 'running' | 'done' | 'stopped'
	done: number
	total: number
	pending: number
	failures: Failure[]
	bulks: string[]
}

/** The ids of all orders that match, page after page. */
export async function* matchingIds(filter: Filter, signal: AbortSignal): AsyncGenerator<string[]> {
	let after: string | null = null
	do {
		const cursor: { after?: string } = after === null ? {} : { after }
		const { data } = await api.GET('/api/orders', { params: { query: { ...listParameters(filter), pageSize: LIST_MAX, ...cursor } }, signal })
		orderStore.put(data!.orders, data!.generation)
		yield data!.orders.map(order => order.id)
		after = data!.nextCursor
	} while (after !== null)
}

const nameOf = (id: string) => orderStore.get(id)?.order.orderId ?? id

function note(state: BulkState, { bulk, results }: BulkResults, generation: number): BulkState {
	const failures = [...state.failures]
	let pending = state.pending
	for (const result of results) {
		if (!result.ok) failures.push({ id: result.id ?? '', name: nameOf(result.id ?? ''), why: explain(new Problem(result.error)) })
		else if (result.order) {
			if (result.order.pending) pending++
			orderStore.put([result.order], generation)
		}
	}
	return { ...state, done: state.done + results.length, pending, failures, bulks: bulk === null ? state.bulks : [...state.bulks, bulk] }
}

/** A part that was not taken at all fails for each of its orders. */
const noteRefused = (state: BulkState, ids: string[], error: unknown): BulkState => ({
	...state, done: state.done + ids.length,
	failures: [...state.failures, ...ids.map(id => ({ id, name: nameOf(id), why: explain(error) }))],
})

export async function runBulk(ids: string[], change: OrderChange, report: (state: BulkState) => void, signal: AbortSignal): Promise<BulkState> {
	let state: BulkState = { phase: 'running', done: 0, total: ids.length, pending: 0, failures: [], bulks: [] }
	report(state)
	for (let at = 0; at < ids.length && !signal.aborted; at += PART) {
		const part = ids.slice(at, at + PART)
		try {
			const { data, response } = await api.PATCH('/api/orders', {
				params: { header: { 'Idempotency-Key': newKey(), Prefer: 'respond-async' } },
				body: { updates: part.map(id => ({ id, ...change })) },
			})
			state = note(state, data!, generationOf(response))
		} catch (error) {
			state = noteRefused(state, part, error)
		}
		report(state)
	}
	return { ...state, phase: state.done < state.total ? 'stopped' : 'done' }
}

/** Take bulk edits back, the last first. */
export async function undoBulks(bulks: string[], report: (state: BulkState) => void): Promise<BulkState> {
	let state: BulkState = { phase: 'running', done: 0, total: 0, pending: 0, failures: [], bulks: [] }
	for (const bulk of bulks.toReversed()) {
		try {
			const { data, response } = await api.POST('/api/orders/undo', { params: { header: { 'Idempotency-Key': newKey(), Prefer: 'respond-async' } }, body: { bulk } })
			state = note({ ...state, total: state.total + data!.results.length }, data!, generationOf(response))
		} catch (error) {
			state = { ...state, failures: [...state.failures, { id: '', name: `Part ${bulk}`, why: explain(error) }] }
		}
		report(state)
	}
	return { ...state, phase: 'done' }
}

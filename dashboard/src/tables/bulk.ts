/*
 * The same change to many orders: sent in parts, so that there is progress to
 * see and an end to it, and what failed is known by name. It goes on whichever
 * page is shown, waits when the server says so, and can be undone later.
 */
import { api, generationOf, newKey, type BulkResults, type OrderChange } from '@/api/client'
import { explain, Problem } from '@/api/problem'
import { queryClient } from '@/api/query-client'
import { listParameters } from '@/orders/api'
import { type BulkState, bulkJob, isUnderWay, type Job } from './bulk-job'
import { type BulkRecord, forgetBulk, noteBulk } from './bulk-records'
import { inWords, rememberUndo } from './edits'
import type { Filter } from '@/orders/search'
import { orderStore } from './store'

const PART = 100
const LIST_MAX = 500
/** No answer, or none of the API's: so often and so long it is asked again, with the same key. */
const TRIES = 6,
	PAUSE_MS = 500

const NOTHING: BulkState = { done: 0, total: 0, pending: 0, failures: [], bulks: [] }

type Report = (state: BulkState) => void
/** Told until when nothing is sent (Date.now()); null: it goes on. */
type Waiting = (until: number | null) => void
type Care = { report: Report; waiting: Waiting; signal: AbortSignal }

/** The ids of all orders that match, page after page. */
export async function* matchingIds(
	filter: Filter,
	{ waiting, signal }: Pick<Care, 'waiting' | 'signal'>,
): AsyncGenerator<string[]> {
	let after: string | null = null
	do {
		const cursor: { after?: string } = after === null ? {} : { after }
		const { data } = await patiently(
			() =>
				api.GET('/api/orders', {
					params: { query: { ...listParameters(filter), pageSize: LIST_MAX, ...cursor } },
					signal,
				}),
			waiting,
			signal,
		)
		orderStore.put(data!.orders, data!.generation)
		yield data!.orders.map(order => order.id)
		after = data!.nextCursor
	} while (after !== null)
}

/** How long to wait before asking again; null: it is refused for good. */
function pauseAfter(error: unknown, tries: number): number | null {
	if (!(error instanceof Problem)) return null
	if (error.status === 429) return error.retryAfterMs ?? 1000
	const passing = error.status === 0 || error.code === 'api_unavailable' || error.code === 'api_timeout'
	return passing && tries < TRIES ? PAUSE_MS * 2 ** (tries - 1) : null
}

/** Ask until it is answered. Only where asking twice is not doing twice. */
async function patiently<T>(ask: () => Promise<T>, waiting: Waiting, signal: AbortSignal): Promise<T> {
	for (let tries = 1; ; tries++) {
		try {
			return await ask()
		} catch (error) {
			const pause = pauseAfter(error, tries)
			if (pause === null || signal.aborted) throw error
			waiting(Date.now() + pause)
			await wait(pause, signal)
			waiting(null)
		}
	}
}

const wait = (ms: number, signal: AbortSignal) =>
	new Promise<void>((resolve, reject) => {
		const stop = () => {
			clearTimeout(timer)
			reject(signal.reason as Error)
		}
		const timer = setTimeout(() => {
			signal.removeEventListener('abort', stop)
			resolve()
		}, ms)
		signal.addEventListener('abort', stop, { once: true })
	})

const nameOf = (id: string) => orderStore.get(id)?.order.orderId ?? id

function note(state: BulkState, { bulk, results }: BulkResults, generation: number): BulkState {
	const failures = [...state.failures]
	let pending = state.pending
	for (const result of results) {
		if (!result.ok)
			failures.push({
				id: result.id ?? '',
				name: nameOf(result.id ?? ''),
				why: explain(new Problem(result.error)),
			})
		else if (result.order) {
			if (result.order.pending) pending++
			orderStore.put([result.order], generation, 'us')
		}
	}
	return {
		...state,
		done: state.done + results.length,
		pending,
		failures,
		bulks: bulk === null ? state.bulks : [...state.bulks, bulk],
	}
}

/** A part that was not taken at all fails for each of its orders. */
const noteRefused = (state: BulkState, ids: string[], error: unknown): BulkState => ({
	...state,
	done: state.done + ids.length,
	failures: [...state.failures, ...ids.map(id => ({ id, name: nameOf(id), why: explain(error) }))],
})

export async function runBulk(
	ids: string[],
	change: OrderChange,
	{ report, waiting, signal }: Care,
): Promise<BulkState> {
	let state: BulkState = { ...NOTHING, total: ids.length }
	report(state)
	for (let size = PART; state.done < ids.length && !signal.aborted;) {
		const part = ids.slice(state.done, state.done + size),
			key = newKey()
		const told = orderStore.expect(part)
		try {
			const { data, response } = await patiently(
				() =>
					api.PATCH('/api/orders', {
						params: { header: { 'Idempotency-Key': key, Prefer: 'respond-async' } },
						body: { updates: part.map(id => ({ id, ...change })) },
					}),
				waiting,
				signal,
			)
			state = note(state, data!, generationOf(response))
		} catch (error) {
			if (signal.aborted) break
			// more orders than there ever is room for in a minute
			if (error instanceof Problem && error.status === 413 && part.length > 1) size = Math.ceil(part.length / 2)
			else state = noteRefused(state, part, error)
		} finally {
			told()
		}
		report(state)
	}
	return state
}

/** Take bulk edits back, the last first; total: of so many orders, if that is known. */
export async function undoBulks(bulks: string[], { report, waiting, signal }: Care, total = 0): Promise<BulkState> {
	let state: BulkState = { ...NOTHING, total }
	for (const bulk of bulks.toReversed()) {
		if (signal.aborted) break
		const key = newKey()
		try {
			const { data, response } = await patiently(
				() =>
					api.POST('/api/orders/undo', {
						params: { header: { 'Idempotency-Key': key, Prefer: 'respond-async' } },
						body: { bulk },
					}),
				waiting,
				signal,
			)
			state = note(state, data!, generationOf(response))
			state = { ...state, total: Math.max(state.total, state.done) }
		} catch (error) {
			if (signal.aborted) break
			state = {
				...state,
				failures: [...state.failures, { id: '', name: `Bulk edit ${bulk}`, why: explain(error) }],
			}
		}
		report(state)
	}
	// an order that had the value before was not changed, so it is not taken back
	return signal.aborted || state.failures.some(({ id }) => id === '') ? state : { ...state, total: state.done }
}

// ---- the one under way ------------------------------------------------------

let control = new AbortController()
let answer: ((yes: boolean) => void) | null = null

/** Leaving the page would cut it: the browser asks first. */
const warn = (event: BeforeUnloadEvent) => event.preventDefault()

function show(job: Job | null) {
	bulkJob.set(job)
	if (isUnderWay(job)) addEventListener('beforeunload', warn)
	else removeEventListener('beforeunload', warn)
}

const change = (some: Partial<Job>) => show({ ...bulkJob.get()!, ...some })

const care = (report: Report): Care => ({
	report,
	signal: control.signal,
	waiting: until =>
		change(
			until === null
				? {
						phase: bulkJob.get()!.total > 0 || bulkJob.get()!.kind === 'undo' ? 'running' : 'gathering',
						until: undefined,
					}
				: { phase: 'waiting', until },
		),
})

export const stopBulk = () => {
	control.abort()
	answer?.(false)
}
export const answerBulk = (yes: boolean) => answer?.(yes)
export const closeBulk = () => {
	if (!isUnderWay(bulkJob.get())) show(null)
}

export type Wanted = { ids: readonly string[] } | { except: ReadonlySet<string>; counted: number }

/** Change orders of a filter. Returns whether it began to; it does not throw. One at a time. */
export async function startBulk(wanted: Wanted, of: OrderChange, filter: Filter): Promise<boolean> {
	if (isUnderWay(bulkJob.get())) return false
	control = new AbortController()
	show({ ...NOTHING, kind: 'edit', what: inWords(of), phase: 'gathering', filter })
	const ids = 'ids' in wanted ? [...wanted.ids] : await gather(wanted, filter)
	if (ids === null) return false
	void edit(ids, of)
	return true
}

/** All that match, if they are as many as were counted or the person agrees; null: nothing is to be done. */
async function gather(
	{ except, counted }: { except: ReadonlySet<string>; counted: number },
	filter: Filter,
): Promise<string[] | null> {
	const ids: string[] = []
	try {
		for await (const some of matchingIds(
			filter,
			care(() => undefined),
		)) {
			ids.push(...some.filter(id => !except.has(id)))
			change({ done: ids.length })
		}
	} catch (error) {
		if (control.signal.aborted) show(null)
		else change({ phase: 'stopped', done: 0, error: `The orders could not be read. ${explain(error)}` })
		return null
	}
	if (ids.length === counted) return ids
	change({ phase: 'asking', done: 0, total: ids.length, counted })
	const yes = await new Promise<boolean>(resolve => {
		answer = resolve
	})
	answer = null
	if (!yes) show(null)
	return yes ? ids : null
}

async function edit(ids: string[], of: OrderChange) {
	const record: BulkRecord = {
		key: newKey(),
		what: inWords(of),
		at: Date.now(),
		changed: 0,
		total: ids.length,
		bulks: [],
	}
	const state = await runBulk(
		ids,
		of,
		care(some => {
			if (some.bulks.length > record.bulks.length)
				noteBulk(Object.assign(record, { bulks: some.bulks, changed: some.done - some.failures.length }))
			change({ ...some, phase: 'running', until: undefined })
		}),
	)
	end(state)
	if (state.bulks.length > 0) rememberUndo(() => void undoBulkEdits(record))
}

/** Undo a bulk edit as a whole; changed: how many orders, if that is known. */
export async function undoBulkEdits({ what, bulks, changed }: { what: string; bulks: string[]; changed?: number }) {
	if (isUnderWay(bulkJob.get())) return
	control = new AbortController()
	show({ ...NOTHING, kind: 'undo', what, phase: 'running', total: changed ?? 0 })
	const state = await undoBulks(
		bulks,
		care(some => change({ ...some, phase: 'running', until: undefined })),
		changed,
	)
	if (!control.signal.aborted && state.failures.every(({ id }) => id !== '')) forgetBulk(bulks)
	end(state)
}

function end(state: BulkState) {
	change({
		...state,
		phase: control.signal.aborted && state.done < state.total ? 'stopped' : 'done',
		until: undefined,
	})
	for (const queryKey of [['summary'], ['audit'], ['orders', 'page'], ['orders', 'history']])
		void queryClient.invalidateQueries({ queryKey })
}

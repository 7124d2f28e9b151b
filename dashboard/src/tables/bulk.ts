/*
 * The same change to many rows, sent in parts, so that it can show progress and be
 * stopped, and failures are known by name. It goes on whichever page is shown, waits
 * when the server says so, and can be undone later.
 */
import { newKey } from '@/api/client'
import { explain, Problem } from '@/api/problem'
import { queryClient } from '@/api/query-client'
import { type BulkState, bulkJob, isUnderWay, type Job } from './bulk-job'
import { type BulkRecord, forgetBulk, noteBulk } from './bulk-records'
import { type BulkAnswer, type Change, type Filter, keyOf, type Part, type Row, type Table } from './descriptor'
import { rememberUndo } from './undo'

const PART = 100
/** If there is no answer, or not one of the API: how often and how long to repeat the request, with the same key. */
const TRIES = 6,
	PAUSE_MS = 500

const NOTHING: BulkState = { done: 0, total: 0, pending: 0, failures: [], bulks: [] }

type Report = (state: BulkState) => void
/** Called with the time (Date.now()) until which nothing is sent; null: it goes on. */
type Waiting = (until: number | null) => void
type Care = { report: Report; waiting: Waiting; signal: AbortSignal }

/** The ids of all rows that match, page after page. */
export async function* matchingIds<R extends Row>(
	{ requests }: Table<R>,
	filter: Filter,
	{ waiting, signal }: Pick<Care, 'waiting' | 'signal'>,
): AsyncGenerator<string[]> {
	let after: string | null = null
	do {
		const part: Part = await patiently(() => requests.part(filter, after, signal), waiting, signal)
		yield part.rows.map(row => row.id)
		after = part.next
	} while (after !== null)
}

/** How long to wait before the next attempt; null: the refusal is final. */
function pauseAfter(error: unknown, tries: number): number | null {
	if (!(error instanceof Problem)) return null
	if (error.status === 429) return error.retryAfterMs ?? 1000
	const passing = error.status === 0 || error.code === 'api_unavailable' || error.code === 'api_timeout'
	return passing && tries < TRIES ? PAUSE_MS * 2 ** (tries - 1) : null
}

/** Repeat a request until it is answered. Only for requests that can safely be repeated. */
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

const named = <R extends Row>(table: Table<R>, id: string) => keyOf(table, table.store.get(id)?.row ?? { id })

function note<R extends Row>(
	table: Table<R>,
	state: BulkState,
	{ bulk, results, generation }: BulkAnswer<R>,
): BulkState {
	const failures = [...state.failures]
	let pending = state.pending
	for (const result of results) {
		if (!result.ok)
			failures.push({
				id: result.id ?? '',
				name: named(table, result.id ?? ''),
				why: explain(new Problem(result.error)),
			})
		else if (result.row) {
			if (result.row.pending) pending++
			table.store.put([result.row], generation, 'us')
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

/** A part that was refused as a whole fails for each of its rows. */
const noteRefused = <R extends Row>(table: Table<R>, state: BulkState, ids: string[], error: unknown): BulkState => ({
	...state,
	done: state.done + ids.length,
	failures: [...state.failures, ...ids.map(id => ({ id, name: named(table, id), why: explain(error) }))],
})

export async function runBulk<R extends Row>(
	table: Table<R>,
	ids: string[],
	change: Change<R>,
	{ report, waiting, signal }: Care,
): Promise<BulkState> {
	let state: BulkState = { ...NOTHING, total: ids.length }
	report(state)
	for (let size = PART; state.done < ids.length && !signal.aborted;) {
		const part = ids.slice(state.done, state.done + size),
			key = newKey()
		const told = table.store.expect(part)
		try {
			const answer = await patiently(() => table.requests.patchMany(part, change, key), waiting, signal)
			state = note(table, state, answer)
		} catch (error) {
			if (signal.aborted) break
			// more rows than the limit ever allows in a minute
			if (error instanceof Problem && error.status === 413 && part.length > 1) size = Math.ceil(part.length / 2)
			else state = noteRefused(table, state, part, error)
		} finally {
			told()
		}
		report(state)
	}
	return state
}

/** Undo bulk edits, the last first; total: how many rows they changed, if that is known. */
export async function undoBulks<R extends Row>(
	table: Table<R>,
	bulks: string[],
	{ report, waiting, signal }: Care,
	total = 0,
): Promise<BulkState> {
	let state: BulkState = { ...NOTHING, total }
	for (const bulk of bulks.toReversed()) {
		if (signal.aborted) break
		const key = newKey()
		try {
			const answer = await patiently(() => table.requests.undoMany(bulk, key), waiting, signal)
			state = note(table, state, answer)
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
	// a row that already had the value was not changed, so it is not undone
	return signal.aborted || state.failures.some(({ id }) => id === '') ? state : { ...state, total: state.done }
}

// ---- the one under way ------------------------------------------------------

let control = new AbortController()
let answer: ((yes: boolean) => void) | null = null

/** Leaving the page would interrupt it: the browser asks first. */
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

/** Change rows of a filter. Returns whether it started; it does not throw. Only one runs at a time. */
export async function startBulk<R extends Row>(
	table: Table<R>,
	wanted: Wanted,
	of: Change<R>,
	filter: Filter,
): Promise<boolean> {
	if (isUnderWay(bulkJob.get())) return false
	control = new AbortController()
	show({ ...NOTHING, table, kind: 'edit', what: table.edits.inWords(of), phase: 'gathering', filter })
	const ids = 'ids' in wanted ? [...wanted.ids] : await gather(table, wanted, filter)
	if (ids === null) return false
	void edit(table, ids, of)
	return true
}

/** All matching rows, if their number is as counted or the user agrees; null: do nothing. */
async function gather<R extends Row>(
	table: Table<R>,
	{ except, counted }: { except: ReadonlySet<string>; counted: number },
	filter: Filter,
): Promise<string[] | null> {
	const ids: string[] = []
	try {
		for await (const some of matchingIds(
			table,
			filter,
			care(() => undefined),
		)) {
			ids.push(...some.filter(id => !except.has(id)))
			change({ done: ids.length })
		}
	} catch (error) {
		if (control.signal.aborted) show(null)
		else change({ phase: 'stopped', done: 0, error: `The ${table.many} could not be read. ${explain(error)}` })
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

async function edit<R extends Row>(table: Table<R>, ids: string[], of: Change<R>) {
	const record: BulkRecord = {
		key: newKey(),
		what: table.edits.inWords(of),
		at: Date.now(),
		changed: 0,
		total: ids.length,
		bulks: [],
	}
	const state = await runBulk(
		table,
		ids,
		of,
		care(some => {
			if (some.bulks.length > record.bulks.length)
				noteBulk(Object.assign(record, { bulks: some.bulks, changed: some.done - some.failures.length }))
			change({ ...some, phase: 'running', until: undefined })
		}),
	)
	end(table, state)
	if (state.bulks.length > 0) rememberUndo(() => void undoBulkEdits(table, record))
}

/** Undo a bulk edit as a whole; changed: how many rows, if that is known. */
export async function undoBulkEdits<R extends Row>(
	table: Table<R>,
	{ what, bulks, changed }: { what: string; bulks: string[]; changed?: number },
) {
	if (isUnderWay(bulkJob.get())) return
	control = new AbortController()
	show({ ...NOTHING, table, kind: 'undo', what, phase: 'running', total: changed ?? 0 })
	const state = await undoBulks(
		table,
		bulks,
		care(some => change({ ...some, phase: 'running', until: undefined })),
		changed,
	)
	if (!control.signal.aborted && state.failures.every(({ id }) => id !== '')) forgetBulk(bulks)
	end(table, state)
}

function end<R extends Row>(table: Table<R>, state: BulkState) {
	change({
		...state,
		phase: control.signal.aborted && state.done < state.total ? 'stopped' : 'done',
		until: undefined,
	})
	for (const queryKey of [['summary'], ['audit'], [table.id, 'page'], [table.id, 'history']])
		void queryClient.invalidateQueries({ queryKey })
}

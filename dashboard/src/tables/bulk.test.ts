import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { anOrder, orders } from '../../tests/orders'
import { answerBulk, closeBulk, matchingIds, runBulk, startBulk, stopBulk, undoBulkEdits, undoBulks } from './bulk'
import { bulkJob, type BulkState } from './bulk-job'
import { bulkOf, bulkRecords, lookAgain } from './bulk-records'
import { undoLast } from './undo'

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterAll(() => server.close())
afterEach(() => {
	server.resetHandlers()
	closeBulk()
	localStorage.clear()
	lookAgain()
})

type Body = { updates: { id: string; status: string }[] }
const care = (
	report: (state: BulkState) => void = () => {},
	signal = new AbortController().signal,
	waiting: (until: number | null) => void = () => {},
) => ({ report, waiting, signal })
const refusal = {
	type: 'about:blank',
	title: 'Unprocessable Content',
	status: 422,
	detail: 'Not on a Sunday',
	code: 'airtable_rejected',
}

test('many rows are sent in parts, and failures are known by name', async () => {
	const sizes: number[] = [],
		reports: BulkState[] = []
	server.use(
		http.patch('*/api/orders', async ({ request }) => {
			const { updates } = (await request.json()) as Body
			sizes.push(updates.length)
			return HttpResponse.json({
				bulk: String(sizes.length),
				results: updates.map(({ id, status }) =>
					id === 'rec7'
						? { id, ok: false, error: refusal }
						: { id, ok: true, order: anOrder({ id, status }) },
				),
			})
		}),
	)
	const state = await runBulk(
		orders,
		Array.from({ length: 250 }, (_, i) => `rec${i}`),
		{ status: 'Shipped' },
		care(state => reports.push(state)),
	)
	expect(sizes).toEqual([100, 100, 50])
	expect(state).toMatchObject({
		done: 250,
		total: 250,
		bulks: ['1', '2', '3'],
		failures: [{ id: 'rec7', why: 'Airtable rejected it: Not on a Sunday.' }],
	})
	expect(reports.map(({ done }) => done)).toEqual([0, 100, 200, 250])
})

test('a refused part fails for each of its orders, the others go on', async () => {
	let parts = 0
	server.use(
		http.patch('*/api/orders', async ({ request }) => {
			if (++parts === 1)
				return HttpResponse.json({ ...refusal, status: 503, code: 'overloaded' }, { status: 503 })
			const { updates } = (await request.json()) as Body
			return HttpResponse.json({
				bulk: '2',
				results: updates.map(({ id }) => ({ id, ok: true, order: anOrder({ id }) })),
			})
		}),
	)
	const state = await runBulk(
		orders,
		Array.from({ length: 120 }, (_, i) => `rec${i}`),
		{ status: 'Shipped' },
		care(),
	)
	expect(state.failures.length).toBe(100)
	expect(state.done).toBe(120)
})

test('once stopped, nothing more is sent', async () => {
	const control = new AbortController()
	server.use(
		http.patch('*/api/orders', async ({ request }) => {
			control.abort()
			const { updates } = (await request.json()) as Body
			return HttpResponse.json({
				bulk: '1',
				results: updates.map(({ id }) => ({ id, ok: true, order: anOrder({ id }) })),
			})
		}),
	)
	expect(
		await runBulk(
			orders,
			Array.from({ length: 300 }, (_, i) => `rec${i}`),
			{ status: 'Shipped' },
			care(undefined, control.signal),
		),
	).toMatchObject({ done: 100 })
})

test('all matching rows are read by cursor', async () => {
	server.use(
		http.get('*/api/orders', ({ request }) => {
			const { searchParams } = new URL(request.url)
			expect(searchParams.getAll('status')).toEqual(['Pending', 'On hold, customer'])
			const second = searchParams.get('after') === 'c1'
			return HttpResponse.json({
				orders: [anOrder({ id: second ? 'recB' : 'recA' })],
				page: null,
				pageSize: 500,
				total: 2,
				totalPages: 1,
				generation: 1,
				nextCursor: second ? null : 'c1',
			})
		}),
	)
	const ids: string[] = []
	for await (const some of matchingIds(orders, { status: ['Pending', 'On hold, customer'] }, care()))
		ids.push(...some)
	expect(ids).toEqual(['recA', 'recB'])
})

test('undoing takes the last part back first', async () => {
	const asked: unknown[] = []
	server.use(
		http.post('*/api/orders/undo', async ({ request }) => {
			asked.push(await request.json())
			return HttpResponse.json({ bulk: '9', results: [{ id: 'recA', ok: true, order: anOrder({ id: 'recA' }) }] })
		}),
	)
	expect(await undoBulks(orders, ['1', '2'], care())).toMatchObject({ done: 2, total: 2, failures: [] })
	expect(asked).toEqual([{ bulk: '2' }, { bulk: '1' }])
})

/** A server that takes bulk edits, and records the requests part by part. */
function aServer({ ids = [] as string[] } = {}) {
	const parts: { ids: string[]; key: string | null }[] = [],
		undone: string[] = []
	let held: Promise<void> | null = null
	server.use(
		http.get('*/api/orders', () =>
			HttpResponse.json({
				orders: ids.map(id => anOrder({ id })),
				page: null,
				pageSize: 500,
				total: ids.length,
				totalPages: 1,
				generation: 1,
				nextCursor: null,
			}),
		),
		http.patch('*/api/orders', async ({ request }) => {
			const { updates } = (await request.json()) as Body
			parts.push({ ids: updates.map(({ id }) => id), key: request.headers.get('Idempotency-Key') })
			await held
			return HttpResponse.json({
				bulk: String(parts.length),
				results: updates.map(({ id, status }) => ({ id, ok: true, order: anOrder({ id, status }) })),
			})
		}),
		http.post('*/api/orders/undo', async ({ request }) => {
			const { bulk } = (await request.json()) as { bulk: string }
			undone.push(bulk)
			return HttpResponse.json({
				bulk: '99',
				results: [{ id: 'recA', ok: true, order: anOrder({ id: 'recA' }) }],
			})
		}),
	)
	return {
		parts,
		undone,
		hold() {
			let release = () => {}
			held = new Promise(resolve => {
				release = () => {
					held = null
					resolve()
				}
			})
			return release
		},
	}
}
const many = (n: number) => Array.from({ length: n }, (_, i) => `rec${i}`)
const phase = (wanted: string) => vi.waitFor(() => expect(bulkJob.get()?.phase).toBe(wanted), { timeout: 3000 })

test('when rate limited it waits as long as the server says, and goes on where it was', async () => {
	const keys: (string | null)[] = [],
		waits: (number | null)[] = []
	server.use(
		http.patch('*/api/orders', async ({ request }) => {
			keys.push(request.headers.get('Idempotency-Key'))
			if (keys.length === 2)
				return HttpResponse.json(
					{ ...refusal, status: 429, code: 'rate_limited' },
					{ status: 429, headers: { 'Retry-After': '1' } },
				)
			const { updates } = (await request.json()) as Body
			return HttpResponse.json({
				bulk: String(keys.length),
				results: updates.map(({ id }) => ({ id, ok: true, order: anOrder({ id }) })),
			})
		}),
	)
	const before = Date.now()
	const state = await runBulk(
		orders,
		many(150),
		{ status: 'Shipped' },
		care(undefined, undefined, until => waits.push(until)),
	)
	expect(state).toMatchObject({ done: 150, failures: [], bulks: ['1', '3'] })
	expect(Date.now() - before).toBeGreaterThanOrEqual(990)
	expect(waits).toEqual([expect.any(Number), null])
	expect(keys[1]).toBe(keys[2])
	expect(keys[0]).not.toBe(keys[1])
})

test('a request with a lost connection is repeated with the same key, a refused one is not', async () => {
	const keys: (string | null)[] = []
	server.use(
		http.patch('*/api/orders', async ({ request }) => {
			keys.push(request.headers.get('Idempotency-Key'))
			if (keys.length === 1) return HttpResponse.error()
			if (keys.length === 3)
				return HttpResponse.json({ ...refusal, status: 504, code: 'outcome_unknown' }, { status: 504 })
			const { updates } = (await request.json()) as Body
			return HttpResponse.json({
				bulk: '1',
				results: updates.map(({ id }) => ({ id, ok: true, order: anOrder({ id }) })),
			})
		}),
	)
	expect((await runBulk(orders, many(150), { status: 'Shipped' }, care())).failures.length).toBe(50)
	expect(keys.length).toBe(3)
	expect(keys[0]).toBe(keys[1])
})

test('it is recorded part by part, warns on leaving, and can be undone as a whole after it was closed', async () => {
	const { hold, parts, undone } = aServer(),
		leaving = () => {
			const event = new Event('beforeunload', { cancelable: true })
			dispatchEvent(event)
			return event.defaultPrevented
		}
	const release = hold()
	expect(await startBulk(orders, { ids: many(250) }, { status: 'Shipped' }, {})).toBe(true)
	await vi.waitFor(() => expect(parts.length).toBe(1))
	expect(leaving()).toBe(true)
	expect(await startBulk(orders, { ids: ['recZ'] }, { status: 'Pending' }, {})).toBe(false) // one at a time
	release()
	await phase('done')
	expect(leaving()).toBe(false)
	expect(parts.map(part => part.ids.length)).toEqual([100, 100, 50])
	closeBulk()
	lookAgain() // as after a reload
	const record = bulkOf(bulkRecords.get(), '2')
	expect(record).toMatchObject({ what: 'status Shipped', changed: 250, total: 250, bulks: ['1', '2', '3'] })
	await undoBulkEdits(orders, record!)
	expect(undone).toEqual(['3', '2', '1'])
	expect(bulkRecords.get()).toEqual([])
})

test('an interrupted bulk edit can be undone as far as it got', async () => {
	const { hold, parts } = aServer(),
		release = hold()
	await startBulk(orders, { ids: many(250) }, { priority: null }, {})
	await vi.waitFor(() => expect(parts.length).toBe(1))
	stopBulk()
	release()
	await phase('stopped')
	expect(bulkRecords.get()).toMatchObject([{ what: 'priority none', changed: 100, total: 250, bulks: ['1'] }])
	undoLast() // the last edit, of many rows or of one
	await vi.waitFor(() => expect(bulkJob.get()).toMatchObject({ kind: 'undo', phase: 'done' }))
	expect(bulkRecords.get()).toEqual([])
})

test('all matching rows are changed without a question only if their number is as counted', async () => {
	const { parts } = aServer({ ids: ['recA', 'recB', 'recC'] })
	expect(await startBulk(orders, { except: new Set(['recB']), counted: 2 }, { status: 'Shipped' }, {})).toBe(true)
	await phase('done')
	expect(parts.map(part => part.ids)).toEqual([['recA', 'recC']])
	closeBulk()
	for (const yes of [false, true]) {
		const begun = startBulk(orders, { except: new Set(), counted: 72 }, { status: 'Shipped' }, {})
		await phase('asking')
		expect(bulkJob.get()).toMatchObject({ total: 3, counted: 72 })
		expect(parts.length).toBe(1)
		answerBulk(yes)
		expect(await begun).toBe(yes)
	}
	await phase('done')
	expect(parts.map(part => part.ids)).toEqual([
		['recA', 'recC'],
		['recA', 'recB', 'recC'],
	])
})

test('a server that never accepts so many at once gets smaller parts', async () => {
	const sizes: number[] = []
	server.use(
		http.patch('*/api/orders', async ({ request }) => {
			const { updates } = (await request.json()) as Body
			sizes.push(updates.length)
			if (updates.length > 30)
				return HttpResponse.json({ ...refusal, status: 413, code: 'too_large' }, { status: 413 })
			return HttpResponse.json({
				bulk: String(sizes.length),
				results: updates.map(({ id }) => ({ id, ok: true, order: anOrder({ id }) })),
			})
		}),
	)
	expect(await runBulk(orders, many(110), { status: 'Shipped' }, care())).toMatchObject({ done: 110, failures: [] })
	expect(sizes).toEqual([100, 50, 25, 25, 25, 25, 10])
})

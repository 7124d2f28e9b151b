import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { anOrder } from '../../tests/orders'
import { type BulkState, matchingIds, runBulk, undoBulks } from './bulk'

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterAll(() => server.close())
afterEach(() => server.resetHandlers())

type Body = { updates: { id: string; status: string }[] }
const refusal = { type: 'about:blank', title: 'Unprocessable Content', status: 422, detail: 'Not on a Sunday', code: 'airtable_rejected' }

test('many are sent in parts, and what fails is known by name', async () => {
	const sizes: number[] = [], reports: BulkState[] = []
	server.use(http.patch('*/api/orders', async ({ request }) => {
		const { updates } = await request.json() as Body
		sizes.push(updates.length)
		return HttpResponse.json({ bulk: String(sizes.length), results: updates.map(({ id, status }) => (id === 'rec7' ? { id, ok: false, error: refusal } : { id, ok: true, order: anOrder({ id, status }) })) })
	}))
	const state = await runBulk(Array.from({ length: 250 }, (_, i) => `rec${i}`), { status: 'Shipped' }, report => reports.push(report), new AbortController().signal)
	expect(sizes).toEqual([100, 100, 50])
	expect(state).toMatchObject({ phase: 'done', done: 250, total: 250, bulks: ['1', '2', '3'], failures: [{ id: 'rec7', why: 'Airtable refuses it: Not on a Sunday.' }] })
	expect(reports.map(({ done }) => done)).toEqual([0, 100, 200, 250])
})

test('a part that is not taken fails for each of its orders, the others go on', async () => {
	let parts = 0
	server.use(http.patch('*/api/orders', async ({ request }) => {
		if (++parts === 1) return HttpResponse.json({ ...refusal, status: 503, code: 'overloaded' }, { status: 503 })
		const { updates } = await request.json() as Body
		return HttpResponse.json({ bulk: '2', results: updates.map(({ id }) => ({ id, ok: true, order: anOrder({ id }) })) })
	}))
	const state = await runBulk(Array.from({ length: 120 }, (_, i) => `rec${i}`), { status: 'Shipped' }, () => {}, new AbortController().signal)
	expect(state.failures.length).toBe(100)
	expect(state.done).toBe(120)
})

test('stopped, nothing more is sent', async () => {
	const control = new AbortController()
	server.use(http.patch('*/api/orders', async ({ request }) => {
		control.abort()
		const { updates } = await request.json() as Body
		return HttpResponse.json({ bulk: '1', results: updates.map(({ id }) => ({ id, ok: true, order: anOrder({ id }) })) })
	}))
	expect(await runBulk(Array.from({ length: 300 }, (_, i) => `rec${i}`), { status: 'Shipped' }, () => {}, control.signal)).toMatchObject({ phase: 'stopped', done: 100 })
})

test('all that match are walked by cursor', async () => {
	server.use(http.get('*/api/orders', ({ request }) => {
		const { searchParams } = new URL(request.url)
		expect(searchParams.getAll('status')).toEqual(['Pending', 'On hold, customer'])
		const second = searchParams.get('after') === 'c1'
		return HttpResponse.json({ orders: [anOrder({ id: second ? 'recB' : 'recA' })], page: null, pageSize: 500, total: 2, totalPages: 1, generation: 1, nextCursor: second ? null : 'c1' })
	}))
	const ids: string[] = []
	for await (const some of matchingIds({ status: ['Pending', 'On hold, customer'] }, new AbortController().signal)) ids.push(...some)
	expect(ids).toEqual(['recA', 'recB'])
})

test('undoing takes the last part back first', async () => {
	const asked: unknown[] = []
	server.use(http.post('*/api/orders/undo', async ({ request }) => {
		asked.push(await request.json())
		return HttpResponse.json({ bulk: '9', results: [{ id: 'recA', ok: true, order: anOrder({ id: 'recA' }) }] })
	}))
	expect(await undoBulks(['1', '2'], () => {})).toMatchObject({ phase: 'done', done: 2, total: 2, failures: [] })
	expect(asked).toEqual([{ bulk: '2' }, { bulk: '1' }])
})

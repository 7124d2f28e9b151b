import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Order } from '@/api/client'
import { notify } from '@/ui/notify'
import { anOrder, orders } from '../../tests/orders'

vi.mock('@/ui/notify', () => ({ notify: { success: vi.fn(), info: vi.fn(), error: vi.fn() } }))

const { edits, store: orderStore } = orders
const { conflicts } = edits

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterAll(() => server.close())
afterEach(() => {
	server.resetHandlers()
	conflicts.set([])
})
beforeEach(() => vi.clearAllMocks())

const problem = (status: number, code: string, detail = code) =>
	HttpResponse.json(
		{ type: 'about:blank', title: code, status, detail, code },
		{ status, headers: { 'Content-Type': 'application/problem+json' } },
	)
const answer = (order: Order, status = 200) =>
	HttpResponse.json(order, { status, headers: { 'X-Generation': String(order.version) } })
const PATH = '*/api/orders/:id'

function known(some: Partial<Order> = {}): Order {
	const order = anOrder(some)
	orderStore.put([order], order.version)
	return order
}

test('an edit shows before its answer and carries the version seen and its own key', async () => {
	const order = known(),
		seen: Headers[] = []
	server.use(
		http.patch(PATH, ({ request }) => {
			seen.push(request.headers)
			return answer({ ...order, status: 'Shipped', version: 1001 })
		}),
	)
	const done = edits.edit(order.id, { status: 'Shipped' })
	expect(orderStore.get(order.id)?.shown.status).toBe('Shipped')
	expect(orderStore.get(order.id)?.row.status).toBe('Pending')
	await done
	expect(orderStore.get(order.id)).toMatchObject({ overlay: null, row: { status: 'Shipped', version: 1001 } })
	expect(seen[0]!.get('If-Match')).toBe('"v1000"')
	expect(seen[0]!.get('Idempotency-Key')).toMatch(/^[0-9a-f]{32}$/)
	expect(notify.success).toHaveBeenCalledTimes(1)
})

test('a refused edit is rolled back and the reason shown', async () => {
	const order = known()
	server.use(http.patch(PATH, () => problem(422, 'airtable_rejected', 'INVALID: no such option')))
	await edits.edit(order.id, { status: 'Shipped' })
	expect(orderStore.get(order.id)?.shown.status).toBe('Pending')
	expect(notify.error).toHaveBeenCalledWith(
		expect.stringContaining('was not changed'),
		expect.objectContaining({ description: 'Airtable rejected it: No such option.' }),
	)
})

test('two edits of one order are sent one after another, the second on the version of the first', async () => {
	const order = known(),
		seen: (string | null)[] = []
	let version = 1000
	server.use(
		http.patch(PATH, async ({ request }) => {
			seen.push(request.headers.get('If-Match'))
			version++
			return answer({ ...order, ...((await request.json()) as object), status: 'Shipped', version })
		}),
	)
	await Promise.all([edits.edit(order.id, { status: 'Shipped' }), edits.edit(order.id, { priority: 'Low' })])
	expect(seen).toEqual(['"v1000"', '"v1001"'])
	expect(orderStore.get(order.id)?.shown).toMatchObject({ status: 'Shipped', priority: 'Low' })
})

test('if somebody changed another field, our edit is repeated on top of it without a question', async () => {
	const order = known(),
		theirs = { ...order, priority: 'Low', version: 1005 }
	server.use(
		http.patch(PATH, ({ request }) =>
			request.headers.get('If-Match') === '"v1005"'
				? answer({ ...theirs, status: 'Shipped', version: 1006 })
				: problem(412, 'precondition_failed'),
		),
		http.get(PATH, () => answer(theirs)),
	)
	await edits.edit(order.id, { status: 'Shipped' })
	expect(conflicts.get()).toEqual([])
	expect(orderStore.get(order.id)?.shown).toMatchObject({ status: 'Shipped', priority: 'Low', version: 1006 })
})

test('if somebody changed the same field, both values are shown, and ours is sent only when chosen', async () => {
	const order = known(),
		theirs = { ...order, status: 'Cancelled', version: 1005 }
	server.use(
		http.patch(PATH, ({ request }) =>
			request.headers.get('If-Match') === '"v1005"'
				? answer({ ...theirs, status: 'Shipped', version: 1006 })
				: problem(412, 'precondition_failed'),
		),
		http.get(PATH, () => answer(theirs)),
	)
	await edits.edit(order.id, { status: 'Shipped' })
	const [conflict] = conflicts.get()
	expect(conflict).toMatchObject({
		mine: { status: 'Shipped' },
		base: { status: 'Pending' },
		theirs: { status: 'Cancelled' },
	})
	edits.settle(conflict!, 'theirs')
	expect(orderStore.get(order.id)?.shown.status).toBe('Cancelled')
	conflicts.set([conflict!])
	edits.settle(conflict!, 'mine')
	await vi.waitFor(() => expect(orderStore.get(order.id)?.row.status).toBe('Shipped'))
})

test('if the value is there already, there is no conflict', async () => {
	const order = known()
	server.use(
		http.patch(PATH, () => problem(412, 'precondition_failed')),
		http.get(PATH, () => answer({ ...order, status: 'Shipped', version: 1002 })),
	)
	await edits.edit(order.id, { status: 'Shipped' })
	expect(conflicts.get()).toEqual([])
	expect(notify.error).not.toHaveBeenCalled()
})

test('after a lost connection the request is repeated with the same key', async () => {
	const order = known(),
		keys: (string | null)[] = []
	server.use(
		http.patch(PATH, ({ request }) => {
			keys.push(request.headers.get('Idempotency-Key'))
			return keys.length === 1 ? HttpResponse.error() : answer({ ...order, status: 'Shipped', version: 1001 })
		}),
	)
	await edits.edit(order.id, { status: 'Shipped' })
	expect(keys.length).toBe(2)
	expect(keys[0]).toBe(keys[1])
	expect(orderStore.get(order.id)?.shown.status).toBe('Shipped')
})

test('a change queued while Airtable is away is reported as queued, and pending until confirmed', async () => {
	const order = known()
	server.use(http.patch(PATH, () => answer({ ...order, status: 'Shipped', pending: true }, 202)))
	await edits.edit(order.id, { status: 'Shipped' })
	expect(orderStore.get(order.id)).toMatchObject({ overlay: null, shown: { status: 'Shipped', pending: true } })
	expect(notify.info).toHaveBeenCalledWith(expect.stringContaining('queued'), expect.anything())
})

/** A server that answers edits when the test lets it, and keeps versions as the API does. */
function aServer(order: Order) {
	const state = { now: order, sent: [] as object[] },
		waiting: (() => void)[] = []
	server.use(
		http.patch(PATH, async ({ request }) => {
			const change = (await request.json()) as Partial<Order>
			state.sent.push(change)
			await new Promise<void>(resolve => waiting.push(resolve))
			if (request.headers.get('If-Match') !== `"v${state.now.version}"`)
				return problem(412, 'precondition_failed')
			state.now = { ...state.now, ...change, version: state.now.version + 1 }
			return answer(state.now)
		}),
		http.get(PATH, () => answer(state.now)),
	)
	return {
		state,
		async answers(n = 1) {
			for (let i = 0; i < n; i++) {
				await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0))
				waiting.shift()!()
			}
		},
		others(change: Partial<Order>) {
			state.now = { ...state.now, ...change, version: state.now.version + 1 }
		},
	}
}

test('A, B, A in one field: the last value is shown throughout, and is the result', async () => {
	const order = known(),
		{ state, answers } = aServer(order),
		shown: unknown[] = []
	const stop = orderStore.subscribe(order.id, () => shown.push(orderStore.get(order.id)!.shown.status))
	const first = edits.edit(order.id, { status: 'Shipped' })
	await vi.waitFor(() => expect(state.sent.length).toBe(1))
	const second = edits.edit(order.id, { status: 'Delivered' }),
		third = edits.edit(order.id, { status: 'Shipped' })
	shown.length = 0
	await answers()
	await Promise.all([first, second, third])
	expect(new Set(shown)).toEqual(new Set(['Shipped']))
	expect(state.sent).toEqual([{ status: 'Shipped' }]) // an edit given up before it left is not sent
	expect(orderStore.get(order.id)).toMatchObject({ overlay: null, changed: 0, row: { status: 'Shipped' } })
	stop()
})

test('A, B, A, one after another: nothing else shows, and none counts as a change by somebody else', async () => {
	const order = known(),
		{ state, answers } = aServer(order),
		shown: unknown[] = [],
		done: Promise<void>[] = []
	done.push(edits.edit(order.id, { status: 'Shipped' }))
	await answers()
	await done[0]
	const stop = orderStore.subscribe(order.id, () => shown.push(orderStore.get(order.id)!.shown.status))
	done.push(edits.edit(order.id, { status: 'Delivered' }))
	await vi.waitFor(() => expect(state.sent.length).toBe(2))
	done.push(edits.edit(order.id, { status: 'Shipped' }))
	shown.length = 0
	await answers(2)
	await Promise.all(done)
	expect(new Set(shown)).toEqual(new Set(['Shipped']))
	expect(state.now.status).toBe('Shipped')
	orderStore.put([state.now], state.now.version)
	expect(orderStore.get(order.id)?.changed).toBe(0)
	expect(conflicts.get()).toEqual([])
	stop()
})

test('a conflict in one field leaves an edit of another field alone, during and after it', async () => {
	const order = known(),
		{ state, answers, others } = aServer(order)
	others({ status: 'Cancelled' })
	const status = edits.edit(order.id, { status: 'Shipped' }),
		priority = edits.edit(order.id, { priority: 'Low' })
	await answers() // 412
	await status
	expect(conflicts.get()).toMatchObject([
		{ mine: { status: 'Shipped' }, base: { status: 'Pending' }, theirs: { status: 'Cancelled' } },
	])
	expect(orderStore.get(order.id)).toMatchObject({
		shown: { status: 'Shipped', priority: 'Low' },
		overlay: { status: { state: 'conflict' }, priority: { state: 'saving' } },
	})
	edits.settle(conflicts.get()[0]!, 'theirs')
	expect(orderStore.get(order.id)).toMatchObject({
		shown: { status: 'Cancelled', priority: 'Low' },
		overlay: { priority: { state: 'saving' } },
	})
	await answers()
	await priority
	expect(state.now).toMatchObject({ status: 'Cancelled', priority: 'Low' })
	expect(orderStore.get(order.id)).toMatchObject({ overlay: null, shown: { status: 'Cancelled', priority: 'Low' } })
})

test('a conflict in each field is asked about, one after the other', async () => {
	const order = known(),
		{ state, answers, others } = aServer(order)
	const asked = [edits.edit(order.id, { status: 'Shipped' })]
	others({ status: 'Cancelled', priority: 'Medium' })
	asked.push(edits.edit(order.id, { priority: 'Low' }))
	await answers()
	await Promise.all(asked)
	expect(conflicts.get().map(({ mine, theirs }) => [mine, theirs.status, theirs.priority])).toEqual([
		[{ status: 'Shipped' }, 'Cancelled', 'Medium'],
		[{ priority: 'Low' }, 'Cancelled', 'Medium'],
	])
	edits.settle(conflicts.get()[0]!, 'theirs')
	edits.settle(conflicts.get()[0]!, 'mine')
	await answers()
	await vi.waitFor(() => expect(state.now).toMatchObject({ status: 'Cancelled', priority: 'Low' }))
	await vi.waitFor(() => expect(orderStore.get(order.id)?.overlay).toBeNull())
})

test('a change by somebody else while an edit waited for the one before it is asked about, not overwritten', async () => {
	const order = known(),
		{ state, answers, others } = aServer(order)
	const first = edits.edit(order.id, { status: 'Shipped' })
	await vi.waitFor(() => expect(state.sent.length).toBe(1))
	const second = edits.edit(order.id, { priority: 'Low' })
	others({ priority: 'Medium' })
	await answers(2) // 412, then on top of theirs, which the second edit was not based on
	await Promise.all([first, second])
	expect(conflicts.get()).toMatchObject([
		{ mine: { priority: 'Low' }, base: { priority: 'High' }, theirs: { priority: 'Medium' } },
	])
	expect(state.now).toMatchObject({ status: 'Shipped', priority: 'Medium' })
})

test('if two edits of a field both come too late, only the last is asked about', async () => {
	const order = known(),
		{ state, answers, others } = aServer(order)
	const first = edits.edit(order.id, { status: 'Shipped' })
	await vi.waitFor(() => expect(state.sent.length).toBe(1))
	others({ status: 'Cancelled' })
	const second = edits.edit(order.id, { status: 'Delivered' })
	await answers()
	await Promise.all([first, second])
	expect(conflicts.get()).toMatchObject([
		{ mine: { status: 'Delivered' }, base: { status: 'Pending' }, theirs: { status: 'Cancelled' } },
	])
	others({ status: 'Processing' }) // a third person, while the question is open
	edits.settle(conflicts.get()[0]!, 'mine')
	await answers()
	await vi.waitFor(() =>
		expect(conflicts.get()).toMatchObject([
			{ mine: { status: 'Delivered' }, base: { status: 'Cancelled' }, theirs: { status: 'Processing' } },
		]),
	)
})

test('if the first edit is refused, the second is made on the current value', async () => {
	const order = known()
	let n = 0
	server.use(
		http.patch(PATH, async ({ request }) =>
			++n === 1
				? problem(422, 'airtable_rejected')
				: answer({ ...order, ...((await request.json()) as object), version: 1001 }),
		),
	)
	await Promise.all([edits.edit(order.id, { status: 'Shipped' }), edits.edit(order.id, { status: 'Delivered' })])
	expect(orderStore.get(order.id)).toMatchObject({ overlay: null, shown: { status: 'Delivered' } })
	expect(conflicts.get()).toEqual([])
})

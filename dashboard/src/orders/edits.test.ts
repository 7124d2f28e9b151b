import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Order } from '@/api/client'
import { notify } from '@/ui/notify'
import { anOrder } from '../../tests/orders'
import { conflicts, editOrder, settleConflict } from './edits'
import { orderStore } from './store'

vi.mock('@/ui/notify', () => ({ notify: { success: vi.fn(), info: vi.fn(), error: vi.fn() } }))

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterAll(() => server.close())
afterEach(() => { server.resetHandlers(); conflicts.set([]) })
beforeEach(() => vi.clearAllMocks())

const problem = (status: number, code: string, detail = code) => HttpResponse.json({ type: 'about:blank', title: code, status, detail, code }, { status, headers: { 'Content-Type': 'application/problem+json' } })
const answer = (order: Order, status = 200) => HttpResponse.json(order, { status, headers: { 'X-Generation': String(order.version) } })
const PATH = '*/api/orders/:id'

function known(some: Partial<Order> = {}): Order {
	const order = anOrder(some)
	orderStore.put([order], order.version)
	return order
}

test('an edit shows before it is answered, names the version seen and a key of its own', async () => {
	const order = known(), seen: Headers[] = []
	server.use(http.patch(PATH, ({ request }) => {
		seen.push(request.headers)
		return answer({ ...order, status: 'Shipped', version: 1001 })
	}))
	const done = editOrder(order.id, { status: 'Shipped' })
	expect(orderStore.get(order.id)?.shown.status).toBe('Shipped')
	expect(orderStore.get(order.id)?.order.status).toBe('Pending')
	await done
	expect(orderStore.get(order.id)).toMatchObject({ overlay: null, order: { status: 'Shipped', version: 1001 } })
	expect(seen[0]!.get('If-Match')).toBe('"v1000"')
	expect(seen[0]!.get('Idempotency-Key')).toMatch(/^[0-9a-f]{32}$/)
	expect(notify.success).toHaveBeenCalledTimes(1)
})

test('refused, it is taken back and the reason told', async () => {
	const order = known()
	server.use(http.patch(PATH, () => problem(422, 'airtable_rejected', 'INVALID: no such option')))
	await editOrder(order.id, { status: 'Shipped' })
	expect(orderStore.get(order.id)?.shown.status).toBe('Pending')
	expect(notify.error).toHaveBeenCalledWith(expect.stringContaining('was not changed'), expect.objectContaining({ description: 'Airtable refuses it: No such option.' }))
})

test('two edits of one order go one after another, the second on the version of the first', async () => {
	const order = known(), seen: (string | null)[] = []
	let version = 1000
	server.use(http.patch(PATH, async ({ request }) => {
		seen.push(request.headers.get('If-Match'))
		version++
		return answer({ ...order, ...(await request.json() as object), status: 'Shipped', version })
	}))
	await Promise.all([editOrder(order.id, { status: 'Shipped' }), editOrder(order.id, { priority: 'Low' })])
	expect(seen).toEqual(['"v1000"', '"v1001"'])
	expect(orderStore.get(order.id)?.shown).toMatchObject({ status: 'Shipped', priority: 'Low' })
})

test('somebody changed another field: ours is made on top of it, and nobody is asked', async () => {
	const order = known(), theirs = { ...order, priority: 'Low', version: 1005 }
	server.use(
		http.patch(PATH, ({ request }) => (request.headers.get('If-Match') === '"v1005"' ? answer({ ...theirs, status: 'Shipped', version: 1006 }) : problem(412, 'precondition_failed'))),
		http.get(PATH, () => answer(theirs)),
	)
	await editOrder(order.id, { status: 'Shipped' })
	expect(conflicts.get()).toEqual([])
	expect(orderStore.get(order.id)?.shown).toMatchObject({ status: 'Shipped', priority: 'Low', version: 1006 })
})

test('somebody changed the same field: both values are shown, and ours is made only when chosen', async () => {
	const order = known(), theirs = { ...order, status: 'Cancelled', version: 1005 }
	server.use(
		http.patch(PATH, ({ request }) => (request.headers.get('If-Match') === '"v1005"' ? answer({ ...theirs, status: 'Shipped', version: 1006 }) : problem(412, 'precondition_failed'))),
		http.get(PATH, () => answer(theirs)),
	)
	await editOrder(order.id, { status: 'Shipped' })
	const [conflict] = conflicts.get()
	expect(conflict).toMatchObject({ mine: { status: 'Shipped' }, base: { status: 'Pending' }, theirs: { status: 'Cancelled' } })
	settleConflict(conflict!, 'theirs')
	expect(orderStore.get(order.id)?.shown.status).toBe('Cancelled')
	conflicts.set([conflict!])
	settleConflict(conflict!, 'mine')
	await vi.waitFor(() => expect(orderStore.get(order.id)?.order.status).toBe('Shipped'))
})

test('the value is there already: no conflict', async () => {
	const order = known()
	server.use(http.patch(PATH, () => problem(412, 'precondition_failed')), http.get(PATH, () => answer({ ...order, status: 'Shipped', version: 1002 })))
	await editOrder(order.id, { status: 'Shipped' })
	expect(conflicts.get()).toEqual([])
	expect(notify.error).not.toHaveBeenCalled()
})

test('a lost connection is tried again with the same key', async () => {
	const order = known(), keys: (string | null)[] = []
	server.use(http.patch(PATH, ({ request }) => {
		keys.push(request.headers.get('Idempotency-Key'))
		return keys.length === 1 ? HttpResponse.error() : answer({ ...order, status: 'Shipped', version: 1001 })
	}))
	await editOrder(order.id, { status: 'Shipped' })
	expect(keys.length).toBe(2)
	expect(keys[0]).toBe(keys[1])
	expect(orderStore.get(order.id)?.shown.status).toBe('Shipped')
})

test('queued while Airtable is away: told so, and pending until it is confirmed', async () => {
	const order = known()
	server.use(http.patch(PATH, () => answer({ ...order, status: 'Shipped', pending: true }, 202)))
	await editOrder(order.id, { status: 'Shipped' })
	expect(orderStore.get(order.id)).toMatchObject({ overlay: null, shown: { status: 'Shipped', pending: true } })
	expect(notify.info).toHaveBeenCalledWith(expect.stringContaining('queued'), expect.anything())
})

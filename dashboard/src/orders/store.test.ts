import { expect, test, vi } from 'vitest'
import { anOrder } from '../../tests/orders'
import { OrderStore } from './store'

test('an answer read earlier never replaces a later one, whichever arrives last', () => {
	const store = new OrderStore(), order = anOrder()
	store.put([{ ...order, status: 'Shipped', version: 12 }], 12)
	store.put([order], 11)
	expect(store.get(order.id)?.shown.status).toBe('Shipped')
})

test('what is laid over is shown, and taking it off is rolling back', () => {
	const store = new OrderStore(), order = anOrder({ priority: 'Low' })
	store.put([order], 1)
	store.lay(order.id, { change: { status: 'Cancelled' }, state: 'saving' })
	expect(store.get(order.id)?.shown).toMatchObject({ status: 'Cancelled', priority: 'Low' })
	store.put([{ ...order, priority: 'High', version: 1001 }], 2)
	expect(store.get(order.id)?.shown).toMatchObject({ status: 'Cancelled', priority: 'High' })
	store.lay(order.id, null)
	expect(store.get(order.id)?.shown).toMatchObject({ status: 'Pending', priority: 'High' })
})

test('only who looks at the order hears of it, and only of a difference', () => {
	const store = new OrderStore(), [one, two] = [anOrder(), anOrder()], heard = vi.fn()
	store.put([one, two], 1)
	const stop = store.subscribe(one.id, heard)
	store.put([one, { ...two, status: 'Shipped' }], 2)
	expect(heard).not.toHaveBeenCalled()
	store.put([{ ...one, pending: true, status: 'Shipped' }], 3)
	expect(heard).toHaveBeenCalledTimes(1)
	stop()
	store.put([one], 4)
	expect(heard).toHaveBeenCalledTimes(1)
})

test('it forgets orders that nobody looks at before it grows without end', () => {
	const store = new OrderStore(), kept = anOrder()
	store.put([kept], 1)
	store.subscribe(kept.id, () => {})
	const many = Array.from({ length: 5000 }, () => anOrder())
	store.put(many, 1)
	expect(store.get(kept.id)).toBeDefined()
	expect(many.filter(order => store.get(order.id)).length).toBeLessThanOrEqual(4000)
})

test('what was deleted says so, without what was laid over it, until it is there again', () => {
	const store = new OrderStore(), order = anOrder({ status: 'Pending' })
	store.put([order], 5)
	store.lay(order.id, { change: { status: 'Shipped' }, state: 'saving' })
	store.drop(order.id)
	expect(store.get(order.id)).toMatchObject({ gone: true, overlay: null, shown: { status: 'Pending' } })
	store.put([order], 6)
	expect(store.get(order.id)?.gone).toBe(false)
})

import { expect, test, vi } from 'vitest'
import type { Order } from '@/api/client'
import { anOrder, orders } from '../../tests/orders'
import { optionField, type OptionField, type Row } from './descriptor'
import { RowStore } from './store'

test('an answer of an older generation never replaces a newer one, whichever arrives last', () => {
	const store = new RowStore<Order>(orders.fields),
		order = anOrder()
	store.put([{ ...order, status: 'Shipped', version: 12 }], 12)
	store.put([order], 11)
	expect(store.get(order.id)?.shown.status).toBe('Shipped')
})

test('the overlay is shown, and taking it off rolls back', () => {
	const store = new RowStore<Order>(orders.fields),
		order = anOrder({ priority: 'Low' })
	store.put([order], 1)
	store.lay(order.id, { status: 'Cancelled' }, 1, 'saving')
	expect(store.get(order.id)?.shown).toMatchObject({ status: 'Cancelled', priority: 'Low' })
	store.put([{ ...order, priority: 'High', version: 1001 }], 2)
	expect(store.get(order.id)?.shown).toMatchObject({ status: 'Cancelled', priority: 'High' })
	store.lift(order.id, 1)
	expect(store.get(order.id)?.shown).toMatchObject({ status: 'Pending', priority: 'High' })
})

test('only components that show the order are notified, and only of a difference', () => {
	const store = new RowStore<Order>(orders.fields),
		[one, two] = [anOrder(), anOrder()],
		heard = vi.fn()
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

test('orders that are not shown are forgotten before the store grows without bound', () => {
	const store = new RowStore<Order>(orders.fields),
		kept = anOrder()
	store.put([kept], 1)
	store.subscribe(kept.id, () => {})
	const many = Array.from({ length: 5000 }, () => anOrder())
	store.put(many, 1)
	expect(store.get(kept.id)).toBeDefined()
	expect(many.filter(order => store.get(order.id)).length).toBeLessThanOrEqual(4000)
})

test('a deleted row says so, without its overlay, until it is there again', () => {
	const store = new RowStore<Order>(orders.fields),
		order = anOrder({ status: 'Pending' })
	store.put([order], 5)
	store.lay(order.id, { status: 'Shipped' }, 1, 'saving')
	store.drop(order.id)
	expect(store.get(order.id)).toMatchObject({ gone: true, overlay: null, shown: { status: 'Pending' } })
	store.put([order], 6)
	expect(store.get(order.id)?.gone).toBe(false)
})

test('an edit takes off only its own wishes, not later ones, whatever the values are', () => {
	const store = new RowStore<Order>(orders.fields),
		order = anOrder({ status: 'Pending', priority: 'High' })
	store.put([order], 1)
	store.lay(order.id, { status: 'Shipped' }, 1, 'saving')
	store.lay(order.id, { status: 'Delivered', priority: null }, 2, 'saving')
	store.lay(order.id, { status: 'Shipped' }, 3, 'saving')
	expect([store.wishes(order.id, 1), store.wishes(order.id, 2), store.wishes(order.id, 3)]).toEqual([
		[],
		['priority'],
		['status'],
	])
	store.lift(order.id, 1)
	expect(store.get(order.id)?.shown).toMatchObject({ status: 'Shipped', priority: null })
	store.lift(order.id, 3)
	expect(store.get(order.id)?.shown).toMatchObject({ status: 'Pending', priority: null })
	store.lift(order.id, 2)
	expect(store.get(order.id)).toMatchObject({ overlay: null, shown: { status: 'Pending', priority: 'High' } })
})

test('only changes by others are marked: our own are not, whichever answer brings them', () => {
	const store = new RowStore<Order>(orders.fields),
		order = anOrder({ status: 'Pending', priority: 'High' }),
		changed = () => store.get(order.id)?.changed
	store.put([order], 1)
	store.lay(order.id, { status: 'Shipped' }, 1, 'saving')
	store.put([{ ...order, status: 'Shipped', version: 2 }], 2) // the list, before the answer
	store.lift(order.id, 1)
	store.put([{ ...order, status: 'Pending', version: 3 }], 3, 'us')
	const told = store.expect([order.id])
	store.put([{ ...order, status: 'Cancelled', version: 4 }], 4)
	told()
	store.put([{ ...order, status: 'Cancelled', updatedAt: '2026-11-20T11:00:00.000Z', version: 5 }], 5) // nothing that is shown
	expect(changed()).toBe(0)
	store.lay(order.id, { status: 'Shipped' }, 2, 'saving')
	store.put([{ ...order, status: 'Cancelled', priority: 'Low', version: 6 }], 6) // another field, below an edit of ours
	expect(changed()).toBe(1)
	store.lift(order.id, 2)
	store.put([{ ...order, status: 'Delivered', priority: 'Low', version: 7 }], 7)
	expect(changed()).toBe(2)
})

test('it knows which orders we changed between two generations, later confirmations included', () => {
	const store = new RowStore<Order>(orders.fields),
		[one, two, three] = [anOrder(), anOrder(), anOrder()]
	store.put([one, two, three], 1)
	store.put([{ ...one, status: 'Shipped', version: 5 }], 5, 'us')
	store.put([{ ...two, status: 'Shipped', version: 6 }], 6)
	store.put([{ ...three, pending: true, version: 7 }], 7, 'us')
	expect([...store.changedByUs(1, 7)]).toEqual([one.id, three.id])
	expect([...store.changedByUs(5, 6)]).toEqual([])
	store.put([{ ...three, version: 9 }], 9)
	store.drop(two.id, 10)
	expect([...store.changedByUs(7, 10)]).toEqual([three.id, two.id])
})

test('a second change of a row that still waits for Airtable is noticed, although the version is the same', () => {
	const store = new RowStore<Order>(orders.fields),
		order = anOrder({ status: 'Pending', priority: 'High' }),
		heard = vi.fn()
	store.put([{ ...order, status: 'Shipped', pending: true }], 5)
	store.subscribe(order.id, heard)
	store.put([{ ...order, status: 'Shipped', priority: 'Low', pending: true }], 6)
	expect(store.get(order.id)?.shown).toMatchObject({ priority: 'Low', version: order.version })
	store.put([{ ...order, status: 'Shipped', priority: 'Low', pending: true }], 7)
	expect(heard).toHaveBeenCalledTimes(1)
	// Airtable refuses both: the order is as it was, at its version
	store.put([order], 8)
	expect(store.get(order.id)?.shown).toEqual(order)
	expect(heard).toHaveBeenCalledTimes(2)
})

test('each field counts as visible, except one that changes with every other', () => {
	const others: [Partial<Order>, number][] = [
		[{ orderId: 'ORD-9' }, 1],
		[{ customer: null }, 1],
		[{ status: null }, 1],
		[{ priority: null }, 1],
		[{ orderTotal: 1 }, 1],
		[{ createdAt: null }, 1],
		[{ updatedAt: null }, 0],
		[{ pending: true }, 0],
		[{ version: 2000 }, 0],
	]
	for (const [some, changed] of others) {
		const store = new RowStore<Order>(orders.fields),
			order = anOrder(),
			heard = vi.fn()
		store.put([order], 1)
		store.subscribe(order.id, heard)
		store.put([{ ...order, ...some }], 2)
		expect([some, store.get(order.id)?.changed, heard.mock.calls.length]).toEqual([some, changed, 1])
	}
})

test('a table with other fields is stored by its descriptor', () => {
	type Part = Row & { sku: string; shelf: string | null; counted: string }
	const shelf: OptionField = { ...optionField(orders.fields, 'status'), title: 'Shelf', own: ['A', 'B'] }
	const store = new RowStore<Part>({
		sku: { kind: 'key', title: 'SKU', width: null },
		shelf,
		counted: { kind: 'instant', title: 'Counted', width: null, follows: true },
	})
	const part: Part = { id: 'rec1', version: 1, sku: 'S-1', shelf: 'A', counted: '2026-11-20' }
	store.put([part], 1)
	store.lay('rec1', { shelf: 'B', sku: 'S-2' }, 1, 'saving')
	expect(store.get('rec1')?.shown).toEqual({ ...part, shelf: 'B' })
	expect(store.wishes('rec1', 1)).toEqual(['shelf'])
	store.put([{ ...part, version: 2, counted: '2026-11-21' }], 2)
	expect(store.get('rec1')?.changed).toBe(0)
	store.put([{ ...part, version: 3, sku: 'S-3' }], 3)
	expect(store.get('rec1')).toMatchObject({ changed: 1, shown: { sku: 'S-3', shelf: 'B' } })
})

import { expect, test, vi } from 'vitest'
import type { Order } from '@/api/client'
import { anOrder, orders } from '../../tests/orders'
import type { Page } from './descriptor'
import { byUsAlone, leftOf, merge, moved, withOurs } from './rows'

const one = vi.fn((): Promise<Order> => Promise.resolve(anOrder()))
const table = { ...orders, requests: { ...orders.requests, one } }

const page = (ids: string[], total = ids.length, generation = 2): Page<Order> => ({
	rows: ids.map(id => anOrder({ id })),
	total,
	generation,
})
const shown = (ids: string[]) => ({ key: 'k', total: ids.length, pages: new Map([[1, { ids, generation: 1 }]]) })
const us =
	(...ids: string[]) =>
	() =>
		new Set(ids)

test('orders that came, went or moved are counted', () => {
	expect(moved(['a', 'b', 'c'], ['a', 'b', 'c'])).toBe(0)
	expect(moved(['a', 'b', 'c'], ['b', 'a', 'c'])).toBe(2)
	expect(moved(['a', 'b', 'c'], ['n', 'a', 'b'])).toBe(1)
})

test('rows keep their places while they may not move, and held back changes are counted', () => {
	const { next, held } = merge(table, shown(['a', 'b']), 'k', new Map([[1, page(['n', 'a'], 3)]]), false)
	expect(next.pages.get(1)?.ids).toEqual(['a', 'b'])
	expect(next.total).toBe(2)
	expect(held).toBe(1)
})

test('rows change places when nothing can jump away', () => {
	const { next, held } = merge(table, shown(['a', 'b']), 'k', new Map([[1, page(['n', 'a'], 3)]]), true)
	expect(next.pages.get(1)?.ids).toEqual(['n', 'a'])
	expect(next.total).toBe(3)
	expect(held).toBe(0)
})

test('another filter starts from the beginning', () => {
	const { next } = merge(table, shown(['a', 'b']), 'other', new Map([[1, page(['z'])]]), false)
	expect(next).toEqual({ key: 'other', total: 1, pages: new Map([[1, { ids: ['z'], generation: 2 }]]) })
})

test('our own changes are never held back: rows go, come and move at once', () => {
	for (const after of [
		['a', 'c'],
		['a', 'c', 'b'],
		['b', 'a', 'c'],
	]) {
		const { next, held } = merge(table, shown(['a', 'b', 'c']), 'k', new Map([[1, page(after)]]), false, us('b'))
		expect([next.pages.get(1)?.ids, next.total, held]).toEqual([after, after.length, 0])
	}
	expect(merge(table, shown(['a', 'c']), 'k', new Map([[1, page(['a', 'n', 'c'])]]), false, us('n'))).toMatchObject({
		next: { total: 3 },
		held: 0,
	})
})

test('changes by others are still held back meanwhile', () => {
	const { next, held } = merge(
		table,
		shown(['a', 'b', 'c', 'd']),
		'k',
		new Map([[1, page(['n', 'a', 'd', 'c'], 4)]]),
		false,
		us('b'),
	)
	expect([next.pages.get(1)?.ids, next.total, held]).toEqual([['a', 'c', 'd', 'n'], 3, 3])
	expect(withOurs(['a', 'b', 'c'], ['x', 'c', 'b', 'a'], new Set(['b']), id => id === 'x')).toEqual(['a', 'c', 'b'])
})

test('our changes count by the generations at which the page was read', () => {
	const asked: number[][] = []
	const ours = (after: number, until: number) => {
		asked.push([after, until])
		return new Set(['b'])
	}
	const { next } = merge(table, shown(['a', 'b']), 'k', new Map([[1, page(['a'], 1, 7)]]), false, ours)
	merge(table, next, 'k', new Map([[1, page(['a'], 1, 9)]]), false, ours)
	expect(asked).toEqual([
		[1, 7],
		[7, 9],
	])
})

test('a page that shifts because of our changes before it is no news either', () => {
	expect(byUsAlone(['c', 'd', 'e'], ['d', 'e', 'f'], new Set(['a']))).toBe(true)
	expect(byUsAlone(['c', 'd', 'e'], ['n', 'c', 'd'], new Set(['a']))).toBe(true)
	expect(byUsAlone(['c', 'd', 'e'], ['e', 'f', 'g'], new Set(['a']))).toBe(false)
	expect(byUsAlone(['c', 'd', 'e'], ['d', 'c', 'e'], new Set(['a']))).toBe(false)
	expect(byUsAlone(['c', 'd', 'e'], [], new Set(['a']))).toBe(false)
})

test('rows on the screen that leave the list are reported, others are not', () => {
	const at = (pages: [number, string[]][], key = 'k') => ({
		key,
		total: 9,
		pages: new Map(pages.map(([n, ids]) => [n, { ids, generation: 1 }])),
	})
	expect(
		leftOf(
			at([
				[1, ['a', 'b']],
				[2, ['c', 'd']],
			]),
			at([[1, ['b', 'c']]]),
		),
	).toEqual(['a'])
	expect(leftOf(at([[1, ['a']]]), at([[1, ['b']]], 'other'))).toEqual([])
})

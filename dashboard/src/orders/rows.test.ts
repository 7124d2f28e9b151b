import { expect, test, vi } from 'vitest'
import type { OrderPage } from '@/api/client'
import { anOrder } from '../../tests/orders'
import { merge, moved } from './rows'

vi.mock('./api', () => ({ PAGE_SIZE: 100, fetchOrder: vi.fn(() => Promise.resolve()), pageQuery: vi.fn() }))

const page = (ids: string[], total = ids.length): OrderPage => ({ orders: ids.map(id => anOrder({ id })), page: 1, pageSize: 100, total, totalPages: 1, generation: 1, nextCursor: null })
const shown = (ids: string[]) => ({ key: 'k', total: ids.length, pages: new Map([[1, ids]]) })

test('orders that came, went or moved are counted', () => {
	expect(moved(['a', 'b', 'c'], ['a', 'b', 'c'])).toBe(0)
	expect(moved(['a', 'b', 'c'], ['b', 'a', 'c'])).toBe(2)
	expect(moved(['a', 'b', 'c'], ['n', 'a', 'b'])).toBe(1)
})

test('rows keep their places while they may not move, and what waits is told', () => {
	const { next, held } = merge(shown(['a', 'b']), 'k', new Map([[1, page(['n', 'a'], 3)]]), false)
	expect(next.pages.get(1)).toEqual(['a', 'b'])
	expect(next.total).toBe(2)
	expect(held).toBe(1)
})

test('they change places when nothing can jump away', () => {
	const { next, held } = merge(shown(['a', 'b']), 'k', new Map([[1, page(['n', 'a'], 3)]]), true)
	expect(next.pages.get(1)).toEqual(['n', 'a'])
	expect(next.total).toBe(3)
	expect(held).toBe(0)
})

test('another filter begins anew', () => {
	const { next } = merge(shown(['a', 'b']), 'other', new Map([[1, page(['z'])]]), false)
	expect(next).toEqual({ key: 'other', total: 1, pages: new Map([[1, ['z']]]) })
})

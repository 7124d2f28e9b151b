import { beforeEach, expect, test, vi } from 'vitest'
import { asCurrency, moneyOf } from './money'

beforeEach(() => localStorage.clear())

test('amounts are exact', () => {
	const { exact } = moneyOf({ symbol: null, precision: 2 })
	expect(exact(1234.5)).toBe('1,234.50')
	expect(exact(0.1234)).toBe('0.1234')
})

test('amounts have the symbol and the decimals of the base', () => {
	const dollars = moneyOf({ symbol: '$', precision: 2 })
	expect([
		dollars.exact(1234.5),
		dollars.exact(-0.125),
		dollars.whole(1234.5),
		dollars.compact(9876.5),
		dollars.compact(1_234_567),
	]).toEqual(['$1,234.50', '-$0.125', '$1,235', '$9,877', '$1.2M'])
	const yen = moneyOf({ symbol: '¥', precision: 0 })
	expect([yen.exact(-1234), yen.exact(1234), yen.exact(1234.5)]).toEqual(['-¥1,234', '¥1,234', '¥1,234.5'])
	const dinar = moneyOf({ symbol: 'KD', precision: 3 })
	expect([dinar.exact(1.5), dinar.exact(1.2345), dinar.compact(12_000)]).toEqual([
		'KD\u00a01.500',
		'KD\u00a01.2345',
		'KD\u00a012K',
	])
	expect(moneyOf({ symbol: '<b>$&', precision: 4 }).exact(2)).toBe('<b>$&2.0000')
	expect(moneyOf({ symbol: null, precision: 3 }).compact(12_000)).toBe('12K')
})

test('a remembered value counts only if it is a valid currency', () => {
	expect(asCurrency({ symbol: '€', precision: 0 })).toEqual({ symbol: '€', precision: 0 })
	expect(asCurrency({ symbol: null, precision: 4 })).toEqual({ symbol: null, precision: 4 })
	for (const other of [
		undefined,
		null,
		7,
		'x',
		{},
		{ symbol: '€' },
		{ symbol: 7, precision: 2 },
		{ symbol: '', precision: 2 },
		{ symbol: '€', precision: 2.5 },
		{ symbol: '€', precision: -1 },
		{ symbol: '€', precision: 101 },
	])
		expect(asCurrency(other)).toEqual({ symbol: null, precision: 2 })
})

test('the next visit starts with the last known currency', async () => {
	const { noteCurrency } = await import('./money')
	noteCurrency({ symbol: '€', precision: 0 })
	expect(JSON.parse(localStorage.getItem('orderdeck.currency')!)).toEqual({ symbol: '€', precision: 0 })
	vi.resetModules()
	const { renderHook } = await import('@testing-library/react')
	const later = await import('./money')
	const { result } = renderHook(() => later.useMoney())
	expect(result.current.exact(5)).toBe('€5')
})

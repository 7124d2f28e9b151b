import { expect, test } from 'vitest'
import { formatAgo, formatDuration, formatMoney, formatMoneyExact } from './format'

test('money is short in a table and exact on request', () => {
	expect(formatMoney(1234.5)).toBe('1,234.50')
	expect(formatMoneyExact(0.1234)).toBe('0.1234')
})

test('ages and spans are in words', () => {
	expect(formatAgo(1_000, 13_000)).toBe('12 seconds ago')
	expect(formatAgo(0, 3 * 3_600_000)).toBe('3 hours ago')
	expect(formatDuration(200)).toBe('3 min 20 s')
	expect(formatDuration(7500)).toBe('2 h 5 min')
})

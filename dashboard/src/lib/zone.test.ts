import { expect, test } from 'vitest'
import { addDays, dayFilter, today } from './zone'

test('a day is asked for by its date', () => {
	expect(dayFilter('2026-11-30')).toEqual({ createdFrom: '2026-11-30', createdTo: '2026-12-01' })
	expect(dayFilter('2024-02-28')).toEqual({ createdFrom: '2024-02-28', createdTo: '2024-02-29' })
})

test('days are counted over months and years', () => {
	expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
	expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
})

test('today is the date over there', () => {
	expect(today('Asia/Tokyo', Date.parse('2026-11-20T20:00:00Z'))).toBe('2026-11-21')
	expect(today('America/New_York', Date.parse('2026-11-20T02:00:00Z'))).toBe('2026-11-19')
})

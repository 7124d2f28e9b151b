import { expect, test } from 'vitest'
import { addDays, startOfDay, today } from './zone'

test('a day begins at midnight of its zone, also where the clocks change', () => {
	expect(startOfDay('2026-11-20', 'UTC')).toBe('2026-11-20T00:00:00.000Z')
	expect(startOfDay('2026-11-20', 'America/New_York')).toBe('2026-11-20T05:00:00.000Z')
	expect(startOfDay('2026-03-29', 'Europe/Berlin')).toBe('2026-03-28T23:00:00.000Z')
	expect(startOfDay('2026-03-30', 'Europe/Berlin')).toBe('2026-03-29T22:00:00.000Z')
})

test('days are counted over months and years', () => {
	expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
	expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
})

test('today is the date over there', () => {
	expect(today('Asia/Tokyo', Date.parse('2026-11-20T20:00:00Z'))).toBe('2026-11-21')
	expect(today('America/New_York', Date.parse('2026-11-20T02:00:00Z'))).toBe('2026-11-19')
})

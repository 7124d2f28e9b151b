import { expect, test } from 'vitest'
import { formatAgo, formatDuration, formatInstant, formatInstantExact } from './format'

test('ages and durations are in words', () => {
	expect(formatAgo(1_000, 13_000)).toBe('12 seconds ago')
	expect(formatAgo(0, 3 * 3_600_000)).toBe('3 hours ago')
	expect(formatDuration(200)).toBe('3 min 20 s')
	expect(formatDuration(7500)).toBe('2 h 5 min')
})

test('a date without a time is that day wherever the user is', () => {
	const before = process.env.TZ
	for (const zone of ['America/New_York', 'Pacific/Kiritimati', 'UTC']) {
		process.env.TZ = zone
		const now = new Date('2026-11-30T12:00:00Z')
		expect(formatInstant('2026-11-28', now)).toBe(formatInstant('2026-11-28', new Date('2026-11-28T12:00:00Z')))
		expect(formatInstant('2026-11-28', now)).toMatch(/^(28 Nov|Nov 28)$/)
		expect(formatInstant('2024-02-29', now)).toMatch(/29.*2024/)
		expect(formatInstant('2026-01-01', now)).toMatch(/^(1 Jan|Jan 1)$/)
		expect(formatInstantExact('2026-11-28')).toMatch(/Saturday.*28.*2026\n2026-11-28$/)
	}
	process.env.TZ = before
})

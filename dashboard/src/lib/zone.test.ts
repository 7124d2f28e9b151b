import { expect, test } from 'vitest'
import { addDays, dayFilter, dayOf, isDay, startOfDay, today } from './zone'

const ZONES = [
	'UTC',
	'Europe/Berlin',
	'America/New_York',
	'Asia/Kolkata',
	'Pacific/Kiritimati',
	'Pacific/Pago_Pago',
	'Australia/Lord_Howe',
	'Asia/Kathmandu',
	'America/St_Johns',
]

test('a day begins at midnight of its zone, also where the clocks change', () => {
	expect(startOfDay('2026-11-20', 'UTC')).toBe('2026-11-20T00:00:00.000Z')
	expect(startOfDay('2026-11-20', 'America/New_York')).toBe('2026-11-20T05:00:00.000Z')
	expect(startOfDay('2026-03-29', 'Europe/Berlin')).toBe('2026-03-28T23:00:00.000Z')
	expect(startOfDay('2026-03-30', 'Europe/Berlin')).toBe('2026-03-29T22:00:00.000Z')
	expect(startOfDay('2026-10-25', 'Europe/Berlin')).toBe('2026-10-24T22:00:00.000Z')
	expect(startOfDay('2026-10-26', 'Europe/Berlin')).toBe('2026-10-25T23:00:00.000Z')
	expect(startOfDay('2026-11-20', 'Asia/Kathmandu')).toBe('2026-11-19T18:15:00.000Z')
	expect(startOfDay('2026-10-04', 'Australia/Lord_Howe')).toBe('2026-10-03T13:30:00.000Z')
})

test('a midnight that is skipped, shown twice, or belongs to a day that never was', () => {
	expect(startOfDay('2018-11-04', 'America/Sao_Paulo')).toBe('2018-11-04T03:00:00.000Z') // 00:00 became 01:00
	expect(startOfDay('2018-02-18', 'America/Sao_Paulo')).toBe('2018-02-18T03:00:00.000Z') // 00:00 became 23:00 of the day before
	expect(startOfDay('2023-11-05', 'America/Havana')).toBe('2023-11-05T04:00:00.000Z') // 00:00 twice
	expect(startOfDay('2023-04-28', 'Africa/Cairo')).toBe('2023-04-27T22:00:00.000Z')
	expect(startOfDay('2011-12-30', 'Pacific/Apia')).toBe('2011-12-30T10:00:00.000Z') // there was no such day: the next
	expect(startOfDay('2011-12-31', 'Pacific/Apia')).toBe('2011-12-30T10:00:00.000Z')
})

test('every year has days, also those below 100 that occur while a year is typed', () => {
	for (const timeZone of ZONES) {
		for (const date of [
			'0001-01-01',
			'0002-11-20',
			'0020-02-29',
			'0026-12-31',
			'0099-12-31',
			'0100-01-01',
			'0202-11-20',
			'1883-11-18',
			'1902-11-20',
			'1969-12-31',
			'2024-02-29',
			'2026-06-30',
			'9998-12-31',
		]) {
			const start = startOfDay(date, timeZone)
			expect([timeZone, date, dayOf(start, timeZone)]).toEqual([timeZone, date, date])
			expect(dayOf(Date.parse(start) - 1000, timeZone)).toBe(date === '0001-01-01' ? null : addDays(date, -1))
		}
	}
})

test('a text that is not a day of the calendar is recognized', () => {
	for (const date of ['2026-11-20', '2024-02-29', '0002-01-31', '9998-12-31'])
		expect([date, isDay(date)]).toEqual([date, true])
	for (const date of [
		'',
		'2026',
		'2026-11',
		'2026-11-',
		'2026-2-3',
		'2026-02-29',
		'2026-02-31',
		'2026-13-01',
		'2026-00-10',
		'2026-11-00',
		'0000-01-01',
		'9999-01-01',
		'12026-01-01',
		'2026-11-20T00:00:00Z',
	])
		expect([date, isDay(date)]).toEqual([date, false])
	expect(dayOf('2026-11-20T99:99:00Z', 'UTC')).toBeNull()
	expect(dayOf('tomorrow', 'UTC')).toBeNull()
})

test('a day is requested by its date', () => {
	expect(dayFilter('2026-11-30')).toEqual({ createdFrom: '2026-11-30', createdTo: '2026-12-01' })
	expect(dayFilter('2024-02-28')).toEqual({ createdFrom: '2024-02-28', createdTo: '2024-02-29' })
})

test('days are counted over months, years and the ends of the calendar', () => {
	expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
	expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
	expect(addDays('0099-12-31', 1)).toBe('0100-01-01')
	expect(addDays('9998-12-31', 1)).toBe('9998-12-31')
	expect(addDays('0001-01-01', -1)).toBe('0001-01-01')
})

test('today is the date in the zone', () => {
	expect(today('Asia/Tokyo', Date.parse('2026-11-20T20:00:00Z'))).toBe('2026-11-21')
	expect(today('America/New_York', Date.parse('2026-11-20T02:00:00Z'))).toBe('2026-11-19')
})

import { expect, test } from 'vitest'
import type { Wellbeing } from '@/api/health'
import { aHealth, aSync } from '../../tests/orders'
import { condition } from './condition'

const health = (some: Partial<Wellbeing> = {}): Wellbeing => ({ ...(aHealth() as Wellbeing), readAt: 5000, ...some })
const kind = (facts: Partial<Parameters<typeof condition>[0]>) =>
	condition({ reach: 'ok', health: health(), sync: aSync(), ...facts }).kind

test('if all is well, or a sync is running, nothing is announced', () => {
	expect(condition({ reach: 'ok', health: health(), sync: aSync() })).toMatchObject({ kind: 'ok', title: null })
	expect(kind({ sync: aSync({ state: 'running' }) })).toBe('syncing')
})

test('each problem has a name, the worst one first', () => {
	expect(kind({ reach: 'offline', health: health({ syncd: { up: false, version: null, startedAt: null } }) })).toBe(
		'offline',
	)
	expect(kind({ reach: 'away' })).toBe('away')
	expect(kind({ health: undefined })).toBe('starting')
	expect(kind({ health: health({ store: { up: false } }) })).toBe('store')
	expect(kind({ health: health({ syncedAt: null }) })).toBe('first-sync')
	expect(kind({ health: health({ syncedAt: null }), sync: aSync({ state: 'failed' }) })).toBe('first-failed')
	expect(kind({ health: health({ syncd: { up: false, version: null, startedAt: null } }) })).toBe('syncd')
	expect(kind({ health: health({ airtable: { circuit: 'open' } }) })).toBe('airtable')
	expect(kind({ health: health({ airtable: { circuit: 'halfOpen' } }) })).toBe('trying')
	expect(kind({ health: health({ airtable: { rateLimit: { quotaUsedUp: true } } }) })).toBe('quota')
	expect(kind({ sync: aSync({ state: 'failed' }) })).toBe('failed')
})

test('an alarm is announced with its cause, even if no sync failed', () => {
	const since = '2026-11-20T10:00:00.000Z'
	const alarm = (code: NonNullable<Wellbeing['alarm']>['code'], sync = aSync()) =>
		condition({
			reach: 'ok',
			sync,
			health: health({ alarm: { code, title: 'As told', detail: `about ${code}`, since } }),
		})
	for (const [code, short] of [
		['airtable_field_lost', 'Field lost'],
		['airtable_field_missing', 'Field missing'],
		['airtable_shrunk', 'Orders missing'],
		['airtable_unauthorized', 'Token refused'],
		['airtable_forbidden', 'No access'],
		['airtable_not_found', 'Table not found'],
	] as const) {
		expect(alarm(code)).toMatchObject({ kind: 'alarm', tone: 'warn', short, detail: `about ${code}` })
		expect(alarm(code).title).not.toBe('As told')
		expect(alarm(code, aSync({ state: 'running' })).kind).toBe('alarm')
		// a failed last sync is announced as that, unless a field is lost
		expect(alarm(code, aSync({ state: 'failed' })).kind).toBe(code === 'airtable_field_lost' ? 'alarm' : 'failed')
	}
	expect(alarm('airtable_of_tomorrow' as 'airtable_shrunk')).toMatchObject({ kind: 'alarm', title: 'As told' })
})

test('a rate limit says until when', () => {
	expect(
		condition({ reach: 'ok', health: health({ airtable: { rateLimit: { lockedForMs: 30_000 } } }), sync: aSync() }),
	).toMatchObject({ kind: 'limited', until: 35_000 })
})

test('too many requests from here say until when, whatever else is wrong', () => {
	expect(
		condition({
			reach: 'ok',
			refusedUntil: 9000,
			health: health({ airtable: { circuit: 'open' } }),
			sync: aSync(),
		}),
	).toMatchObject({ kind: 'slowed', until: 9000 })
	expect(kind({ reach: 'offline', refusedUntil: 9000 })).toBe('offline')
	expect(kind({ refusedUntil: null })).toBe('ok')
})

test('old data is never called up to date', () => {
	expect(condition({ reach: 'ok', behind: 'As of 4 minutes ago', health: health(), sync: aSync() })).toMatchObject({
		kind: 'ok',
		short: 'As of 4 minutes ago',
		title: null,
	})
	expect(condition({ reach: 'ok', behind: null, health: health(), sync: aSync() }).short).toBe('Up to date')
	expect(
		condition({ reach: 'ok', behind: 'As of 4 minutes ago', health: health(), sync: aSync({ state: 'running' }) })
			.short,
	).toBe('Syncing')
})

/*
 * The state of the whole system in words: only the most important thing.  Pure, so that
 * tests need not bring each state about.
 */
import type { SyncProgress } from '@/api/client'
import type { Wellbeing } from '@/api/health'
import type { Reach } from '@/api/reach'

export type Kind =
	| 'offline'
	| 'away'
	| 'store'
	| 'first-sync'
	| 'first-failed'
	| 'syncd'
	| 'quota'
	| 'limited'
	| 'slowed'
	| 'airtable'
	| 'trying'
	| 'no-creating'
	| 'alarm'
	| 'failed'
	| 'syncing'
	| 'ok'
	| 'starting'
export type Condition = {
	kind: Kind
	tone: 'good' | 'warn' | 'bad' | 'off'
	/** For the header: two or three words. */
	short: string
	/** For the banner; null: there is nothing to say. */
	title: string | null
	detail?: string
	/** When it is expected to pass, for a countdown. */
	until?: number
}

/** behind: the age of the data in words, if it is more than a moment. */
type Facts = {
	reach: Reach
	refusedUntil?: number | null
	behind?: string | null
	health: Wellbeing | undefined
	sync: SyncProgress | undefined
}

const GOES_ON = 'Orders can still be read from the local copy.'

export function condition(facts: Facts): Condition {
	return unreachable(facts) ?? slowed(facts) ?? withoutCopy(facts) ?? withoutAirtable(facts) ?? everyday(facts)
}

function unreachable({ reach, health }: Facts): Condition | null {
	if (reach === 'offline')
		return {
			kind: 'offline',
			tone: 'bad',
			short: 'Offline',
			title: 'No connection to Orderdeck',
			detail: 'The data on this page may be out of date. It updates as soon as the connection is back.',
		}
	if (reach === 'away')
		return {
			kind: 'away',
			tone: 'bad',
			short: 'Not answering',
			title: 'Orderdeck does not answer',
			detail: 'It may be restarting. The data on this page may be out of date; the page keeps trying.',
		}
	if (!health) return { kind: 'starting', tone: 'off', short: 'Connecting', title: null }
	if (!health.store.up)
		return {
			kind: 'store',
			tone: 'bad',
			short: 'Store unavailable',
			title: 'The local copy can’t be read',
			detail: 'Orders can’t be shown or changed until the store is back. Nothing is lost: Airtable has every order.',
		}
	return null
}

function slowed({ refusedUntil }: Facts): Condition | null {
	if (refusedUntil == null) return null
	return {
		kind: 'slowed',
		tone: 'warn',
		short: 'Slowed down',
		title: 'Too many requests from this address',
		detail: 'Requests resume in',
		until: refusedUntil,
	}
}

function withoutCopy({ health, sync }: Facts): Condition | null {
	if (!health || health.syncedAt !== null) return null
	if (sync?.state === 'failed')
		return {
			kind: 'first-failed',
			tone: 'bad',
			short: 'First sync failed',
			title: 'The first sync failed',
			detail: sync.error?.detail ?? 'Orderdeck keeps trying.',
		}
	return {
		kind: 'first-sync',
		tone: 'warn',
		short: 'First sync',
		title: 'Copying the orders from Airtable for the first time',
		detail: 'Figures and lists are incomplete until it finishes.',
	}
}

function withoutAirtable({ health }: Facts): Condition | null {
	if (!health) return null
	if (!health.syncd.up)
		return {
			kind: 'syncd',
			tone: 'warn',
			short: 'Sync paused',
			title: 'The sync service is unavailable',
			detail: `${GOES_ON} Changes and syncs wait until it is back.`,
		}
	const airtable = health.airtable
	const locked = airtable?.rateLimit?.lockedForMs ?? 0
	if (airtable?.rateLimit?.quotaUsedUp)
		return {
			kind: 'quota',
			tone: 'bad',
			short: 'Calls used up',
			title: 'This month’s calls to Airtable are used up',
			detail: `${GOES_ON} Changes are queued. Orderdeck tries again in`,
			until: health.readAt + locked,
		}
	if (locked > 1500)
		return {
			kind: 'limited',
			tone: 'warn',
			short: 'Rate limited',
			title: 'Airtable is limiting requests',
			detail: `${GOES_ON} Changes resume in`,
			until: health.readAt + locked,
		}
	if (airtable?.circuit === 'open')
		return {
			kind: 'airtable',
			tone: 'warn',
			short: 'Airtable away',
			title: 'Airtable can’t be reached',
			detail: `${GOES_ON} Changes are queued and delivered as soon as it is back.`,
		}
	if (airtable?.circuit === 'halfOpen')
		return {
			kind: 'trying',
			tone: 'warn',
			short: 'Reconnecting',
			title: 'Reconnecting to Airtable',
			detail: GOES_ON,
		}
	return null
}

/** By the alarm's code; for other codes the API's own title is good enough. */
const ALARMS: Record<string, { short: string; title: string }> = {
	airtable_field_lost: { short: 'Field lost', title: 'Airtable no longer gives the values of a field' },
	airtable_field_missing: { short: 'Field missing', title: 'The Airtable table lacks a field' },
	airtable_shrunk: { short: 'Orders missing', title: 'Airtable lists far fewer orders than there are here' },
	airtable_unauthorized: { short: 'Token refused', title: 'Airtable no longer accepts the access token' },
	airtable_forbidden: { short: 'No access', title: 'The access token may not read the Airtable table' },
	airtable_not_found: { short: 'Table not found', title: 'Airtable does not find the base or the table' },
}

function everyday({ sync, health, behind }: Facts): Condition {
	// a lost field comes first: a sync that failed because of it says less
	const alarm = health?.alarm
	if (alarm && (alarm.code === 'airtable_field_lost' || sync?.state !== 'failed'))
		return {
			kind: 'alarm',
			tone: 'warn',
			detail: alarm.detail,
			...(ALARMS[alarm.code] ?? { short: 'Alarm', title: alarm.title }),
		}
	if (sync?.state === 'running') return { kind: 'syncing', tone: 'good', short: 'Syncing', title: null }
	if (sync?.state === 'failed')
		return {
			kind: 'failed',
			tone: 'warn',
			short: 'Last sync failed',
			title: 'The last sync failed',
			detail: `${sync.error?.detail ?? 'The cause is not known'}. The data shown may be out of date; Orderdeck keeps trying.`,
		}
	// reading and changing still work: whatever stops those is reported first
	const noCreating = health?.airtable?.createKeyProblem
	if (noCreating != null)
		return {
			kind: 'no-creating',
			tone: 'warn',
			short: 'No new orders',
			title: 'Orders can’t be created',
			detail: `${noCreating}. Everything else works.`,
		}
	return { kind: 'ok', tone: 'good', short: behind ?? 'Up to date', title: null }
}

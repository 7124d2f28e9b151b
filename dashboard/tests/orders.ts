export { optionsIn } from '@/orders/options'
export { orders } from '@/orders/table'
import type { Health, Order, Summary, SyncProgress } from '@/api/client'

let made = 0

/** Orders and answers for tests; only what matters is given. */
export function anOrder(some: Partial<Order> = {}): Order {
	made++
	return {
		id: `rec${String(made).padStart(14, '0')}`,
		orderId: `ORD-${String(made).padStart(6, '0')}`,
		customer: 'Acme, Inc.',
		status: 'Pending',
		priority: 'High',
		orderTotal: 123.45,
		createdAt: '2026-11-20T10:00:00.000Z',
		updatedAt: '2026-11-20T10:05:00.000Z',
		version: 1000,
		...some,
	}
}

export const aSync = (some: Partial<SyncProgress> = {}): SyncProgress => ({
	state: 'idle',
	mode: 'full',
	startedAt: null,
	finishedAt: null,
	pages: null,
	records: null,
	expectedRecords: null,
	changed: null,
	created: null,
	deleted: null,
	warnings: null,
	drift: null,
	error: null,
	alarm: null,
	next: null,
	feed: null,
	syncd: 'up',
	...some,
})

export const aHealth = (some: Partial<Health> = {}): Health => ({
	status: 'ok',
	generation: 1,
	syncedAt: '2026-11-20T10:00:00.000Z',
	stalenessSeconds: 1,
	store: { up: true },
	syncd: { up: true, version: '0', startedAt: null },
	airtable: { circuit: 'closed' },
	outbox: { pending: 0 },
	feed: null,
	alarm: null,
	notUnderstood: [],
	writes: { create: false, delete: false },
	...some,
})

export function aSummary(some: Partial<Summary> = {}): Summary {
	const daily = Array.from({ length: 30 }, (_, i) => ({
		date: new Date(Date.UTC(2026, 9, 23 + i)).toISOString().slice(0, 10),
		count: i,
		orderTotal: i * 10,
		revenue: { count: i, orderTotal: i * 9 },
	}))
	return {
		generation: 1,
		syncedAt: '2026-11-20T10:00:00.000Z',
		timeZone: 'UTC',
		currency: { symbol: '$', precision: 2 },
		total: { count: 435, orderTotal: 4350 },
		revenue: { count: 400, orderTotal: 4000, excludes: ['Cancelled'] },
		pending: 0,
		daily,
		byStatus: [
			{ status: 'Pending', count: 3, orderTotal: 30 },
			{ status: 'Processing', count: 4, orderTotal: 40.5 },
			{ status: 'Shipped', count: 428, orderTotal: 4279.5 },
		],
		byPriority: [{ priority: 'Low', count: 435, orderTotal: 4350 }],
		...some,
	}
}

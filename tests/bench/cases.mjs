// The requests that are measured, and what each answer is compared with.
import fs from 'node:fs'
import { request } from '../system/lib/stack.mjs'

const gzip = { 'Accept-Encoding': 'gzip' }
const SORTS = ['orderId', 'customer', 'status', 'priority', 'orderTotal', 'createdAt', 'updatedAt'].flatMap(s => [s, `-${s}`])
const STATUSES = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled']
const PRIORITIES = ['Low', 'Medium', 'High']
const MUCH = ['an', 'er', 'ar', 'el', 'mo', 'ne', 'ri', 'ta', 'ha', 'ov']
const MANY = 2000	// paths in a file

/** The same pseudo-random numbers every time (mulberry32). */
function random(seed) {
	return below => {
		seed = (seed + 0x6d2b79f5) | 0
		let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
		return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * below)
	}
}

/** Page numbers for the picture: 1, 10, 100 ... and the last. */
export function pageNumbers(orders) {
	const last = Math.ceil(orders / 50), numbers = []
	for (let n = 1; n < last; n *= 10) numbers.push(n)
	return [...numbers, last]
}

/**
 * The rows of the table: {id, label, path | paths, headers, same, wide}.
 * same: which kept answer it is compared with; wide: also with 256 connections.
 */
export function cases(orders, some) {
	const last = Math.ceil(orders / 50)
	const next = random(orders)
	const many = make => Array.from({ length: MANY }, make)
	const pages = many(() => `/api/orders?page=${1 + next(last)}`)
	const around = first => Array.from({ length: 200 }, (_, i) => `/api/orders?page=${Math.min(last, first + i)}`)
	/*
	 * Workers keep finished pages that are asked for again.  To see what a
	 * list costs when it is not kept, more different ones are asked for in
	 * turn than are kept.
	 */
	const everySort = queries => queries.flatMap(q => SORTS.flatMap(s => [1, 2, 3].map(p => `/api/orders?${q}&sort=${s}&page=${p}`)))
	const filters = everySort(STATUSES.flatMap(s => PRIORITIES.map(p => `status=${s}&priority=${p}`)))
	return [
		{ id: 'summary', label: 'summary', path: '/api/orders/summary', same: 'summary', wide: true },
		{ id: 'summary-304', label: 'summary, not modified', path: '/api/orders/summary', same: 'notmodified', condition: true },
		{ id: 'summary-gzip', label: 'summary, gzip', path: '/api/orders/summary', headers: gzip, same: 'summary_gzip' },
		{ id: 'page-1', label: 'page 1', path: '/api/orders', same: 'page', wide: true },
		{ id: 'page-last', label: `page ${last}, the last`, path: `/api/orders?page=${last}`, same: 'page', wide: true },
		{ id: 'page-first-200', label: 'the first 200 pages', paths: around(1), same: 'page', wide: true },
		{ id: 'page-last-200', label: 'the last 200 pages', paths: around(Math.max(1, last - 199)), same: 'page', wide: true },
		{ id: 'page-random', label: 'random pages', paths: pages, same: 'page', wide: true },
		{ id: 'page-scattered', label: 'random pages by customer', paths: pages.map(p => `${p}&sort=customer`), same: 'page' },
		{ id: 'sorts', label: 'page 1 in each of 14 sorts', paths: SORTS.map(s => `/api/orders?sort=${s}`), same: 'page' },
		{ id: 'page-304', label: 'page 1, not modified', path: '/api/orders', same: 'notmodified', condition: true },
		{ id: 'page-1-gzip', label: 'page 1, gzip', path: '/api/orders', headers: gzip, same: 'page_gzip' },
		{ id: 'page-random-gzip', label: 'random pages, gzip', paths: pages, headers: gzip, same: 'page_gzip' },
		{ id: 'order', label: 'one order by id', paths: some.map(o => `/api/orders/${o.id}`), same: 'order' },
		{ id: 'filters', label: 'status and priority', paths: filters, scan: true },
		{ id: 'search-much', label: 'search, much found', paths: everySort(MUCH.map(t => `search=${t}`)), wide: true, scan: true },
		{ id: 'search-little', label: 'search, one found', paths: some.filter(o => o.orderId !== null).map(o => `/api/orders?search=${o.orderId.toLowerCase()}`), scan: true },
		{ id: 'search-none', label: 'search, nothing found', paths: many((_, i) => `/api/orders?search=zz${i}qx`), scan: true },
	]
}

/** A term that only one order has. */
const rare = some => some.find(o => o.orderId !== null).orderId.toLowerCase()

/** A mix as people ask: overviews, first pages, other pages, single orders, filters. */
export function mixture(orders, some) {
	const next = random(7), last = Math.ceil(orders / 50)
	return Array.from({ length: MANY }, () => {
		const what = next(100)
		if (what < 30) return '/api/orders/summary'
		if (what < 55) return '/api/orders'
		if (what < 80) return `/api/orders?page=${1 + next(last)}`
		if (what < 95) return `/api/orders/${some[next(some.length)].id}`
		return `/api/orders?status=${STATUSES[next(5)]}&priority=${PRIORITIES[next(3)]}`
	})
}

/** The list engine alone, in tests/bench/query.c's words. */
export function queries(orders, some) {
	const last = Math.ceil(orders / 50)
	return {
		exact: [...new Set(['-', ...pageNumbers(orders).map(n => `page=${n}`), 'page=random', ...SORTS.map(s => `sort=${s}`),
			`sort=customer&page=${last}`, 'sort=customer&page=random'])],
		scans: ['status=Pending&priority=High', 'status=Pending,Processing', 'customer=Ada Berg', 'minTotal=100&maxTotal=200',
			'createdFrom=2026-11-01&status=Shipped', 'status=Pending&page=20', 'status=Pending&sort=-orderTotal',
			'search=an', `search=${rare(some)}`, 'search=zzqx', 'bound-filter', 'bound-search'],
	}
}

/**
 * Ask for everything once before it is measured: it must be there, and a 304
 * must be one.  Files of paths are written to dir; the answers to compare
 * with are kept by the desk.
 */
export async function prepare(desk, list) {
	const kept = new Map()
	for (const c of list) {
		const target = c.path ?? c.paths[0]
		let answer = await request(desk.api + target, 'GET', { headers: c.headers })
		if (answer.status === 200 && c.condition) {
			c.headers = { ...c.headers, 'If-None-Match': answer.headers.etag }
			answer = await request(desk.api + target, 'GET', { headers: c.headers })
		}
		if (answer.status !== (c.condition ? 304 : 200)) throw new Error(`${target}: ${answer.status} ${answer.text.slice(0, 200)}`)
		if (c.headers?.['Accept-Encoding'] && answer.headers['content-encoding'] !== 'gzip') throw new Error(`${target}: not compressed`)
		c.bytes = answer.raw.length
		if (c.paths) {
			c.file = `${desk.dir}/${c.id}.paths`
			fs.writeFileSync(c.file, `${c.paths.join('\n')}\n`)
		}
		if (c.same && !kept.has(c.same)) {
			kept.set(c.same, answer)
			desk.keep(c.same, answer)
		}
	}
}

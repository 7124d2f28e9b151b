// Stories about following Airtable: what the store has to be, when it is, and
// how soon what others change is in it.
import { eq, sleep } from './harness.mjs'
import { order, fetchAll, withoutVersion, summary, summaryNumbers, day } from './orders.mjs'
import { until } from './stack.mjs'

export const feedOf = async stack => (await stack.json('/api/sync')).feed
export const webhooks = async stack => (await stack.sim('GET', '/_sim/webhooks')).webhooks

/** What the API has to show, worked out from the simulator's records. */
const expected = async stack => new Map((await stack.dump()).map(record => [record.id, order(record)]))

/** The list as a map, without versions. */
const shown = async stack => new Map((await fetchAll(stack)).map(o => [o.id, withoutVersion(o)]))

/** Until list and simulator are the same in every record; then the summary is, too. */
export async function agrees(stack, ms = 15_000) {
	let wanted, got
	try {
		await until('the store is as Airtable', ms, async () => {
			wanted = await expected(stack)
			got = await shown(stack)
			if (wanted.size !== got.size) throw new Error(`${got.size} orders, Airtable has ${wanted.size}`)
			for (const [id, o] of wanted) eq(got.get(id), o)
			return true
		}, 200)
	} catch (error) {
		error.message += `\nfeed: ${JSON.stringify(await feedOf(stack))}`
		throw error
	}
	const today = day(Date.now(), 'UTC')
	eq(summaryNumbers(await stack.json('/api/orders/summary')), summary([...wanted.values()], today))
}

/** Reading, with nothing left to be made up for. */
export const settled = (stack, ms = 20_000) => until('the feed is complete', ms, async () => {
	const feed = await feedOf(stack)
	return feed.complete && feed.state !== 'finding' && feed.waiting === 0 && feed
})

/** Full syncs until now. */
export const syncs = stack => stack.log().split('msg="sync: started"').length - 1

/** One in twenty calls goes wrong, each in its way. */
export async function faults(stack, calls) {
	const actions = [{ action: 'status', status: 503 }, { action: 'drop_before' }, { action: 'drop_after' }, { action: 'truncate' }, { action: 'garbage' }]
	for (let n = 10; n < calls; n += 20) await stack.fault({ match: { path: '/v0/', nth: n, times: 1 }, ...actions[(n / 20 | 0) % actions.length] })
}


/** At so many ms a list, sorted here, has so large a share. */
const at = (list, share) => list[Math.min(list.length - 1, Math.floor(list.length * share))] ?? null

/** p50, p95, p99 and the most of such delays. */
export function percentiles(delays) {
	const sorted = [...delays].sort((a, b) => a - b)
	return { count: sorted.length, p50: at(sorted, 0.5), p95: at(sorted, 0.95), p99: at(sorted, 0.99), max: at(sorted, 1) }
}

/**
 * Let the simulator's editor work, perSecond changes of all kinds, while
 * disturb() lasts, and see when each is in the API: {changes: [{at, kind, took}]
 * in ms, open: how many never came, lag: how late this process was itself}.
 */
export async function watchEdits(stack, perSecond, disturb, patienceMs = 60_000) {
	let since = (await stack.sim('GET', '/_sim/editor?max=1')).last
	const changes = [], open = new Map(), lags = []
	let end = Infinity, failure
	await stack.sim('POST', '/_sim/editor', { perSecond })
	const editing = (async () => {
		try {
			await disturb()
		} finally {
			await stack.sim('POST', '/_sim/editor', { perSecond: 0 })
			end = Date.now() + patienceMs
		}
	})().catch(error => { failure = error })
	for (let clear = 0; clear < 3 && (open.size === 0 || Date.now() < end);) {
		const { entries, last } = await stack.sim('GET', `/_sim/editor?since=${since}&max=5000`)
		since = last
		for (const entry of entries) {
			if (entry.ids.length === 0 || !['edit', 'create', 'delete', 'paste'].includes(entry.kind)) continue
			// the last record of a paste stands for all
			open.set(entry.ids.at(-1), { at: entry.atMs, kind: entry.kind })
		}
		clear = end !== Infinity && entries.length === 0 && open.size === 0 ? clear + 1 : 0
		await Promise.all([...open].map(async ([id, what]) => {
			const order = await stack.get(`/api/orders/${id}`)
			const answer = await stack.get(`/api/orders/${id}/history?limit=1`)
			const changed = answer.status === 200 ? Date.parse(answer.json().changes[0]?.at ?? 0) : 0
			// gone: by this change, or by one that came after it
			if (order.status !== 404 && (what.kind === 'delete' || changed < what.at)) return
			changes.push({ ...what, took: (order.status !== 404 && changed >= what.at ? changed : Date.now()) - what.at })
			if (open.get(id) === what) open.delete(id)
		}))
		const before = Date.now()
		await sleep(40)
		lags.push(Date.now() - before - 40)
	}
	await editing
	if (failure) throw failure
	return { changes, open: open.size, lag: percentiles(lags).p99 }
}

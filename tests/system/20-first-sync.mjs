// build: release
// From an empty store: every order and every number of the summary is what a
// separate, simple recomputation over the simulator's own dump says.
import { test, run, eq, ok } from './lib/harness.mjs'
import { withStack, fast } from './lib/stack.mjs'
import { order, summary, summaryNumbers, day, fetchAll, withoutVersion } from './lib/orders.mjs'

async function compare(stack) {
	const expected = new Map((await stack.dump()).map(record => [record.id, order(record)]))
	const got = await fetchAll(stack)
	eq(got.length, expected.size, 'orders in the list')
	eq(new Set(got.map(o => o.id)).size, expected.size, 'each of them once')
	for (const o of got) eq(withoutVersion(o), expected.get(o.id))
	const body = await stack.json('/api/orders/summary')
	const numbers = summary([...expected.values()], day(Date.now(), body.timeZone), body.timeZone)
	eq(summaryNumbers(body), numbers)
	return got
}

const sizes = [2_000, 50_000]
if (process.env.ORDERDECK_LONG) sizes.push(500_000)
for (const size of sizes) {
	test(`${size} orders arrive whole, and the summary adds up`, async () => {
		await withStack(fast({ sim: size, wait: 300 }), async stack => {
			await stack.synced(300_000)
			const orders = await compare(stack)
			eq(orders.length, size)
		})
	}, { timeout: 900_000 })
}

test('the last page of 50,000 is as quick as the first', async () => {
	await withStack(fast({ sim: 50_000, wait: 300 }), async stack => {
		await stack.synced(300_000)
		// in turns, so that what else the machine does falls on both
		const rounds = { 1: [], 1000: [] }
		for (let i = 0; i < 180; i++) {
			const page = i % 2 ? 1000 : 1, start = process.hrtime.bigint()
			eq((await stack.get(`/api/orders?page=${page}`)).status, 200)
			if (i >= 60) rounds[page].push(Number(process.hrtime.bigint() - start) / 1e6)
		}
		const [first, last] = Object.values(rounds).map(times => times.sort((a, b) => a - b)[30])
		ok(last < first * 1.5 + 0.3, `page 1: ${first.toFixed(2)} ms, page 1000: ${last.toFixed(2)} ms`)
	})
})

test('days are those of the configured zone', async () => {
	await withStack(fast({ sim: 2_000, set: { 'summary.time_zone': 'America/St_Johns' } }), async stack => {
		await stack.synced()
		eq((await stack.json('/api/orders/summary')).timeZone, 'America/St_Johns')
		await compare(stack)
	})
})

test('after edits, creations and deletions in Airtable a full sync makes all equal again', async () => {
	await withStack(fast({ sim: 2_000 }), async stack => {
		await stack.synced()
		const before = await stack.json('/api/orders/summary')
		const records = await stack.dump()
		for (let i = 0; i < 300; i++) {
			await stack.sim('POST', '/_sim/edit', { id: records[i * 5].id, fields: {
				Status: ['Pending', 'Shipped', 'Cancelled', null][i % 4],
				'Order Total': i % 7 === 0 ? null : i * 1.37,
				Customer: i % 11 === 0 ? null : `Édité ${i % 13}`,
			} })
		}
		await stack.sim('POST', '/_sim/create', { count: 150 })
		await stack.sim('POST', '/_sim/delete', { ids: records.filter((_, i) => i % 9 === 1).map(r => r.id) })
		eq((await stack.sync()).status, 200)
		await compare(stack)
		const after = await stack.json('/api/orders/summary')
		ok(after.generation > before.generation, 'a new generation')
		const again = await stack.sync()
		eq(again.json().generation, after.generation, 'a sync that finds nothing new makes no generation')
	})
})

test('orders with texts as long as can be: what was done is told, whatever it takes to show it', async () => {
	await withStack(fast({ sim: 100, wait: 30 }), async one => {
		await one.synced()
		const large = (await one.dump()).slice(0, 96)
		for (const { id } of large) await one.sim('POST', '/_sim/edit', { id, fields: { Customer: '\u0416'.repeat(100_000), Status: 'Cancelled' }, unseen: true })
		eq((await one.sync()).status, 200)
		const json = { 'Content-Type': 'application/json', 'Idempotency-Key': 'large' }, updates = large.map(({ id }) => ({ id, status: 'Shipped' }))
		for (const time of ['at once', 'when it is asked again']) {
			const edit = await one.call('PATCH', '/api/orders', { headers: json, body: { updates } })
			eq([edit.status, edit.json().results.map(r => [r.id, r.ok])], [200, large.map(({ id }) => [id, true])], time)
			const shown = edit.json().results.map(r => r.order)
			ok(shown[0].status === 'Shipped' && shown.includes(null) && shown.filter(Boolean).length > 60, 'as many orders as there is room for')
		}
		const undo = await one.call('POST', '/api/orders/undo', { headers: { 'Content-Type': 'application/json' }, body: { bulk: (await one.json('/api/audit?limit=1')).changes[0].bulk } })
		eq([undo.status, undo.json().results.length], [200, 96])
		// of the history as much as there is room for, and the rest by its cursor
		const seen = []
		for (let cursor = ''; cursor !== null;) {
			const { changes, nextCursor } = await one.json(`/api/audit?limit=500${cursor && `&after=${cursor}`}`)
			seen.push(...changes.map(c => c.change))
			cursor = nextCursor
		}
		eq([new Set(seen).size, seen.length >= 96 * 3], [seen.length, true])
		// a page is what was asked for, or is refused with what to do
		for (const { id } of large) await one.sim('POST', '/_sim/edit', { id, fields: { 'Order ID': '\u0416'.repeat(100_000) }, unseen: true })
		eq((await one.sync()).status, 200)
		const refused = await one.get('/api/orders?pageSize=100')
		eq([refused.status, refused.json().code, refused.json().errors.map(e => e.field)], [400, 'invalid_parameter', ['pageSize']], refused.text.slice(0, 300))
		eq((await one.json('/api/orders?pageSize=50')).orders.length, 50)
	})
})

test('at the real pace of five calls a second the base is served while it arrives', async () => {
	await withStack({ sim: 2_500, wait: 0 }, async stack => {
		const seen = new Set()
		while (true) {
			const { total } = (await stack.get('/api/orders?pageSize=1', { Prefer: 'partial' })).json()
			seen.add(total)
			if ((await stack.json('/api/health')).syncedAt) break
			const progress = await stack.json('/api/sync')
			ok(['idle', 'running'].includes(progress.state), progress.state)
			await new Promise(resolve => setTimeout(resolve, 100))
		}
		ok([...seen].some(n => n > 0 && n < 2_500), `totals seen on the way: ${[...seen]}`)
		await compare(stack)
		ok((await stack.stats()).maxPerSecond <= 5)
	})
})

run()

// The month's calls: counted over restarts and kills, divided so that writes
// always go, warned about once each; drift and the age of data are visible,
// and the alarm of a base that shrank stands until somebody has looked.
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { test, run, eq, ok, sleep, PATIENCE } from './lib/harness.mjs'
import { withStack, fast, until } from './lib/stack.mjs'
import { feedOf, settled } from './lib/feed.mjs'

const monthly = async stack => (await stack.json('/api/health')).airtable.monthlyCalls

/** Calls that the simulator has had and that count: all of the API's. */
const calls = async stack => (await stack.stats()).requests

/** Another budget from now on. */
async function allow(stack, budget) {
	stack.configure('airtable.monthly_calls', budget)
	stack.signal('syncd', 'SIGHUP')
	await until('the budget is in force', 10_000, async () => (await monthly(stack)).budget === (budget === 0 ? null : budget))
}

test('the count survives a stop exactly and a kill with a few too many, never too few', async () => {
	await withStack({ sim: 200, set: { 'sync.feed': 'auto', 'sync.feed_interval': '200ms', 'airtable.monthly_calls': 100_000 } }, async stack => {
		await stack.synced()
		await sleep(1_000)
		await stack.stop('syncd')
		const stopped = await calls(stack)
		await stack.start('syncd')
		await until('syncd is back', 10_000, async () => (await stack.json('/api/health')).syncd.up)
		const since = await monthly(stack)
		const now = await calls(stack)
		ok(since.used >= stopped && since.used <= now, `${stopped} <= ${since.used} <= ${now}`)
		for (let i = 0; i < 4; i++) {
			await sleep(600)
			await stack.stop('syncd', 'KILL')
			const made = await calls(stack)
			await stack.start('syncd')
			await until('syncd is back', 10_000, async () => (await stack.json('/api/health')).syncd.up)
			const { used } = await monthly(stack)
			ok(used >= made, `kill ${i + 1}: ${made} made, ${used} counted`)
			ok(used <= await calls(stack) + 20 * (i + 1), `kill ${i + 1}: ${made} made, ${used} counted`)
		}
		eq((await monthly(stack)).budget, 100_000)
		// and what the one before had sent counts in Airtable's second
		const { rejected429, maxPerSecond } = await stack.stats()
		eq(rejected429, 0)
		ok(maxPerSecond <= 5, `${maxPerSecond} calls in a second`)
	})
}, { beside: true })

test('with next to nothing left writes go on, polls and syncs rest, and each warning came once', async () => {
	await withStack(fast({ sim: 6_000, set: { 'sync.feed': 'modified', 'sync.feed_interval': '100ms', 'airtable.monthly_calls': 100_000 } }), async stack => {
		await stack.synced()
		const ids = (await stack.dump()).map(record => record.id)
		const used = await calls(stack)
		// a budget of which the start has taken more than 95%
		await allow(stack, used + 2)
		const answer = await stack.sync()
		eq([answer.status, answer.json().code], [503, 'airtable_quota_exceeded'], answer.text)
		ok(answer.json().detail.includes('monthly_calls'), answer.text)
		ok(Number(answer.headers['retry-after']) > 60, `Retry-After: ${answer.headers['retry-after']}`)
		await sleep(500)
		const rest = await calls(stack)
		await sleep(3_000)
		eq(await calls(stack) - rest, 0, 'nothing is asked')
		for (const id of ids.slice(0, 6)) {
			const written = await stack.patch(id, { priority: 'High' })
			eq(written.status, 200, written.text.slice(0, 300))
		}
		const state = await monthly(stack)
		ok(state.used > state.budget, JSON.stringify(state))
		eq(state.left, { writes: 0, syncs: 0, feed: 0 })
		ok(state.pollSeconds > 60, JSON.stringify(state))
		const warnings = stack.log().split('\n').filter(line => line.includes("of this month's calls are used"))
		eq(warnings.length, 1, warnings.join('\n'))
		ok(warnings[0].includes('95%'), warnings[0])
		// more of them, and it goes on at once
		await allow(stack, 0)
		eq((await stack.sync()).status, 200)
	})
}, { beside: true })

test('the warnings at 50, 80 and 95 percent come once each, restarts included', async () => {
	await withStack(fast({ sim: 100, set: { 'airtable.monthly_calls': 40 } }), async stack => {
		await stack.synced()
		const records = await stack.dump()
		const warned = () => stack.log().split('\n').filter(line => line.includes("of this month's calls are used"))
			.map(line => /(\d+)% of this month/.exec(line)[1])
		for (let i = 0; i < 36; i++) {
			const written = await stack.patch(records[i].id, { status: records[i].fields.Status === 'Shipped' ? 'Pending' : 'Shipped' })
			eq(written.status, 200, written.text.slice(0, 300))
			if (i === 25) {
				await stack.stop('syncd')
				await stack.start('syncd')
				await until('syncd is back', 10_000, async () => (await stack.json('/api/health')).syncd.up)
			}
		}
		eq(warned(), ['50', '80', '95'])
	})
}, { beside: true, timeout: 180_000 })

test('every read tells the age of its data, which no ETag depends on', async () => {
	await withStack({ sim: 300 }, async stack => {
		await stack.synced()
		const id = (await stack.dump())[0].id
		const age = async (target, headers) => {
			const answer = await stack.get(target, headers)
			return { status: answer.status, age: Number(answer.headers['x-data-age']), etag: answer.headers.etag }
		}
		const targets = ['/api/orders', '/api/orders?status=Pending', '/api/orders/summary', `/api/orders/${id}`, '/api/orders/export.csv', '/api/sync', '/api/health']
		const first = {}
		for (const target of targets) {
			first[target] = await age(target)
			ok(first[target].age >= 0 && first[target].age < 30, `${target}: ${first[target].age}`)
		}
		await sleep(2_100)
		for (const target of targets) {
			const later = await age(target)
			ok(later.age >= first[target].age + 2, `${target}: ${first[target].age}, then ${later.age}`)
			if (target === '/api/sync' || target === '/api/health') continue
			const condition = await age(target, { 'If-None-Match': first[target].etag })
			eq([condition.status, condition.etag], [304, first[target].etag], target)
			ok(condition.age >= later.age, `${target}: 304 with ${condition.age}`)
		}
		const health = await stack.json('/api/health'), at = Date.now()
		ok(health.stalenessSeconds >= 2, JSON.stringify(health))
		eq((await stack.sync()).status, 200)
		const { age: fresh } = await age('/api/orders'), unsynced = health.stalenessSeconds + Math.floor((Date.now() - at) / 1000)
		ok(fresh < unsynced, `${fresh} after a sync, ${unsynced} without one`)
	})
}, { beside: true })

/** As if nothing had happened in the base for so long: the store's note of when something last did is moved back, while syncd is away. */
function quietFor(stack, ms) {
	const file = path.join(stack.dir, 'store/data.mdb'), bytes = fs.readFileSync(file), at = new Date()
	// struct budget_kept: its format, what was warned of, the month, three counts, since when; then it
	const months = [0, -1].map(n => BigInt(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + n)))
	let found = 0
	for (const month of months) {
		const mark = Buffer.alloc(16)
		mark.writeUInt32LE(1, 0)
		mark.writeBigInt64LE(month, 8)
		for (let i = bytes.indexOf(mark); i >= 0; i = bytes.indexOf(mark, i + 1), found++)
			bytes.writeBigInt64LE(BigInt(Date.now() - ms), i + 48)
	}
	ok(found > 0, 'the note is there')
	fs.writeFileSync(file, bytes)
}

test('a quiet base is asked every 9.5 s and not more, the first change is seen within that, and then it is as before', async () => {
	await withStack(fast({ sim: 200, set: { 'sync.feed': 'auto', 'sync.feed_interval': '1s' } }), async stack => {
		await stack.synced()
		await settled(stack)
		eq((await monthly(stack)).pollSeconds, 1)
		await stack.stop('syncd')
		quietFor(stack, 3_600_000)
		await stack.start('syncd')
		await settled(stack)
		const state = await monthly(stack)
		eq([state.pollSeconds, state.budget], [10, null], JSON.stringify(state))
		// what is foretold is what is done: 9,100 a day for what is left of the month, as far as it is not known yet
		const days = (new Date(state.resetsAt) - Date.now()) / 86_400_000
		ok(state.forecast - state.used <= days * 12_000 + 100, JSON.stringify(state))
		const before = await calls(stack), from = Date.now()
		await sleep(21_000)
		const made = await calls(stack) - before, seconds = (Date.now() - from) / 1000
		ok(made <= seconds / 9.5 + 1, `${made} calls in ${seconds} s`)
		// nothing makes the data older than it is said to be
		ok((await stack.json('/api/health')).stalenessSeconds <= 12 * PATIENCE, 'the age follows')
		// who opens the dashboard need not wait for all of it
		const { polls } = await feedOf(stack)
		await until('a question', 12_000, async () => (await feedOf(stack)).polls > polls)
		const asked = Date.now()
		const stream = await new Promise((resolve, reject) => http.get(`${stack.url}/api/events`, { headers: { Accept: 'text/event-stream' } }, resolve).on('error', reject))
		await until('another', 12_000, async () => (await feedOf(stack)).polls > polls + 1)
		ok(Date.now() - asked < 8_500 * PATIENCE, `${Date.now() - asked} ms`)
		stream.destroy()
		// the first change
		const [one] = await stack.dump(), shown = async wanted => (await stack.json(`/api/orders/${one.id}`)).customer === wanted
		await stack.sim('POST', '/_sim/edit', { id: one.id, fields: { Customer: 'after a quiet hour' } })
		await until('it is seen', 10_000, () => shown('after a quiet hour'))
		eq((await monthly(stack)).pollSeconds, 1)
		for (let i = 0; i < 3; i++) {
			await stack.sim('POST', '/_sim/edit', { id: one.id, fields: { Customer: `and ${i}` } })
			await until('the next one is seen', 1_500, () => shown(`and ${i}`))
		}
	})
}, { beside: true, timeout: 180_000 })

test('with a feed the data stays young though nothing changes', async () => {
	await withStack({ sim: 300, set: { 'sync.feed': 'auto', 'sync.feed_interval': '500ms' } }, async stack => {
		await stack.synced()
		const { generation } = await stack.json('/api/health')
		await sleep(12_000)
		const health = await stack.json('/api/health')
		ok(health.stalenessSeconds <= 8 * PATIENCE, `${health.stalenessSeconds} s`)
		eq(health.generation, generation, 'being fresh makes no generation')
	})
}, { beside: true })

test('a full sync reports what had drifted, by field', async () => {
	await withStack({ sim: 400 }, async stack => {
		await stack.synced()
		eq((await stack.json('/api/sync')).drift, null)
		eq((await stack.sync()).status, 200)
		const none = { missing: 0, extra: 0, changed: 0, fields: {}, records: [] }
		eq((await stack.json('/api/sync')).drift, none)
		const ids = (await stack.dump()).map(record => record.id)
		for (let i = 0; i < 5; i++) await stack.sim('POST', '/_sim/edit', { id: ids[i], fields: { Customer: `drifted ${i}` } })
		await stack.sim('POST', '/_sim/edit', { id: ids[1], fields: { 'Order Total': 77.25 } })
		await stack.sim('POST', '/_sim/delete', { ids: ids.slice(10, 13) })
		await stack.sim('POST', '/_sim/create', { count: 2 })
		eq((await stack.sync()).status, 200)
		const { drift } = await stack.json('/api/sync')
		eq([drift.missing, drift.extra, drift.changed], [2, 3, 5], JSON.stringify(drift))
		eq([drift.fields.customer, drift.fields.orderTotal, drift.records.length], [5, 1, 5], JSON.stringify(drift))
		ok(/had drifted: 2 missing, 3 extra, 5 changed/.test(stack.log()), 'the log has it')
		// what was changed through the API is none
		eq((await stack.patch(ids[20], { priority: 'Low' })).status, 200)
		eq((await stack.sync()).status, 200)
		eq((await stack.json('/api/sync')).drift, none)
		// and it is kept when syncd is away
		await stack.stop('syncd')
		eq((await stack.json('/api/sync')).drift, none)
	})
}, { beside: true })

test('a base that may not be read any more leaves the store as it is; the alarm stands until it may', async () => {
	await withStack(fast({ sim: 250, set: { 'sync.feed': 'auto' } }), async stack => {
		await stack.synced()
		const token = fs.readFileSync(path.join(stack.dir, 'token'), 'utf8').trim()
		const scopes = ['data.records:read', 'data.records:write', 'schema.bases:read', 'webhook:manage']
		await stack.sim('POST', '/_sim/tokens', { token, scopes: [] })
		eq((await stack.sync()).json().code, 'airtable_forbidden')
		const raised = await stack.json('/api/health')
		eq([raised.status, raised.alarm.code, raised.store.orders], ['degraded', 'airtable_forbidden', 250])
		const settings = 'airtable.base_id, airtable.orders_table, or the token\'s bases and scopes: '
		ok(raised.alarm.detail.startsWith(settings), raised.alarm.detail)
		ok(stack.log().includes(`sync: ALARM: ${settings}`), 'the log has it')
		ok((await stack.syncctl('status')).stdout.includes(`ALARM     ${settings}`))
		await stack.stop('syncd', 'KILL')
		await stack.start('syncd')
		await until('it stands', 20_000, async () => (await stack.json('/api/health')).alarm?.since === raised.alarm.since)
		await stack.idle()
		eq((await stack.json('/api/orders')).total, 250)
		await stack.sim('POST', '/_sim/tokens', { token, scopes })
		eq((await stack.sync()).status, 200)
		const after = await stack.json('/api/health')
		eq([after.alarm, after.store.orders], [null, 250])
	})
}, { beside: true })

for (const [what, shrink] of Object.entries({
	'a tiny base': (stack, ids) => stack.sim('POST', '/_sim/delete', { ids: ids.slice(3) }),
	'an empty base': stack => stack.sim('POST', '/_sim/delete', { all: true }),
})) {
	test(`${what} never empties the store; the alarm stands over restarts until it is accepted`, async () => {
		await withStack({ sim: 250 }, async stack => {
			await stack.synced()
			eq((await stack.json('/api/health')).alarm, null)
			await shrink(stack, (await stack.dump()).map(record => record.id))
			eq((await stack.sync()).json().code, 'airtable_shrunk')
			const raised = (await stack.json('/api/health'))
			eq([raised.status, raised.alarm.code], ['degraded', 'airtable_shrunk'])
			ok(/ALARM/.test(stack.log()), 'the log has it')
			await stack.stop('syncd', 'KILL')
			eq((await stack.json('/api/sync')).alarm.since, raised.alarm.since, 'told without syncd')
			await stack.start('syncd')
			await until('it stands', 20_000, async () => (await stack.json('/api/health')).alarm?.since === raised.alarm.since)
			await stack.idle()
			const health = await stack.json('/api/health')
			eq([health.status, health.alarm.since, health.store.orders], ['degraded', raised.alarm.since, 250])
			const accepted = await stack.syncctl('sync', '--full', '--wait', '--accept-shrink')
			eq(accepted.code, 0, accepted.stderr)
			const after = await stack.json('/api/health')
			eq([after.status, after.alarm, after.store.orders], ['ok', null, (await stack.dump()).length])
		})
	}, { beside: true })
}

run()

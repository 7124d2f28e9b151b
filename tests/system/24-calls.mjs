// How often Airtable is called: never more than five times in any second,
// not at all for readers, and not before its lockouts are over.
import { test, run, eq, ok } from './lib/harness.mjs'
import { withStack, until } from './lib/stack.mjs'

const SECONDS = process.env.ORDERDECK_LONG ? 30 : 10

test('syncs, writes and impatient callers together make no more than five calls in any second', async () => {
	await withStack({ sim: 1_500, wait: 30 }, async stack => {
		await stack.synced()
		const ids = (await stack.dump()).slice(0, 12).map(record => record.id)
		const syncs = Array.from({ length: 8 }, () => stack.call('POST', '/api/orders/sync?mode=full'))
		const writes = ids.map((id, i) => stack.patch(id, { status: ['Pending', 'Shipped', 'Cancelled'][i % 3], priority: 'High' }))
		for (const answer of await Promise.all([...syncs, ...writes])) eq(answer.status, 200, answer.text.slice(0, 300))
		const stats = await stack.stats()
		ok(stats.maxPerSecond <= 5, `${stats.maxPerSecond} calls in one second`)
		ok(stats.maxPerSecond >= 4, `and the allowance is used: ${stats.maxPerSecond}`)
		eq(stats.rejected429, 0)
	})
})

test(`200 readers for ${SECONDS} s cause no call`, async () => {
	await withStack({ sim: 1_000, wait: 30 }, async stack => {
		await stack.synced()
		const id = (await stack.dump())[0].id
		const before = (await stack.stats()).requests
		const targets = ['/api/orders', '/api/orders/summary', `/api/orders/${id}`, '/api/orders?search=a&sort=customer', '/api/sync', '/api/health',
			'/api/orders?status=Pending&page=2']
		const end = Date.now() + SECONDS * 1000
		let answered = 0
		await Promise.all(Array.from({ length: 200 }, async (_, reader) => {
			for (let i = reader; Date.now() < end; i++) {
				const answer = await stack.get(targets[i % targets.length])
				eq(answer.status, 200, targets[i % targets.length])
				answered++
			}
		}))
		ok(answered >= 200, `${answered} answers`)
		eq((await stack.stats()).requests - before, 0)
	})
})

test('after a 429 all calls rest for as long as they were told to', async () => {
	await withStack({ sim: 500, wait: 30, set: { 'airtable.lockout': '2s', 'write.timeout': '20s' } }, async stack => {
		await stack.synced()
		const { last } = await stack.sim('GET', '/_sim/log?since=0&max=1000')
		await stack.fault({ match: { path: '/v0/', times: 1 }, action: 'status', status: 429,
			body: { errors: [{ error: 'RATE_LIMIT_REACHED', message: 'Rate limit exceeded. Please try again later' }] }, retryAfter: 3 })
		const answer = await stack.sync()
		await stack.noFaults()
		eq(answer.status, 200, answer.text.slice(0, 300))
		const log = (await stack.sim('GET', `/_sim/log?since=${last}&max=1000`)).entries
		const at = log.findIndex(entry => entry.status === 429)
		ok(at >= 0, 'a call was answered 429')
		ok(log[at + 1].arrivalMs - log[at].arrivalMs >= 3_000, `the next call came ${log[at + 1].arrivalMs - log[at].arrivalMs} ms later`)
		ok((await stack.stats()).maxPerSecond <= 5)
	})
})

test('while locked out, health says so and reads go on', async () => {
	await withStack({ sim: 300, wait: 30, set: { 'airtable.lockout': '5s' } }, async stack => {
		await stack.synced()
		await stack.fault({ match: { path: '/v0/', times: 1 }, action: 'status', status: 429,
			body: { errors: [{ error: 'RATE_LIMIT_REACHED', message: 'Rate limit exceeded' }] } })
		const running = stack.sync()
		const health = await until('health shows the lockout', 5_000, async () => {
			const body = await stack.json('/api/health')
			return body.airtable.rateLimit.lockedForMs > 0 && body
		})
		ok(health.airtable.rateLimit.lockedForMs <= 6_500, JSON.stringify(health.airtable))
		eq((await stack.get('/api/orders')).status, 200)
		await stack.noFaults()
		eq((await running).status, 200)
	})
})

test('a spent monthly quota is another thing than haste: no more calls, and its own cause', async () => {
	await withStack({ sim: 500, wait: 30, simArgs: ['--monthly=8'], set: { 'write.create': true, 'write.delete': true, 'airtable.create_key': 'Notes' } }, async stack => {
		await stack.synced()
		const first = await stack.sync()
		eq([first.status, first.json().code], [503, 'airtable_quota_exceeded'], first.text)
		const before = (await stack.stats()).requests
		for (let i = 0; i < 5; i++) eq((await stack.sync()).json().code, 'airtable_quota_exceeded')
		ok((await stack.stats()).requests - before <= 1, 'asking again does not spend calls')
		eq((await stack.get('/api/orders')).status, 200)
		eq((await stack.json('/api/health')).status, 'degraded')
		// a change has the same cause, in one sentence, and when to ask again
		const [one, other] = (await stack.dump()).map(record => record.id)
		const said = [['PATCH', `/api/orders/${one}`, { status: 'Shipped' }], ['POST', '/api/orders', { customer: 'New' }], ['DELETE', `/api/orders/${other}`]]
		for (const [method, target, body] of said) {
			const answer = await stack.call(method, target, { headers: { 'Content-Type': 'application/json' }, body })
			eq([answer.status, answer.json().code, answer.json().detail],
				[503, 'airtable_quota_exceeded', 'the monthly Airtable call quota is used up; nothing was changed'], `${method} ${target}`)
			const after = Number(answer.headers['retry-after'])
			ok(after > 60 && after <= 3600, `Retry-After: ${answer.headers['retry-after']}`)
		}
		const bulk = (await stack.call('PATCH', '/api/orders', { headers: { 'Content-Type': 'application/json' }, body: { updates: [{ id: one, status: 'Shipped' }, { id: other, status: 'Shipped' }] } }))
		for (const { error } of bulk.json().results) eq([error.status, error.code], [503, 'airtable_quota_exceeded'], bulk.text)
		const again = await stack.sync()
		eq(again.json().detail, 'the monthly Airtable call quota is used up')
		ok(Number(again.headers['retry-after']) > 60, `Retry-After: ${again.headers['retry-after']}`)
		ok(!/for \d+ ms/.test(stack.log()), 'times are in seconds')
	})
})

run()

// One order: read by either id, changed through Airtable, and what becomes of
// a change that Airtable refuses, loses, or does not answer.
import { test, run, eq, ok, PATIENCE } from './lib/harness.mjs'
import { startStack, fast, until } from './lib/stack.mjs'
import { order, summary, summaryNumbers, day, withoutVersion } from './lib/orders.mjs'

let stack, records

const inSim = async id => (await stack.dump()).find(record => record.id === id)
const problem = (answer, status, code) => {
	eq([answer.status, answer.json().code], [status, code], answer.text.slice(0, 300))
	eq(answer.headers['content-type'], 'application/problem+json')
	eq(answer.json().status, status)
}
/** The same question on many fresh connections reaches each worker. */
const everywhere = target => Promise.all(Array.from({ length: 24 }, () => stack.get(target, {}, { fresh: true })))

test('three workers and a base with two orders of one Order ID are up', async () => {
	stack = await startStack(fast({ sim: 500, set: {
		'api.workers': 3, 'write.timeout': '20s', 'airtable.request_timeout': '2s', 'airtable.breaker_failures': 100,
	} }))
	records = (await stack.dump()).filter(({ fields }) => fields['Order ID'] && fields.Status && fields.Customer)
	await stack.sim('POST', '/_sim/edit', { id: records[7].id, fields: { 'Order ID': 'DOUBLE' } })
	await stack.sim('POST', '/_sim/edit', { id: records[8].id, fields: { 'Order ID': 'DOUBLE' } })
	await stack.synced()
	eq((await stack.sync()).status, 200)
	eq(stack.children('fcgi-api').length >= 3, true)
})

test('an order is found by record id and by Order ID, with a version as its ETag', async () => {
	const record = records[0]
	const byRecord = await stack.get(`/api/orders/${record.id}`)
	const byKey = await stack.get(`/api/orders/${encodeURIComponent(record.fields['Order ID'])}`)
	eq(byRecord.status, 200)
	eq(byRecord.text, byKey.text)
	eq(withoutVersion(byRecord.json()), order(record))
	eq(byRecord.headers.etag, `"v${byRecord.json().version}"`)
	eq((await stack.get(`/api/orders/${record.id}`, { 'If-None-Match': byRecord.headers.etag })).status, 304)
})

test('an unknown id is 404, an ambiguous one 409 that names both', async () => {
	problem(await stack.get('/api/orders/recNothingAtAll00'), 404, 'not_found')
	problem(await stack.get('/api/orders/ORD-999999999'), 404, 'not_found')
	const answer = await stack.get('/api/orders/DOUBLE')
	problem(answer, 409, 'conflict')
	for (const i of [7, 8]) ok(answer.text.includes(records[i].id), records[i].id)
})

test('a change is in order, list, summary and Airtable at the next read through every worker', async () => {
	for (let i = 10; i < 16; i++) {
		const { id, fields } = records[i]
		const status = fields.Status === 'Shipped' ? 'Delivered' : 'Shipped'
		const before = await stack.json('/api/orders/summary')
		const answer = await stack.patch(id, { status, priority: i % 2 ? 'High' : null })
		eq(answer.status, 200, answer.text)
		const changed = answer.json()
		eq([changed.status, changed.priority], [status, i % 2 ? 'High' : null])
		eq(answer.headers.etag, `"v${changed.version}"`)
		ok(changed.version > before.generation)
		for (const one of await everywhere(`/api/orders/${id}`)) eq(one.json(), changed)
		for (const list of await everywhere(`/api/orders?search=${encodeURIComponent(fields['Order ID'])}`))
			eq(list.json().orders.find(o => o.id === id), changed)
		const now = (await stack.dump()).map(order)
		const numbers = summary(now, day(Date.now(), 'UTC'))
		for (const one of await everywhere('/api/orders/summary')) {
			eq(summaryNumbers(one.json()), numbers)
			ok(one.json().generation >= changed.version)
		}
		eq(now.find(o => o.id === id), withoutVersion(changed))
	}
})

test('If-Match lets through the version it names and no other', async () => {
	const { id } = records[20]
	const { version } = await stack.json(`/api/orders/${id}`)
	const first = await stack.patch(id, { priority: 'Low' }, { 'If-Match': `"v${version}"` })
	eq(first.status, 200, first.text)
	if (first.json().version !== version)
		problem(await stack.patch(id, { priority: 'High' }, { 'If-Match': `"v${version}"` }), 412, 'precondition_failed')
	problem(await stack.patch(id, { priority: 'High' }, { 'If-Match': '"v1"' }), 412, 'precondition_failed')
	eq((await stack.patch(id, { priority: 'High' }, { 'If-Match': `"v${first.json().version}"` })).status, 200)
	eq((await stack.patch(id, { priority: 'Medium' }, { 'If-Match': '*' })).status, 200)
	for (const bad of ['v12', '"v12', '*, "v12"', ',']) eq((await stack.patch(id, { priority: 'High' }, { 'If-Match': bad })).status, 400, bad)
	// a list lets through what it names; a tag of something else names no order
	const { version: now } = (await stack.json(`/api/orders/${id}`))
	problem(await stack.patch(id, { priority: 'High' }, { 'If-Match': '"v1", "g12", W/"h"' }), 412, 'precondition_failed')
	problem(await stack.patch(id, { priority: 'High' }, { 'If-None-Match': `"v1", "v${now}"` }), 412, 'precondition_failed')
	eq((await stack.patch(id, { priority: 'Medium' }, { 'If-Match': `"v1", ,W/"v${now}", "x"`, 'If-None-Match': '"v1"' })).status, 200)
	eq((await inSim(id)).fields.Priority, 'Medium')
})

test('a change to what it already is changes no generation', async () => {
	const { id } = records[21]
	const first = (await stack.patch(id, { status: 'Shipped' })).json()
	const again = await stack.patch(id, { status: 'Shipped' })
	eq(again.status, 200)
	eq(again.json().status, 'Shipped')
	ok(again.json().version >= first.version)
})

test('bodies that say nothing usable are refused and change nothing', async () => {
	const { id } = records[22]
	const before = (await stack.get(`/api/orders/${id}`)).text
	const deep = '['.repeat(10_000) + ']'.repeat(10_000)
	for (const body of ['', '{', 'null', '[]', '"x"', '{}', '{"status":1}', '{"status":"Nope"}', '{"stat":"Shipped"}', '{"status":"Shipped","x":1}',
		'{"status":"Shipped","status":"Pending"}', '{"status":"Shipped"} x', `{"status":${deep}}`, '{"status":"Ship\u0000ped"}', '{"orderTotal":1}',
		'{"status":["Shipped"]}', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), `{"status":"${'x'.repeat(300_000)}"}`]) {
		const answer = await stack.patch(id, body)
		eq(answer.status, 400, `${String(body).slice(0, 60)}: ${answer.text.slice(0, 200)}`)
		eq(answer.json().code, 'invalid_body', String(body).slice(0, 60))
	}
	const both = (await stack.patch(id, '{"status":"Nope","priority":"Never","x":1}')).json()
	eq(both.errors.map(e => e.field).sort(), ['priority', 'status', 'x'])
	eq((await stack.call('PATCH', `/api/orders/${id}`, { headers: { 'Content-Type': 'text/plain' }, body: '{"status":"Shipped"}' })).status, 415)
	eq((await stack.call('PATCH', `/api/orders/${id}`, { headers: { 'Content-Type': 'application/json' }, body: Buffer.alloc(2 << 20, 0x20), fresh: true })).status, 413)
	problem(await stack.patch('recNothingAtAll00', { status: 'Shipped' }), 404, 'not_found')
	eq((await stack.patch(id, { status: 'Shipped' }, { 'Content-Type': 'application/json; charset=utf-8' })).status, 200)
	eq((await stack.patch(id, { status: JSON.parse(before).status })).status, 200)
})

test('what Airtable refuses is told in its own words and changes nothing here', async () => {
	const { id } = records[23]
	const before = (await stack.get(`/api/orders/${id}`)).text
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'status', status: 422,
		body: { error: { type: 'INVALID_MULTIPLE_CHOICE_OPTIONS', message: 'Insufficient permissions to create new select option' } } })
	const answer = await stack.patch(id, { status: 'Cancelled' })
	problem(answer, 422, 'airtable_rejected')
	ok(answer.json().detail.includes('INVALID_MULTIPLE_CHOICE_OPTIONS') && answer.json().detail.includes('Insufficient permissions'), answer.json().detail)
	await stack.noFaults()
	eq((await stack.get(`/api/orders/${id}`)).text, before)
	ok((await stack.patch(id, { status: 'Cancelled' })).status === 200, 'the next one goes through')
})

test('an order that is gone from Airtable is a 404 of its own kind, not a change', async () => {
	const { id } = records[24]
	await stack.sim('POST', '/_sim/delete', { ids: [id] })
	const answer = await stack.patch(id, { status: 'Cancelled' })
	ok([404, 422, 403].includes(answer.status), `${answer.status} ${answer.text}`)
})

test('a connection cut after Airtable applied the change: the answer is never a false no', async () => {
	const { id } = records[25]
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'drop_after' })
	const answer = await stack.patch(id, { status: 'Cancelled', priority: 'High' })
	await stack.noFaults()
	if (answer.status === 200) eq(answer.json().status, 'Cancelled')
	else problem(answer, 504, 'outcome_unknown')
	eq((await inSim(id)).fields.Status, 'Cancelled', 'it was applied')
	await until('the daemon has settled it, or the next sync does', 10_000, async () => {
		await stack.sync()
		return (await stack.json(`/api/orders/${id}`)).status === 'Cancelled'
	})
})

test('a connection cut before Airtable saw it changes nothing on either side', async () => {
	const { id, fields } = records[26]
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'drop_before' })
	const wanted = fields.Status === 'Cancelled' ? 'Pending' : 'Cancelled'
	const answer = await stack.patch(id, { status: wanted })
	await stack.noFaults()
	if (answer.status === 200) eq((await inSim(id)).fields.Status, wanted)
	else {
		ok([503, 504].includes(answer.status), `${answer.status} ${answer.text}`)
		eq((await inSim(id)).fields.Status, fields.Status)
	}
	await stack.sync()
	eq((await stack.json(`/api/orders/${id}`)).status, (await inSim(id)).fields.Status)
})

test('while Airtable is away a change is a 503 with Retry-After and is not delivered later', async () => {
	const { id, fields } = records[27]
	const wanted = fields.Status === 'Pending' ? 'Shipped' : 'Pending'
	await stack.configureApi('write.timeout', '3s')	// which this and the next test wait for
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 0 }, action: 'status', status: 503 })
	const answer = await stack.patch(id, { status: wanted })
	ok([503, 504].includes(answer.status), `${answer.status} ${answer.text}`)
	if (answer.status === 503) {
		ok(Number(answer.headers['retry-after']) >= 1, 'Retry-After')
		eq(answer.json().code, 'airtable_unavailable')
	}
	await stack.noFaults()
	eq((await stack.sync()).status, 200)
	eq((await inSim(id)).fields.Status, fields.Status)
	eq((await stack.json(`/api/orders/${id}`)).status, fields.Status)
})

test('an Airtable that hangs ends in an answer within the deadline', async () => {
	const { id } = records[28]
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'hang' })
	const start = Date.now()
	const answer = await stack.patch(id, { status: 'Cancelled' })
	await stack.noFaults()
	ok([503, 504].includes(answer.status), `${answer.status} ${answer.text}`)
	ok(Date.now() - start < 9_000 * PATIENCE, `${Date.now() - start} ms`)
	await stack.configureApi('write.timeout', '20s')
	// what became of it is found out, and told to those who look
	if (answer.status === 503) return
	eq(answer.json().code, 'outcome_unknown')
	await until('it is settled', 20_000, async () => (await stack.json(`/api/orders/${id}`)).pending === undefined)
	eq((await stack.json(`/api/orders/${id}`)).status, (await inSim(id)).fields.Status ?? null)
	const [last] = (await stack.json(`/api/orders/${id}/history`)).changes
	if ((await inSim(id)).fields.Status === 'Cancelled') eq([last.action, last.source], ['changed', 'api'])
	else eq([last.action, last.asked, last.fields[0].to], ['notApplied', 'changed', 'Cancelled'])
})

test('two writers of one order: both are answered, and all agree on the last one', async () => {
	const { id } = records[30]
	const answers = await Promise.all(['Pending', 'Processing', 'Shipped', 'Delivered'].flatMap(status =>
		['Low', 'High'].map(priority => stack.patch(id, { status, priority }))))
	for (const answer of answers) eq(answer.status, 200, answer.text)
	const versions = answers.map(answer => answer.json().version)
	const last = answers[versions.indexOf(Math.max(...versions))].json()
	const now = await stack.json(`/api/orders/${id}`)
	eq([now.status, now.priority], [last.status, last.priority])
	const { fields } = await inSim(id)
	eq([fields.Status, fields.Priority], [now.status, now.priority])
})

test('forty orders changed at once all arrive', async () => {
	const some = records.slice(40, 80)
	const answers = await Promise.all(some.map(({ id }) => stack.patch(id, { status: 'Processing', priority: 'Medium' })))
	for (const answer of answers) eq(answer.status, 200, answer.text)
	const held = new Map((await stack.dump()).map(record => [record.id, record]))
	for (const { id } of some) {
		eq([held.get(id).fields.Status, held.get(id).fields.Priority], ['Processing', 'Medium'])
		eq((await stack.json(`/api/orders/${id}`)).status, 'Processing')
	}
	eq(summaryNumbers(await stack.json('/api/orders/summary')), await (async () => {
		eq((await stack.sync()).status, 200)
		return summaryNumbers(await stack.json('/api/orders/summary'))
	})(), 'kept incrementally and after a sync')
})

test('without syncd reads go on and a change is a 503', async () => {
	await stack.stop('syncd')
	eq((await stack.get(`/api/orders/${records[0].id}`)).status, 200)
	const answer = await stack.patch(records[0].id, { status: 'Shipped' })
	problem(answer, 503, 'syncd_unavailable')
	ok(answer.headers['retry-after'], 'Retry-After')
	await stack.start('syncd')
	await until('changes go through again', 15_000, async () => (await stack.patch(records[0].id, { status: 'Shipped' })).status === 200)
})

test('the stack ends undamaged', () => stack.down())

run()

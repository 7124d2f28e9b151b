// Changes of every kind through the whole stack: many at once, asked for
// again, delivered later, taken back; made and deleted orders; and what the
// history tells of it all.
import { test, run, eq, ok } from './lib/harness.mjs'
import { startStack, withStack, fast, until } from './lib/stack.mjs'
import { order, summary, summaryNumbers, day, withoutVersion } from './lib/orders.mjs'

let stack, records

const inSim = async id => (await stack.dump()).find(record => record.id === id)
const problem = (answer, status, code) => {
	eq([answer.status, answer.json().code], [status, code], answer.text.slice(0, 300))
	eq(answer.headers['content-type'], 'application/problem+json')
}
const send = (method, target, body, headers = {}) => stack.call(method, target, {
	headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers }, body,
})
const bulk = (updates, headers) => send('PATCH', '/api/orders', { updates }, headers)
const undo = (id, body = {}, headers) => send('POST', `/api/orders/${id}/undo`, body, headers)
/** The same question on many fresh connections reaches each worker. */
const everywhere = target => Promise.all(Array.from({ length: 24 }, () => stack.get(target, {}, { fresh: true })))
const history = async (id, query = '') => (await stack.json(`/api/orders/${id}/history${query}`)).changes
/** What each of them is in the store is what Airtable has. */
const agrees = async ids => {
	const held = new Map((await stack.dump()).map(record => [record.id, record]))
	for (const id of ids) eq(withoutVersion(await stack.json(`/api/orders/${id}`)), order(held.get(id)))
}
/** What Airtable is away for is waited for no longer than it must be; and as usual. */
const impatient = () => stack.configureApi('write.timeout', '1s')
const patient = () => stack.configureApi('write.timeout', '20s')
const away = () => stack.fault({ match: { path: '/v0/', times: 0 }, action: 'status', status: 503 })

test('three workers are up, orders may be made and deleted', async () => {
	stack = await startStack(fast({ sim: 700, set: {
		'api.workers': 3, 'write.timeout': '20s', 'airtable.request_timeout': '3s', 'airtable.breaker_failures': 3,
		'airtable.breaker_cooldown': '1s', 'write.create': 'on', 'write.delete': 'on', 'airtable.create_key': 'Notes',
	} }))
	await stack.synced()
	records = (await stack.dump()).filter(({ fields }) => fields['Order ID'] && fields.Customer && fields.Status && fields.Priority)
	ok(records.length > 600, `${records.length} records`)
})

// ---- many at once
/** A change tells the state that has it, and how old that is, as a read does. */
const tellsItsState = ({ headers }) => ok(Number(headers['x-generation']) > 0 && Number(headers['x-data-age']) < 3600, JSON.stringify(headers))

test('a bulk edit: each has its result in its place, and a bad one stops nobody', async () => {
	const some = records.slice(0, 40)
	const before = await stack.json(`/api/orders/${some[0].id}`)
	const updates = some.map(({ id, fields }, i) => ({ id: i % 2 ? id : fields['Order ID'], status: 'Processing', priority: i % 3 ? 'High' : null }))
	updates.splice(1, 0, { id: 'ORD-unknown', status: 'Shipped' }, { id: some[0].id, status: 'Lost' }, { status: 'Shipped' }, 7)
	updates.push({ id: some[0].id, status: 'Shipped', version: 1 })
	const answer = await bulk(updates)
	eq(answer.status, 200, answer.text.slice(0, 500))
	tellsItsState(answer)
	const { bulk: number, results } = answer.json()
	ok(/^\d+$/.test(number), `bulk ${number}`)
	eq(results.map(r => r.id), updates.map(u => u.id ?? null))
	eq(results.filter(r => !r.ok).map(r => r.error.code),
		['not_found', 'invalid_body', 'invalid_body', 'invalid_body', 'precondition_failed'])
	eq(results.filter(r => r.ok).length, 40)
	for (const [i, r] of results.entries()) if (r.ok) {
		eq([r.order.status, r.order.priority], [updates[i].status, updates[i].priority])
		ok(r.order.version > before.version && r.order.pending === undefined)
	}
	await agrees(some.map(({ id }) => id))
	for (const list of await everywhere('/api/orders?pageSize=500&status=Processing')) {
		const listed = new Set(list.json().orders.map(o => o.id))
		ok(some.every(({ id }) => listed.has(id)))
	}
})

test('five hundred at once travel ten a call and are all there', async () => {
	const some = records.slice(100, 600)
	const before = (await stack.stats()).requests
	const answer = await bulk(some.map(({ id }, i) => ({ id, status: i % 2 ? 'Shipped' : 'Delivered' })))
	eq(answer.status, 200, answer.text.slice(0, 500))
	const { results } = answer.json()
	eq(results.length, 500)
	eq(results.filter(r => !r.ok), [])
	const held = new Map((await stack.dump()).map(record => [record.id, record.fields.Status]))
	for (const [i, { id }] of some.entries()) eq(held.get(id), i % 2 ? 'Shipped' : 'Delivered')
	const calls = (await stack.stats()).requests - before
	ok(calls >= 50 && calls <= 52, `${calls} calls`)
	eq(summaryNumbers(await stack.json('/api/orders/summary')), summary((await stack.dump()).map(order), day(Date.now(), 'UTC')))
})

test('the same order twice in one bulk edit: both are done, the later one wins', async () => {
	const { id } = records[50]
	const { results } = (await bulk([{ id, status: 'Pending', priority: 'Low' }, { id, status: 'Shipped' }])).json()
	eq(results.map(r => r.ok), [true, true])
	const now = await stack.json(`/api/orders/${id}`)
	eq([now.status, now.priority], ['Shipped', 'Low'])
	await agrees([id])
})

test('one that Airtable refuses gets its own error, the others of its call go through', async () => {
	const some = records.slice(60, 75)
	const gone = some[7].id
	await stack.sim('POST', '/_sim/delete', { ids: [gone] })
	const { results } = (await bulk(some.map(({ id }) => ({ id, status: 'Cancelled' })))).json()
	eq(results.map(r => r.ok), some.map(({ id }) => id !== gone))
	const { error } = results[7]
	ok([404, 422].includes(error.status), JSON.stringify(error))
	await agrees(some.filter(({ id }) => id !== gone).map(({ id }) => id))
	records = records.filter(({ id }) => id !== gone)
})

test('a bulk edit that is no list, too long, or has unknown members is refused as a whole', async () => {
	const { id } = records[51]
	for (const body of ['{}', '[]', '{"updates":[]}', '{"updates":{}}', '{"updates":[{"id":"a"}],"x":1}'])
		problem(await send('PATCH', '/api/orders', body), 400, 'invalid_body')
	problem(await bulk(Array.from({ length: 501 }, () => ({ id, status: 'Shipped' }))), 400, 'invalid_body')
	problem(await bulk([{ id, status: 'Shipped' }], { 'If-Match': '"v1"' }), 400, 'invalid_parameter')
})

// ---- asking again
test('with an Idempotency-Key the same request is done once and answered the same', async () => {
	const { id } = records[80]
	const key = { 'Idempotency-Key': 'story-1' }
	const first = await stack.patch(id, { status: 'Pending', priority: 'Low' }, key)
	eq(first.status, 200, first.text)
	const again = await Promise.all(Array.from({ length: 12 }, () => stack.call('PATCH', `/api/orders/${id}`,
		{ headers: { 'Content-Type': 'application/json', ...key }, body: { status: 'Pending', priority: 'Low' }, fresh: true })))
	for (const answer of again) eq([answer.status, answer.text], [200, first.text])
	// others have changed it since: still the first answer, and their change stands
	eq((await stack.patch(id, { status: 'Shipped' })).status, 200)
	eq((await stack.patch(id, { status: 'Pending', priority: 'Low' }, key)).text, first.text)
	eq((await stack.json(`/api/orders/${id}`)).status, 'Shipped')
	problem(await stack.patch(id, { status: 'Pending' }, key), 422, 'idempotency_key_reused')
	problem(await stack.patch(records[81].id, { status: 'Pending', priority: 'Low' }, key), 422, 'idempotency_key_reused')
	problem(await stack.patch(id, { status: 'Pending' }, { 'Idempotency-Key': 'k'.repeat(256) }), 400, 'invalid_parameter')
})

test('asked for twice at the same moment it is done once', async () => {
	const { id } = records[82]
	const status = (await stack.json(`/api/orders/${id}`)).status === 'Shipped' ? 'Pending' : 'Shipped'
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'slow', delayMs: 500 })
	const answers = await Promise.all(Array.from({ length: 6 }, () => stack.call('PATCH', `/api/orders/${id}`,
		{ headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'story-2' }, body: { status }, fresh: true })))
	await stack.noFaults()
	for (const answer of answers) eq([answer.status, answer.text], [200, answers[0].text])
	eq((await history(id)).filter(c => c.fields.some(f => f.field === 'status' && f.to === status)).length, 1)
})

test('a bulk edit asked for again gets the first results, those refused included', async () => {
	const [a, b] = records.slice(84, 86)
	const updates = [{ id: a.id, priority: 'High' }, { id: 'ORD-unknown', priority: 'High' }, { id: b.id, priority: 'High', version: 1 }, { id: b.id, status: 'Lost' }]
	const first = await bulk(updates, { 'Idempotency-Key': 'story-3' })
	eq(first.json().results.map(r => r.ok || r.error.code), [true, 'not_found', 'precondition_failed', 'invalid_body'])
	eq((await stack.patch(a.id, { priority: 'Low' })).status, 200)
	eq((await bulk(updates, { 'Idempotency-Key': 'story-3' })).json(), first.json())
	eq((await stack.json(`/api/orders/${a.id}`)).priority, 'Low')
})

test('a failure that may pass is not kept: asking again tries again', async () => {
	await impatient()
	const { id } = records[86]
	const key = { 'Idempotency-Key': 'story-4' }
	await away()
	const failed = await stack.patch(id, { status: 'Cancelled' }, key)
	ok([503, 504].includes(failed.status), failed.text)
	await stack.noFaults()
	await until('it goes through', 10_000, async () => (await stack.patch(id, { status: 'Cancelled' }, key)).status === 200)
	eq((await inSim(id)).fields.Status, 'Cancelled')
})

// ---- delivered later
test('with respond-async a change waits for Airtable, is seen by all as pending, and is delivered', async () => {
	const { id, fields } = records[90]
	const calm = await stack.json(`/api/orders/${id}`)
	const status = calm.status === 'Shipped' ? 'Delivered' : 'Shipped'
	await away()
	const answer = await stack.patch(id, { status }, { Prefer: 'respond-async' })
	eq(answer.status, 202, answer.text)
	eq(answer.headers['preference-applied'], 'respond-async')
	eq(answer.json(), { ...calm, status, pending: true })
	for (const one of await everywhere(`/api/orders/${id}`)) {
		eq(one.json(), { ...calm, status, pending: true })
		ok(/^"v\d+-p\d+"$/.test(one.headers.etag), one.headers.etag)
		ok(one.headers.etag.startsWith(`"v${calm.version}-p`))
	}
	const tag = (await stack.get(`/api/orders/${id}`)).headers.etag
	eq((await stack.get(`/api/orders/${id}`, { 'If-None-Match': tag })).status, 304)
	for (const list of await everywhere(`/api/orders?search=${encodeURIComponent(fields['Order ID'])}`))
		eq(list.json().orders.find(o => o.id === id), { ...calm, status, pending: true })
	// filters and totals go by what Airtable has confirmed
	for (const list of await everywhere(`/api/orders?search=${encodeURIComponent(fields['Order ID'])}&status=${calm.status}`))
		ok(list.json().orders.some(o => o.id === id))
	for (const one of await everywhere('/api/orders/summary')) eq(one.json().pending, 1)
	eq((await stack.json('/api/health')).outbox.pending, 1)
	eq((await inSim(id)).fields.Status, calm.status)
	await stack.noFaults()
	await until('it is delivered', 30_000, async () => (await stack.json(`/api/orders/${id}`)).pending === undefined)
	for (const one of await everywhere(`/api/orders/${id}`)) eq(one.json().status, status)
	for (const one of await everywhere('/api/orders/summary')) eq(one.json().pending, 0)
	await agrees([id])
	const [last] = await history(id)
	eq([last.action, last.source, last.fields], ['changed', 'api', [{ field: 'status', from: calm.status, to: status }]])
})

test('it is delivered even by a daemon that was killed meanwhile', async () => {
	const { id } = records[91]
	const status = (await stack.json(`/api/orders/${id}`)).status === 'Shipped' ? 'Delivered' : 'Shipped'
	await away()
	eq((await stack.patch(id, { status }, { Prefer: 'respond-async', 'Idempotency-Key': 'story-5' })).status, 202)
	await stack.stop('syncd', 'KILL')
	eq((await stack.json(`/api/orders/${id}`)).pending, true)
	await stack.noFaults()
	await stack.start('syncd')
	await until('it is delivered', 30_000, async () => (await stack.json(`/api/orders/${id}`)).pending === undefined)
	await agrees([id])
	const again = await stack.patch(id, { status }, { Prefer: 'respond-async', 'Idempotency-Key': 'story-5' })
	eq([again.status, again.json().status], [200, status])
})

test('what was promised and Airtable then refuses is taken back, and the history says so', async () => {
	const { id } = records[92]
	const calm = await stack.json(`/api/orders/${id}`)
	const status = calm.status === 'Shipped' ? 'Delivered' : 'Shipped'
	await away()
	eq((await stack.patch(id, { status }, { Prefer: 'respond-async' })).status, 202)
	await stack.noFaults()
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'status', status: 422,
		body: { error: { type: 'INVALID_VALUE_FOR_COLUMN', message: 'Field "Status" is locked' } } })
	await until('it is settled', 30_000, async () => (await stack.json(`/api/orders/${id}`)).pending === undefined)
	await stack.noFaults()
	eq(await stack.json(`/api/orders/${id}`), calm)
	eq((await stack.json('/api/orders/summary')).pending, 0)
	const [last] = await history(id)
	eq(last.action, 'rejected')
	ok(last.detail.includes('INVALID_VALUE_FOR_COLUMN') && last.detail.includes('locked'), last.detail)
	await agrees([id])
})

test('a bulk edit that waits says so order by order', async () => {
	const some = records.slice(93, 96)
	await away()
	const answer = await bulk([...some.map(({ id }) => ({ id, priority: 'Medium', status: 'Pending' })), { id: 'ORD-unknown', status: 'Pending' }],
		{ Prefer: 'respond-async' })
	eq(answer.status, 200)
	eq(answer.json().results.map(r => r.ok && r.order.pending), [true, true, true, false])
	eq((await stack.json('/api/orders/summary')).pending, 3)
	await stack.noFaults()
	await until('all are delivered', 30_000, async () => (await stack.json('/api/orders/summary')).pending === 0)
	await agrees(some.map(({ id }) => id))
})

// ---- taking back
test('undo restores what was before, is itself a change, and can be undone', async () => {
	await patient()
	const { id } = records[20]
	eq((await stack.patch(id, { status: 'Pending', priority: 'Low' })).status, 200)
	const changed = await stack.patch(id, { status: 'Shipped' })
	const back = await undo(id)
	eq(back.status, 200, back.text)
	eq([back.json().status, back.json().priority], ['Pending', 'Low'])
	ok(back.json().version > changed.json().version)
	const [latest, before] = await history(id)
	eq([latest.undoes, before.undoes], [before.change, null])
	eq((await undo(id)).json().status, 'Shipped')
	eq((await undo(id, { change: before.change })).json().status, 'Pending')
	await agrees([id])
})

test('undo of what somebody else has changed since is a conflict with both values', async () => {
	const { id } = records[21]
	eq((await stack.patch(id, { status: 'Pending', priority: 'Low' })).status, 200)
	eq((await stack.patch(id, { status: 'Shipped' })).status, 200)
	await stack.sim('POST', '/_sim/edit', { id, fields: { Status: 'Cancelled' } })
	// not even synced: Airtable has the last word when it is written
	eq((await stack.sync()).status, 200)
	const answer = await undo(id)
	problem(answer, 409, 'conflict')
	const { message, ...error } = answer.json().errors[0]
	eq([answer.json().errors.length, error], [1, { field: 'status', expected: 'Shipped', current: 'Cancelled' }])
	eq((await stack.json(`/api/orders/${id}`)).status, 'Cancelled')
	const [theirs] = await history(id)
	eq([theirs.source, theirs.fields.find(f => f.field === 'status')], ['airtable', { field: 'status', from: 'Shipped', to: 'Cancelled' }])
	problem(await undo(id, { change: '12.0' }), 404, 'not_found')
	problem(await undo('ORD-unknown'), 404, 'not_found')
})

test('a bulk edit is taken back as one, but for orders that were changed since', async () => {
	const some = records.slice(22, 34)
	const before = new Map()
	for (const { id } of some) before.set(id, await stack.json(`/api/orders/${id}`))
	const edit = (await bulk(some.map(({ id }) => ({ id, status: before.get(id).status === 'Cancelled' ? 'Pending' : 'Cancelled' })))).json()
	eq(edit.results.filter(r => !r.ok), [])
	const theirs = some[3].id
	eq((await stack.patch(theirs, { status: 'Delivered' })).status, 200)
	const answer = await send('POST', '/api/orders/undo', { bulk: edit.bulk })
	eq(answer.status, 200, answer.text)
	tellsItsState(answer)
	const { results } = answer.json()
	eq(results.map(r => r.id).sort(), some.map(({ id }) => id).sort())
	for (const r of results) {
		if (r.id !== theirs) eq([r.ok, r.order.status], [true, before.get(r.id).status])
		else eq([r.error.code, r.error.errors[0].current], ['conflict', 'Delivered'])
	}
	await agrees(some.map(({ id }) => id))
	problem(await send('POST', '/api/orders/undo', { bulk: '999999' }), 404, 'not_found')
	// and the taking back was a bulk edit of its own
	const redo = await send('POST', '/api/orders/undo', { bulk: answer.json().bulk })
	eq(redo.json().results.filter(r => r.ok).length, 11)
})

// ---- who did what
test('the history tells who changed what, and pages without gaps', async () => {
	const { id } = records[40]
	for (const status of ['Pending', 'Processing', 'Shipped', 'Delivered']) eq((await stack.patch(id, { status }, { 'X-Request-Id': `story-${status}` })).status, 200)
	const all = await history(id)
	eq(all.slice(0, 3).map(c => [c.action, c.source, c.requestId, c.bulk, c.undoes]),
		['Delivered', 'Shipped', 'Processing'].map(status => ['changed', 'api', `story-${status}`, null, null]))
	eq(all[0].fields, [{ field: 'status', from: 'Shipped', to: 'Delivered' }])
	eq(all[0].generation, (await stack.json(`/api/orders/${id}`)).version)
	ok(Math.abs(Date.parse(all[0].at) - Date.now()) < 60_000)
	const walked = []
	for (let cursor = ''; cursor !== null;) {
		const page = await stack.json(`/api/orders/${id}/history?limit=2${cursor && `&after=${cursor}`}`)
		ok(page.changes.length <= 2)
		walked.push(...page.changes)
		cursor = page.nextCursor
	}
	eq(walked, all)
	const audit = await stack.json('/api/audit?limit=500')
	eq(audit.changes.filter(c => c.id === id).slice(0, all.length), all)
	const order = audit.changes.map(c => c.change.split('.').map(Number))
	for (let i = 1; i < order.length; i++) ok(order[i][0] < order[i - 1][0] || (order[i][0] === order[i - 1][0] && order[i][1] < order[i - 1][1]))
	const tagged = await stack.get('/api/audit')
	eq((await stack.get('/api/audit', { 'If-None-Match': tagged.headers.etag })).status, 304)
	problem(await stack.get('/api/audit?page=2'), 400, 'invalid_parameter')
	problem(await stack.get('/api/orders/ORD-unknown/history'), 404, 'not_found')
})

test('the same edit in Airtable and here: both are in the history, the last writer of a field wins', async () => {
	const { id } = records[41]
	eq((await stack.patch(id, { status: 'Pending', priority: 'Low' })).status, 200)
	await stack.sim('POST', '/_sim/edit', { id, fields: { Priority: 'High', Customer: 'Somebody else' } })
	const answer = await stack.patch(id, { status: 'Shipped' })
	eq([answer.json().status, answer.json().priority, answer.json().customer], ['Shipped', 'High', 'Somebody else'])
	const both = (await history(id, '?limit=2')).map(c => [c.source, c.fields.map(f => f.field).sort()])
	eq(both.sort(), [['airtable', ['customer', 'priority']], ['api', ['status']]])
})

// ---- making and deleting
test('an order is made once, whatever becomes of the answer', async () => {
	const body = { orderId: 'ORD-NEW-1', customer: 'Çelik & Söhne', status: 'Pending', priority: 'High', orderTotal: 99.95 }
	const before = await stack.json('/api/orders/summary')
	const made = await send('POST', '/api/orders', body)
	eq(made.status, 201, made.text)
	const created = made.json()
	eq(made.headers.location, `/api/orders/${created.id}`)
	eq(made.headers.etag, `"v${created.version}"`)
	for (const [name, value] of Object.entries(body)) eq(created[name], value)
	for (const one of await everywhere(made.headers.location)) eq(one.json(), created)
	eq((await stack.json('/api/orders/summary')).total.count, before.total.count + 1)
	eq((await inSim(created.id)).fields.Customer, body.customer)
	eq((await history(created.id)).map(c => [c.action, c.source]), [['created', 'api']])
	// Airtable makes it and the answer is lost: still one
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'drop_after' })
	const lost = await send('POST', '/api/orders', { ...body, orderId: 'ORD-NEW-2' })
	await stack.noFaults()
	eq(lost.status, 201, lost.text)
	eq((await stack.dump()).filter(r => r.fields['Order ID'] === 'ORD-NEW-2').length, 1)
	// and asked for again by a client that did not hear of it
	const headers = { 'Idempotency-Key': 'story-make' }
	const first = await send('POST', '/api/orders', { ...body, orderId: 'ORD-NEW-3' }, headers)
	const again = await send('POST', '/api/orders', { ...body, orderId: 'ORD-NEW-3' }, headers)
	eq([first.status, again.status, again.text], [201, 201, first.text])
	eq(again.headers.location, first.headers.location)
	eq((await stack.dump()).filter(r => r.fields['Order ID'] === 'ORD-NEW-3').length, 1)
	for (const [bad, field] of [[{ customer: 7 }, 'customer'], [{ status: 'Lost' }, 'status'], [{ createdAt: null }, 'createdAt'], [{ orderTotal: 1.23456 }, 'orderTotal']]) {
		const answer = await send('POST', '/api/orders', bad)
		problem(answer, 400, 'invalid_body')
		eq(answer.json().errors.map(e => e.field), [field])
	}
})

test('nobody\'s work on an order is undone because its maker was not told that it is there', async () => {
	const made = async orderId => (await stack.dump()).find(r => r.fields['Order ID'] === orderId)
	const settled = () => until('it is settled', 30_000, async () => (await stack.json('/api/health')).outbox.pending === 0)
	const body = orderId => ({ orderId, customer: 'Acme', status: 'Pending', priority: 'Low' })
	// the answer is lost, and what is sent after it goes wrong for a while
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'drop_after' })
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', nth: 2, times: 2 }, action: 'status', status: 503 })
	await stack.fault({ match: { method: 'GET', path: '/v0/', times: 1 }, action: 'status', status: 503 })
	const answer = send('POST', '/api/orders', body('ORD-OURS-1'), { Prefer: 'respond-async' })
	await until('Airtable has it', 10_000, () => made('ORD-OURS-1'))
	await stack.sim('POST', '/_sim/edit', { id: (await made('ORD-OURS-1')).id, fields: { Status: 'Cancelled' } })
	ok([201, 202].includes((await answer).status), (await answer).text)
	await settled()
	await stack.noFaults()
	// syncd dies before the answer comes
	await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'hang', apply: true, delayMs: 5_000 })
	const lost = send('POST', '/api/orders', body('ORD-OURS-2'))
	await until('Airtable has it', 10_000, () => made('ORD-OURS-2'))
	stack.signal('syncd', 'SIGKILL')
	await stack.stop('syncd')
	problem(await lost, 504, 'outcome_unknown')
	await stack.sim('POST', '/_sim/edit', { id: (await made('ORD-OURS-2')).id, fields: { Status: 'Cancelled' } })
	await stack.start('syncd')
	await settled()
	await stack.noFaults()
	for (const orderId of ['ORD-OURS-1', 'ORD-OURS-2']) {
		const { id, fields } = await made(orderId)
		eq(fields.Status, 'Cancelled')
		await agrees([id])
		eq((await stack.dump()).filter(r => r.fields['Order ID'] === orderId).length, 1)
		const story = (await history(id)).reverse().map(c => [c.action, c.source])
		eq(story[0], ['created', 'api'])
	}
})

test('an order that is made while Airtable is away appears when it is back, once', async () => {
	await impatient()
	await away()
	const answer = await send('POST', '/api/orders', { orderId: 'ORD-LATER', customer: 'Patient' }, { Prefer: 'respond-async' })
	eq(answer.status, 202, answer.text)
	eq([answer.json().orderId, answer.json().pending], ['ORD-LATER', true])
	eq((await stack.json('/api/orders/summary')).pending, 1)
	await stack.noFaults()
	await until('it is there', 30_000, async () => (await stack.get('/api/orders/ORD-LATER')).status === 200)
	await patient()
	eq((await stack.json('/api/orders/summary')).pending, 0)
	eq((await stack.dump()).filter(r => r.fields['Order ID'] === 'ORD-LATER').length, 1)
})

test('an order is deleted in Airtable and here, and its history stays', async () => {
	const { id, version } = await stack.json('/api/orders/ORD-NEW-1')
	problem(await send('DELETE', `/api/orders/${id}`, undefined, { 'If-Match': '"v1"' }), 412, 'precondition_failed')
	const answer = await send('DELETE', `/api/orders/${id}`, undefined, { 'If-Match': `"v${version}"`, 'Idempotency-Key': 'story-delete' })
	eq([answer.status, answer.text], [204, ''])
	tellsItsState(answer)
	for (const one of await everywhere(`/api/orders/${id}`)) eq(one.status, 404)
	eq(await inSim(id), undefined)
	eq((await history(id)).map(c => c.action), ['deleted', 'created'])
	eq((await send('DELETE', `/api/orders/${id}`, undefined, { 'If-Match': `"v${version}"`, 'Idempotency-Key': 'story-delete' })).status, 204)
	problem(await send('DELETE', `/api/orders/${id}`), 404, 'not_found')
	problem(await send('DELETE', `/api/orders/${records[42].id}`, '{}'), 400, 'invalid_body')
	const other = await stack.json('/api/orders/ORD-NEW-2')
	await stack.fault({ match: { method: 'DELETE', path: '/v0/', times: 1 }, action: 'drop_after' })
	eq((await send('DELETE', `/api/orders/${other.id}`)).status, 204)
	await stack.noFaults()
	eq(await inSim(other.id), undefined)
})

test('a deletion whose worker dies is not asked for once more, which would deny it', async () => {
	const { id } = records[43]
	const deletions = async () => (await stack.sim('GET', '/_sim/log?since=0&max=10000')).entries.filter(e => e.method === 'DELETE').length
	const before = await deletions()
	await stack.fault({ match: { method: 'DELETE', path: '/v0/', times: 1 }, action: 'hang', apply: true, delayMs: 2_500 })
	const answer = send('DELETE', `/api/orders/${id}`)
	await until('Airtable has it', 10_000, async () => await inSim(id) === undefined)
	for (const pid of stack.children('fcgi-api')) process.kill(pid, 'SIGKILL')
	problem(await answer, 502, 'api_unavailable')
	await until('it is gone here, too', 20_000, async () => (await stack.get(`/api/orders/${id}`)).status === 404)
	await stack.noFaults()
	eq((await history(id))[0].action, 'deleted')
	eq(await deletions(), before + 1)
})

test('a sync afterwards finds nothing to correct', async () => {
	eq((await stack.sync()).status, 200)
	eq(summaryNumbers(await stack.json('/api/orders/summary')), summary((await stack.dump()).map(order), day(Date.now(), 'UTC')))
	const { changed, created, deleted } = await stack.json('/api/sync')
	eq([changed, created, deleted], [0, 0, 0])
})

test('the stack ends undamaged', () => stack.down())

test('who asked is whom a trusted proxy names, and nobody else can say so', async () => {
	await withStack(fast({ sim: 50, set: { 'http.trusted_proxies': '10.0.0.0/8, 127.0.0.77', 'http.user_header': 'X-Remote-User' } }), async stack => {
		const [{ id }] = (await stack.json('/api/orders?pageSize=1')).orders
		const asked = []
		const patch = async (from, headers) => {
			const status = (await stack.json(`/api/orders/${id}`)).status === 'Shipped' ? 'Delivered' : 'Shipped'
			const answer = await stack.from(from).patch(id, { status }, headers)
			eq(answer.status, 200, answer.text)
			asked.unshift((await stack.json(`/api/orders/${id}/history?limit=1`)).changes[0].by)
		}
		await patch('127.0.0.77', { 'X-Remote-User': 'Jörg Müller', 'X-Forwarded-For': '203.0.113.5' })
		await patch('127.0.0.77', { 'X-Remote-User': 'ann@example.com' })
		await patch('127.0.0.77', {})
		await patch('127.0.0.77', { 'X-Remote-User': 'x'.repeat(129) })
		await patch('127.0.0.77', { 'X_Remote_User': 'mallory' })
		await patch('127.0.0.78', { 'X-Remote-User': 'mallory' })
		// his word for the client's address makes nobody a proxy, nor the client a liar
		await patch('127.0.0.78', { 'X-Remote-User': 'mallory', 'X-Forwarded-For': '127.0.0.77' })
		await patch('127.0.0.77', { 'X-Remote-User': 'ann@example.com', 'X-Forwarded-For': '127.0.0.77' })
		eq(asked, ['ann@example.com', null, null, null, null, null, 'ann@example.com', 'Jörg Müller'])
		const bulk = await stack.from('127.0.0.77').call('PATCH', '/api/orders', { headers: { 'Content-Type': 'application/json', 'X-Remote-User': 'ann@example.com' }, body: { updates: [{ id, status: 'Pending' }, { id, priority: null }] } })
		eq(bulk.status, 200, bulk.text)
		eq((await stack.json('/api/audit?limit=1')).changes[0].by, 'ann@example.com')
		for (const name of ['orderdeck.log', 'syncd.out', 'fcgi-api.out', 'nginx-access.log', 'nginx-error.log']) ok(!/ann@example|mallory|Jörg/.test(stack.log(name)), name)
	})
	// without the setting nobody is believed
	await withStack(fast({ sim: 50, set: { 'http.trusted_proxies': '127.0.0.0/8' } }), async stack => {
		const [{ id, status }] = (await stack.json('/api/orders?pageSize=1')).orders
		eq((await stack.patch(id, { status: status === 'Shipped' ? 'Pending' : 'Shipped' }, { 'X-Remote-User': 'mallory', 'Remote-User': 'mallory' })).status, 200)
		eq((await stack.json('/api/audit?limit=1')).changes[0].by, null)
	})
})

test('making and deleting are off unless they are switched on', async () => {
	stack = await startStack(fast({ sim: 20 }))
	await stack.synced()
	const [{ id }] = await stack.dump()
	for (const [method, target, body, key] of [['POST', '/api/orders', { customer: 'x' }, 'write.create'], ['DELETE', `/api/orders/${id}`, undefined, 'write.delete']]) {
		const answer = await send(method, target, body)
		problem(answer, 403, 'forbidden')
		ok(answer.json().detail.includes(key), answer.json().detail)
	}
	eq((await stack.dump()).length, 20)
	await stack.down()
})

run()

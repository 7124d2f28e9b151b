// Fields that become something else in Airtable: what can be understood is, what
// can't is counted and named, and no column empties without somebody's wish.
import fs from 'node:fs'
import { test, run, eq, ok } from './lib/harness.mjs'
import { withStack, fast, until } from './lib/stack.mjs'
import { agrees, settled } from './lib/feed.mjs'
import { fetchAll } from './lib/orders.mjs'

const base = (more = {}) => fast({ sim: 250, wait: 30, ...more })
const follow = (more = {}) => base({ ...more, set: { 'sync.feed': 'auto', 'sync.feed_interval': '200ms', ...more.set } })

const health = stack => stack.json('/api/health')
const total = async stack => (await stack.json('/api/orders/summary')).total.orderTotal
const retype = (stack, field, type, more = {}) => stack.sim('POST', '/_sim/schema', { retype: { field, type, ...more } })
const edit = (stack, id, fields, more = {}) => stack.sim('POST', '/_sim/edit', { id, raw: true, fields, ...more })

/** Id -> value of that field. */
const column = async (stack, name) => new Map((await fetchAll(stack)).map(o => [o.id, o[name]]))

async function synced(stack) {
	const answer = await stack.sync()
	eq(answer.status, 200, answer.text.slice(0, 300))
}

test('a status that may be several keeps its values, and shows several as the grid does', async () => {
	await withStack(base(), async stack => {
		await stack.synced()
		const before = await column(stack, 'status')
		await retype(stack, 'Status', 'multipleSelects')
		await synced(stack)
		eq(await column(stack, 'status'), before)
		eq([(await health(stack)).status, (await health(stack)).notUnderstood], ['ok', []])
		const [id] = before.keys()
		await edit(stack, id, { Status: ['Pending', 'Shipped'] })
		await synced(stack)
		eq((await stack.json(`/api/orders/${id}`)).status, 'Pending, Shipped')
		await edit(stack, id, { Status: [] })
		await synced(stack)
		eq((await stack.json(`/api/orders/${id}`)).status, null)
	})
}, { beside: true })

const kinds = [
	['Customer', 'multilineText'], ['Customer', 'barcode'], ['Customer', 'aiText'], ['Customer', 'singleCollaborator'],
	['Customer', 'multipleLookupValues'], ['Customer', 'rollup'], ['Customer', 'button'], ['Customer', 'multipleAttachments'],
	['Customer', 'singleSelect'], ['Customer', 'multipleSelects'], ['Status', 'singleLineText'], ['Priority', 'rollup'],
	['Order Total', 'number', { options: { precision: 2 } }], ['Order Total', 'percent', { options: { precision: 1 } }],
	['Order Total', 'rollup'], ['Created At', 'singleLineText'], ['Created At', 'multipleLookupValues'],
]
test('what is shown of a field of another kind is what it was', async () => {
	await withStack(base(), async stack => {
		await stack.synced()
		for (const [field, kind, more] of kinds) {
			const names = { Customer: 'customer', Status: 'status', Priority: 'priority', 'Order Total': 'orderTotal', 'Created At': 'createdAt' }
			const before = await column(stack, names[field])
			await retype(stack, field, kind, more)
			await synced(stack)
			eq(await column(stack, names[field]), before, `${field} as ${kind}`)
			eq((await health(stack)).status, 'ok', `${field} as ${kind}`)
		}
	})
}, { beside: true })

test('values that came through the feed and are not understood are counted and named', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const [a, b, c] = (await stack.dump()).filter(r => r.fields['Order Total'] !== undefined).map(r => r.id)
		await edit(stack, a, { 'Order Total': '$12.50' })
		await edit(stack, b, { 'Order Total': [7.25] })
		await edit(stack, c, { 'Order Total': 1e14 })
		await until('they are here', 15_000, async () => (await stack.json(`/api/orders/${c}`)).orderTotal === null &&
			(await stack.json(`/api/orders/${b}`)).orderTotal === 7.25 && (await stack.json(`/api/orders/${a}`)).orderTotal === null)
		const [odd] = (await health(stack)).notUnderstood
		eq([odd.field, odd.cells], ['orderTotal', 0])
		ok(odd.since >= 2 && [a, c].includes(odd.record), JSON.stringify(odd))
		ok(stack.log().includes('$12.50') && stack.log().includes(a), 'the log says what came')
		ok((await stack.syncctl('status')).stdout.includes('not understood: orderTotal'))
		eq((await health(stack)).status, 'ok', 'two cells are no alarm')
		await synced(stack)
		eq((await health(stack)).notUnderstood.map(o => [o.field, o.cells, o.since]), [['orderTotal', 2, 0]])
		await edit(stack, c, { 'Order Total': 99_999_999_999_999 })
		await until('it is just within the limit', 15_000, async () => (await stack.json(`/api/orders/${c}`)).orderTotal === 99_999_999_999_999)
		for (const id of [a, b, c]) await edit(stack, id, { 'Order Total': 1 })
		await agrees(stack)
		await synced(stack)
		eq((await health(stack)).notUnderstood, [])
	})
}, { beside: true })

test('totals that become texts stay, with an alarm, and come back by themselves', async () => {
	await withStack(base({ set: { 'sync.full_interval': '2s' } }), async stack => {
		await stack.synced()
		const before = await total(stack), values = await column(stack, 'orderTotal')
		ok(before > 0)
		await retype(stack, 'Order Total', 'singleLineText')
		await until('the alarm is given', 20_000, async () => (await health(stack)).alarm !== null)
		const { status, alarm, notUnderstood } = await health(stack)
		eq([status, alarm.code], ['degraded', 'airtable_field_lost'])
		ok(/orderTotal: of \d+ values \d+ are not understood any more/.test(alarm.detail) && alarm.detail.includes('syncctl sync'), alarm.detail)
		eq(notUnderstood.map(o => o.field), ['orderTotal'])
		ok(notUnderstood[0].what.includes('$'), notUnderstood[0].what)
		ok(stack.log().includes('sync: ALARM: orderTotal'), 'the log says so')
		ok((await stack.syncctl('status')).stdout.includes('ALARM     orderTotal'))
		eq([await total(stack), await column(stack, 'orderTotal')], [before, values])
		// it stands over a restart, and other fields go on
		await stack.stop('syncd')
		await stack.start('syncd')
		await until('syncd is back', 20_000, async () => (await health(stack)).syncd.up)
		eq((await health(stack)).alarm?.code, 'airtable_field_lost')
		const [id] = values.keys()
		await edit(stack, id, { Customer: 'Another One' })
		await until('other fields go on', 20_000, async () => (await stack.json(`/api/orders/${id}`)).customer === 'Another One')
		eq(await total(stack), before)
		// nobody touches anything here
		await retype(stack, 'Order Total', 'currency', { options: { precision: 2 } })
		await until('all is well', 30_000, async () => (await health(stack)).status === 'ok')
		eq((await health(stack)).notUnderstood, [])
		await agrees(stack)
	})
}, { beside: true })

for (const feed of ['off', 'modified', 'auto'])
	test(`sync.feed = ${feed}: changes empty nothing that has gone bad beside them, however they look at their orders`, async () => {
		await withStack(base({ set: { 'sync.feed': feed, 'sync.feed_interval': '1m', 'write.timeout': '20s' } }), async stack => {
			await stack.synced()
			await stack.idle()
			const before = await total(stack), orders = (await fetchAll(stack)).filter(o => o.orderTotal !== null), values = await column(stack, 'orderTotal')
			const other = ({ status }) => status === 'Shipped' ? 'Cancelled' : 'Shipped', send = (method, target, body, headers = {}) =>
				stack.call(method, target, { headers: { 'Content-Type': 'application/json', ...headers }, body })
			await retype(stack, 'Order Total', 'singleLineText')
			const many = orders.slice(0, 30), edited = (await send('PATCH', '/api/orders', { updates: many.map(o => ({ id: o.id, status: other(o), version: o.version })) })).json()
			eq(edited.results.map(r => [r.ok, r.order?.orderTotal]), many.map(o => [true, o.orderTotal]))
			const undone = (await send('POST', '/api/orders/undo', { bulk: edited.bulk })).json()
			eq(undone.results.map(r => [r.id, r.order?.orderTotal]).sort(), many.map(o => [o.id, o.orderTotal]).sort())
			for (const o of orders.slice(30, 45)) {
				const one = await stack.patch(o.id, { status: other(o) }, { 'If-Match': `"v${o.version}"` })
				eq([one.status, one.json().orderTotal], [200, o.orderTotal], one.text)
			}
			// read back, as no answer came; and one that was not applied
			for (const [o, action] of [[orders[50], 'drop_after'], [orders[51], 'drop_before'], [orders[52], 'garbage']]) {
				await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action })
				const one = await stack.patch(o.id, { status: other(o) })
				eq([one.status, one.json().orderTotal], [200, o.orderTotal], one.text)
			}
			eq([await total(stack), await column(stack, 'orderTotal')], [before, values])
			// a colleague's change of what is understood is one
			const { id, version, status } = await stack.json(`/api/orders/${orders[60].id}`)
			await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: 'somebody else' } })
			eq((await stack.patch(id, { status: other({ status }) }, { 'If-Match': `"v${version}"` })).status, 412)
			await synced(stack)
			eq([await total(stack), await column(stack, 'orderTotal'), (await health(stack)).alarm?.code], [before, values, 'airtable_field_lost'])
			await retype(stack, 'Order Total', 'currency', { options: { precision: 2 } })
			await synced(stack)
			await agrees(stack)
		})
	}, { beside: true })

test('customers that become links stay, whatever way they come; an operator may let them go', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const before = await column(stack, 'customer')
		await retype(stack, 'Customer', 'multipleRecordLinks', { touch: true })
		await until('the alarm is given', 30_000, async () => (await health(stack)).alarm?.code === 'airtable_field_lost')
		eq(await column(stack, 'customer'), before)
		// a record that changes in another field
		const id = [...before].find(([, customer]) => customer !== null)[0]
		await edit(stack, id, { 'Order Total': 4.5 })
		await until('it is here', 15_000, async () => (await stack.json(`/api/orders/${id}`)).orderTotal === 4.5)
		eq((await stack.json(`/api/orders/${id}`)).customer, before.get(id))
		eq((await stack.patch(id, { status: (await stack.json(`/api/orders/${id}`)).status === 'Shipped' ? 'Cancelled' : 'Shipped' })).status, 200)
		eq((await stack.json(`/api/orders/${id}`)).customer, before.get(id))
		const accepted = await stack.syncctl('sync', '--full', '--wait', '--accept-shrink')
		eq(accepted.code, 0, accepted.stderr)
		eq(new Set((await column(stack, 'customer')).values()), new Set([null]))
		await until('it is no alarm any more', 10_000, async () => (await health(stack)).status === 'ok')
		eq((await health(stack)).notUnderstood.map(o => o.field), ['customer'], 'and still told')
		await retype(stack, 'Customer', 'singleLineText')
		await synced(stack)
		eq(await column(stack, 'customer'), before)
	})
}, { beside: true })

test('a column that people empty is empty; one that vanishes as a whole stays until somebody says so', async () => {
	await withStack(base(), async stack => {
		await stack.synced()
		const records = await stack.dump(), before = await column(stack, 'priority')
		const filled = records.filter(r => r.fields.Priority !== undefined)
		await stack.sim('POST', '/_sim/edit', { records: filled.slice(1).map(({ id }) => ({ id, fields: { Priority: null } })) })
		await synced(stack)
		eq([...(await column(stack, 'priority')).values()].filter(v => v !== null).length, 1)
		eq((await health(stack)).status, 'ok')
		await stack.sim('POST', '/_sim/edit', { records: filled.map(({ id, fields }) => ({ id, fields: { Priority: fields.Priority } })) })
		await synced(stack)
		eq(await column(stack, 'priority'), before)
		await stack.sim('POST', '/_sim/edit', { records: filled.map(({ id }) => ({ id, fields: { Priority: null } })) })
		await synced(stack)
		eq(await column(stack, 'priority'), before)
		eq((await health(stack)).alarm?.code, 'airtable_field_lost')
		eq((await stack.syncctl('sync', '--full', '--wait', '--accept-shrink')).code, 0)
		eq((await health(stack)).status, 'ok')
		await agrees(stack)
	})
}, { beside: true })

test('a formula that breaks empties nothing; one cell of it does', async () => {
	await withStack(base(), async stack => {
		await stack.synced()
		const before = await total(stack)
		const ids = (await stack.dump()).filter(r => r.fields['Order Total'] !== undefined).map(r => r.id)
		await edit(stack, ids[0], { 'Order Total': { error: '#ERROR!' } })
		await synced(stack)
		eq([(await stack.json(`/api/orders/${ids[0]}`)).orderTotal, (await health(stack)).status], [null, 'ok'])
		await stack.sim('POST', '/_sim/edit', { raw: true, records: ids.map(id => ({ id, fields: { 'Order Total': { specialValue: 'NaN' } } })) })
		const after = await total(stack)
		ok(after <= before && after > 0)
		await synced(stack)
		eq([await total(stack), (await health(stack)).alarm?.code], [after, 'airtable_field_lost'])
	})
}, { beside: true })

const offered = async stack => (await stack.json('/api/orders/summary')).offered
const schema = (stack, change) => stack.sim('POST', '/_sim/schema', change)

test('what Airtable offers can be set: an option that is added, one under its new name, and not under its old one', async () => {
	await withStack(follow({ set: { 'write.create': 'on', 'airtable.create_key': 'Notes' } }), async stack => {
		await settled(stack)
		const own = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled']
		await until('it is known what can be set', 15_000, async () => (await offered(stack))?.status !== undefined)
		eq([...(await offered(stack)).status].sort(), [...own].sort())
		eq([...(await offered(stack)).priority].sort(), ['High', 'Low', 'Medium'])
		const [a, b, c] = (await fetchAll(stack)).filter(o => o.status === 'Pending').map(o => o.id)
		const before = await stack.get('/api/orders/summary')
		eq((await stack.patch(a, { status: 'Backorder' })).status, 400)
		await schema(stack, { addOption: { field: 'Status', name: 'Backorder' } })
		await until('the new one is offered', 15_000, async () => (await offered(stack)).status.includes('Backorder'))
		eq((await stack.get('/api/orders/summary', { 'If-None-Match': before.headers.etag })).status, 200, 'a summary that was kept is another one')
		eq((await stack.patch(a, { status: 'Backorder' })).status, 200)
		eq((await stack.json(`/api/orders/${a}`)).status, 'Backorder')
		eq((await stack.dump()).find(r => r.id === a).fields.Status, 'Backorder')
		const send = (method, body) => stack.call(method, '/api/orders', { headers: { 'Content-Type': 'application/json' }, body })
		const many = await send('PATCH', { updates: [{ id: b, status: 'Backorder' }, { id: c, status: 'Lost' }] })
		eq(many.json().results.map(r => r.ok), [true, false])
		eq((await send('POST', { orderId: 'ORD-NEW', status: 'Backorder' })).status, 201)
		await schema(stack, { renameOption: { field: 'Status', from: 'Shipped', to: 'Sent' } })
		await until('the new name is offered', 15_000, async () => (await offered(stack)).status.includes('Sent'))
		const old = await stack.patch(c, { status: 'Shipped' })
		eq([old.status, old.json().code], [400, 'invalid_body'])
		eq(old.json().errors.map(e => [e.field, e.message.includes('Sent'), e.message.includes('Shipped')]), [['status', true, false]])
		eq((await stack.patch(c, { status: 'Sent' })).status, 200)
		eq((await stack.dump()).find(r => r.id === c).fields.Status, 'Sent')
		await schema(stack, { removeOption: { field: 'Status', name: 'Backorder' } })
		await until('it is not offered any more', 15_000, async () => !(await offered(stack)).status.includes('Backorder'))
		eq((await stack.patch(c, { status: 'Backorder' })).status, 400)
		// what is renamed and added while nobody looks is known after the start
		await stack.stop('syncd')
		await schema(stack, { renameOption: { field: 'Status', from: 'Sent', to: 'On its way' } })
		ok((await offered(stack)).status.includes('Sent'), 'it is told as it was known last')
		await stack.start('syncd')
		await until('the newest name is offered', 15_000, async () => (await offered(stack)).status.includes('On its way'))
		eq((await stack.patch(b, { status: 'On its way' })).status, 200)
		eq((await stack.syncctl('verify')).code, 0)
	})
}, { beside: true })

test('a status that takes several is set as a list of its options, commas in names and all', async () => {
	await withStack(follow({ set: { 'write.timeout': '2s', 'airtable.request_timeout': '2s' } }), async stack => {
		await settled(stack)
		const [a, b, c] = (await fetchAll(stack)).filter(o => o.status === 'Pending').map(o => o.id)
		const cell = async id => (await stack.dump()).find(r => r.id === id).fields.Status
		const set = async (id, status) => eq((await stack.patch(id, { status })).status, 200, `${status}`)
		await schema(stack, { addOption: { field: 'Status', name: 'Rework, minor' } })
		await retype(stack, 'Status', 'multipleSelects')
		const summary = await until('it is known to take several', 15_000, async () => {
			const told = await stack.json('/api/orders/summary')
			return told.several?.includes('status') && told
		})
		ok(summary.offered.status.includes('Rework, minor') && !summary.several.includes('priority'), JSON.stringify(summary.offered))
		for (const [status, list] of [['Shipped', ['Shipped']], ['Pending, Shipped', ['Pending', 'Shipped']],
			['Rework, minor', ['Rework, minor']], ['Rework, minor, Shipped', ['Rework, minor', 'Shipped']]]) {
			await set(a, status)
			eq([await cell(a), (await stack.json(`/api/orders/${a}`)).status], [list, status])
		}
		await set(a, null)
		eq([await cell(a), (await stack.json(`/api/orders/${a}`)).status], [undefined, null])
		const refused = await stack.patch(a, { status: 'Pending, Lost' })
		eq([refused.status, refused.json().errors[0].field], [400, 'status'])
		const undone = await stack.call('POST', `/api/orders/${a}/undo`, { headers: { 'Content-Type': 'application/json' }, body: {} })
		eq([undone.status, await cell(a)], [200, ['Rework, minor', 'Shipped']], undone.text)
		// what was promised before a restart goes out in the same form
		await stack.fault({ match: { path: '/v0/', times: 0 }, action: 'status', status: 503 })
		eq((await stack.patch(b, { status: 'Shipped, Pending' }, { Prefer: 'respond-async' })).status, 202)
		await stack.stop('syncd', 'KILL')
		await stack.noFaults()
		await stack.start('syncd')
		await until('it has arrived', 20_000, async () => JSON.stringify(await cell(b)) === '["Shipped","Pending"]')
		// a field that nobody can write says which setting it is, and lets the others go
		await schema(stack, { formula: { field: 'Status', formula: '{Priority}' } })
		const told = await until('it takes nothing', 15_000, async () => {
			const answer = await stack.patch(c, { status: 'Shipped' })
			eq([answer.status, answer.json().code], [422, 'airtable_rejected'], answer.text)
			return answer.json().detail.includes('fields.orders.status') && answer.json().detail
		})
		ok(told.includes('"Status"') && told.includes('formula'), told)
		const send = body => stack.call('PATCH', '/api/orders', { headers: { 'Content-Type': 'application/json' }, body })
		const many = (await send({ updates: [{ id: a, status: 'Shipped' }, { id: b, priority: 'High' }, { id: c, priority: 'Low' }] })).json().results
		eq(many.map(r => r.ok), [false, true, true], JSON.stringify(many))
	})
}, { beside: true })

test('by time nobody tells of options; one that an order has can be set', async () => {
	await withStack(follow({ set: { 'sync.feed': 'modified' } }), async stack => {
		await settled(stack)
		await until('it is known what can be set', 15_000, async () => (await offered(stack))?.status !== undefined)
		const [a, b] = (await fetchAll(stack)).filter(o => o.status === 'Pending').map(o => o.id)
		await stack.sim('POST', '/_sim/edit', { id: a, fields: { Status: 'Backorder' } })
		await until('it is offered', 60_000, async () => (await offered(stack)).status.includes('Backorder'))
		eq((await stack.patch(b, { status: 'Backorder' })).status, 200)
	})
}, { beside: true })

test('where the schema may not be read, what is known and what was seen can be set, and Airtable has the last word', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		await until('it is known what can be set', 15_000, async () => (await offered(stack))?.status !== undefined)
		const [a, b] = (await fetchAll(stack)).filter(o => o.status === 'Pending').map(o => o.id)
		await edit(stack, a, { Status: 'Backorder' }, { raw: false })
		await until('it is here', 15_000, async () => (await stack.json(`/api/orders/${a}`)).status === 'Backorder')
		const token = fs.readFileSync(`${stack.dir}/token`, 'utf8').trim()
		await stack.sim('POST', '/_sim/tokens', { token, scopes: ['data.records:read', 'data.records:write'] })
		stack.signal('syncd', 'SIGHUP')
		await until('nobody can say what is offered', 20_000, async () => (await offered(stack)) === undefined)
		eq((await stack.patch(b, { status: 'Backorder' })).status, 200)
		eq((await stack.patch(b, { status: 'Lost' })).status, 400)
		await schema(stack, { renameOption: { field: 'Status', from: 'Shipped', to: 'Sent' } })
		const refused = await stack.patch(b, { status: 'Shipped' })
		eq([refused.status, refused.json().code], [422, 'airtable_rejected'])
	})
}, { beside: true })

run()

// What can go wrong while a base is listed: the store is the old one or the
// new one, the cause is told, and nothing is lost.
import { test, run, eq, ok } from './lib/harness.mjs'
import { withStack, startStack, fast, until } from './lib/stack.mjs'
import { order, summary, summaryNumbers, day, fetchAll, withoutVersion } from './lib/orders.mjs'

const LISTING = { method: 'GET', path: '/v0/' }
let stack, records

/** Everything a client can see of the store, but for times of day. */
async function picture() {
	const { syncedAt, ...rest } = await stack.json('/api/orders/summary')
	return { summary: rest, orders: await fetchAll(stack) }
}

/** List and summary are what Airtable holds, cells as odd as given told apart by fix. */
async function agrees(fix = record => record) {
	const expected = new Map((await stack.dump()).map(record => [record.id, order(fix(record))]))
	const got = await fetchAll(stack)
	eq(got.length, expected.size)
	for (const o of got) eq(withoutVersion(o), expected.get(o.id))
	eq(summaryNumbers(await stack.json('/api/orders/summary')), summary([...expected.values()], day(Date.now(), 'UTC')))
}

async function failsWith(fault, status, code) {
	const before = await picture()
	await stack.fault(fault)
	const answer = await stack.sync()
	await stack.noFaults()
	eq([answer.status, answer.json().code], [status, code], answer.text.slice(0, 400))
	eq(await picture(), before, 'the store is as it was')
	eq((await stack.json('/api/sync')).state, 'failed')
	eq((await stack.json('/api/health')).status, 'degraded')
	const again = await stack.sync()
	eq(again.status, 200, `afterwards: ${again.text.slice(0, 300)}`)
	eq((await stack.json('/api/health')).status, 'ok')
}

test('a base of 600 is served', async () => {
	stack = await startStack(fast({ sim: 600, set: {
		'airtable.request_timeout': '1s', 'airtable.retries': 2, 'airtable.lockout': '1s', 'airtable.breaker_failures': 50, 'sync.wait': '20s',
	} }))
	await stack.synced()
	records = await stack.dump()
	await agrees()
})

test('an expired iterator restarts the listing', async () => {
	await stack.sim('POST', '/_sim/edit', { id: records[1].id, fields: { Customer: 'after the restart' } })
	await stack.fault({ match: { ...LISTING, nth: 4, times: 1 }, action: 'status', status: 422, body: { error: 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE' } })
	const answer = await stack.sync()
	await stack.noFaults()
	eq(answer.status, 200, answer.text.slice(0, 300))
	await agrees()
})

for (const [what, fault] of Object.entries({
	'a page that fails once (503)': { action: 'status', status: 503 },
	'a page whose connection is cut': { action: 'drop_before' },
	'a page that hangs': { action: 'hang' },
	'a page cut in the middle': { action: 'truncate' },
})) {
	test(`${what} is asked for again`, async () => {
		await stack.sim('POST', '/_sim/edit', { id: records[2].id, fields: { Customer: what } })
		await stack.fault({ match: { ...LISTING, nth: 3, times: 1 }, ...fault })
		const answer = await stack.sync()
		await stack.noFaults()
		eq(answer.status, 200, answer.text.slice(0, 300))
		await agrees()
	})
}

for (const [what, fault, status, code] of [
	['HTML', { action: 'html', status: 200 }, 502, 'airtable_bad_response'],
	['an empty answer', { action: 'empty' }, 502, 'airtable_bad_response'],
	['garbage', { action: 'garbage' }, 502, 'airtable_bad_response'],
	['JSON of the wrong types', { action: 'wrong_types' }, 502, 'airtable_bad_response'],
	['401', { action: 'status', status: 401, body: { error: { type: 'AUTHENTICATION_REQUIRED', message: 'Authentication required' } } }, 502, 'airtable_unauthorized'],
	['403', { action: 'status', status: 403, body: { error: { type: 'INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND', message: 'no' } } }, 502, 'airtable_forbidden'],
	['404', { action: 'status', status: 404, body: { error: 'NOT_FOUND' } }, 502, 'airtable_not_found'],
	['503 again and again', { action: 'status', status: 503 }, 503, 'airtable_unavailable'],
]) {
	test(`${what} in the middle of a listing fails the sync with its cause, and loses nothing`, async () => {
		// (more of them than it tries again)
		await failsWith({ match: { ...LISTING, nth: 3, times: 100 }, ...fault }, status, code)
	})
}

test('an option nobody knew is kept, shown, counted and filtered', async () => {
	await stack.sim('POST', '/_sim/schema', { addOption: { field: 'Status', name: 'On Hold' } })
	for (const i of [10, 11, 12]) await stack.sim('POST', '/_sim/edit', { id: records[i].id, fields: { Status: 'On Hold' } })
	eq((await stack.sync()).status, 200)
	await agrees()
	const { byStatus } = await stack.json('/api/orders/summary')
	eq(byStatus.find(entry => entry.status === 'On Hold')?.count, 3)
	eq((await stack.json(`/api/orders/${records[10].id}`)).status, 'On Hold')
	eq((await stack.json('/api/orders?status=On%20Hold')).total, 3)
})

test('no Order ID, and one Order ID twice', async () => {
	await stack.sim('POST', '/_sim/edit', { id: records[20].id, fields: { 'Order ID': null } })
	for (const i of [21, 22]) await stack.sim('POST', '/_sim/edit', { id: records[i].id, fields: { 'Order ID': 'TWIN' } })
	eq((await stack.sync()).status, 200)
	await agrees()
	eq((await stack.json(`/api/orders/${records[20].id}`)).orderId, null)
	eq((await stack.get('/api/orders/TWIN')).status, 409)
	eq((await stack.json('/api/orders?search=twin')).total, 2)
})

test('odd cells become empty with a warning; odd but sound ones are kept', async () => {
	const odd = [
		[30, { 'Order Total': 1e308 }, { 'Order Total': undefined }],
		[31, { 'Order Total': '12.50' }, { 'Order Total': 12.5 }],
		[32, { 'Order Total': { specialValue: 'NaN' } }, { 'Order Total': undefined }],
		[33, { 'Order Total': -17.25 }, {}],
		[34, { 'Created At': '9999-12-31T23:59:59.999Z' }, {}],
		[35, { 'Created At': 'yesterday' }, { 'Created At': undefined }],
		[36, { 'Created At': '1969-12-31T23:59:59.000Z' }, {}],
		[37, { Customer: ['a', 'b'] }, { Customer: 'a, b' }],
		[42, { Customer: { url: 'x' } }, { Customer: undefined }],
		[43, { 'Order Total': [12.5] }, { 'Order Total': 12.5 }],
		[44, { 'Order Total': [1, 2] }, { 'Order Total': undefined }],
		[45, { Status: ['Pending'] }, { Status: 'Pending' }],
		[46, { 'Order Total': 1e14 }, { 'Order Total': undefined }],
		[38, { Customer: 'x'.repeat(5_000) }, {}],
		[39, { Customer: 'line\nbreak\ttab "quote" \\ \u2028 \u{1F600}' }, {}],
		[40, { Status: 7 }, { Status: undefined }],
	]
	for (const [i, fields] of odd) await stack.sim('POST', '/_sim/edit', { id: records[i].id, raw: true, fields })
	const answer = await stack.sync()
	eq(answer.status, 200, answer.text.slice(0, 300))
	const fixes = new Map(odd.map(([i, , fix]) => [records[i].id, fix]))
	await agrees(record => ({ ...record, fields: { ...record.fields, ...fixes.get(record.id) } }))
	ok(stack.log().includes(records[30].id), 'the log names a record that was not understood')
	await stack.sim('POST', '/_sim/edit', { id: records[41].id, raw: true, fields: { 'Order Total': 0.123456789012 } })
	eq((await stack.sync()).status, 200)
	eq((await stack.json(`/api/orders/${records[41].id}`)).orderTotal, 0.1235)
	for (const i of [30, 31, 32, 35, 37, 40, 41, 42, 43, 44, 45, 46])
		await stack.sim('POST', '/_sim/edit', { id: records[i].id, raw: true, fields: { 'Order Total': 5, 'Created At': '2026-01-01T00:00:00.000Z', Customer: 'sound again', Status: 'Pending' } })
	eq((await stack.sync()).status, 200)
	await agrees()
})

test('records that come, change and go while pages are read end up right at last', async () => {
	await stack.sim('POST', '/_sim/settings', { latencyMs: 60 })
	const running = stack.sync()
	for (let i = 0; i < 40; i++) {
		await stack.sim('POST', '/_sim/edit', { id: records[100 + i * 5].id, fields: { Customer: `moving ${i}` } })
		if (i % 8 === 0) await stack.sim('POST', '/_sim/delete', { ids: [records[99 + i * 5].id] })
		if (i % 8 === 4) await stack.sim('POST', '/_sim/create', { count: 1 })
	}
	eq((await running).status, 200)
	await stack.sim('POST', '/_sim/settings', { latencyMs: 0 })
	eq((await stack.sync()).status, 200)
	await agrees()
})

test('a change confirmed while a sync is running is not undone by it', async () => {
	await stack.sim('POST', '/_sim/settings', { latencyMs: 150 })
	const running = stack.sync()
	await until('the sync is on its way', 5_000, async () => (await stack.json('/api/sync')).pages >= 1)
	const ids = [records[50].id, records[560].id]	// in a page that was read, in one that was not
	for (const id of ids) {
		const { status } = await stack.json(`/api/orders/${id}`)
		eq((await stack.patch(id, { status: status === 'Shipped' ? 'Cancelled' : 'Shipped' })).status, 200)
	}
	eq((await running).status, 200)
	await stack.sim('POST', '/_sim/settings', { latencyMs: 0 })
	const held = new Map((await stack.dump()).map(record => [record.id, record]))
	for (const id of ids) eq((await stack.json(`/api/orders/${id}`)).status, held.get(id).fields.Status)
})

test('many callers share one run', async () => {
	const before = (await stack.stats()).requests, pages = Math.ceil((await stack.dump()).length / 100)
	// it has not got far when the last of them asks
	await stack.sim('POST', '/_sim/settings', { latencyMs: 250 })
	const answers = await Promise.all(Array.from({ length: 20 }, () => stack.call('POST', '/api/orders/sync?mode=full')))
	await stack.sim('POST', '/_sim/settings', { latencyMs: 0 })
	for (const answer of answers) eq(answer.status, 200)
	ok((await stack.stats()).requests - before <= 2 * (pages + 1), 'no more than one run, and one that was asked for meanwhile')
})

test('a field that is gone is named, and what it held stays', async () => {
	const before = await picture()
	await stack.sim('POST', '/_sim/schema', { rename: { field: 'Customer', name: 'Client' } })
	eq((await stack.sync()).status, 200)
	const { alarm } = await stack.json('/api/sync')
	eq(alarm.code, 'airtable_field_missing')
	ok(alarm.detail.includes('fields.orders.customer = "Customer"'), alarm.detail)
	eq(await picture(), before)
	await stack.sim('POST', '/_sim/schema', { rename: { field: 'Client', name: 'Customer' } })
	eq((await stack.sync()).status, 200)
	eq((await stack.json('/api/sync')).alarm, null)
})

test('a base that shrank by more than half is an alarm, and an operator may accept it', async () => {
	const before = await picture()
	const all = (await stack.dump()).map(record => record.id)
	await stack.sim('POST', '/_sim/delete', { ids: all.slice(0, 400) })
	const answer = await stack.sync()
	eq([answer.status, answer.json().code], [502, 'airtable_shrunk'], answer.text)
	eq(await picture(), before, 'nothing was deleted')
	const accepted = await stack.syncctl('sync', '--full', '--wait', '--accept-shrink')
	eq(accepted.code, 0, accepted.stderr)
	await agrees()
})

test('an emptied base is the same alarm', async () => {
	const before = await picture()
	await stack.sim('POST', '/_sim/delete', { all: true })
	eq((await stack.sync()).json().code, 'airtable_shrunk')
	eq(await picture(), before)
	await stack.sim('POST', '/_sim/create', { count: 300 })
	const accepted = await stack.syncctl('sync', '--full', '--wait', '--accept-shrink')
	eq(accepted.code, 0, accepted.stderr)
	await agrees()
})

test('the stack ends undamaged', () => stack.down())

test('fields are found by their configured names', async () => {
	await withStack(fast({ sim: 100, wait: 0, set: { 'fields.orders.customer': 'Client' } }), async one => {
		const { error } = await until('the first try ended', 20_000, async () => {
			const sync = await one.json('/api/sync')
			return sync.state === 'failed' && sync
		})
		eq([error.code, error.status, error.title], ['airtable_field_missing', 502, 'Bad Gateway'])
		ok(error.detail.includes('fields.orders.customer = "Client"'), error.detail)
		const refused = await one.sync()
		eq([refused.status, refused.json().code], [502, 'airtable_field_missing'], refused.text)
		ok(refused.json().detail.includes('fields.orders.customer = "Client"'), refused.text)
		await one.sim('POST', '/_sim/schema', { rename: { field: 'Customer', name: 'Client' } })
		eq((await one.sync()).status, 200)
		const held = new Map((await one.dump()).map(record => [record.id, record.fields.Client ?? null]))
		for (const o of await fetchAll(one)) eq(o.customer, held.get(o.id))
	})
})

for (const feed of ['auto', 'modified']) {
	test(`sync.feed = ${feed}: orders of which a page is too large for one answer come in smaller pages`, async () => {
		await withStack(fast({ sim: 100, wait: 30, set: { 'sync.feed': feed, 'sync.feed_interval': '200ms', 'airtable.retries': 1 },
			simArgs: ['--set=computedInPayloads=none', '--set=splitRecords=30'] }), async one => {
			const records = await one.dump(), large = records.slice(0, 96), long = letter => letter.repeat(100_000)
			for (const { id } of large) await one.sim('POST', '/_sim/edit', { id, fields: { Customer: long('\u0416') }, unseen: true })
			const answer = await one.sync()
			eq(answer.status, 200, answer.text)
			const refused = () => one.log().split('a page of 100 records is too large; the next has 50').length - 1
			ok(refused() > 0, 'it was too large')
			const customer = async id => (await one.json(`/api/orders/${id}`)).customer
			for (const { id } of [large[0], large[95]]) eq(await customer(id), long('\u0416'))
			eq((await one.json('/api/sync')).records, 100)
			// what changes later, found by who knows nothing of that yet
			await one.stop('syncd')
			await one.sim('POST', '/_sim/edit', { records: large.map(({ id }) => ({ id, fields: { Status: 'Cancelled' } })) })
			const before = refused()
			await one.start('syncd')
			await until('all of them are here', 60_000, async () => {
				const { byStatus } = await one.json('/api/orders/summary')
				return byStatus.find(row => row.status === 'Cancelled').count >= 96
			})
			if (feed === 'modified') ok(refused() > before, 'and too large again')
			// one is enough to be confirmed with all that it holds
			eq((await one.patch(large[1].id, { status: 'Shipped' })).status, 200)
			eq(await customer(large[1].id), long('\u0416'))
		})
	})
}

run()

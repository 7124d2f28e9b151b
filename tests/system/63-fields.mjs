// Fields of the Airtable table that go, come back and become others: the desk
// says so at once, goes on with all the rest, and never claims to know more
// than it does.
import fs from 'node:fs'
import { test, run, eq, ok, sleep, PATIENCE } from './lib/harness.mjs'
import { withStack, fast, until } from './lib/stack.mjs'
import { EventStream, comesBack } from './lib/events.mjs'
import { unzip } from './lib/xlsx.mjs'
import { agrees, feedOf, settled, syncs, webhooks } from './lib/feed.mjs'

const follow = (more = {}) => fast({ sim: 300, wait: 30, ...more, set: { 'fields.orders.customer': 'Customer', 'airtable.orders_table': 'Orders',
	'sync.feed': 'auto', 'sync.feed_interval': '200ms', 'airtable.request_timeout': '3s', 'airtable.breaker_failures': 100, ...more.set } })
const health = stack => stack.json('/api/health')
const shows = (stack, id, member, value) => until(`${member} is ${value}`, 15_000, async () => (await stack.json(`/api/orders/${id}`))[member] === value)
const age = async stack => Number((await stack.get('/api/orders?pageSize=1')).headers['x-data-age'])
const token = stack => fs.readFileSync(`${stack.dir}/token`, 'utf8').trim()

/** An alarm that names the field, its setting and what to do. */
async function alarmed(stack, name, member) {
	const now = await until('the alarm', 10_000, async () => {
		const now = await health(stack)
		return now.alarm !== null && now
	})
	eq([now.status, now.alarm.code], ['degraded', 'airtable_field_missing'])
	for (const part of [`"${name}"`, `fields.orders.${member}`, 'reload']) ok(now.alarm.detail.includes(part), now.alarm.detail)
	ok(now.airtable.missingFields.includes(member), JSON.stringify(now.airtable))
	ok(stack.log().includes('ALARM'), 'the log has it')
	return now
}

const calm = stack => until('no alarm', 30_000, async () => {
	const now = await health(stack)
	return now.status === 'ok' && now.alarm === null && now.airtable.missingFields.length === 0
})

for (const feed of ['auto', 'modified', 'off']) {
	test(`sync.feed = ${feed}: one missing field is an alarm, and all others go on`, async () => {
		await withStack(follow({ set: { 'sync.feed': feed, 'sync.full_interval': '1h' } }), async stack => {
			if (feed !== 'off') await settled(stack)
			const records = await stack.dump(), { id } = records[0], kept = (await stack.json(`/api/orders/${id}`)).priority
			await stack.sim('POST', '/_sim/schema', { remove: { field: 'Priority' } })
			// at once where payloads tell it, else by the next call, be it a change
			if (feed === 'off') {
				const first = await stack.patch(id, { priority: kept === 'Low' ? 'High' : 'Low' })
				eq([first.status, first.json().code], [422, 'airtable_field_missing'], first.text)
				ok(first.json().detail.includes('fields.orders.priority'), first.text)
			}
			await alarmed(stack, 'Priority', 'priority')
			ok((await stack.syncctl('status')).stdout.includes('fields.orders.priority'))

			// the others: live, in full, by a change
			const { ids } = await stack.sim('POST', '/_sim/create', { fields: { Customer: 'new', Status: 'Pending' } })
			await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: 'meanwhile' } })
			if (feed !== 'off') await shows(stack, id, 'customer', 'meanwhile')
			eq((await stack.sync()).status, 200)
			await shows(stack, id, 'customer', 'meanwhile')
			eq((await stack.json(`/api/orders/${ids[0]}`)).priority, null)
			eq((await stack.patch(id, { status: 'Cancelled' })).status, 200)

			// its own values stay, and nobody can change them
			for (const one of records.slice(0, 20)) eq((await stack.json(`/api/orders/${one.id}`)).priority, one.fields.Priority ?? null)
			const refused = await stack.patch(id, { priority: 'Low' })
			eq([refused.status, refused.json().code], [422, 'airtable_field_missing'], refused.text)
			ok(refused.json().detail.includes('fields.orders.priority'), refused.text)
			eq((await health(stack)).alarm.code, 'airtable_field_missing', 'a full sync does not end it')

			// a restart finds it missing, too
			await stack.stop('syncd', 'KILL')
			await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: 'while away' } })
			await stack.start('syncd')
			if (feed !== 'off') await shows(stack, id, 'customer', 'while away')
			eq((await stack.sync()).status, 200)
			await alarmed(stack, 'Priority', 'priority')
			eq((await stack.json(`/api/orders/${id}`)).priority, kept)

			// what it became while it was not there is read when it is back
			await stack.sim('POST', '/_sim/schema', { restore: { field: 'Priority' } })
			await stack.sim('POST', '/_sim/edit', { id, fields: { Priority: kept === 'Low' ? 'High' : 'Low' }, unseen: true })
			if (feed !== 'auto') eq((await stack.sync()).status, 200)
			await calm(stack)
			await agrees(stack)
			eq((await stack.patch(id, { priority: 'Medium' })).status, 200)
		})
	}, { beside: true })
}

test('another field that is mapped in its place ends the alarm, also when syncd finds it at its start', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const [{ id }, other] = await stack.dump()
		await stack.sim('POST', '/_sim/schema', { remove: { field: 'Customer' } })
		await alarmed(stack, 'Customer', 'customer')
		await stack.sim('POST', '/_sim/schema', { add: { name: 'Client', type: 'singleLineText' } })
		await stack.sim('POST', '/_sim/edit', { id, fields: { Client: 'Ada' } })
		stack.configure('fields.orders.customer', 'Client')
		await stack.signal('syncd', 'SIGHUP')
		await calm(stack)
		await shows(stack, id, 'customer', 'Ada')
		eq((await stack.json(`/api/orders/${other.id}`)).customer, null)
		// and once more, with the change made while it is not there
		await stack.sim('POST', '/_sim/schema', { remove: { field: 'Client' } })
		await alarmed(stack, 'Client', 'customer')
		await stack.stop('syncd')
		await stack.sim('POST', '/_sim/schema', { restore: { field: 'Customer' } })
		stack.configure('fields.orders.customer', 'Customer')
		await stack.start('syncd')
		await calm(stack)
		await agrees(stack)
	})
}, { beside: true })

test('several fields may be missing, the first one among them, and a field of the same name is another one', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const { id } = (await stack.dump())[0], before = await stack.json(`/api/orders/${id}`)
		await stack.sim('POST', '/_sim/schema', { remove: { field: 'Order ID' } })
		await stack.sim('POST', '/_sim/schema', { remove: { field: 'Updated At' } })
		await until('both are told', 10_000, async () => (await health(stack)).airtable.missingFields.length === 2)
		await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: 'meanwhile' } })
		await shows(stack, id, 'customer', 'meanwhile')
		const { orderId, updatedAt } = await stack.json(`/api/orders/${id}`)
		eq([orderId, updatedAt], [before.orderId, before.updatedAt])
		await stack.sim('POST', '/_sim/schema', { add: { name: 'Order ID', type: 'singleLineText' } })
		await stack.sim('POST', '/_sim/edit', { id, fields: { 'Order ID': 'anew' } })
		await stack.sim('POST', '/_sim/schema', { restore: { field: 'Updated At' } })
		await calm(stack)
		await shows(stack, id, 'orderId', 'anew')
	})
}, { beside: true })

test('a table that is deleted is an alarm, and what it held is shown as old as it is', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		await stack.sim('POST', '/_sim/schema', { removeTable: {} })
		const now = await until('the alarm', 20_000, async () => {
			const now = await health(stack)
			return now.alarm !== null && now
		})
		eq(now.status, 'degraded')
		ok(['airtable_forbidden', 'airtable_not_found'].includes(now.alarm.code), now.alarm.code)
		eq((await stack.json('/api/orders')).total, 300)
		const before = await age(stack)
		await sleep(3_000)
		ok(await age(stack) >= before + 2, 'it grows')
	})
}, { beside: true })

// ---- calls that are not needed -------------------------------------------------------------
test('computed cells in a payload of their own cost no call for each edit', async () => {
	await withStack(follow({ simArgs: ['--set=computedInPayloads=separate'] }), async stack => {
		await settled(stack)
		const ids = (await stack.dump()).slice(0, 20).map(record => record.id), { read, changes } = await feedOf(stack)
		for (const [i, id] of ids.entries()) await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: `edit ${i} of ${Date.now()}` } })
		await stack.sim('POST', '/_sim/create', { fields: { Customer: 'made' } })
		await until('they are here', 15_000, async () => (await feedOf(stack)).changes >= changes + 21)
		eq((await feedOf(stack)).read, read, 'no record was read again')
		await agrees(stack)
	})
}, { beside: true })

test('a time of change that is a plain field costs no call for each edit', async () => {
	await withStack(follow({ set: { 'fields.orders.updatedAt': 'Updated At' } }), async stack => {
		await settled(stack)
		await stack.sim('POST', '/_sim/schema', { add: { name: 'Edited', type: 'dateTime' } })
		stack.configure('fields.orders.updatedAt', 'Edited')
		await stack.signal('syncd', 'SIGHUP')
		// a column that is all empty is held until somebody says that it is right
		await until('it is noticed', 15_000, async () => (await stack.syncctl('status')).stdout.includes('ALARM     updatedAt'))
		eq((await stack.syncctl('sync', '--full', '--wait', '--accept-shrink')).code, 0)
		await until('it is mapped', 15_000, async () => (await stack.json('/api/orders?pageSize=100')).orders.every(one => one.updatedAt === null))
		await settled(stack)
		const ids = (await stack.dump()).slice(0, 20).map(record => record.id), { read } = await feedOf(stack)
		for (const [i, id] of ids.entries()) await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: `edit ${i}`, ...i < 10 && { Edited: '2026-03-04T05:06:07.000Z' } } })
		for (const [i, id] of ids.entries()) await shows(stack, id, 'customer', `edit ${i}`)
		eq((await stack.json(`/api/orders/${ids[3]}`)).updatedAt, '2026-03-04T05:06:07.000Z')
		eq((await feedOf(stack)).read, read, 'no record was read again')
	})
}, { beside: true })

// ---- what X-Data-Age may claim -----------------------------------------------------------
/** While a read shows what is no longer so, X-Data-Age says so: it is looked at until news() holds. */
async function honestUntil(stack, changed, news, ms = 30_000) {
	let worst = 0
	await until('the change is here', ms, async () => {
		const before = Date.now(), answer = await stack.get('/api/orders?pageSize=1&sort=orderId')
		if (news(answer.json().orders[0])) return true
		const claimed = before - 1_000 - 1_000 * Number(answer.headers['x-data-age'])
		ok(claimed <= changed, `as of ${claimed - changed} ms after it, X-Data-Age claims`)
		worst = Math.max(worst, Number(answer.headers['x-data-age']))
	}, 100)
	return worst
}

for (const [what, field, more] of [['a formula', 'Label', { set: { 'fields.orders.customer': 'Label' } }], ['a field that becomes a formula', 'Customer', {}]]) {
	test(`${what} that is edited changes all orders: they are read again, and X-Data-Age grows until they are`, async () => {
		await withStack(follow(more), async stack => {
			await settled(stack)
			await until('it is fresh', 10_000, async () => await age(stack) <= 2)
			const runs = syncs(stack)
			await stack.fault({ match: { path: 'pageSize=100', nth: 1, times: 0 }, action: 'hang' })
			const changed = Date.now()
			await stack.sim('POST', '/_sim/schema', { formula: { field, formula: "'v2 ' & {Order ID}" } })
			const mended = sleep(5_000).then(() => stack.noFaults())
			ok(await honestUntil(stack, changed, one => one.customer === `v2 ${one.orderId}`) >= 3, 'it did grow')
			await mended
			await settled(stack)
			eq(syncs(stack), runs + 1, 'one full sync')
			ok((await feedOf(stack)).lastGap.what.includes('customer'), JSON.stringify(await feedOf(stack)))
			for (const one of (await stack.json('/api/orders?pageSize=100')).orders) eq(one.customer, `v2 ${one.orderId}`)
			await until('it is fresh again', 10_000, async () => Date.parse((await feedOf(stack)).freshAt) > changed)
		})
	}, { beside: true })
}

test('a total that becomes a formula, and that is changed while syncd is away', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const sum = async () => (await stack.json('/api/orders/summary')).total.orderTotal
		await stack.sim('POST', '/_sim/schema', { formula: { field: 'Order Total', formula: '100 * 2' } })
		await until('all totals are others', 20_000, async () => await sum() === 300 * 200)
		await stack.stop('syncd')
		await stack.sim('POST', '/_sim/schema', { formula: { field: 'Order Total', formula: '100 * 4' } })
		await stack.start('syncd')
		await until('all totals have doubled', 20_000, async () => await sum() === 300 * 400)
		await stack.stop('syncd')
		await stack.sim('POST', '/_sim/schema', { formula: { field: 'Order Total', formula: '100 * 3' } })
		await stack.sim('POST', '/_sim/webhooks', { action: 'delete' })
		await stack.start('syncd')
		await until('all totals are others again', 20_000, async () => await sum() === 300 * 300)
	})
}, { beside: true })

test('a field that becomes another kind and is put back is read again, also between two looks', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		for (const wait of [true, false]) {
			const gaps = (await feedOf(stack)).gaps
			if (!wait) await stack.signal('syncd', 'SIGSTOP')
			await stack.sim('POST', '/_sim/schema', { retype: { field: 'Order Total', type: 'singleLineText' } })
			if (wait) await until('it is a gap', 10_000, async () => (await feedOf(stack)).gaps > gaps)
			await stack.sim('POST', '/_sim/schema', { retype: { field: 'Order Total', type: 'currency', options: { precision: 2 } } })
			if (!wait) await stack.signal('syncd', 'SIGCONT')
			await until('it is a gap', 10_000, async () => (await feedOf(stack)).gaps > gaps + (wait ? 1 : 0))
			await settled(stack)
			await agrees(stack)
		}
	})
}, { beside: true })

test('amounts have the currency of their field, and the one of the settings where the schema tells none', async () => {
	const start = Math.floor(Date.now() / 1000) - 1
	await withStack(follow({ set: { 'summary.currency': 'kr', 'summary.excluded': 'Cancelled' } }), async stack => {
		const summary = () => stack.get('/api/orders/summary')
		const shown = async expected => {
			await until(expected, 10_000, async () => JSON.stringify((await summary()).json().currency) === expected)
			return (await summary()).headers.etag
		}
		const retype = (type, options) => stack.sim('POST', '/_sim/schema', { retype: { field: 'Order Total', type, options } })
		await settled(stack)
		const etags = [await shown('{"symbol":"$","precision":2}')]
		// a page that is open all day is told, and nothing that was kept is taken for the new;
		// what happens before the first reset is out is told by that
		await (await comesBack(stack.url, `${start}:0`)).close()
		const stream = await new EventStream(stack.url).open()
		const tagOf = async target => (await stack.get(target)).headers.etag
		const told = async (what, change) => {
			const before = stream.of('change').length
			const kept = [await tagOf('/api/orders'), await tagOf('/api/orders/export.xlsx')]
			await change()
			await until(`an event tells ${what}`, 10_000, () => stream.of('change').slice(before).some(e => e.data.summary))
			ok(await tagOf('/api/orders') !== kept[0] && await tagOf('/api/orders/export.xlsx') !== kept[1], what)
		}
		const format = async () => /formatCode="([^"]*#,##0[^"]*)"/.exec(unzip((await stack.get('/api/orders/export.xlsx?priority=High')).raw)['xl/styles.xml'].toString())[1]
		const reload = async (name, value) => {
			stack.configure(name, value)
			await stack.signal('syncd', 'SIGHUP')
		}
		await told('the symbol', () => retype('currency', { symbol: '€', precision: 0 }))
		etags.push(await shown('{"symbol":"€","precision":0}'))
		eq(await format(), '&quot;€&quot;#,##0')
		await told('the decimals', () => retype('number', { precision: 3 }))
		etags.push(await shown('{"symbol":"kr","precision":3}'))
		eq(await format(), '&quot;kr &quot;#,##0.000#')
		await told('the setting', () => reload('summary.currency', 'CHF'))
		etags.push(await shown('{"symbol":"CHF","precision":3}'))
		eq(new Set(etags).size, 4, 'each is another body')
		await told('what is revenue', () => reload('summary.excluded', 'Cancelled, Pending'))
		eq((await summary()).json().revenue.excludes, ['Cancelled', 'Pending'])
		await told('and again', () => reload('summary.excluded', 'Cancelled'))
		stream.close()
		await retype('currency', { symbol: '£', precision: 2 })
		await shown('{"symbol":"£","precision":2}')
		// who may not look any more goes on with what was seen
		await stack.stop('syncd')
		await stack.sim('POST', '/_sim/tokens', { token: token(stack), scopes: ['data.records:read', 'data.records:write'] })
		await stack.start('syncd')
		await until('polling', 20_000, async () => (await feedOf(stack)).state === 'polling')
		await shown('{"symbol":"£","precision":2}')
		await agrees(stack)
	})
}, { beside: true })

for (const feed of ['auto', 'modified']) {
	test(`sync.feed = ${feed}: what Airtable works out beside a record is found by a sweep, and known as of that`, async () => {
		await withStack(follow({ set: { 'sync.feed': feed, 'fields.orders.customer': 'Label' } }), async stack => {
			await settled(stack)
			const { id } = (await stack.dump())[200]
			await stack.stop('syncd')
			await stack.sim('POST', '/_sim/edit', { id, fields: { Label: 'rolled up anew' }, raw: true, unseen: true })
			const runs = syncs(stack)
			await stack.start('syncd')
			await shows(stack, id, 'customer', 'rolled up anew')
			eq(syncs(stack), runs, 'no full sync')
			// nobody tells of the next one, so that nothing younger than the sweep is claimed
			const swept = await until('the sweep counts', 10_000, async () => {
				const { listedAt, freshAt, sweeps, sweepSeconds } = await feedOf(stack)
				return sweeps > 0 && freshAt === listedAt && sweepSeconds >= 60 && Date.parse(listedAt)
			})
			await sleep(3_000)
			const feedNow = await feedOf(stack)
			eq(Date.parse(feedNow.freshAt), swept)
			ok(Date.parse(feedNow.lastPoll) > swept + 1_500, 'polls go on')
			ok(await age(stack) >= 3 && (await health(stack)).stalenessSeconds >= 3)
		})
	}, { beside: true })
}

test('a field for the key of new orders that is not there, or no text, is told before anybody creates one', async () => {
	const create = stack => stack.call('POST', '/api/orders', { headers: { 'Content-Type': 'application/json' }, body: { customer: 'new' } })
	const problem = async stack => (await health(stack)).airtable?.createKeyProblem
	await withStack(follow({ set: { 'write.create': true, 'airtable.create_key': 'Our Key' } }), async stack => {
		await settled(stack)
		const now = await health(stack)
		eq([now.status, now.alarm], ['degraded', null], JSON.stringify(now))
		for (const part of ['airtable.create_key = "Our Key"', 'no such field', 'single line text', 'reload']) ok(now.airtable.createKeyProblem.includes(part), now.airtable.createKeyProblem)
		ok(/level=error.*airtable\.create_key/.test(stack.log()), 'the log has it')
		ok((await stack.syncctl('status')).stdout.includes('airtable.create_key'), 'syncctl says so')
		const refused = await create(stack)
		eq([refused.status, refused.json().code, refused.json().detail], [422, 'airtable_field_missing', 'the Airtable table does not have the field that airtable.create_key names; nothing was changed'])
		// a field that takes no text, and one that does
		stack.configure('airtable.create_key', 'Created At')
		await stack.signal('syncd', 'SIGHUP')
		await until('it is a field of ours: the file is refused', 10_000, () => /airtable\.create_key: 'Created At' is the Airtable field of fields\.orders\.createdAt/.test(stack.log()))
		stack.configure('airtable.create_key', 'Notes')
		await stack.signal('syncd', 'SIGHUP')
		await until('all is well', 10_000, async () => (await problem(stack)) === null && (await health(stack)).status === 'ok')
		eq((await create(stack)).status, 201)
		// it is renamed, of which no payload tells: the next one finds out, and the ones after it need not
		await stack.sim('POST', '/_sim/schema', { rename: { field: 'Notes', name: 'Remarks' } })
		const renamed = await create(stack)
		eq([renamed.status, renamed.json().code], [422, 'airtable_field_missing'])
		ok(renamed.json().detail.includes('airtable.create_key = "Notes"'), renamed.text)
		ok((await problem(stack)).includes('"Notes"'), 'health says so')
		ok((await create(stack)).json().detail.startsWith('the Airtable table does not have the field that airtable.create_key names'), 'without a call')
		await stack.sim('POST', '/_sim/schema', { rename: { field: 'Remarks', name: 'Notes' } })
		await stack.signal('syncd', 'SIGHUP')
		await until('well again', 20_000, async () => (await problem(stack)) === null)
		eq((await create(stack)).status, 201)
	})
	// where nobody reads the schema, the first one is told which setting it is
	await withStack(follow({ set: { 'sync.feed': 'off', 'write.create': true, 'airtable.create_key': 'Our Key' } }), async stack => {
		await stack.synced()
		const refused = await create(stack)
		eq([refused.status, refused.json().code], [422, 'airtable_field_missing'], refused.text)
		ok(refused.json().detail.includes('airtable.create_key = "Our Key"'), refused.text)
	})
}, { beside: true })

test('what Airtable works out of the record alone does not need sweeps', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		await sleep(1_000)
		const { sweeps, listedAt, sweepSeconds } = await feedOf(stack)
		eq([sweeps, listedAt, sweepSeconds], [0, null, null])
		ok(await age(stack) <= 2 * PATIENCE)
	})
}, { beside: true })

test('a token without schema.bases:read: health says why the feed is the weaker one, and X-Data-Age knows no deletion before the sweep', async () => {
	await withStack(follow({ wait: 0 }), async stack => {
		await settled(stack)
		const scopes = ['data.records:read', 'data.records:write', 'webhook:manage']
		await stack.stop('syncd')
		await stack.sim('POST', '/_sim/tokens', { token: token(stack), scopes })
		await stack.start('syncd')
		const { reason } = await until('polling', 20_000, async () => {
			const now = (await health(stack)).feed
			return now?.state === 'polling' && now
		})
		for (const part of ['schema.bases:read', 'tbl', 'reload']) ok(reason.includes(part), reason)
		ok((await stack.syncctl('status')).stdout.includes('schema.bases:read'))
		ok(/level=warn.*only sweeps find deletions.*schema\.bases:read/.test(stack.log()))
		await until('a sweep', 20_000, async () => (await feedOf(stack)).sweeps > 0)
		const one = (await stack.json('/api/orders?pageSize=1&sort=orderId')).orders[0], changed = Date.now()
		await stack.sim('POST', '/_sim/delete', { ids: [one.id] })
		await sleep(3_000)
		const answer = await stack.get('/api/orders?pageSize=1&sort=orderId')
		if (answer.json().orders[0].id === one.id) ok(Number(answer.headers['x-data-age']) * 1_000 >= Date.now() - changed - 1_000, answer.headers['x-data-age'])
		// the id of the table is enough for a webhook; of cells nothing is known but by sweeps
		stack.configure('airtable.orders_table', 'tblOrders00000001')
		await stack.signal('syncd', 'SIGHUP')
		await until('a webhook', 20_000, async () => (await feedOf(stack)).state === 'reading')
		await settled(stack)
		await until('gone', 20_000, async () => (await stack.get(`/api/orders/${one.id}`)).status === 404)
		await stack.sim('POST', '/_sim/tokens', { token: token(stack), scopes: [...scopes, 'schema.bases:read'] })
		await stack.signal('syncd', 'SIGHUP')
		await until('nothing is left to sweeps', 20_000, async () => (await feedOf(stack)).listedAt === null)
		await agrees(stack)
	})
}, { beside: true })

run()

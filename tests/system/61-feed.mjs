// Following Airtable live: what others change there is here soon, deletions
// included, whatever becomes of our webhook; and nothing is missed.
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test, run, eq, ok, sleep, PATIENCE } from './lib/harness.mjs'
import { withStack, fast, until, request } from './lib/stack.mjs'
import { agrees, faults, feedOf, percentiles, settled, syncs, watchEdits, webhooks } from './lib/feed.mjs'

const follow = (more = {}) => fast({ sim: 400, wait: 30, ...more, set: {
	'sync.feed': 'auto', 'sync.feed_interval': '200ms', 'airtable.request_timeout': '3s', ...more.set } })

/** Run f with a stack that follows, and require that no full sync was needed meanwhile. */
async function withoutSync(stack, f) {
	const before = syncs(stack)
	await f()
	eq(syncs(stack), before, `no full sync: ${stack.log().split('\n').slice(-8).join('\n')}`)
}

async function everyKindOfChange(stack) {
	const records = await stack.dump()
	await stack.sim('POST', '/_sim/edit', { id: records[3].id, fields: { Status: 'Shipped', Customer: 'Änderung "1"' } })
	await stack.sim('POST', '/_sim/edit', { id: records[4].id, fields: { Priority: null, Customer: null } })
	await stack.sim('POST', '/_sim/edit', { id: records[5].id, fields: { 'Order Total': 12.34 } })
	const { ids } = await stack.sim('POST', '/_sim/create', { count: 3 })
	await stack.sim('POST', '/_sim/edit', { id: ids[0], fields: { Customer: 'new and changed' } })
	await stack.sim('POST', '/_sim/delete', { ids: [records[6].id, ids[1]] })
	await agrees(stack)
	await stack.sim('POST', '/_sim/edit', { records: records.slice(20, 320).map(r => ({ id: r.id, fields: { Priority: 'High' } })) })
	await stack.sim('POST', '/_sim/restore', { ids: [records[6].id] })
	await stack.sim('POST', '/_sim/edit', { id: records[7].id, fields: { Status: 'Pending' } })
	await stack.sim('POST', '/_sim/edit', { id: records[7].id, fields: { Status: 'Cancelled' } })
	await agrees(stack)
}

// ---- the webhook ---------------------------------------------------------------
test('edits, creations, deletions, pastes and restored records arrive, and only the feed is asked', async () => {
	await withStack(follow(), async stack => {
		const feed = await settled(stack)
		eq([feed.mode, feed.state], ['webhook', 'reading'])
		eq((await webhooks(stack)).length, 1)
		await withoutSync(stack, () => everyKindOfChange(stack))
		const after = await feedOf(stack)
		ok(after.payloads >= 8 && after.lastEvent !== null && after.lagMs < 5_000 * PATIENCE, JSON.stringify(after))
		eq((await stack.json('/api/health')).feed.state, 'reading')
	})
}, { beside: true })

test('the history says who it was in Airtable, one after the other', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const [{ id, fields }] = (await stack.dump()).filter(record => record.fields.Status === 'Pending' && record.fields.Priority)
		const edit = (change, more) => stack.sim('POST', '/_sim/edit', { id, fields: change, ...more })
		const history = async n => (await until(`${n} entries`, 10_000, async () => {
			const { changes } = await stack.json(`/api/orders/${id}/history`)
			return changes.length >= n && changes
		})).map(({ by, via, user, source, fields }) => ({ by, via, user: user?.email, source, fields: fields.map(({ field, from, to }) => `${field}: ${from} > ${to}`).join() }))
		// while nobody reads, so that all of it comes in one page
		await stack.fault({ match: { path: '/payloads' }, action: 'status', status: 503 })
		await edit({ Status: 'Processing' }, { user: 'Ada Lovelace' })
		await edit({ Status: 'Shipped' }, { user: 'Jörg Müller' })
		await edit({ Status: 'Delivered' }, { source: 'automation' })
		await edit({ Customer: 'Form & Co' }, { source: 'formSubmission' })
		await edit({ Customer: 'Other program' }, { source: 'publicApi' })
		await stack.noFaults()
		const told = await history(5)
		eq(told.map(({ user, ...rest }) => rest), [
			{ by: null, via: 'publicApi', source: 'airtable', fields: 'customer: Form & Co > Other program' },
			{ by: null, via: 'formSubmission', source: 'airtable', fields: `customer: ${fields.Customer ?? null} > Form & Co` },
			{ by: null, via: 'automation', source: 'airtable', fields: 'status: Shipped > Delivered' },
			{ by: 'Jörg Müller', via: 'client', source: 'airtable', fields: 'status: Processing > Shipped' },
			{ by: 'Ada Lovelace', via: 'client', source: 'airtable', fields: 'status: Pending > Processing' },
		])
		eq(told.map(({ user }) => user !== undefined), [false, false, false, true, true])
		await stack.sim('POST', '/_sim/delete', { ids: [id], user: 'Grace Hopper' })
		const [deletion] = (await until('it has gone', 10_000, async () => {
			const { changes } = await stack.json('/api/audit?limit=1')
			return changes[0].action === 'deleted' && changes
		}))
		eq([deletion.id, deletion.by], [id, 'Grace Hopper'])
		// names are in the history, and nowhere else
		for (const name of ['orderdeck.log', 'syncd.out', 'fcgi-api.out', 'nginx-access.log']) ok(!/Lovelace|Hopper|Jörg/.test(stack.log(name)), name)
	})
}, { beside: true })

test('own changes come back as echoes and change nothing', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const ids = (await stack.dump()).slice(0, 20).map(record => record.id)
		for (const id of ids) {
			const { status } = await stack.json(`/api/orders/${id}`)
			eq((await stack.patch(id, { status: status === 'Shipped' ? 'Cancelled' : 'Shipped' })).status, 200)
		}
		await until('the echoes have come', 10_000, async () => (await feedOf(stack)).payloads >= 20)
		await settled(stack)
		const before = (await stack.json('/api/health')).generation
		await sleep(600)
		eq((await stack.json('/api/health')).generation, before)
		for (const id of ids) eq((await stack.json(`/api/orders/${id}/history`)).changes.length, 1)
		await agrees(stack)
	})
}, { beside: true })

for (const [what, values] of Object.entries({
	'without computed cells': { computedInPayloads: 'none' },
	'with computed cells in payloads of their own': { computedInPayloads: 'separate' },
	'that leave cleared cells out': { clearedCells: 'omit' },
	'that name empty cells of new records': { createdEmptyCells: 'null' },
	'split into many': { splitRecords: 7, splitEvery: 2, payloadsPerPage: 5, eagerMore: true },
	'that come late': { payloadLagMs: 700 },
	'with the user of the API, repeated when nothing changed': { apiUser: true, noopPayloads: true },
})) {
	test(`payloads ${what} are followed as well`, async () => {
		await withStack(follow({ simArgs: Object.entries(values).map(([name, value]) => `--set=${name}=${value}`) }), async stack => {
			await settled(stack)
			await withoutSync(stack, () => everyKindOfChange(stack))
			const id = (await stack.dump())[0].id
			for (const status of ['Shipped', 'Pending', 'Shipped', 'Delivered']) {
				eq((await stack.patch(id, { status })).status, 200)
				await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: `while ${status}` } })
			}
			await agrees(stack)
		})
	}, { beside: true })
}

test('records whose listing lags behind what payloads tell end up right', async () => {
	await withStack(follow({ simArgs: ['--set=computedInPayloads=none', '--set=visibilityLagMs=1500'] }), async stack => {
		await settled(stack)
		const records = await stack.dump()
		await withoutSync(stack, async () => {
			await stack.sim('POST', '/_sim/edit', { id: records[1].id, fields: { Customer: 'late' } })
			await stack.sim('POST', '/_sim/create', { count: 2 })
			await agrees(stack, 20_000)
		})
	})
}, { beside: true })

test('a foreign edit between a write and its confirmation is not lost', async () => {
	await withStack(follow({ simArgs: ['--latency-ms=300'] }), async stack => {
		await settled(stack)
		const ids = (await stack.dump()).slice(0, 30).map(record => record.id)
		for (let round = 0; round < 3; round++) {
			const writes = ids.map((id, i) => stack.patch(id, { status: ['Shipped', 'Pending', 'Cancelled'][(i + round) % 3] }))
			const pause = sleep(160)
			await pause
			for (const [i, id] of ids.entries()) await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: `round ${round} ${i}` } })
			for (const answer of await Promise.all(writes)) eq(answer.status, 200, answer.text.slice(0, 200))
		}
		await agrees(stack, 30_000)
	})
}, { beside: true })

const losses = {
	'deleted by somebody else': stack => stack.sim('POST', '/_sim/webhooks', { action: 'delete' }),
	'expired': stack => stack.sim('POST', '/_sim/webhooks', { action: 'expire' }),
	'disabled because what it watches went away': stack => stack.sim('POST', '/_sim/webhooks', { action: 'break' }),
	'robbed of its payloads': async stack => {
		await stack.signal('syncd', 'SIGSTOP')
		const records = await stack.dump()
		for (let i = 0; i < 10; i++) await stack.sim('POST', '/_sim/edit', { id: records[i].id, fields: { Customer: `lost ${i}` } })
		await stack.sim('POST', '/_sim/webhooks', { action: 'lose', keep: 2 })
		await stack.signal('syncd', 'SIGCONT')
	},
	'told of an error among its payloads': async stack => {
		const { id } = (await stack.dump())[0]
		await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: 'nobody tells' }, unseen: true })
		await stack.sim('POST', '/_sim/webhooks', { action: 'error' })
	},
}
for (const [what, lose] of Object.entries(losses)) {
	for (const oldCursor of what.startsWith('robbed') ? ['skip', 'error'] : ['skip']) {
		test(`a webhook that is ${what} (${oldCursor}) is made up for by a full sync, and nothing is missed`, async () => {
			await withStack(follow({ simArgs: [`--set=oldCursor=${oldCursor}`] }), async stack => {
				await settled(stack)
				const before = syncs(stack)
				await lose(stack)
				const records = await stack.dump()
				await stack.sim('POST', '/_sim/edit', { id: records[30].id, fields: { Customer: 'in the gap' } })
				await stack.sim('POST', '/_sim/delete', { ids: [records[31].id] })
				await until('a full sync makes up for it', 20_000, async () => syncs(stack) > before && (await feedOf(stack)).complete)
				await agrees(stack)
				eq((await webhooks(stack)).filter(w => w.isHookEnabled).length, 1)
				await withoutSync(stack, () => everyKindOfChange(stack))
			})
		}, { beside: true })
	}
}

for (const [action, away, at, how] of [['delete', 60_000, 'soon', ''], ['expire', 60_000, 'soon', ''], ['delete', 900_000, 'last', ''],
	['expire', 60_000, 'soon', ', syncd was killed'], ['delete', 60_000, 'soon', ', none is permitted any more']]) {
	test(`webhook gone (${action}) for ${away / 1000} s${how}: what others changed is here ${at === 'soon' ? 'before' : 'with the end of'} the full sync`, async () => {
		await withStack(follow({ set: { 'airtable.breaker_failures': 100 } }), async stack => {
			await settled(stack)
			await until('it was fresh once', 10_000, async () => (await feedOf(stack)).freshAt > '2000')
			const records = await stack.dump(), before = syncs(stack)
			// it gets no further than its first page
			await stack.fault({ match: { path: 'offset=', nth: 1, times: 0 }, action: 'hang' })
			if (/killed/.test(how)) await stack.stop('syncd', 'KILL')
			else await stack.signal('syncd', 'SIGSTOP')
			await stack.sim('POST', '/_sim/webhooks', { action })
			if (/permitted/.test(how)) await stack.sim('POST', '/_sim/tokens', { token: fs.readFileSync(`${stack.dir}/token`, 'utf8').trim(),
				scopes: ['data.records:read', 'data.records:write', 'schema.bases:read'] })
			await stack.sim('POST', '/_sim/edit', { id: records[330].id, fields: { Customer: 'in the gap' } })
			const { ids } = await stack.sim('POST', '/_sim/create', { count: 1 })
			await stack.sim('POST', '/_sim/delete', { ids: [records[331].id] })
			await stack.sim('POST', '/_sim/clock', { advanceMs: away })
			if (/killed/.test(how)) await stack.start('syncd')
			else await stack.signal('syncd', 'SIGCONT')
			const shown = async () => [(await stack.json(`/api/orders/${records[330].id}`)).customer === 'in the gap',
				(await stack.get(`/api/orders/${ids[0]}`)).status, (await stack.get(`/api/orders/${records[331].id}`)).status]
			if (at === 'soon') {
				await until('edit and creation are here', 20_000, async () => {
					const [edited, created] = await shown()
					return edited && created === 200
				})
			} else {
				await until('it follows again', 20_000, async () => {
					await stack.sim('POST', '/_sim/edit', { id: records[340].id, fields: { Customer: `later ${Date.now()}` } })
					return /^later/.test((await stack.json(`/api/orders/${records[340].id}`)).customer)
				}, 500)
			}
			eq(await shown(), at === 'soon' ? [true, 200, 200] : [false, 404, 200], 'until the full sync is over')
			await until('that is on', 20_000, () => syncs(stack) > before)
			eq((await feedOf(stack)).complete, false)
			await stack.noFaults()
			await until('the full sync is over', 40_000, async () => (await feedOf(stack)).complete)
			await agrees(stack)
			eq((await shown())[2], 404)
		})
	}, { beside: true })
}

/** The simulator's log after seq since: what the feed asked, in words, oldest first. */
async function askedSince(stack, since) {
	const { entries } = await stack.sim('GET', `/_sim/log?since=${since}&max=5000`)
	return entries.map(({ method, path, records }) => path.includes('/payloads') ? records > 0 ? 'news' : 'silence' :
		path.endsWith('/webhooks') ? `webhooks ${method}` : path.includes('/webhooks/') ? method :
		path.includes('RECORD_ID') ? 'records' : path.includes('LAST_MODIFIED') ? 'changed' : 'other')
}
const lastCall = async stack => (await stack.sim('GET', '/_sim/log?since=0&max=1')).last

test('where news are frequent, the first silence shows that the webhook is lost, and people come first then', async () => {
	await withStack(follow({ set: { 'sync.feed_interval': '1s' } }), async stack => {
		await settled(stack)
		await stack.sim('POST', '/_sim/editor', { perSecond: 40 })
		// a machine that stands still for a second makes a silence of its own
		for (let tries = 1; ; tries++) {
			const begin = await lastCall(stack)
			await until('news are frequent', 30_000, async () => (await askedSince(stack, begin)).filter(what => what === 'news').length >= 4)
			const before = syncs(stack), lost = await lastCall(stack)
			await stack.sim('POST', '/_sim/webhooks', { action: 'expire' })
			await until('a full sync makes up for it', 20_000, async () => syncs(stack) > before && (await feedOf(stack)).complete)
			await until('the old webhook is gone', 20_000, async () => (await webhooks(stack)).length === 1)
			const asked = (await askedSince(stack, lost)).filter(what => !['other', 'records'].includes(what))
			const noticed = asked.lastIndexOf('webhooks GET', asked.indexOf('webhooks POST'))
			const calls = asked.slice(noticed).map(what => what === 'silence' ? 'news' : what)
			eq([...new Set(calls)], ['webhooks GET', 'webhooks POST', 'changed', 'news', 'DELETE'], asked.join())
			if (asked.slice(0, noticed).filter(what => what === 'silence').length === 1) break
			ok(tries < 3, asked.join())
		}
		await stack.sim('POST', '/_sim/editor', { perSecond: 0 })
		await agrees(stack)
	})
}, { beside: true })

test('records that are looked at again do not keep news waiting', async () => {
	// each call lasts longer than the time from one question to the next; what is new is in listings only when it is looked at again
	await withStack(follow({ simArgs: ['--latency-ms=300', '--set=computedInPayloads=none', '--set=visibilityLagMs=1900'] }), async stack => {
		await settled(stack)
		const begin = await lastCall(stack)
		await stack.sim('POST', '/_sim/create', { count: 300 })
		await agrees(stack, 30_000)
		const asked = (await askedSince(stack, begin)).filter(what => /news|silence|records/.test(what)).join().replaceAll('silence', 'news')
		// a hundred at a time: those of the page in a row, those that were not there yet one by one
		ok(/^(news,)*records,records,records(,news|,news,records)*$/.test(asked), asked)
	})
}, { beside: true })

test('the tenth webhook is not passed: a lost answer leaves none behind', async () => {
	await withStack(follow({ simArgs: ['--set=webhooksMax=2'] }), async stack => {
		const { webhook } = await settled(stack)
		await stack.fault({ match: { method: 'POST', path: '/webhooks', times: 3 }, action: 'drop_after' })
		await stack.sim('POST', '/_sim/webhooks', { action: 'delete' })
		await until('a new webhook is read', 30_000, async () => {
			const feed = await feedOf(stack)
			return feed.webhook !== null && feed.webhook !== webhook && feed.complete
		})
		await stack.noFaults()
		eq((await webhooks(stack)).length, 1)
		for (let i = 0; i < 3; i++) {
			await stack.stop('syncd', 'KILL')
			await stack.start('syncd')
			await settled(stack)
			eq((await webhooks(stack)).length, 1)
		}
		await agrees(stack)
	})
}, { beside: true })

test('away for an hour only what was missed is read; away for eight days all is', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const records = await stack.dump()
		await stack.stop('syncd')
		for (let i = 0; i < 120; i++) await stack.sim('POST', '/_sim/edit', { id: records[i].id, fields: { Customer: `away ${i}` } })
		await stack.sim('POST', '/_sim/delete', { ids: [records[200].id] })
		await stack.sim('POST', '/_sim/clock', { advanceMs: 3_600_000 })
		const { last } = await stack.sim('GET', '/_sim/log?since=0&max=1'), runs = syncs(stack)
		await stack.start('syncd')
		await agrees(stack)
		await settled(stack)
		eq(syncs(stack), runs, 'no full sync')
		// looks for what is new go on meanwhile, however long that is
		const calls = (await stack.sim('GET', `/_sim/log?since=${last}&max=5000`)).entries.filter(({ path }) => !path.includes('/payloads'))
		ok(calls.length <= 15, JSON.stringify(calls))
		const old = (await feedOf(stack)).webhook

		await stack.stop('syncd')
		for (let i = 0; i < 20; i++) await stack.sim('POST', '/_sim/edit', { id: records[i].id, fields: { Customer: `long away ${i}` } })
		await stack.sim('POST', '/_sim/clock', { advanceMs: 8 * 86_400_000 })
		await stack.start('syncd')
		await until('a full sync', 20_000, () => syncs(stack) > runs)
		await settled(stack)
		await agrees(stack)
		await until('only a new webhook is left', 10_000, async () => (await webhooks(stack)).map(one => one.id !== old).join() === 'true')
	})
}, { beside: true })

test('a killed syncd goes on where it was', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		await stack.sim('POST', '/_sim/editor', { perSecond: 40, pasteRecords: 50 })
		const before = syncs(stack)
		for (let i = 0; i < 4; i++) {
			await sleep(900)
			await stack.stop('syncd', 'KILL')
			await stack.start('syncd')
		}
		await stack.sim('POST', '/_sim/editor', { perSecond: 0 })
		await agrees(stack)
		eq(syncs(stack), before, 'no full sync')
		eq((await webhooks(stack)).length, 1)
	})
}, { beside: true })

test('renamed fields and tables are followed by their ids, and told', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const { id } = (await stack.dump())[0]
		await stack.sim('POST', '/_sim/schema', { rename: { field: 'Customer', name: 'Client' } })
		const feed = await until('it is told', 10_000, async () => {
			const now = await feedOf(stack)
			return now.schemaChange !== null && now
		})
		ok(/Customer.*Client/.test(feed.schemaChange.what), feed.schemaChange.what)
		await stack.sim('POST', '/_sim/edit', { id, fields: { Client: 'under another name' } })
		await until('the edit arrives', 10_000, async () => (await stack.json(`/api/orders/${id}`)).customer === 'under another name')
		await stack.sim('POST', '/_sim/schema', { renameTable: { name: 'Bestellungen' } })
		eq((await stack.sync()).status, 200, 'a full sync works')
		await stack.stop('syncd')
		await stack.sim('POST', '/_sim/edit', { id, fields: { Client: 'after a restart' } })
		await stack.start('syncd')
		await until('the edit arrives', 10_000, async () => (await stack.json(`/api/orders/${id}`)).customer === 'after a restart')
		eq((await stack.patch(id, { priority: 'Low' })).status, 200)
	})
}, { beside: true })

test('options that are added, renamed and removed are noticed', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		const { id } = (await stack.dump())[0]
		await withoutSync(stack, async () => {
			await stack.sim('POST', '/_sim/schema', { addOption: { field: 'Status', name: 'On Hold' } })
			await stack.sim('POST', '/_sim/edit', { id, fields: { Status: 'On Hold' } })
			await agrees(stack)
		})
		await stack.sim('POST', '/_sim/schema', { renameOption: { field: 'Status', from: 'On Hold', to: 'Waiting' } })
		await until('the new name', 15_000, async () => (await stack.json(`/api/orders/${id}`)).status === 'Waiting')
		await stack.sim('POST', '/_sim/schema', { removeOption: { field: 'Status', name: 'Waiting' } })
		await agrees(stack)
	})
}, { beside: true })

test('an emptied base does not empty the store; the alarm is seen, and an operator may accept it', async () => {
	await withStack(follow(), async stack => {
		await settled(stack)
		await stack.sim('POST', '/_sim/delete', { all: true })
		await until('the alarm', 20_000, async () => (await stack.json('/api/sync')).error?.code === 'airtable_shrunk')
		eq((await stack.json('/api/orders')).total, 400)
		eq((await stack.json('/api/health')).status, 'degraded')
		const accepted = await stack.syncctl('sync', '--full', '--wait', '--accept-shrink')
		eq(accepted.code, 0, accepted.stderr)
		eq((await stack.json('/api/orders')).total, 0)
		await stack.sim('POST', '/_sim/create', { count: 5 })
		await agrees(stack)
		eq((await feedOf(stack)).complete, true)
	})
}, { beside: true })

test('calls that fail in every way are repeated', async () => {
	await withStack(follow({ set: { 'airtable.breaker_failures': 50 } }), async stack => {
		await settled(stack)
		const records = await stack.dump()
		let i = 0
		for (const fault of [{ action: 'status', status: 503 }, { action: 'drop_before' }, { action: 'drop_after' }, { action: 'truncate' },
			{ action: 'garbage' }, { action: 'empty' }, { action: 'html' }, { action: 'wrong_types' }, { action: 'hang' },
			{ action: 'status', status: 500 }]) {
			await stack.fault({ match: { path: '/v0/', nth: 1, times: 2 }, ...fault })
			await stack.sim('POST', '/_sim/edit', { id: records[i++].id, fields: { Customer: `${fault.action} ${i}` } })
			await agrees(stack, 30_000)
			await stack.noFaults()
		}
	})
}, { beside: true })

// ---- pings ---------------------------------------------------------------------------
test('a ping wakes the feed; only Airtable\'s does', async () => {
	// the address has to be known before syncd starts: a free port of our own choosing
	const port = await until('a free port', 10_000, () => {
		const one = 20_000 + crypto.randomInt(9_000)
		return request(`http://127.0.0.1:${one}/`).then(() => 0, error => error.code === 'ECONNREFUSED' && one)
	})
	await withStack({ ...follow({ set: { 'sync.feed_interval': '1h', 'sync.public_url': `http://127.0.0.1:${port}` } }), port }, async stack => {
		await settled(stack)
		const records = await stack.dump()
		for (let i = 0; i < 3; i++) {
			await stack.sim('POST', '/_sim/edit', { id: records[i].id, fields: { Customer: `pinged ${i}` } })
			await until('it arrives', 5_000, async () => (await stack.json(`/api/orders/${records[i].id}`)).customer === `pinged ${i}`)
		}
		const [hook] = await webhooks(stack)
		ok(hook.pings.sent >= 3, JSON.stringify(hook.pings))
		eq(hook.pings.failed, 0)

		const url = `${stack.url}/hooks/airtable`
		const body = JSON.stringify({ base: { id: 'appOrderdeckDemo1' }, webhook: { id: hook.id }, timestamp: new Date(Date.now() + 60_000).toISOString() })
		const mac = key => `hmac-sha256=${crypto.createHmac('sha256', key).update(body).digest('hex')}`
		const good = mac(Buffer.from(hook.macSecretBase64, 'base64'))
		const ping = (header, text = body, method = 'POST') => request(url, method,
			{ headers: { 'Content-Type': 'application/json', ...header && { 'X-Airtable-Content-MAC': header } }, body: text })
		const polls = (await feedOf(stack)).polls
		for (const [header, text, status] of [[mac('wrong'), body, 403], [undefined, body, 403], [good, `${body} `, 403],
			['hmac-sha256=', body, 403], [`sha256=${good}`, body, 403], [good.slice(0, -2), body, 403], [good, 'x'.repeat(3_000), 422]]) {
			const answer = await ping(header, text)
			ok([status, 400].includes(answer.status), `${answer.status} ${answer.text}`)
		}
		eq((await ping(good, undefined, 'GET')).status, 405)
		eq((await feedOf(stack)).polls, polls, 'none of them woke it')
		for (let i = 0; i < 20; i++) {
			const answer = await ping(good)
			eq([answer.status, answer.text], [204, ''])
		}
		await sleep(1_500)
		ok((await feedOf(stack)).polls - polls <= 2, 'a ping that is repeated wakes it once')

		// what they are signed with is syncd's alone, and not lost with it
		const file = path.join(stack.dir, 'store/webhook.secret')
		eq(fs.statSync(file).mode & 0o777, 0o600)
		eq(fs.readFileSync(file, 'utf8'), `${hook.id} ${hook.macSecretBase64}\n`)
		ok(!fs.readFileSync(path.join(stack.dir, 'store/data.mdb')).includes(hook.macSecretBase64))
		const pinged = async name => {
			await settled(stack)
			await stack.sim('POST', '/_sim/edit', { id: records[0].id, fields: { Customer: name } })
			await until('it arrives', 5_000, async () => (await stack.json(`/api/orders/${records[0].id}`)).customer === name)
		}
		await stack.stop('syncd', 'KILL')
		await stack.start('syncd')
		await pinged('after a restart')
		eq((await webhooks(stack))[0].id, hook.id)
		await stack.stop('syncd')
		fs.unlinkSync(file)
		await stack.start('syncd')
		await until('another webhook', 10_000, async () => ![hook.id, null].includes((await feedOf(stack)).webhook))
		await pinged('with a new secret')
		await until('the old one is gone', 10_000, async () => (await webhooks(stack)).length === 1)
		// nobody asks before the hour is over, unless pings that were frequent stop
		const { webhook, payloads } = await feedOf(stack)
		await stack.sim('POST', '/_sim/editor', { perSecond: 40 })
		await until('pings are frequent', 20_000, async () => (await feedOf(stack)).payloads >= payloads + 100)
		await stack.sim('POST', '/_sim/webhooks', { action: 'expire' })
		await until('another webhook', 20_000, async () => ![webhook, null].includes((await feedOf(stack)).webhook))
		await stack.sim('POST', '/_sim/editor', { perSecond: 0 })
		await agrees(stack)
	})
	await withStack(follow(), async stack => {
		const answer = await stack.call('POST', '/hooks/airtable', { headers: { 'Content-Type': 'application/json' }, body: '{}' })
		eq(answer.status, 404, 'off without sync.public_url')
	})
}, { beside: true })

// ---- by the time of changes ------------------------------------------------------------
for (const [what, options] of Object.entries({
	'by choice': { set: { 'sync.feed': 'modified' } },
	'when there are ten webhooks already': { simArgs: ['--set=webhooksMax=0'] },
})) {
	test(`without webhooks (${what}) changes are found by their time, deletions by a sweep`, async () => {
		await withStack(follow(options), async stack => {
			const feed = await settled(stack)
			eq([feed.mode, feed.state], ['modified', 'polling'])
			if (what !== 'by choice') ok(/TOO_MANY|too many/i.test(feed.reason), feed.reason)
			const records = await stack.dump()
			await withoutSync(stack, async () => {
				for (let i = 0; i < 5; i++) await stack.sim('POST', '/_sim/edit', { id: records[i].id, fields: { Customer: `timed ${i}`, Priority: null } })
				await stack.sim('POST', '/_sim/create', { count: 150 })
				await stack.sim('POST', '/_sim/edit', { records: records.slice(10, 250).map(r => ({ id: r.id, fields: { Status: 'Delivered' } })) })
				await agrees(stack)
				await stack.sim('POST', '/_sim/edit', { id: records[0].id, fields: { Customer: 'once more' } })
				await agrees(stack)
			})
			await stack.stop('syncd')
			await stack.sim('POST', '/_sim/delete', { ids: records.slice(300, 305).map(r => r.id) })
			await stack.sim('POST', '/_sim/edit', { id: records[1].id, fields: { Customer: 'meanwhile' } })
			await withoutSync(stack, async () => {
				await stack.start('syncd')
				await agrees(stack)
			})
		})
	}, { beside: true })
}

test('a token that may not have webhooks follows by time, and takes the webhook once it may', async () => {
	const dir = { 'sync.feed_interval': '200ms' }
	await withStack(follow({ set: dir, wait: 0 }), async stack => {
		await settled(stack)
		const token = fs.readFileSync(`${stack.dir}/token`, 'utf8').trim()
		const some = ['data.records:read', 'data.records:write', 'schema.bases:read']
		await stack.sim('POST', '/_sim/tokens', { token, scopes: some })
		await stack.sim('POST', '/_sim/webhooks', { action: 'delete' })
		const feed = await until('polling', 20_000, async () => {
			const now = await feedOf(stack)
			return now.state === 'polling' && now
		})
		ok(feed.reason !== null)
		await settled(stack)
		const { id } = (await stack.dump())[0]
		await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: 'without a webhook' } })
		await agrees(stack)
		await stack.sim('POST', '/_sim/tokens', { token, scopes: [...some, 'webhook:manage'] })
		stack.signal('syncd', 'SIGHUP')
		await until('reading', 20_000, async () => (await feedOf(stack)).state === 'reading')
		await settled(stack)
		await agrees(stack)
	})
}, { beside: true })

// ---- how soon ----------------------------------------------------------------------------
/**
 * The limits for edits while disturb() lasts; a machine on which even this process waits for its turn is given time,
 * and one that something else holds up is looked at for longer.
 */
async function soon(stack, what, disturb) {
	for (let looks = 1; ; looks++) {
		const { changes, open, lag } = await watchEdits(stack, 20, disturb)
		const result = percentiles(changes.map(one => one.took))
		console.log(`# ${what}: ${JSON.stringify(result)}; the machine's lag ${lag} ms`)
		const patience = lag > 100 ? PATIENCE : 1
		eq(open, 0)
		ok(result.count > 0)
		if (result.p95 <= 1_500 * patience && result.p99 <= 3_000 * patience) return
		ok(looks < 3, JSON.stringify(result))
	}
}

test('at 5 calls a second and 200 ms latency changes are here soon', async () => {
	await withStack({ sim: 2_000, wait: 60, set: { 'sync.feed': 'auto' }, simArgs: ['--latency-ms=200'] }, async stack => {
		await settled(stack, 90_000)
		await soon(stack, '20 changes/s, 5 calls/s, 200 ms', () => sleep(20_000))
		await agrees(stack, 30_000)
		eq((await stack.stats()).rejected429, 0)
	})
}, { beside: true, timeout: 200_000 })

test('the same when one call in twenty fails', async () => {
	await withStack({ sim: 2_000, wait: 60, set: { 'sync.feed': 'auto' }, simArgs: ['--latency-ms=200'] }, async stack => {
		await settled(stack, 90_000)
		await soon(stack, 'and 5% of the calls fail', async () => {
			await stack.noFaults()
			await faults(stack, 600)
			await sleep(20_000)
		})
		await stack.noFaults()
		await agrees(stack, 30_000)
	})
}, { beside: true, timeout: 200_000 })

test('with faults, a lost webhook and an outage nothing is missed', async () => {
	await withStack({ sim: 1_000, wait: 60, set: { 'sync.feed': 'auto', 'airtable.breaker_cooldown': '1s', 'airtable.request_timeout': '5s' },
		simArgs: ['--latency-ms=200'] }, async stack => {
		await settled(stack, 90_000)
		await faults(stack, 400)
		await stack.sim('POST', '/_sim/editor', { perSecond: 20 })
		await sleep(2_000)
		const before = syncs(stack)
		await stack.sim('POST', '/_sim/webhooks', { action: 'expire' })
		await until('a full sync makes up for it', 30_000, () => syncs(stack) > before)
		await sleep(500)	// among its pages
		await stack.sim('POST', '/_sim/expire-iterators')
		await stack.fault({ match: { path: '/v0/', nth: 1, times: 0 }, action: 'drop_before' })
		await sleep(8_000)
		await stack.noFaults()
		await sleep(3_000)
		await stack.sim('POST', '/_sim/editor', { perSecond: 0 })
		await agrees(stack, 120_000)
		await until('the feed has missed nothing', 60_000, async () => (await feedOf(stack)).complete)
		ok((await stack.stats()).maxPerSecond <= 5)
	})
}, { beside: true, timeout: 300_000 })

run()

// Backup, restore, verify and rebuild by syncctl, with the real processes:
// under load, past a crash, and without anybody having to restart a reader.
import fs from 'node:fs'
import path from 'node:path'
import { test, run, eq, ok } from './lib/harness.mjs'
import { startStack, fast, until } from './lib/stack.mjs'

let stack, backup
const ORDERS = 600

async function ctl(...args) {
	const { code, stdout, stderr } = await stack.syncctl(...args)
	eq(code, 0, `syncctl ${args.join(' ')}: ${stdout}${stderr}`)
	return stdout
}
const summary = () => stack.json('/api/orders/summary')
const other = status => status === 'Shipped' ? 'Delivered' : 'Shipped'
/** Wait until every worker shows this: answers come from all of them in turn. */
async function everywhere(what, probe) {
	for (let good = 0; good < 12;)
		await until(what, 10_000, async () => { good = await probe() ? good + 1 : 0; return good > 0 })
}

test('a base is served', async () => {
	stack = await startStack(fast({ sim: ORDERS, set: { 'api.workers': 2, 'write.timeout': '20s', 'airtable.request_timeout': '2s', 'airtable.breaker_failures': 3, 'airtable.breaker_cooldown': '1s' } }))
	await stack.synced()
	backup = path.join(stack.dir, 'backup.mdb')
})

test('backups made while orders change are sound and of one generation each', async () => {
	const { orders } = await stack.json('/api/orders?pageSize=100')
	let stop = false, changes = 0
	const writers = Array.from({ length: 4 }, async (_, w) => {
		for (let i = w; !stop; i = (i + 4) % orders.length) {
			const answer = await stack.patch(orders[i].id, { status: changes % 2 ? 'Shipped' : 'Pending' })
			eq(answer.status, 200, answer.text)
			changes++
		}
	})
	for (let i = 0; i < 4; i++) {
		const said = await ctl('backup', backup)
		ok(new RegExp(`generation \\d+, ${ORDERS} orders, `).test(said), said)
		ok((await ctl('verify', backup)).includes(': sound'))
		ok((await ctl('verify')).includes(': sound'), 'and the store beside its writer')
	}
	stop = true
	await Promise.all(writers)
	ok(changes > 20, `${changes} changes meanwhile`)
	eq(fs.readdirSync(stack.dir).filter(name => name.includes('partial')), [])
	eq(fs.statSync(backup).mode & 0o77, 0, 'nobody else may read it')
})

test('no backup takes the place of the store itself, by whatever path it is named', async () => {
	const store = path.join(stack.dir, 'store'), link = path.join(stack.dir, 'link'), before = fs.readdirSync(store)
	fs.symlinkSync(store, link)
	for (const name of ['data.mdb', 'lock.mdb', 'syncd.lock', 'other.mdb'])
		for (const folder of [store, `${store}/../store`, link]) {
			const refused = await stack.syncctl('backup', `${folder}/${name}`)
			eq([refused.code, refused.stderr.includes("the store's own folder")], [1, true], `${folder}/${name}: ${refused.stderr}`)
		}
	eq(fs.readdirSync(store), before)
	const { id, status } = (await stack.json('/api/orders?pageSize=1')).orders[0]
	eq((await stack.patch(id, { status: other(status) })).status, 200)
	await everywhere('the store is the one that syncd writes', async () => (await stack.json(`/api/orders/${id}`)).status === other(status))
})

test('a backup is restored, running workers show it by themselves, and a sync brings what has changed since', async () => {
	const { id, status } = (await stack.json('/api/orders?pageSize=1')).orders[0]
	await ctl('backup', backup)
	const then = await summary()
	eq((await stack.patch(id, { status: other(status) })).status, 200)
	const refused = await stack.syncctl('restore', backup)
	eq(refused.code, 1)
	ok(refused.stderr.includes('stop it first'), refused.stderr)
	const workers = stack.children('fcgi-api'), before = (await summary()).generation
	await stack.stop('syncd')
	const said = await ctl('restore', backup)
	ok(said.includes(`${ORDERS} orders`), said)
	await everywhere('all workers show the backup', async () => (await stack.json(`/api/orders/${id}`)).status === status)
	const now = await summary()
	eq(now.total, then.total)
	ok(now.generation > before, 'no generation is used twice')
	eq(Number((await stack.get('/api/orders/export.csv')).headers['x-generation']), now.generation, 'the slow pool too')
	await stack.start('syncd')
	await everywhere('Airtable’s state is back', async () => (await stack.json(`/api/orders/${id}`)).status === other(status))
	eq(stack.children('fcgi-api'), workers, 'nobody was restarted')
	ok((await ctl('verify')).includes(': sound'))
})

test('a backup that is damaged is found and not restored', async () => {
	const broken = path.join(stack.dir, 'broken.mdb'), bytes = fs.readFileSync(backup)
	fs.writeFileSync(broken, bytes.subarray(0, bytes.length - 40960))
	eq((await stack.syncctl('verify', broken)).code, 1)
	fs.writeFileSync(broken, 'this is no store')
	eq((await stack.syncctl('verify', broken)).code, 1)
	// pages full of nonsense may end the process that reads them, not the one that tells
	const noise = Buffer.from(bytes)
	for (let at = 16_384; at + 4096 <= noise.length; at += 12_288) noise.fill(0xa5, at + 16, at + 4096)
	fs.writeFileSync(broken, noise)
	const said = await stack.syncctl('verify', broken)
	eq(said.code, 1, said.stdout + said.stderr)
	await stack.stop('syncd')
	eq((await stack.syncctl('restore', broken)).code, 1)
	await stack.start('syncd')
	eq((await stack.json('/api/orders')).total, ORDERS)
	eq((await stack.syncctl('verify', path.join(stack.dir, 'nowhere'))).code, 1)
	eq((await stack.syncctl('backup')).code, 2)
	eq((await stack.syncctl('verify', 'a', 'b')).code, 2)
	eq((await stack.syncctl('backup', '/nonexistent/b')).code, 1)
})

test('a rebuild keeps history, outbox and kept answers', async () => {
	const { id, status } = (await stack.json('/api/orders?pageSize=1&sort=orderId')).orders[0]
	eq((await stack.patch(id, { priority: 'High' })).status < 500, true)
	const history = (await stack.json(`/api/orders/${id}/history`)).changes
	await stack.configureApi('write.timeout', '1s')	// it will not be done by then anyway
	await stack.fault({ match: { path: '/v0/', times: 0 }, action: 'status', status: 503 })
	const headers = { Prefer: 'respond-async', 'Idempotency-Key': 'rebuild-1' }
	eq((await stack.patch(id, { status: other(status) }, headers)).status, 202)
	await stack.stop('syncd')
	const said = await ctl('rebuild')
	ok(said.includes(`${ORDERS} orders`) && said.includes('1 of the outbox'), said)
	ok((await ctl('verify')).includes(': sound'))
	await everywhere('the change is still pending', async () => (await stack.json(`/api/orders/${id}`)).pending === true)
	eq((await stack.json(`/api/orders/${id}/history`)).changes, history)
	await stack.noFaults()
	await stack.start('syncd')
	await until('it is delivered', 60_000, async () => (await stack.json(`/api/orders/${id}`)).pending === undefined)
	eq((await stack.dump()).find(record => record.id === id).fields.Status, other(status))
	const again = await stack.patch(id, { status: other(status) }, headers)
	eq([again.status, again.json().status], [200, other(status)])
	ok((await ctl('verify')).includes(': sound'))
})

test('orders whose rows are damaged come again from Airtable', async () => {
	await stack.stop('syncd')
	// as a disk would do it: texts that no column knows, dates in the JSON that are not the values
	const file = path.join(stack.dir, 'store/data.mdb'), bytes = fs.readFileSync(file)
	for (const [right, wrong] of [['"orderId":"ORD-0001', '"orderId":"XXX-0001'], ['"updatedAt":"20', '"updatedAt":"10']]) {
		let hits = 0
		for (let at = 0; (at = bytes.indexOf(right, at)) >= 0; at += right.length)
			if (hits++ % 3 === 0) bytes.write(wrong, at)
		ok(hits > 10, `${hits} ${right}`)
	}
	fs.writeFileSync(file, bytes)
	const found = await stack.syncctl('verify')
	eq(found.code, 1)
	ok(found.stdout.includes('rows: '), found.stdout)
	const said = await ctl('rebuild')
	ok(/\d+ orders were in doubt/.test(said), said)
	await stack.start('syncd')
	eq((await stack.sync()).status, 200)
	eq((await stack.json('/api/orders')).total, ORDERS)
	eq((await stack.json('/api/orders?search=XXX-')).total, 0)
	const verdict = await stack.syncctl('verify')
	eq(verdict.code, 0, verdict.stdout)
	await stack.down()
})

run()

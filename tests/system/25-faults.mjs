// Processes that die, disks that are full, an Airtable that is not there:
// readers notice nothing, or are told plainly, and nothing is lost.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import net from 'node:net'
import { test, run, eq, ok } from './lib/harness.mjs'
import { withStack, tryStack, startStack, execute, fast, until, build, root, request, temporaryFolder } from './lib/stack.mjs'
import { order, fetchAll, withoutVersion } from './lib/orders.mjs'

async function agrees(stack) {
	const expected = new Map((await stack.dump()).map(record => [record.id, order(record)]))
	const got = await fetchAll(stack)
	eq(got.length, expected.size)
	for (const o of got) eq(withoutVersion(o), expected.get(o.id))
}

test('syncd killed in the middle of a sync: reads go on, and it takes up again', async () => {
	await withStack(fast({ sim: 1_000 }), async stack => {
		await stack.synced()
		const before = (await stack.get('/api/orders')).text
		for (let round = 0; round < 3; round++) {
			// it comes no further than to its second page
			await stack.fault({ match: { method: 'GET', path: 'offset=', nth: 2, times: 0 }, action: 'hang' })
			const call = stack.call('POST', '/api/orders/sync?mode=full')
			await until('some pages are in', 10_000, async () => {
				const progress = await stack.json('/api/sync')
				return progress.state === 'running' && progress.pages >= 2
			})
			stack.signal('syncd', 'SIGKILL')
			const answer = await call
			ok([502, 503, 504].includes(answer.status), `${answer.status} ${answer.text.slice(0, 200)}`)
			await until('it is gone', 5_000, () => !stack.alive('syncd'))
			eq((await stack.get('/api/orders')).text, before)
			const health = await stack.json('/api/health')
			eq([health.status, health.syncd.up], ['degraded', false])
			await stack.noFaults()
			await stack.start('syncd')
			await stack.idle()
		}
		await until('a sync goes through', 20_000, async () => (await stack.sync()).status === 200)
		await agrees(stack)
	})
})

test('syncd killed while the very first sync fills the store', async () => {
	await withStack(fast({ sim: 2_000, wait: 0, simArgs: ['--latency-ms=100'] }), async stack => {
		const partial = async () => (await stack.get('/api/orders?pageSize=1', { Prefer: 'partial' })).json()
		await until('the first orders are served', 20_000, async () => (await partial()).total > 0)
		stack.signal('syncd', 'SIGKILL')
		await until('it is gone', 5_000, () => !stack.alive('syncd'))
		const { total, complete } = await partial()
		ok(total > 0 && total <= 2_000)
		eq(complete, false)
		// nobody is told that this is all, and of what is not there nobody is told that it does not exist
		for (const target of ['/api/orders', '/api/orders?status=Pending', '/api/orders/summary', '/api/orders/export.csv', '/api/orders/export.xlsx', '/api/orders/no-such', '/api/orders/no-such/history']) {
			const answer = await stack.get(target)
			eq([answer.status, answer.json().code], [503, 'filling'], target)
			ok(Number(answer.headers['retry-after']) >= 1)
		}
		const [record] = (await (await stack.get('/api/orders?pageSize=1', { Prefer: 'partial' })).json()).orders
		eq((await stack.get(`/api/orders/${record.id}`)).status, 200)
		eq((await stack.patch('no-such', { status: 'Shipped' })).status, 503)
		await stack.sim('POST', '/_sim/settings', { latencyMs: 0 })
		await stack.start('syncd')
		await stack.synced()
		await agrees(stack)
	})
})

test('workers killed under load fail no GET', async () => {
	await withStack(fast({ sim: 500, set: { 'api.workers': 2 } }), async stack => {
		await stack.synced()
		let stop = false, answered = 0
		const bad = []
		const readers = Array.from({ length: 24 }, async () => {
			while (!stop) {
				const answer = await stack.get('/api/orders?pageSize=20')
				answered++
				if (answer.status !== 200) bad.push(answer.status)
			}
		})
		for (let i = 0; i < 6; i++) {
			const workers = stack.children('fcgi-api')
			const victim = workers[i % workers.length]
			process.kill(victim, 'SIGKILL')
			await until('another takes its place', 10_000, () => {
				const now = stack.children('fcgi-api')
				return !now.includes(victim) && now.length >= workers.length
			})
			const goal = answered + 200
			await until('requests go on', 10_000, () => answered > goal)
		}
		stop = true
		await Promise.all(readers)
		eq(bad, [], `of ${answered} answers`)
	})
})

test('no workers at all: a problem document, until they are back', async () => {
	await withStack(fast({ sim: 100 }), async stack => {
		await stack.stop('fcgi-api', 'KILL')
		const answer = await stack.get('/api/orders')
		eq([answer.status, answer.headers['content-type'], answer.json().code], [502, 'application/problem+json', 'api_unavailable'])
		ok(answer.headers['retry-after'])
		eq((await stack.get('/')).status, 200, 'the dashboard is still there')
		await stack.start('fcgi-api')
		await until('it serves', 10_000, async () => (await stack.get('/api/orders')).status === 200)
	})
})

test('Airtable away at the start: the stack is up, says why it is empty, and fills when Airtable is back', async () => {
	await withStack(fast({ sim: 300, wait: 0, set: { 'airtable.breaker_cooldown': '300ms', 'airtable.retries': 1 } }), async stack => {
		await stack.synced()
		await stack.stop('syncd')
		await stack.stop('sim', 'KILL')
		fs.rmSync(path.join(stack.dir, 'store'), { recursive: true })
		fs.mkdirSync(path.join(stack.dir, 'store'))
		await stack.stop('fcgi-api')
		await stack.start('syncd')
		await stack.start('fcgi-api')
		await until('the failure is told', 20_000, async () => (await stack.json('/api/sync')).state === 'failed')
		const health = await stack.json('/api/health')
		eq([health.status, health.syncedAt], ['degraded', null])
		for (const target of ['/api/orders', '/api/orders/summary']) eq((await stack.get(target)).json().code, 'filling')
		eq((await stack.get('/api/orders', { Prefer: 'partial' })).json().total, 0)
		const answer = await stack.sync()
		ok([502, 503].includes(answer.status), `${answer.status} ${answer.text}`)
		await stack.start('sim')
		await until('a sync goes through', 30_000, async () => (await stack.sync()).status === 200)
		await agrees(stack)
	})
})

test('Airtable away later: reads as ever, the circuit opens, and closes again', async () => {
	await withStack(fast({ sim: 300, set: { 'airtable.breaker_failures': 2, 'airtable.breaker_cooldown': '500ms', 'airtable.retries': 1 } }), async stack => {
		await stack.synced()
		const before = (await stack.get('/api/orders')).text
		await stack.stop('sim', 'KILL')
		const answer = await stack.sync()
		eq([answer.status, answer.json().code], [503, 'airtable_unavailable'], answer.text)
		eq((await stack.get('/api/orders')).text, before)
		await until('the circuit is open', 5_000, async () => {
			const { airtable } = await stack.json('/api/health')
			if (airtable.circuit === 'closed') await stack.sync()
			return airtable.circuit !== 'closed'
		})
		await stack.start('sim')
		await until('a sync goes through', 30_000, async () => (await stack.sync()).status === 200)
		eq((await stack.json('/api/health')).airtable.circuit, 'closed')
		await agrees(stack)
	})
})

test('a wrong token is told as such, and costs no store', async () => {
	await withStack(fast({ sim: 200 }), async stack => {
		await stack.synced()
		await stack.stop('syncd')
		const token = path.join(stack.dir, 'token'), right = fs.readFileSync(token)
		fs.writeFileSync(token, 'patWrong.0000000000')
		await stack.start('syncd')
		const answer = await until('it answers', 10_000, async () => {
			const said = await stack.sync()
			return said.json().code !== 'syncd_unavailable' && said
		})
		eq([answer.status, answer.json().code], [502, 'airtable_unauthorized'], answer.text)
		eq((await stack.json('/api/orders')).total, 200)
		ok(!stack.log().includes('patWrong'), 'the token is in no log')
		await stack.stop('syncd')
		fs.writeFileSync(token, right)
		await stack.start('syncd')
		await until('a sync goes through', 20_000, async () => (await stack.sync()).status === 200)
	})
})

test('a second syncd on the same store refuses, and harms nothing', async () => {
	await withStack(fast({ sim: 200 }), async stack => {
		await stack.synced()
		const conf = path.join(stack.dir, 'orders.conf')
		const env = { AIRTABLE_API_KEY: fs.readFileSync(path.join(stack.dir, 'token'), 'utf8').trim() }
		for (const options of [[], ['-o', `run.dir=${path.join(stack.dir, 'tmp')}`]]) {
			const second = await execute(path.join(build, 'syncd/syncd'), ['-c', conf, '-o', 'log.file=', ...options], { env, timeoutMs: 20_000 })
			ok(second.code > 0, `it ended with ${second.code} ${second.signal}`)
			ok(/another|already|in use|held|holds|locked/i.test(second.stderr), second.stderr)
		}
		ok(stack.alive('syncd'))
		eq((await stack.sync()).status, 200)
	})
})

test('a store in a read-only folder: syncd says so and ends', async () => {
	const dir = temporaryFolder(), store = path.join(dir, 'store')
	fs.mkdirSync(store)
	fs.chmodSync(dir, 0o755)
	fs.chmodSync(store, 0o555)
	const command = [path.join(build, 'syncd/syncd'), '-o', `store.path=${store}`, '-o', `run.dir=${dir}`, '-o', 'airtable.api_url=http://127.0.0.1:9',
		'-o', 'airtable.base_id=appOrderdeckDemo1', '-o', 'airtable.orders_table=Orders']
	const as = process.getuid() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
	const [file, ...args] = [...as, ...command]
	const result = await execute(file, args, { env: { AIRTABLE_API_KEY: 'patx.y' }, timeoutMs: 20_000 })
	fs.rmSync(dir, { recursive: true })
	ok(result.code > 0, `${result.code} ${result.signal} ${result.stderr}`)
	ok(/denied|read-only|permission/i.test(result.stderr), result.stderr)
}, { skip: process.getuid() === 0 && spawnSync('setpriv', ['--version']).error && 'root may write anywhere, and there is no setpriv' })

test('a map too small to grow: the sync fails with its cause, and what was there stays', async () => {
	await withStack(fast({ sim: 8_000, set: { 'store.map_size': '1MiB', 'store.map_limit': '3MiB' } }), async stack => {
		const answer = await stack.sync()
		ok(answer.status >= 500, `${answer.status} ${answer.text.slice(0, 200)}`)
		eq(answer.json().code, 'store_map_full')
		eq((await stack.get('/api/orders', { Prefer: 'partial' })).status, 200)
		ok(stack.alive('syncd'))
		await stack.stop('syncd')
		const conf = path.join(stack.dir, 'orders.conf')
		fs.writeFileSync(conf, fs.readFileSync(conf, 'utf8').replace('map_limit = 3MiB', 'map_limit = 1GiB'))
		await stack.start('syncd')
		await until('with room it goes through', 30_000, async () => (await stack.sync()).status === 200)
		await agrees(stack)
	})
})

test('a map that is small at first grows under readers', async () => {
	await withStack(fast({ sim: 8_000, wait: 60, set: { 'store.map_size': '1MiB' } }), async stack => {
		await stack.synced()
		await agrees(stack)
	})
})

/** A small disk of its own in a new folder; null where that is not permitted. */
function smallDisk(size) {
	const dir = temporaryFolder()
	if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'orderdeck-test', dir]).status === 0) return dir
	fs.rmdirSync(dir)
	return null
}
const disk = smallDisk('3m')

test('a full disk: syncd says so, serves what it has, and goes on when there is room', async () => {
	const store = path.join(disk, 'store')
	fs.mkdirSync(store)
	try {
		await withStack(fast({ sim: 8_000, set: { 'store.path': store } }), async stack => {
			const answer = await stack.sync()
			eq(answer.json().code, 'disk_full', answer.text.slice(0, 300))
			ok(stack.alive('syncd'))
			eq((await stack.get('/api/orders', { Prefer: 'partial' })).status, 200)
			eq((await execute('mount', ['-o', 'remount,size=200m', disk])).code, 0)
			await until('with room it goes through', 30_000, async () => (await stack.sync()).status === 200)
			await agrees(stack)
		})
	} finally {
		await execute('umount', [disk])
		fs.rmdirSync(disk)
	}
}, { skip: disk === null && 'mounting a small disk is not permitted here' })

test('a peer that talks nonsense on the socket of syncd costs only its own connection', async () => {
	await withStack(fast({ sim: 100 }), async stack => {
		const socket = path.join(stack.dir, 'run/syncd.sock')
		for (const bytes of ['garbage\n', '{"v":1}\n', '{"v":99,"id":1,"type":"status"}\n', '\0\0\0\0\n', 'x'.repeat(600_000), '{"v":1,"id":1,"type":"status"', '[]\n'.repeat(1000)]) {
			await new Promise(resolve => {
				const peer = net.connect(socket, () => peer.write(bytes, () => setTimeout(() => peer.destroy(), 50)))
				peer.on('error', () => {})
				peer.on('close', resolve)
				peer.resume()
			})
		}
		const silent = Array.from({ length: 50 }, () => net.connect(socket).on('error', () => {}))
		eq((await stack.sync()).status, 200)
		for (const peer of silent) peer.destroy()
		ok(stack.alive('syncd'))
		eq((await stack.syncctl('status')).code, 0)
	})
})

test('start order does not matter: workers first, syncd later', async () => {
	await withStack(fast({ sim: 200 }), async stack => {
		await stack.stop('syncd')
		await stack.stop('fcgi-api')
		fs.rmSync(path.join(stack.dir, 'store'), { recursive: true })
		fs.mkdirSync(path.join(stack.dir, 'store'))
		await stack.start('fcgi-api')
		const answer = await stack.get('/api/orders')
		eq([answer.status, answer.json().code], [503, 'store_unavailable'], answer.text)
		eq((await stack.get('/api/health')).status, 503)
		await stack.start('syncd')
		await stack.synced()
		// a worker that has just found none looks again in a moment
		await until('every worker has it', 10_000, async () => {
			await agrees(stack)
			return true
		})
	})
})

test('a stack that cannot start says why and leaves nothing running', async () => {
	const wrong = await tryStack({ sim: 10, set: { 'sync.wait': 'soon' } })
	eq(wrong.code, 1)
	ok(wrong.stderr.includes('sync.wait'), wrong.stderr)
	const without = await tryStack({ sim: false, env: { AIRTABLE_API_KEY: '' }, set: { 'airtable.api_url': 'http://127.0.0.1:9', 'airtable.base_id': 'appOrderdeckDemo1', 'airtable.orders_table': 'Orders' } })
	eq(without.code, 1)
	ok(/token|AIRTABLE_API_KEY/.test(without.stderr), without.stderr)
	for (const { dir } of [wrong, without]) {
		eq((await execute(path.join(root, 'tests/stack'), ['status', '--dir', dir])).stdout, '')
		fs.rmSync(dir, { recursive: true })
	}
	const stack = await startStack(fast({ sim: 10 }))
	const taken = await tryStack({ sim: 10, port: new URL(stack.url).port })
	eq(taken.code, 1)
	ok(taken.stderr.includes('in use'), taken.stderr)
	const twice = await tryStack({ sim: 10, dir: stack.dir })
	eq(twice.code, 1)
	ok(twice.stderr.includes('already running'), twice.stderr)
	eq((await request(`${stack.url}/api/health`)).status, 200, 'the first one is unharmed')
	fs.rmSync(taken.dir, { recursive: true })
	await stack.down()
})

run()

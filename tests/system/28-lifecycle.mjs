// Starting, reloading, rotating logs, draining and ending: by signals, by
// tests/stack, and by "make demo".
import fs from 'node:fs'
import path from 'node:path'
import { test, run, eq, ok } from './lib/harness.mjs'
import { withStack, startStack, tryStack, execute, gone, launch, fast, until, root, build, request, temporaryFolder } from './lib/stack.mjs'

/** All processes whose command line names a folder. */
const mentioning = dir => fs.readdirSync('/proc').filter(pid => /^\d+$/.test(pid)).filter(pid => {
	try {
		return Number(pid) !== process.pid && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir)
	} catch {
		return false
	}
})

test('up and down leave no process and no socket, and both may be repeated', async () => {
	const dir = temporaryFolder()
	for (let round = 0; round < 2; round++) {
		const stack = await startStack(fast({ sim: 50, dir }))
		const pids = [...Object.values(stack.pids()), ...stack.children('fcgi-api'), ...stack.children('nginx')]
		ok(pids.length >= 7, `${pids}`)
		await stack.down({ keep: true })
		for (const pid of pids) ok(gone(pid), `${pid} is still there`)
		eq(mentioning(dir), [])
		eq((await execute(path.join(root, 'tests/stack'), ['down', '--dir', dir])).code, 0)
	}
	eq(fs.readdirSync(path.join(dir, 'run')).filter(name => name.endsWith('.sock') || name.endsWith('.pid')), [])
	fs.rmSync(dir, { recursive: true })
})

test('a folder with a long name works, though sockets there could not', async () => {
	const parent = temporaryFolder(), dir = path.join(parent, 'x'.repeat(90))
	await withStack(fast({ sim: 30, dir }), async stack => {
		eq((await stack.json('/api/orders')).total, 30)
	})
	fs.rmSync(parent, { recursive: true, force: true })
})

test('it points at any server that speaks Airtable’s API, with the token from the environment', async () => {
	await withStack(fast({ sim: 40 }), async other => {
		const env = { AIRTABLE_API_KEY: fs.readFileSync(path.join(other.dir, 'token'), 'utf8').trim() }
		await withStack({ sim: false, env, set: { 'airtable.api_url': other.simUrl, 'airtable.base_id': 'appOrderdeckDemo1', 'airtable.orders_table': 'Orders' } }, async stack => {
			eq((await stack.json('/api/orders')).total, 40)
			const { id } = (await stack.json('/api/orders')).orders[0]
			eq((await stack.patch(id, { status: 'Cancelled' })).status, 200)
			eq((await other.dump()).find(record => record.id === id).fields.Status, 'Cancelled')
			for (const pid of Object.values(stack.pids()))
				ok(!fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(env.AIRTABLE_API_KEY), 'no token on a command line')
			for (const name of ['nginx', 'fcgi-api'])
				ok(!fs.readFileSync(`/proc/${stack.pids()[name]}/environ`, 'utf8').includes(env.AIRTABLE_API_KEY), `${name} does not get the token`)
			for (const name of fs.readdirSync(path.join(stack.dir, 'log'))) ok(!stack.log(name).includes(env.AIRTABLE_API_KEY), `${name} does not hold the token`)
		})
	})
})

test('a token, base, table or field that Airtable does not know is said, with a new store and with one from before', async () => {
	await withStack(fast({ sim: 40 }), async other => {
		const token = fs.readFileSync(path.join(other.dir, 'token'), 'utf8').trim(), dir = temporaryFolder()
		const right = { 'airtable.api_url': other.simUrl, 'airtable.base_id': 'appOrderdeckDemo1', 'airtable.orders_table': 'Orders', 'sync.feed': 'auto' }
		const wrong = [
			['the token', { key: 'patNobody' }, /does not accept the token.*AIRTABLE_API_KEY/],
			['the base', { set: { 'airtable.base_id': 'appOrderdeckDemo2' } }, /denies access.*airtable\.base_id/],
			['the table', { set: { 'airtable.orders_table': 'Nope' } }, /denies access.*airtable\.orders_table/],
			['a field', { set: { 'fields.orders.status': 'Nope' } }, /field is missing.*fields\.orders\.status = "Nope"/],
		]
		const refused = async ([what, { key = token, set = {} }, words], folder) => {
			const { code, stdout, stderr } = await tryStack({ sim: false, dir: folder, env: { AIRTABLE_API_KEY: key }, set: { ...right, ...set } })
			eq({ what, code, stdout }, { what, code: 1, stdout: '' }, stderr)
			ok(words.test(stderr), `${what}: ${stderr}`)
			ok(!stderr.includes(key), 'no token is shown')
			eq(mentioning(folder), [])
		}
		await Promise.all(wrong.map((one, i) => refused(one, path.join(dir, String(i)))))
		const before = path.join(dir, 'before')
		const stack = await startStack({ sim: false, dir: before, env: { AIRTABLE_API_KEY: token }, set: right })
		eq((await stack.json('/api/orders')).total, 40)
		await stack.down({ keep: true })
		for (const i of [0, 2]) await refused(wrong[i], before)
		fs.rmSync(dir, { recursive: true })
	})
})

test('a folder of somebody else’s, or one that everybody may write to, is refused', async () => {
	if (process.getuid() !== 0) return
	for (const spoil of [dir => fs.chownSync(dir, 65534, 65534), dir => fs.chmodSync(dir, 0o777)]) {
		const dir = temporaryFolder(), ran = path.join(dir, 'ran')
		fs.writeFileSync(path.join(dir, 'stack.env'), `touch ${ran}\n`)
		fs.writeFileSync(path.join(dir, 'stack.pids'), '')
		spoil(dir)
		for (const args of [['up', '--port', '0', '--sim=10'], ['down'], ['start', '--name', 'syncd'], ['stop', '--name', 'syncd']]) {
			const { code, stderr } = await execute(path.join(root, 'tests/stack'), [...args, '--dir', dir])
			eq(code, 1, `${args}: ${stderr}`)
			ok(/of your own/.test(stderr), stderr)
		}
		eq(fs.readdirSync(dir).sort(), ['stack.env', 'stack.pids'])
		fs.rmSync(dir, { recursive: true })
	}
})

test('--conf gives settings, --set wins over them, the environment does not leak in', async () => {
	const dir = temporaryFolder(), conf = path.join(dir, 'my.conf')
	fs.writeFileSync(conf, '# mine\n[summary]\ntime_zone = Europe/Vienna\n\n[sync]\n  wait = 7s\n[run]\ndir = /nonexistent\n')
	await withStack(fast({ sim: 20, conf, set: { 'sync.wait': '9s' }, env: { ORDERS_SYNC_WAIT: '1s', ORDERS_RUN_DIR: '/nowhere', AIRTABLE_BASE_ID: 'appSomeoneElse000' } }), async stack => {
		eq((await stack.json('/api/orders/summary')).timeZone, 'Europe/Vienna')
		const printed = (await stack.syncctl('print-config')).stdout
		ok(/^wait = 9s/m.test(printed), printed)
	})
	fs.rmSync(dir, { recursive: true })
})

test('SIGUSR1 syncs, SIGHUP reloads, SIGUSR2 opens logs anew', async () => {
	await withStack(fast({ sim: 120 }), async stack => {
		await stack.synced()
		const first = await stack.json('/api/health')
		stack.signal('syncd', 'SIGUSR1')
		await until('a sync was made', 10_000, async () => (await stack.json('/api/health')).syncedAt > first.syncedAt)

		const log = path.join(stack.dir, 'log/orderdeck.log')
		fs.renameSync(log, `${log}.1`)
		stack.signal('syncd', 'SIGUSR2')
		stack.signal('fcgi-api', 'SIGUSR2')
		await until('the log is there again', 5_000, () => fs.existsSync(log))
		stack.signal('syncd', 'SIGUSR1')
		await until('lines go to the new file', 5_000, () => stack.log().length > 0)

		const conf = path.join(stack.dir, 'orders.conf'), sound = fs.readFileSync(conf, 'utf8')
		fs.writeFileSync(conf, sound.replace('[log]', '[log]\nlevel = debug'))
		stack.signal('syncd', 'SIGHUP')
		await until('debug lines appear', 10_000, async () => {
			stack.signal('syncd', 'SIGUSR1')
			return /level=debug .*prog=syncd|prog=syncd.*level=debug/.test(stack.log())
		})
		fs.writeFileSync(conf, sound + '\nnonsense\n')
		stack.signal('syncd', 'SIGHUP')
		stack.signal('fcgi-api', 'SIGHUP')
		await until('the fault is logged', 5_000, () => /level=error|level=warn/.test(stack.log()))
		ok(stack.alive('syncd') && stack.alive('fcgi-api'))
		eq((await stack.json('/api/orders')).total, 120)
		fs.writeFileSync(conf, sound)
	})
})

test('a reload of fcgi-api under load changes the workers and fails nobody', async () => {
	await withStack(fast({ sim: 200, set: { 'api.workers': 2 } }), async stack => {
		await stack.synced()
		const before = stack.children('fcgi-api')
		let stop = false, answered = 0
		const bad = []
		const readers = Array.from({ length: 16 }, async () => {
			while (!stop) {
				const answer = await stack.get('/api/orders?pageSize=10')
				answered++
				if (answer.status !== 200) bad.push(`${answer.status} ${answer.text.slice(0, 100)}`)
			}
		})
		stack.signal('fcgi-api', 'SIGHUP')
		await stack.replaced('fcgi-api', before)
		const goal = answered + 100
		await until('requests go on', 10_000, () => answered > goal)
		stop = true
		await Promise.all(readers)
		eq(bad, [])
		// each new worker says that it serves before the old one of its place drains
		const lines = stack.log().split('\n')
		const at = (pid, text) => lines.findIndex(line => line.includes(`pid=${pid} `) && line.includes(text))
		const serving = lines.filter(line => /"worker [01] serves"/.test(line)).map(line => [/"worker ([01])/.exec(line)[1], Number(/pid=(\d+)/.exec(line)[1])])
		eq(serving.map(([place]) => place).sort(), ['0', '0', '1', '1'])
		for (const place of ['0', '1']) {
			const [old, young] = serving.filter(entry => entry[0] === place).map(entry => entry[1])
			ok(before.includes(old) && !before.includes(young), `${old} ${young}`)
			ok(at(young, 'serves') < at(old, 'draining'), `${young} serves before ${old} drains`)
		}
	})
})

test('what a reload cannot change stays, is named, and all else is taken', async () => {
	await withStack(fast({ sim: 120, set: { 'summary.time_zone': 'UTC', 'limits.enabled': true, 'limits.get_order': '99/minute', 'api.workers': 1, 'store.map_size': '64MiB', 'run.sandbox': 'auto' } }), async stack => {
		const said = (what, program) => stack.log().split('\n').filter(line => line.includes(`prog=${program}`) && line.includes(what)).length
		const conf = path.join(stack.dir, 'orders.conf'), before = fs.readFileSync(conf, 'utf8'), workers = stack.children('fcgi-api')
		await stack.synced()
		const other = { 'store.path': path.join(stack.dir, 'elsewhere'), 'run.dir': path.join(stack.dir, 'other'), 'summary.time_zone': 'Asia/Tokyo', 'api.workers': 2, 'limits.get_order': '77/minute' }
		for (const [key, value] of Object.entries(other)) stack.configure(key, value)
		for (const name of ['syncd', 'fcgi-api']) stack.signal(name, 'SIGHUP')
		await until('both say what stays', 10_000, () => said('reload: these settings need a restart of syncd: summary.time_zone, store.path, run.dir"', 'syncd') === 1 &&
			said('reload: these settings need a restart of fcgi-api: summary.time_zone, store.path, run.dir"', 'fcgi-api') === 1)
		ok(said('(systemctl reload orderdeck-nginx): api.workers"', 'fcgi-api') === 1, 'and what nginx has to learn')
		await stack.replaced('fcgi-api', workers)
		for (let i = 0; i < 20; i++) {
			const answer = await stack.get('/api/orders/summary')
			eq([answer.status, answer.json().timeZone], [200, 'UTC'], answer.text.slice(0, 300))
		}
		const health = await stack.json('/api/health')
		eq([health.syncd.up, health.store.orders], [true, 120])
		// the rest is in force
		const [{ id }] = await stack.dump()
		ok((await stack.get(`/api/orders/${id}`)).headers['ratelimit-policy'].includes('q=77'), 'the new limit')
		eq((await stack.sync()).status, 200)
		for (const made of ['elsewhere', 'other']) ok(!fs.existsSync(path.join(stack.dir, made)), `${made} was not made`)
		// all faults of a file that is wrong are logged, each on its line
		fs.writeFileSync(conf, before)
		for (const [key, value] of [['store.map_size', 'huge'], ['run.sandbox', 'maybe']]) stack.configure(key, value)
		for (const name of ['syncd', 'fcgi-api']) stack.signal(name, 'SIGHUP')
		const stays = 'reload: the old configuration stays in force: '
		await until('all faults', 10_000, () => ['syncd', 'fcgi-api'].every(name => said(stays, name) === 2 && said('store.map_size: ', name) === 1 && said('run.sandbox: ', name) === 1))
		eq((await stack.get('/api/orders/summary')).status, 200)
		fs.writeFileSync(conf, before)
	})
})

test('where no new worker can start a reload leaves the old one at its work, and the next one goes on', async () => {
	await withStack(fast({ sim: 50, set: { 'api.workers': 2 } }), async stack => {
		await stack.synced()
		const before = stack.children('fcgi-api'), master = stack.pids()['fcgi-api']
		const used = new Set(fs.readdirSync(`/proc/${master}/fd`).map(Number))
		let free = 0
		while (used.has(free)) free++
		const limit = soft => execute('prlimit', ['--pid', `${master}`, `--nofile=${soft}:`])
		const usual = (await execute('prlimit', ['--pid', `${master}`, '--nofile', '--noheadings', '--output', 'SOFT'])).stdout.trim()
		eq((await limit(free + 1)).code, 0)	// one descriptor more: the configuration can be read
		stack.signal('fcgi-api', 'SIGHUP')
		await until('it is told', 10_000, () => stack.log().split('no new process serves').length - 1 >= before.length)
		eq(stack.children('fcgi-api'), before)
		eq((await stack.json('/api/orders')).total, 50)
		eq((await limit(usual)).code, 0)
		stack.signal('fcgi-api', 'SIGHUP')
		await stack.replaced('fcgi-api', before)
		eq((await stack.json('/api/orders')).total, 50)
	})
})

test('a restart of syncd fails no read', async () => {
	await withStack(fast({ sim: 200 }), async stack => {
		await stack.synced()
		let stop = false
		const bad = []
		const readers = Array.from({ length: 8 }, async () => {
			while (!stop) {
				const answer = await stack.get('/api/orders/summary')
				if (answer.status !== 200) bad.push(answer.status)
			}
		})
		for (let i = 0; i < 3; i++) {
			await stack.stop('syncd')
			await stack.start('syncd')
		}
		stop = true
		await Promise.all(readers)
		eq(bad, [])
		eq((await stack.sync()).status, 200)
	})
})

test('SIGTERM lets a change that is under way come to its end', async () => {
	await withStack(fast({ sim: 60 }), async stack => {
		await stack.synced()
		const { id } = (await stack.json('/api/orders')).orders[0]
		await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'slow', delayMs: 1500 })
		const change = stack.patch(id, { status: 'Cancelled' })
		await until('Airtable has it', 5_000, async () => (await stack.sim('GET', '/_sim/log?since=0&max=1000')).entries.some(entry => entry.method === 'PATCH'))
		const ended = stack.stop('fcgi-api')
		const answer = await change
		eq(answer.status, 200, answer.text)
		eq(answer.json().status, 'Cancelled')
		await ended
	})
})

test('make demo prints its address, and Ctrl-C ends all of it', async () => {
	const sane = await execute(path.join(root, 'tests/stack'), ['status', '--dir', path.join(root, 'build/demo')])
	if (sane.stdout.includes('running')) throw new Error('a demo is running already; end it first')
	const demo = launch(path.join(root, 'scripts/demo'), [], { env: { ORDERS: '300', PORT: '0', ORDERDECK_BUILD: build } })
	const url = await until('it prints its address', 60_000, () => /^ {2}(http:\/\/127\.0\.0\.1:\d+) /m.exec(demo.text)?.[1])
	eq(JSON.parse((await request(`${url}/api/orders`)).text).total, 300)
	eq((await request(`${url}/`)).status, 200)
	demo.kill('SIGINT')
	const { code } = await demo.ended
	eq(code, 0, demo.text)
	ok(demo.text.includes('all stopped'), demo.text)
	eq(mentioning(path.join(root, 'build/demo')), [])
})

test('a demo whose daemon dies ends and says so', async () => {
	const demo = launch(path.join(root, 'scripts/demo'), [], { env: { ORDERS: '50', PORT: '0', ORDERDECK_BUILD: build } })
	await until('it prints its address', 60_000, () => /^ {2}http:\/\/127/m.test(demo.text))
	const pids = fs.readFileSync(path.join(root, 'build/demo/stack.pids'), 'utf8')
	process.kill(Number(/^syncd (\d+)/m.exec(pids)[1]), 'SIGKILL')
	const { code } = await demo.ended
	eq(code, 1)
	ok(/syncd \d+ gone/.test(demo.text), demo.text)
	eq(mentioning(path.join(root, 'build/demo')), [])
})

test('an up that is interrupted takes down what it had started', async () => {
	const dir = temporaryFolder()
	const up = launch(path.join(root, 'tests/stack'), ['up', '--dir', dir, '--port', '0', '--build', build, '--sim=20', '--sim-arg=--latency-ms=25000', '--wait', '60'])
	await until('some of it runs', 20_000, () => fs.existsSync(path.join(dir, 'stack.pids')) && /nginx/.test(fs.readFileSync(path.join(dir, 'stack.pids'), 'utf8')))
	up.kill('SIGTERM')
	const { code } = await up.ended
	eq(code, 1, up.text)
	eq(mentioning(dir), [])
	fs.rmSync(dir, { recursive: true })
})

test('options that make no sense are told', async () => {
	for (const args of [[], ['up'], ['up', '--dir', '/tmp/x'], ['up', '--dir', '/tmp/x', '--port', 'abc'], ['sideways'], ['down'], ['up', '--dir', '/tmp/x', '--port', '1', '--set', 'nonsense'], ['start', '--dir', '/tmp', '--name', 'cron']]) {
		const { code, stderr } = await execute(path.join(root, 'tests/stack'), args)
		eq(code, 2, args.join(' '))
		ok(stderr.includes('usage:'), args.join(' '))
	}
	eq((await tryStack({ sim: 10, dir: '/proc/nowhere' })).code, 1)
})

run()

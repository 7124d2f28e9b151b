// Least privilege: someone who has taken over syncd or a worker tries what
// tests/system/lib/intruder.c lists, again and again from within their loops,
// while people work.  Everything is refused, told once, and nobody notices.
//
// build: release
import fs from 'node:fs'
import path from 'node:path'
import { test, run, eq, ok } from './lib/harness.mjs'
import { withStack, execute, fast, until, root, temporaryFolder } from './lib/stack.mjs'

const EPERM = 1, EACCES = 13
/** What is refused to whom, and with which error; 0: it is permitted. */
const WORKER = {
	'ip-socket': EPERM, 'packet-socket': EPERM, 'unix-socket': 0, bind: EPERM, listen: EPERM,
	fork: EPERM, exec: EPERM, ptrace: EPERM, signal: EPERM,
	bpf: EPERM, mount: EPERM, unshare: EPERM, setuid: EPERM, setrlimit: EPERM,
}
const WORKER_FILES = {
	'make-outside': EACCES, 'write-etc': EACCES, 'read-etc': EACCES, 'read-home': EACCES,
	'read-token': EACCES, 'remove-store': EACCES,
}
const SYNCD = { ...WORKER, 'ip-socket': 0 }
const SYNCD_FILES = { 'make-outside': EACCES, 'write-etc': EACCES, 'read-etc': 0, 'read-home': EACCES, 'read-token': EACCES }

const dir = temporaryFolder()
const files = { lib: path.join(dir, 'intruder.so'), report: path.join(dir, 'report'), outside: path.join(dir, 'outside'), token: path.join(dir, 'secret') }

/** {program: {attempt: Set of errnos}} */
function attempts() {
	const found = { syncd: {}, 'fcgi-api': {} }
	for (const line of fs.readFileSync(files.report, 'utf8').split('\n').filter(Boolean)) {
		const [program, attempt, error] = line.split(' ');
		(found[program][attempt] ??= new Set()).add(Number(error))
	}
	return found
}

test('the intruder is made', async () => {
	const made = await execute(process.env.CC ?? 'gcc', ['-shared', '-fPIC', '-O1', '-o', files.lib, path.join(root, 'tests/system/lib/intruder.c'), '-ldl'])
	eq(made.code, 0, made.stderr)
	fs.writeFileSync(files.token, 'pat', { mode: 0o600 })
})

test('everything an intruder tries is refused, and all goes on: reads, changes, exports, growth, reload, rotation, a killed worker', async () => {
	const store = path.join(dir, 'stack/store/data.mdb')
	const env = { LD_PRELOAD: files.lib, INTRUDER_REPORT: files.report, INTRUDER_OUTSIDE: files.outside, INTRUDER_STORE: store, INTRUDER_TOKEN: files.token }
	fs.mkdirSync(path.join(dir, 'stack'))
	await withStack(fast({ sim: 3000, dir: path.join(dir, 'stack'), env, set: { 'api.workers': 2, 'store.map_size': '1MiB', 'sync.feed': 'webhook', 'sync.feed_interval': '100ms' } }), async stack => {
		stack.intruded = true
		await stack.synced()
		const landlock = !stack.log().includes('has no Landlock')
		const { orders } = await stack.json('/api/orders?pageSize=50')
		let stop = false, reads = 0, changes = 0
		const bad = []
		const people = Array.from({ length: 6 }, async (_, who) => {
			for (let i = who; !stop; i++) {
				const answer = await (i % 4 ? stack.get(`/api/orders?pageSize=10&page=${i % 50 + 1}`) :
					stack.patch(orders[i % orders.length].id, { status: i % 8 ? 'Shipped' : 'Pending' })).catch(error => ({ status: 0, text: error.message }))
				if (answer.status !== 200) bad.push(`${answer.status} ${answer.text.slice(0, 200)}`)
				i % 4 ? reads++ : changes++
			}
		})
		const during = async (what, f) => {
			const goal = [reads + 50, changes + 10]
			await f()
			await until(`people go on: ${what}`, 60_000, () => bad.length > 0 || reads > goal[0] && changes > goal[1])
			eq(bad, [], what)
		}
		await during('at first', () => {})
		await during('an export and a workbook', async () => {
			for (const kind of ['csv', 'xlsx']) eq((await stack.get(`/api/orders/export.${kind}`)).status, 200)
		})
		await during('another full sync', async () => eq((await stack.sync()).status, 200))
		await during('reload', () => { for (const name of ['syncd', 'fcgi-api']) stack.signal(name, 'SIGHUP') })
		await during('rotation', async () => {
			const log = path.join(stack.dir, 'log/orderdeck.log')
			fs.renameSync(log, `${log}.1`)
			for (const name of ['syncd', 'fcgi-api']) stack.signal(name, 'SIGUSR2')
			stack.signal('syncd', 'SIGUSR1')
			await until('lines go to the new file', 20_000, () => /prog=syncd .*sync: /.test(stack.log()))
		})
		await during('a backup', async () => {
			const file = path.join(stack.dir, 'backup.mdb')
			for (const command of ['backup', 'verify']) eq((await stack.syncctl(command, file)).code, 0)
		})
		stop = true
		await Promise.all(people)
		const [worker] = stack.children('fcgi-api')
		process.kill(worker, 'SIGKILL')
		await until('another worker takes its place', 20_000, async () => !stack.children('fcgi-api').includes(worker) && stack.children('fcgi-api').length >= 3)
		await until('it serves', 20_000, async () => (await stack.get('/api/orders')).status === 200)

		const seen = await until('both had turns enough', 20_000, () => {
			const all = attempts()
			return Object.keys(all.syncd).length >= Object.keys({ ...SYNCD, ...SYNCD_FILES }).length && Object.keys(all['fcgi-api']).length > 15 && all
		})
		for (const [program, wanted, wantedFiles] of [['syncd', SYNCD, SYNCD_FILES], ['fcgi-api', WORKER, WORKER_FILES]])
			for (const [attempt, error] of Object.entries(landlock ? { ...wanted, ...wantedFiles } : wanted))
				eq([...seen[program][attempt]], [error], `${program}: ${attempt}`)
		if (landlock) ok(!fs.existsSync(files.outside))
		else console.log('# skipped: files outside: this kernel has no Landlock')

		const told = (stack.log('orderdeck.log.1') + stack.log()).split('\n').filter(line => line.includes('refused system call'))
		const once = new Set(told.map(line => line.replace(/time=\S+/, '')))
		ok(told.length >= 12, `${told.length} refusals are told`)
		eq(told.length, once.size, 'each once in a process')
	})
	fs.rmSync(dir, { recursive: true })
})

test('workers find a store whose folder was replaced by another, though they may not use that one', async () => {
	await withStack(fast({ sim: 30, set: { 'api.workers': 2 } }), async stack => {
		await stack.synced()
		eq((await stack.get('/api/orders/export.csv')).status, 200)
		const before = (await stack.json('/api/orders')).generation
		await stack.stop('syncd')
		const store = path.join(stack.dir, 'store')
		fs.renameSync(store, `${store}.old`)
		fs.mkdirSync(store)
		await stack.start('syncd')
		await until('a sync into the new one', 30_000, async () => (await stack.sync()).status === 200)
		for (let good = 0; good < 12;) {	// answers come from all workers in turn
			await until('every worker shows the new one', 30_000, async () => {
				const answer = await stack.get('/api/orders')
				good = answer.status === 200 && answer.json().generation > before && answer.json().total === 30 ? good + 1 : 0
				return good > 0
			})
		}
		await until('the slow pool too', 30_000, async () => Number((await stack.get('/api/orders/export.csv')).headers['x-generation']) > before)
	})
})

test('run.sandbox = off leaves all of it away', async () => {
	await withStack(fast({ sim: 20, set: { 'run.sandbox': 'off' } }), async stack => {
		for (const pid of [stack.pids().syncd, ...stack.children('fcgi-api')])
			ok(/^Seccomp:\s+0$/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8')), `${pid}`)
	})
})

run()

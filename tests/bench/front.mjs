// "make bench-front": what our front and workers cost beside the least that
// nginx and a worker can cost, as a ratio of CPU time measured in one run.
//
//   BENCH_ROUNDS   how often both are measured, in turn; medians count (9)
//   BENCH_SECONDS  how long each measurement takes (1)
//   BENCH_AGAINST  a folder with another version of the project, built: measured in the same turns
//   BENCH_PROFILES a folder that keeps callgrind's counts
//   BENCH_CALLS    requests whose instructions in nginx callgrind counts; 0: not at all (1000)
//
// Bare: tests/bench/bare.conf in front of workers that give one answer each, the
// same bytes as ours (tests/bench/ceiling.c).  Ours: everything as installed,
// including limits, which are set so high that the load passes.  Fails only when an
// answer was wrong or missing: a limit may be missed because of the machine.
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { build, execute, freePort, request, root, until } from '../system/lib/stack.mjs'
import { Desk, keepAnswer, load, machine, program } from './desk.mjs'
import { run } from './load.mjs'
import { median } from './measure.mjs'
import { children, end, endAll, start } from './processes.mjs'

const CONNECTIONS = 64
const WITHIN = 1.15
const LIMITS = '[limits]\norders_list = 1000000/minute\norders_summary = 1000000/minute\nrequests_per_second = 1000000\nconnections = 65535\n'
const KINDS = [
	{ name: 'summary', path: '/api/orders/summary' },
	{ name: 'page', path: '/api/orders?page=2' },
	{ name: 'notmodified', path: '/api/orders/summary', condition: true },
]

const number = (name, fallback) => {
	const n = Number(process.env[name] || fallback)
	if (!Number.isInteger(n) || n < 0 || n > 100_000) throw new Error(`${name}: no number`)
	return n
}

/** A bare nginx in front of constant workers. */
class Bare {
	constructor(dir, count) {
		this.dir = dir
		this.count = count
	}

	async up(answers) {
		for (const name of ['tmp', 'log']) fs.mkdirSync(path.join(this.dir, name), { recursive: true })
		const bases = Object.keys(answers).map(name => path.join(this.dir, name))
		for (const [name, answer] of Object.entries(answers)) keepAnswer(path.join(this.dir, name), answer)
		this.constant = Array.from({ length: this.count }, (_, i) => start(program('ceiling'), [String(i), ...bases], { log: `${this.dir}/log/constant.out` }))
		await until('the constant workers listen', 10_000, () => bases.every(b => this.constant.every((_, i) => fs.existsSync(`${b}-${i}.sock`))))
		await this.nginxUp(Object.keys(answers))
		this.workers = this.constant.map(c => c.pid)
	}

	async nginxUp(names) {
		this.at = `http://127.0.0.1:${await freePort()}`
		const servers = name => Array.from({ length: this.count }, (_, i) => `server unix:${this.dir}/${name}-${i}.sock max_fails=0;`).join(' ')
		this.template = fs.readFileSync(path.join(root, 'tests/bench/bare.conf'), 'utf8')
			.replaceAll('@USER@', process.getuid() === 0 ? 'user root;' : '').replaceAll('@DIR@', this.dir).replaceAll('@PROCESSES@', this.count)
			.replaceAll('@LISTEN@', new URL(this.at).host)
			.replaceAll('@UPSTREAMS@', names.map(n => `	upstream same_${n} { ${servers(n)} keepalive 256; keepalive_requests 1000000; }`).join('\n'))
			.replaceAll('@LOCATIONS@', names.map(n => `		location = /${n} { fastcgi_pass same_${n}; }`).join('\n'))
		fs.writeFileSync(`${this.dir}/bare.conf`, this.template)
		this.nginx = start('nginx', ['-p', this.dir, '-e', `${this.dir}/log/error.log`, '-c', `${this.dir}/bare.conf`],
			{ log: `${this.dir}/log/nginx.out`, env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` } })
		await until('the bare nginx answers', 10_000, async () => (await request(`${this.at}/${names[0]}`, 'GET', { fresh: true })).status > 0)
		this.nginxWorkers = children(this.nginx.pid)
	}

	async down() {
		await end(this.nginx)
		for (const c of this.constant ?? []) await end(c)
	}
}

/** Requests one after another over one connection. */
async function ask(url, headers, n) {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
	for (let i = 0; i < n; i++)
		await new Promise((resolve, reject) => http.get(url, { agent, headers }, r => { r.resume(); r.once('end', resolve) }).once('error', reject))
	agent.destroy()
}

/** Instructions in user space that an nginx of one process executes for a request. */
async function instructions(dir, conf, url, headers, calls) {
	const out = `${dir}/callgrind`
	fs.writeFileSync(`${dir}/counted.conf`, `master_process off;\n${conf.replace(/worker_processes [^;]+;/, 'worker_processes 1;')}`)
	const nginx = start('valgrind', ['--tool=callgrind', `--callgrind-out-file=${out}.%p`, 'nginx', '-p', dir, '-e', `${dir}/log/counted.log`, '-c', `${dir}/counted.conf`],
		{ log: `${dir}/log/valgrind.out`, env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` } })
	const control = async what => {
		const done = await execute('callgrind_control', [what, String(nginx.pid)])
		if (done.code !== 0) throw new Error(`callgrind_control: ${done.stdout}${done.stderr}`)
	}
	try {
		await until('nginx answers beneath valgrind', 60_000, async () => (await request(url, 'GET', { headers, fresh: true })).status > 0)
		await ask(url, headers, 100)
		await control('-z')
		await ask(url, headers, calls)
		await control('-d')
		const name = fs.readdirSync(dir).filter(f => /^callgrind\.\d+\.\d+$/.test(f)).sort().at(-1)
		if (process.env.BENCH_PROFILES) fs.copyFileSync(path.join(dir, name), path.join(process.env.BENCH_PROFILES, path.basename(dir)))
		return Number(/^(?:totals|summary): (\d+)/m.exec(fs.readFileSync(path.join(dir, name), 'utf8'))[1]) / calls
	} finally {
		await end(nginx)
	}
}

/** Measure each of these in turn, in this many rounds: CPU time of nginx and workers for a request. */
async function compare(all, kinds, { rounds, seconds }) {
	const rows = kinds.map(k => ({ name: k.name, of: all.map(() => []), failed: 0 }))
	for (let i = 0; i < rounds; i++)
		for (const [k, kind] of kinds.entries())
			for (const [a, one] of all.entries()) {
				const r = await run({ url: one.urlOf(kind), headers: one.headersOf(kind), connections: CONNECTIONS, seconds,
					pids: { worker: one.workers, nginx: one.nginxWorkers } })
				rows[k].of[a].push({ all: r.cpu.worker + r.cpu.nginx, worker: r.cpu.worker, nginx: r.cpu.nginx })
				rows[k].failed += r.failed
			}
	return rows
}

const middle = (runs, what) => median(runs.map(r => r[what]))

function tell(rows, all) {
	for (const row of rows) {
		const [bare, ours] = row.of
		const ratio = middle(ours, 'all') / middle(bare, 'all')
		const rounds = ours.map((r, i) => r.all / bare[i].all)
		console.log(`${ratio <= WITHIN ? 'met    ' : 'NOT MET'}  ${row.name}: ${ratio.toFixed(3)} of bare, at most ${WITHIN} (rounds ${Math.min(...rounds).toFixed(2)}-${Math.max(...rounds).toFixed(2)}); ` +
			all.map((one, a) => `${one.name} ${middle(row.of[a], 'all').toFixed(1)} us (nginx ${middle(row.of[a], 'nginx').toFixed(1)})`).join(', '))
		if (row.of[2]) console.log(`         ${row.name}: ${(middle(row.of[2], 'all') / middle(ours, 'all')).toFixed(3)} times the requests a second of CPU time of ${process.env.BENCH_AGAINST}`)
	}
}

async function deskUp(dir, name, orders, tree) {
	const desk = new Desk(dir, { limits: LIMITS, ...tree ? { root: tree, build: path.join(tree, 'build/release') } : {} })
	desk.name = name
	await load(dir, orders, desk.build)
	await desk.up()
	const headers = {}
	const answers = {}
	for (const k of KINDS) {
		if (k.condition) headers[k.name] = { 'If-None-Match': answers.summary.headers.etag }
		const answer = await request(desk.api + k.path, 'GET', { headers: headers[k.name] ?? {} })
		if (answer.status !== (k.condition ? 304 : 200)) throw new Error(`${k.path}: ${answer.status}`)
		answers[k.name] = answer
	}
	desk.answers = answers
	desk.urlOf = kind => desk.api + kind.path
	desk.headersOf = kind => headers[kind.name]
	return desk
}

async function main() {
	const options = { rounds: number('BENCH_ROUNDS', 9), seconds: number('BENCH_SECONDS', 1) }, calls = number('BENCH_CALLS', 1000)
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'orderdeck-front-'))
	const sub = name => { fs.mkdirSync(`${dir}/${name}`); return `${dir}/${name}` }
	const up = []
	try {
		const ours = await deskUp(sub('ours'), 'ours', 10_000)
		up.push(ours)
		const bare = new Bare(sub('bare'), ours.workers.length)
		up.push(bare)
		await bare.up(ours.answers)
		Object.assign(bare, { name: 'bare', urlOf: kind => `${bare.at}/${kind.name}`, headersOf: ours.headersOf })
		const all = [bare, ours]
		if (process.env.BENCH_AGAINST) {
			all.push(await deskUp(sub('other'), 'the other', 10_000, path.resolve(process.env.BENCH_AGAINST)))
			up.push(all[2])
		}
		const m = machine()
		console.log(`${m.cores} cores (${m.processor}); ${CONNECTIONS} connections; medians of ${options.rounds} rounds of ${options.seconds} s`)
		const rows = options.rounds > 0 ? await compare(all, KINDS, options) : []
		tell(rows, all)
		if (calls > 0) for (const one of all) {
			await end(one.nginx)
			const n = await instructions(one.dir, one.template, one.urlOf(KINDS[0]), undefined, calls)
			console.log(`         ${one.name}: ${Math.round(n)} instructions of nginx a summary`)
		}
		return rows.some(r => r.failed > 0) ? 1 : 0
	} finally {
		for (const one of up.reverse()) await one.down()
		fs.rmSync(dir, { recursive: true, force: true })
	}
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => endAll().then(() => process.exit(130)))
try {
	process.exitCode = await main()
} catch (error) {
	console.error(`bench-front: ${error.stack}`)
	process.exitCode = 1
} finally {
	await endAll()
}
process.exit()

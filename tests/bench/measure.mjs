// All measurements at one size.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { execute, request } from '../system/lib/stack.mjs'
import { cases, mixture, prepare, queries } from './cases.mjs'
import { Checker } from './checker.mjs'
import { Desk, load, program } from './desk.mjs'
import { Trickle, run } from './load.mjs'
import { privateBytes } from './processes.mjs'

const FRESH_EVERY_MS = 50
const WRITES = 45

export function median(numbers) {
	const sorted = numbers.filter(n => Number.isFinite(n)).sort((a, b) => a - b)
	if (sorted.length === 0) return null
	const middle = sorted.length >> 1
	return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const say = text => process.stderr.write(`${text}\n`)

/** Some orders, spread over the whole list. */
async function someOrders(api, orders) {
	const some = []
	for (const share of [0, 0.25, 0.5, 0.75, 0.99]) {
		const page = Math.floor(share * orders / 200)
		some.push(...(await request(`${api}/api/orders?pageSize=200&page=${page + 1}`)).json().orders)
	}
	return some
}

/**
 * One round: everything once.  Each request is measured between two measurements
 * of what it is compared with, so that a slower moment of the machine is not taken
 * for a slower answer.
 */
async function round(desk, list, connections, seconds, results) {
	const pids = { worker: desk.workers, nginx: desk.nginxWorkers }
	const ceilingPids = { worker: desk.ceilings.map(c => c.pid), nginx: desk.nginxWorkers }
	const one = c => run({ url: desk.api + (c.path ?? ''), paths: c.file, headers: c.headers, connections, seconds, pids })
	const keep = (c, result) => {
		const id = `${c.id} ${connections}`
		results.set(id, [...(results.get(id) ?? []), result])
	}
	const groups = new Map()
	for (const c of list) {
		if (c.scan) {
			keep(c, await one(c))
			continue
		}
		// taking paths in turn costs wrk a little, so the comparison does it too
		const name = `${c.same}${c.paths ? ' in turn' : ''}`
		groups.set(name, [...(groups.get(name) ?? []), c])
	}
	for (const members of groups.values()) {
		const { same, paths, headers } = members[0]
		const turn = paths && `${desk.dir}/same-${same}.paths`
		if (turn) fs.writeFileSync(turn, paths.map((_, i) => `/ceiling/${same}?${i}\n`).join(''))
		const best = () => run({ url: `${desk.beside}/ceiling/${same}`, paths: turn, headers, connections, seconds,
			pids: ceilingPids, busy: desk.workers })
		const file = same !== 'notmodified' && !paths && connections === 64 &&
			await run({ url: `${desk.beside}/file/${same}`, headers, connections, seconds, pids })
		let before = await best()
		for (const c of members) {
			const it = await one(c)
			const after = c.wide || c !== members.at(-1) ? await best() : before
			const ceilingRate = (before.rate + after.rate) / 2
			keep(c, { ...it, toCeiling: it.rate / ceilingRate,
				byCpu: (before.cpu.all + after.cpu.all) / 2 / it.cpu.all, toFile: file ? it.rate / file.rate : null, ceilingRate,
				ceilingCpu: (before.cpu.worker + after.cpu.worker) / 2, failed: it.failed + before.failed + after.failed })
			before = after
		}
	}
}

function summarize(runs) {
	const of = pick => median(runs.map(pick))
	const ratios = runs.map(r => r.toCeiling).filter(r => r !== undefined)
	return { rate: of(r => r.rate), ceilingRate: of(r => r.ceilingRate ?? NaN), p50: of(r => r.p50), p99: of(r => r.p99), max: Math.max(...runs.map(r => r.max)),
		held: of(r => r.held), workerCpu: of(r => r.cpu.worker), nginxCpu: of(r => r.cpu.nginx), ceilingCpu: of(r => r.ceilingCpu ?? NaN),
		allCpu: of(r => r.cpu.all), byCpu: of(r => r.byCpu ?? NaN), byCpuRounds: runs.filter(r => r.byCpu).map(r => Number(r.byCpu.toFixed(3))), others: of(r => r.others),
		toCeiling: ratios.length ? median(ratios) : null, ratios: ratios.map(r => Number(r.toFixed(3))),
		toFile: of(r => r.toFile ?? NaN), failed: runs.reduce((n, r) => n + r.failed, 0) }
}

/** Reads with and without writes beside them, in turn. */
async function mixed(desk, orders, some, { rounds, seconds }) {
	const file = `${desk.dir}/mixture.paths`
	fs.writeFileSync(file, `${mixture(orders, some).join('\n')}\n`)
	const pids = { worker: desk.workers, nginx: desk.nginxWorkers }
	const load = s => run({ url: desk.api, paths: file, connections: 64, seconds: s, pids })
	const quiet = [], busy = [], writes = []
	for (let i = 0; i < rounds; i++) {
		quiet.push(await load(seconds))
		const writer = writing(desk, seconds + 1)
		await new Promise(resolve => setTimeout(resolve, 300))
		busy.push(await load(seconds))
		writes.push(await writer)
	}
	const writer = writing(desk, seconds + 1)
	const checking = new Checker(desk.api, orders).run((seconds + 0.5) * 1000)
	const beside = await load(seconds)
	const checked = await checking
	writes.push(await writer)
	const of = (list, pick) => median(list.map(pick))
	return {
		quiet: { rate: of(quiet, r => r.rate), p50: of(quiet, r => r.p50), p99: of(quiet, r => r.p99) },
		busy: { rate: of(busy, r => r.rate), p50: of(busy, r => r.p50), p99: of(busy, r => r.p99) },
		p99Ratio: of(quiet.map((q, i) => busy[i].p99 / q.p99), r => r),
		p99Ratios: quiet.map((q, i) => Number((busy[i].p99 / q.p99).toFixed(2))),
		others: Math.max(...quiet.map(r => r.others)),
		writesPerSecond: of(writes, w => w.perSecond), commitP50Ms: of(writes, w => w.p50Ms), commitMaxMs: Math.max(...writes.map(w => w.maxMs)),
		failed: [...quiet, ...busy, beside].reduce((n, r) => n + r.failed, 0), checked,
	}
}

async function writing(desk, seconds) {
	const done = await execute(program('write'), [desk.dir, String(WRITES), String(seconds)], { timeoutMs: seconds * 1000 + 30_000 })
	if (done.code !== 0) throw new Error(`bench/write: ${done.stderr}`)
	return JSON.parse(done.stdout)
}

/** The list engine alone: CPU time, and instructions counted by callgrind. */
async function engine(dir, orders, some) {
	const { exact, scans } = queries(orders, some)
	const rows = new Map()
	const timed = async (list, runs) => {
		const done = await execute(program('query'), [dir, String(runs), ...list], { timeoutMs: 120_000 })
		if (done.code !== 0) throw new Error(`bench/query: ${done.stderr}`)
		for (const line of done.stdout.trim().split('\n')) {
			const { query, ...rest } = JSON.parse(line)
			rows.set(query, { ...rest })
		}
	}
	await timed(exact, 200)
	await timed(scans, orders > 200_000 ? 5 : 20)
	const out = `${dir}/callgrind`
	const done = await execute('valgrind', ['-q', '--tool=callgrind', '--collect-atstart=no', `--callgrind-out-file=${out}`,
		program('query'), dir, '20', ...exact], { timeoutMs: 180_000 })
	if (done.code !== 0) throw new Error(`valgrind: ${done.stderr}`)
	for (const name of fs.readdirSync(dir).filter(f => f.startsWith('callgrind.'))) {
		const text = fs.readFileSync(path.join(dir, name), 'utf8')
		const query = /^desc: Trigger: Client Request: (.*)$/m.exec(text)?.[1]
		const total = /^(?:totals|summary): (\d+)/m.exec(text)?.[1]
		if (query && rows.has(query)) rows.get(query).instructions = Number(total) / 20
	}
	return Object.fromEntries(rows)
}

/** Everything at this size. */
export async function measure(orders, { rounds, seconds }) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'orderdeck-bench-'))
	const desk = new Desk(dir)
	try {
		say(`${orders} orders: loading`)
		const store = await load(dir, orders)
		await desk.up()
		const some = await someOrders(desk.api, orders)
		say(`${orders} orders: instructions`)
		const alone = await engine(dir, orders, some)
		const list = cases(orders, some)
		await prepare(desk, list)
		await desk.comparable()
		const results = new Map()
		const fresh = new Trickle(`${desk.api}/api/orders?page=2`, FRESH_EVERY_MS)
		const freshBesideScans = new Trickle(`${desk.api}/api/orders?page=2`, FRESH_EVERY_MS)
		for (let i = 0; i < rounds; i++) {
			say(`${orders} orders: round ${i + 1} of ${rounds}`)
			for (const [scan, trickle] of [[false, fresh], [true, freshBesideScans]]) {
				const now = list.filter(c => (c.scan ?? false) === scan)
				trickle.go()
				await round(desk, now, 64, seconds, results)
				await round(desk, now.filter(c => c.wide), 256, seconds, results)
				await trickle.pause()
			}
		}
		const memory = desk.workers.map(privateBytes)
		say(`${orders} orders: reads beside writes`)
		const besideWrites = await mixed(desk, orders, some, { rounds, seconds: seconds * 2 })
		const memoryAfterWrites = desk.workers.map(privateBytes)
		return { orders, store, workers: desk.workers.length,
			cases: list.map(({ id, label, bytes, same, scan }) => ({ id, label, bytes, same, scan: scan ?? false,
				at64: summarize(results.get(`${id} 64`)), at256: results.has(`${id} 256`) ? summarize(results.get(`${id} 256`)) : null })),
			fresh: fresh.result(), freshBesideScans: freshBesideScans.result(), workerPrivateBytes: Math.max(...memory, ...memoryAfterWrites), mixed: besideWrites, engine: alone }
	} finally {
		await desk.down()
		fs.rmSync(dir, { recursive: true, force: true })
	}
}

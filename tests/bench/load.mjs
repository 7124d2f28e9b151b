// One run of wrk, with the CPU time that the processes behind it took; and a
// trickle of fresh connections beside the load, which shows what wrk cannot:
// whether some clients wait while others are served fast.
import { spawn } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from '../system/lib/stack.mjs'
import { cpu, cpuOfAll } from './processes.mjs'

const script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'wrk.lua')

function wrk(args, env, timeoutMs) {
	return new Promise((resolve, reject) => {
		const child = spawn('wrk', args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
		const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
		let out = ''
		child.stdout.on('data', part => { out += part })
		child.stderr.on('data', part => { out += part })
		child.once('error', reject)
		child.once('exit', () => {
			clearTimeout(timer)
			const line = out.split('\n').find(l => l.startsWith('{'))
			if (line) resolve(JSON.parse(line))
			else reject(new Error(`wrk: ${out}`))
		})
	})
}

/**
 * Wait until these processes rest: requests of clients that have gone are still
 * being answered, and would count against the next measurement.
 */
async function rest(pids) {
	for (let i = 0, last = cpu(pids); i < 200; i++) {
		await new Promise(resolve => setTimeout(resolve, 20))
		const now = cpu(pids)
		if (now - last < 2000) return
		last = now
	}
}

/**
 * Load one address, or the paths of a file in turn.  Result: requests a
 * second, latencies (us), CPU microseconds a request of ${pids.*} and of all
 * together with wrk, the share of the machine that others had, answers
 * that were refused or broken, and held: rate x mean latency as a share of
 * the connections, which is well below 1 when some of them never get an answer.
 */
export async function run({ url, paths, headers = {}, connections, seconds, pids, busy = [] }) {
	const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', script]
	for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}: ${value}`)
	await rest([...new Set([...busy, ...Object.values(pids).flat()])])
	const before = Object.values(pids).map(cpu), beforeAll = cpuOfAll(), began = performance.now()
	const r = await wrk([...args, url], paths ? { BENCH_PATHS: paths } : { BENCH_PATHS: undefined }, seconds * 1000 + 20_000)
	const used = Object.fromEntries(Object.entries(pids).map(([name, list], i) => [name, cpu(list) - before[i]]))
	used.all = Object.values(used).reduce((a, b) => a + b, r.cpu)
	const others = Math.max(0, cpuOfAll() - beforeAll - used.all) / ((performance.now() - began) * 1000 * os.cpus().length)
	for (const name of Object.keys(used)) used[name] /= Math.max(1, r.requests)
	const rate = r.requests / r.microseconds * 1e6
	return { rate, mean: r.mean, p50: r.p50, p99: r.p99, max: r.max, failed: r.refused + r.broken,
		held: rate * r.mean / 1e6 / connections, cpu: used, others }
}

/** Fresh connections, one every so many ms, each asking once; pause() and go() in between. */
export class Trickle {
	constructor(url, everyMs) {
		this.times = []
		this.failed = 0
		this.pending = new Set()
		this.url = url
		this.everyMs = everyMs
	}

	go() {
		this.timer = setInterval(() => {
			const began = performance.now()
			const one = request(this.url, 'GET', { fresh: true, timeoutMs: 5000 }).then(answer => {
				if (answer.status === 200) this.times.push(performance.now() - began)
				else this.failed++
			}, () => { this.failed++ }).finally(() => this.pending.delete(one))
			this.pending.add(one)
		}, this.everyMs)
	}

	async pause() {
		clearInterval(this.timer)
		await Promise.all(this.pending)
	}

	result() {
		const sorted = this.times.sort((a, b) => a - b)
		return { asked: sorted.length + this.failed, failed: this.failed, p50Ms: sorted[sorted.length >> 1] ?? null, slowestMs: sorted.at(-1) ?? null }
	}
}

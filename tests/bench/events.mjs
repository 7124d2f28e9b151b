// What live events cost: how soon many clients receive a change, and what they
// leave for reads meanwhile.  Part of "make bench".
//
// The clients are a process of their own (this file with --listen), beside
// wrk, nginx, workers and syncd on the same processors: the time they take is
// missing for the reads.  Runs with and without them alternate, and the shares
// are medians over pairs of neighbours: of rates if the machine is ours alone,
// else of the CPU time of all processes together for a read.
import { spawn } from 'node:child_process'
import net from 'node:net'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sleep } from '../system/lib/harness.mjs'
import { startStack, fast, until } from '../system/lib/stack.mjs'
import { run } from './load.mjs'
import { cpu } from './processes.mjs'

const PAIRS = 3	// in a round
const RATES = [0, 10, 50]	// changes a second; Airtable takes 50
const QUIET_MS = 3000	// how long nothing happens

/** The clients: prints "open" when all are connected, then {generation, at: [ms since 1970, ...]} for each event that all have received. */
function listen(url, count) {
	const { hostname, port, host } = new URL(url)
	const heard = new Map()
	const origin = performance.timeOrigin
	let open = 0
	const connect = () => {
		const socket = net.connect({ host: hostname, port: Number(port) })
		let begun = false
		socket.on('error', error => { throw error })
		socket.on('close', () => { throw new Error('a client was dropped') })
		socket.on('data', part => {
			const now = origin + performance.now(), text = part.latin1Slice()
			if (!begun) {
				if (!text.startsWith('HTTP/1.1 200')) throw new Error(text)
				begun = true
				if (++open === count) console.log('"open"')
				else if (open % 50 === 0) for (let i = 0; i < Math.min(50, count - open); i++) connect()
			}
			for (let at = 0; (at = text.indexOf('"generation":', at)) >= 0; at++) {
				const generation = parseInt(text.slice(at + 13, at + 40), 10)
				const times = heard.get(generation) ?? heard.set(generation, []).get(generation)
				if (times.push(now) === count) {
					console.log(JSON.stringify({ generation, at: times }))
					heard.delete(generation)
				}
			}
		})
		socket.write(`GET /api/events HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`)
	}
	for (let i = 0; i < Math.min(50, count); i++) connect()
}

/** A process with this many clients; events: generation -> times. */
async function clients(url, count) {
	const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--listen', url, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] })
	const events = new Map()
	const lines = readline.createInterface({ input: child.stdout })
	await new Promise((resolve, reject) => {
		child.once('exit', code => reject(new Error(`the clients ended: ${code}`)))
		lines.on('line', line => {
			const told = JSON.parse(line)
			if (told === 'open') resolve()
			else events.set(told.generation, told.at)
		})
	})
	return { child, events, end: () => new Promise(resolve => { child.removeAllListeners('exit'); child.once('exit', resolve); child.kill() }) }
}

/** Change orders at this rate a second until stop(); keeps {generation, began, answered} of each change. */
function changer(stack, orders, perSecond) {
	const done = [], pending = new Set()
	let n = 0
	const now = () => performance.timeOrigin + performance.now()
	const timer = perSecond > 0 && setInterval(() => {
		const began = now()
		const order = orders[n % orders.length]
		order.priority = order.priority === 'Low' ? 'High' : 'Low'
		const one = stack.patch(order.id, { priority: order.priority }).then(answer => {
			if (answer.status !== 200) throw new Error(`PATCH: ${answer.status} ${answer.text}`)
			done.push({ generation: answer.json().version, began, answered: now() })
		}).finally(() => pending.delete(one))
		n++
		pending.add(one)
	}, 1000 / perSecond)
	return { done, stop: async () => { clearInterval(timer); await Promise.all(pending) } }
}

const median = list => [...list].sort((a, b) => a - b)[list.length >> 1]
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null

/** How late each client received each change: with the first event of at least its generation. */
function lateness(changes, events) {
	const told = [...events.keys()].sort((a, b) => a - b), late = []
	let missed = 0
	for (const { generation, began } of changes) {
		const one = told.find(other => other >= generation)
		if (one === undefined) missed++
		else late.push(...events.get(one).map(when => when - began))
	}
	return { late: late.sort((a, b) => a - b), missed }
}

/** Reads of the summary with and without the clients, in turn, while orders change at this rate a second. */
async function pairs(stack, orders, pids, perSecond, { count, rounds, seconds }) {
	const reads = { without: [], with: [] }, late = []
	let changes = 0, missed = 0, events = 0, listened = 0
	for (let i = 0; i < rounds * PAIRS * 2; i++) {
		const who = i % 2 === 0 ? 'without' : 'with'
		const listeners = who === 'with' ? await clients(stack.url, count) : undefined
		const writer = changer(stack, orders, perSecond)
		const began = performance.now()
		reads[who].push(await run({ url: `${stack.url}/api/orders/summary`, connections: 64, seconds,
			pids: { ...pids, clients: listeners ? [listeners.child.pid] : [] } }))
		await writer.stop()
		listened += performance.now() - began
		if (!listeners) continue
		const newest = Math.max(0, ...writer.done.map(one => one.generation))
		await until('all have heard of the last change', 20_000, () => newest === 0 || [...listeners.events.keys()].some(one => one >= newest))
			.catch(() => {})	// changes not received count as missed
		const heard = lateness(writer.done, listeners.events)
		changes += writer.done.length
		missed += heard.missed
		events += listeners.events.size
		for (const ms of heard.late) late.push(ms)
		await listeners.end()
	}
	late.sort((a, b) => a - b)
	const share = of => median(reads.with.map((one, i) => of(one, reads.without[i])))
	return { perSecond, changes, missed, eventsPerSecond: events / (listened / 2000), p50Ms: at(late, 0.5), p99Ms: at(late, 0.99), maxMs: late.at(-1) ?? null,
		rate: median(reads.without.map(r => r.rate)), rateWith: median(reads.with.map(r => r.rate)),
		cpu: median(reads.without.map(r => r.cpu.all)), cpuWith: median(reads.with.map(r => r.cpu.all)),
		share: share((a, b) => a.rate / b.rate), byCpu: share((a, b) => b.cpu.all / a.cpu.all),
		others: Math.max(...[...reads.with, ...reads.without].map(r => r.others)),
		failed: [...reads.with, ...reads.without].reduce((n, r) => n + r.failed, 0) }
}

/** CPU time of the workers while this many clients connect and then receive nothing, in microseconds. */
async function idle(stack, pids, count) {
	const before = cpu(pids.workers)
	const listeners = await clients(stack.url, count)
	await sleep(QUIET_MS)
	const used = cpu(pids.workers) - before
	await listeners.end()
	const nobody = cpu(pids.workers)
	await sleep(QUIET_MS)
	return { workersUs: used, workersUsWithout: cpu(pids.workers) - nobody }
}

/** With this many orders and clients: {count, idle, beside: [of each rate]}. */
export async function measureEvents(orders, options) {
	const stack = await startStack(fast({ sim: orders, wait: 60, set: { 'events.per_client': 60_000 } }))
	try {
		await stack.synced()
		await sleep(QUIET_MS)	// the reset at the start
		const some = (await stack.json('/api/orders?pageSize=100')).orders.map(({ id, priority }) => ({ id, priority }))
		const pids = { nginx: stack.children('nginx'), workers: stack.children('fcgi-api'), beside: [process.pid, ...Object.values(stack.pids())] }
		const result = { count: options.count, idle: await idle(stack, pids, options.count), beside: [] }
		for (const perSecond of RATES) result.beside.push(await pairs(stack, some, pids, perSecond, options))
		return result
	} finally {
		await stack.down()
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === '--listen') listen(process.argv[3], Number(process.argv[4]))

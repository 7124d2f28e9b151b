// What live events cost: how soon so many clients hear of a change, and what
// is left for those who read meanwhile.
//
//   node tests/bench/events.mjs        SUBSCRIBERS=1000 SECONDS=8 ROUNDS=3 ORDERS=20000 RATES=0,2,10
//
// The clients are a process of their own (this file with --listen), beside
// wrk, nginx, workers and syncd on the same processors: what they take, the
// reads do not get.  What strangers took of the machine meanwhile is allowed
// for, and the shares are medians over pairs of neighbouring runs.
import { spawn } from 'node:child_process'
import net from 'node:net'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startStack, fast } from '../system/lib/stack.mjs'
import { run } from './load.mjs'

const number = (name, otherwise) => Number(process.env[name] ?? otherwise)
const SUBSCRIBERS = number('SUBSCRIBERS', 1000), SECONDS = number('SECONDS', 8), ROUNDS = number('ROUNDS', 3), ORDERS = number('ORDERS', 20_000)
const RATES = (process.env.RATES ?? '0,2,10').split(',').map(Number)	// changes a second
const LIMIT_MS = 500, LIMIT_SHARE = 0.9

/** The clients: says "open" when all are connected, then {generation, at: [ms since 1970, ...]} for each event all have heard. */
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

/** A process of so many clients; events: generation -> times. */
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

/** Change orders so many times a second until stop(): what each was: {generation, began, answered}. */
function changer(stack, orders, perSecond) {
	const done = [], pending = new Set()
	let n = 0
	const now = () => performance.timeOrigin + performance.now()
	const timer = perSecond > 0 && setInterval(() => {
		const began = now()
		const one = stack.patch(orders[n % orders.length], { priority: ['Low', 'High'][Math.floor(n / orders.length) % 2] }).then(answer => {
			if (answer.status !== 200) throw new Error(`PATCH: ${answer.status} ${answer.text}`)
			done.push({ generation: answer.json().version, began, answered: now() })
		}).finally(() => pending.delete(one))
		n++
		pending.add(one)
	}, 1000 / perSecond)
	return { done, stop: async () => { clearInterval(timer); await Promise.all(pending) } }
}

const median = list => [...list].sort((a, b) => a - b)[list.length >> 1]
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN

/** How late each client heard of each change: in the first event of at least its generation. */
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

async function main() {
	const stack = await startStack(fast({ sim: ORDERS, wait: 60, set: { 'events.per_client': 60_000 } }))
	await stack.synced()
	await new Promise(resolve => setTimeout(resolve, 3000))	// the reset at the start
	const orders = (await stack.json('/api/orders?pageSize=100')).orders.map(order => order.id)
	const ours = Object.values(stack.pids())
	const pids = { nginx: stack.children('nginx'), workers: stack.children('fcgi-api') }
	let faults = 0
	const say = (holds, text) => { faults += !holds; console.log(`${holds ? 'holds ' : 'BROKEN'}  ${text}`) }
	console.log(`${SUBSCRIBERS} clients, ${ORDERS} orders, ${ROUNDS} rounds of ${SECONDS} s; the reads are of the summary, 64 connections`)
	for (const perSecond of RATES) {
		const reads = { without: [], with: [] }, changes = [], events = new Map()
		for (let round = 0; round < ROUNDS; round++) {
			for (const who of ['without', 'with']) {
				const listeners = who === 'with' ? await clients(stack.url, SUBSCRIBERS) : undefined
				const writer = changer(stack, orders, perSecond)
				const beside = [process.pid, ...ours, ...listeners ? [listeners.child.pid] : []]
				reads[who].push(await run({ url: `${stack.url}/api/orders/summary`, connections: 64, seconds: SECONDS, pids: { ...pids, beside } }))
				await writer.stop()
				if (listeners) {
					await new Promise(resolve => setTimeout(resolve, 1000))
					changes.push(...writer.done)
					for (const [generation, times] of listeners.events) events.set(generation, times)
					await listeners.end()
				}
			}
		}
		// a second of a machine that is all ours
		const fair = one => one.rate / (1 - one.others)
		const rate = who => median(reads[who].map(fair)), cost = who => median(reads[who].map(one => one.cpu.nginx + one.cpu.workers))
		const share = median(reads.with.map((one, i) => fair(one) / fair(reads.without[i])))
		console.log(`${perSecond} changes a second: ${rate('without').toFixed(0)} reads/s without clients, ${rate('with').toFixed(0)} with; ` +
			`nginx and workers ${cost('without').toFixed(1)} and ${cost('with').toFixed(1)} us a read`)
		// ten events a second to a thousand clients on these processors is load of its own
		if (perSecond <= 2) say(share >= LIMIT_SHARE, `reads keep ${(share * 100).toFixed(1)} % (>= ${LIMIT_SHARE * 100} %)`)
		else console.log(`        reads keep ${(share * 100).toFixed(1)} %, with ${SUBSCRIBERS * perSecond} messages a second beside them`)
		if (perSecond === 0) continue
		const { late, missed } = lateness(changes, events)
		say(at(late, 0.99) <= LIMIT_MS && missed === 0, `from asking for a change to every client knowing it: p50 ${at(late, 0.5).toFixed(0)} ms, p99 ${at(late, 0.99).toFixed(0)} ms, ` +
			`most ${at(late, 1).toFixed(0)} ms (<= ${LIMIT_MS} ms at p99); ${changes.length} changes, ${missed} not told`)
	}
	await stack.down()
	process.exit(faults === 0 ? 0 : 1)
}

if (process.argv[2] === '--listen') listen(process.argv[3], Number(process.argv[4]))
else await main().catch(error => {
	console.error(error)
	process.exit(1)
})

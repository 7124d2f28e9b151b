// Requests that are none, as people send them who wish a server ill.  Every
// answer is one, no process dies, grows or loses a descriptor, and nobody is
// answered with another's.  (For floods see 74-floods.mjs.)
//
// ORDERDECK_ABUSE=100000: so many malformed requests ("make abuse");
// ORDERDECK_ABUSE_SEED: the same ones again.
import net from 'node:net'
import { test, run, eq, ok } from './lib/harness.mjs'
import { startStack, fast, until } from './lib/stack.mjs'
import { attack, processes, uses } from '../abuse/attack.mjs'
import { Honest } from '../abuse/honest.mjs'
import { readAnswers, complaint } from '../abuse/answers.mjs'

const REQUESTS = Number(process.env.ORDERDECK_ABUSE ?? 6_000)
const LONG = REQUESTS > 20_000
const SEED = Number(process.env.ORDERDECK_ABUSE_SEED ?? Date.now() % 1e9)
const PARALLEL = 96
const GROWTH = 12 << 20
let stack, ids

/** Bytes on a bare connection: all that comes until it is closed, or for ms. */
function raw(bytes, ms) {
	const { hostname, port } = new URL(stack.url)
	return new Promise(resolve => {
		const parts = []
		let closed = true
		const socket = net.connect(Number(port), hostname, () => socket.write(Buffer.from(bytes, 'latin1')))
		const timer = setTimeout(() => { closed = false; socket.destroy() }, ms)
		socket.on('data', part => parts.push(part))
		socket.on('error', () => {})
		socket.on('close', () => { clearTimeout(timer); resolve({ bytes: Buffer.concat(parts), closed }) })
	})
}

/** Nothing is under way any more. */
const quiet = () => until('all connections are over', 60_000, async () =>
	/"pending":0/.test((await stack.get('/api/health')).text) && uses(stack).nginx.fds < 400)

test('a stack whose workers look for damage in themselves', async () => {
	stack = await startStack(fast({ sim: 200, env: { ASAN_OPTIONS: 'quarantine_size_mb=2:malloc_context_size=5:detect_stack_use_after_return=0' },
		set: { 'api.workers': 2, 'events.per_client': 65000 } }))
	await stack.synced()
	ids = (await stack.dump()).map(record => record.id)
	console.log(`# seed ${SEED}, ${REQUESTS} malformed requests`)
})

test('what would smuggle a request is refused, and its connection closed', async () => {
	const inner = 'GET /api/sync HTTP/1.1\r\nHost: localhost\r\n\r\n', order = `/api/orders/${ids[0]}`
	const post = (headers, body) => `POST /api/orders/undo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n${body}`
	const chunked = 'Transfer-Encoding: chunked\r\n'
	for (const [name, bytes, statuses] of [
		['CL.TE', post(`Content-Length: ${5 + inner.length}\r\n${chunked}`, `0\r\n\r\n${inner}`), [400]],
		['TE.CL', post(`${chunked}Content-Length: 4\r\n`, `5c\r\n${inner}`), [400]],
		['two lengths', post('Content-Length: 2\r\nContent-Length: 40\r\n', `{}${inner}`), [400]],
		['the same length twice', post('Content-Length: 2\r\nContent-Length: 2\r\n', `{}${inner}`), [400]],
		['a list of lengths', post('Content-Length: 2, 2\r\n', `{}${inner}`), [400]],
		['a length with a sign', post('Content-Length: +2\r\n', `{}${inner}`), [400]],
		['a negative length', post('Content-Length: -2\r\n', inner), [400]],
		['an unknown coding', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${inner}`), [501]],
		['two codings', post('Transfer-Encoding: gzip, chunked\r\n', `0\r\n\r\n${inner}`), [501]],
		['chunked twice', post(chunked + chunked, `0\r\n\r\n${inner}`), [400, 501]],
		['a space before the colon', post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${inner}`), [400]],
		['chunks in HTTP/1.0', post(chunked, `0\r\n\r\n${inner}`).replace('HTTP/1.1', 'HTTP/1.0'), [400, 501]],
		['a header that goes on in the next line', `GET ${order} HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, [200, 400]],
		['a NUL in a header', `GET ${order} HTTP/1.1\r\nHost: localhost\r\nX-A: b\0c\r\n\r\n`, [400]],
		['a bare CR in a header', `GET ${order} HTTP/1.1\r\nHost: localhost\r\nX-A: b\rTransfer-Encoding: chunked\r\n\r\n`, [200, 400]],
		['two hosts', `GET ${order} HTTP/1.1\r\nHost: localhost\r\nHost: y\r\n\r\n`, [400]],
		['no host', `GET ${order} HTTP/1.1\r\n\r\n`, [400]],
		['a chunk size that overflows', post(chunked, `10000000000000002\r\n{}\r\n0\r\n\r\n${inner}`), [400]],
		['a chunk size with a sign', post(chunked, `+2\r\n{}\r\n0\r\n\r\n${inner}`), [400]],
		['a chunk size with 0x', post(chunked, `0x2\r\n{}\r\n0\r\n\r\n${inner}`), [400]],
		['a chunk longer than it says', post(chunked, `2\r\n{}xx\r\n0\r\n\r\n${inner}`), [400]],
		['HTTP/0.9', 'GET /api/health\r\n', []],
	]) {
		// one that is answered is kept, any other closed
		const got = await raw(bytes, statuses[0] === 200 ? 3_000 : 30_000)
		const { answers } = readAnswers(got.bytes, got)
		eq(answers.slice(0, 1).map(answer => statuses.includes(answer.status)), statuses.slice(0, 1).map(() => true), `${name}: ${got.bytes.toString('latin1').slice(0, 400)}`)
		eq(answers.map(complaint).filter(why => why !== null && !/^501/.test(why)), [], name)
		if (statuses[0] !== 200) ok(got.closed, `${name}: the connection is left open`)
		ok(answers.length <= statuses.length, `${name}: ${answers.length} answers`)
	}
	// chunks that are right, and what is between them, are one body
	const sound = await raw(post(`${chunked}Connection: close\r\n`, '2;a="b"\r\n{}\r\n0\r\nX-Trailer: y\r\n\r\n'), 30_000)
	eq(readAnswers(sound.bytes, sound).answers.map(answer => answer.status), [400], sound.bytes.toString())
})

test(`${REQUESTS} malformed requests: each answer is one, nothing dies or grows, nobody gets another's`, async () => {
	const before = processes(stack), wrong = []
	const totals = { sent: 0, answers: 0, silent: 0, waiting: 0 }, statuses = {}
	const rounds = LONG ? 10 : 4, after = []
	const honest = new Honest(stack, ids)
	for (let round = 0; round < rounds; round++) {
		const result = await attack(stack, { attack: 'fuzz', seed: SEED + round, count: REQUESTS / rounds, parallel: PARALLEL, ids, quietMs: 300 }).done
		for (const name of Object.keys(totals)) totals[name] += result[name]
		for (const [status, n] of Object.entries(result.statuses)) statuses[status] = (statuses[status] ?? 0) + n
		wrong.push(...result.faults)
		await quiet()
		after.push(uses(stack))
	}
	await honest.end()
	console.log(`# ${JSON.stringify(totals)} ${JSON.stringify(statuses)}`)
	console.log(`# ${after.map(u => Object.entries(u).map(([name, { bytes, fds }]) => `${name} ${(bytes / 1048576).toFixed(1)} MiB ${fds} fds`).join(', ')).join('; ')}`)
	eq(wrong.slice(0, 5), [])
	eq(processes(stack), before, 'nobody died')
	eq(stack.damage(), [])
	eq(stack.log('nginx-error.log').match(/\[(alert|crit|emerg)\].*/g), null)
	// that the requests were what they should be: most are refused, in every way, by both
	ok(totals.answers > REQUESTS / 2, JSON.stringify(totals))
	for (const status of [200, 400, 404, 405, 413, 414, 415, 431, 501, 505]) ok(statuses[status] > 0, `no ${status}`)
	// the first round is warm-up: memory and descriptors are what it took
	for (const name of ['nginx', 'workers', 'syncd']) {
		const first = after[0][name], last = after.at(-1)[name]
		ok(last.bytes <= first.bytes * 1.15 + GROWTH, `${name} grew from ${first.bytes} to ${last.bytes} bytes`)
		ok(last.fds <= first.fds + PARALLEL, `${name} had ${first.fds} descriptors, has ${last.fds}`)
	}
	// none of it was done, and all that was there is
	eq((await stack.dump()).length, ids.length)
	eq((await stack.json('/api/orders?pageSize=1')).total, ids.length)
}, { timeout: LONG ? 3600_000 : 180_000 })

test('the stack ends undamaged', () => stack.down())

run()

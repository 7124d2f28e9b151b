// Attacks, in a process of their own with the least priority: what an attacker
// computes is not what the server computes.  Forked by attack.mjs; the first
// message says what to do, "stop" ends it, and what came of it is sent back.
import net from 'node:net'
import os from 'node:os'
import { Random } from '../soak/random.mjs'
import { Abuse } from './requests.mjs'
import { readAnswers, complaint } from './answers.mjs'

os.setPriority(19)
const FAULTS_MAX = 20
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
let stopped = false
const open = new Set()

function connect({ host, port, from }) {
	const socket = net.connect({ host, port, localAddress: from })
	socket.on('error', () => {})
	open.add(socket)
	socket.on('close', () => open.delete(socket))
	return socket
}

// what the slowest of the last answers took to begin: a busy machine needs patience
let slowestMs = 0

/**
 * Send the bytes, and after them a sound request that asks for the end of the
 * connection: most broken ones are answered then.  What still waits for more
 * when nothing has come for a while is given up.
 */
function send(where, bytes, pieces, quietMs) {
	return new Promise(resolve => {
		const socket = connect(where), parts = [], began = performance.now()
		let gaveUp = false
		const giveUp = () => {
			gaveUp = true
			socket.destroy()
		}
		let timer = setTimeout(giveUp, Math.max(quietMs * 4, slowestMs * 4))
		socket.on('connect', () => {
			for (const piece of pieces(bytes)) socket.write(piece)
			socket.write('\r\n\r\nGET /api/orders?pageSize=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
		})
		socket.on('data', part => {
			if (parts.length === 0) slowestMs = Math.max(performance.now() - began, slowestMs * 0.99)
			parts.push(part)
			clearTimeout(timer)
			timer = setTimeout(giveUp, Math.max(quietMs, slowestMs * 2))
		})
		socket.on('close', () => {
			clearTimeout(timer)
			resolve({ bytes: Buffer.concat(parts), closed: !gaveUp })
		})
	})
}

/** As what came is read with no answer to HEAD in it, or else with the first few. */
function read(got) {
	for (let heads = 0; ; heads++) {
		try {
			const all = readAnswers(got.bytes, { closed: got.closed, heads })
			if (all.complete || !got.closed) return all
			if (heads === 2) throw new Error('cut short')
		} catch (error) {
			if (heads === 2) throw error
		}
	}
}

/** count requests from the seed, parallel at a time; Infinity: until it is stopped. */
async function fuzz({ where, seed, count, parallel, ids, quietMs }) {
	const random = new Random(seed), abuse = new Abuse(random, { ids, second: Math.floor(Date.now() / 1000) })
	const result = { sent: 0, answers: 0, statuses: {}, kinds: {}, silent: 0, waiting: 0, faults: [] }
	const fault = (request, why, got) => {
		if (result.faults.length < FAULTS_MAX)
			result.faults.push(`${request.kind}: ${why}\n  sent ${JSON.stringify(request.bytes.toString('latin1').slice(0, 600))}\n  got ${JSON.stringify(got.bytes.toString("latin1").slice(0, 300))}`)
	}
	await Promise.all(Array.from({ length: parallel }, async () => {
		while (!stopped && result.sent < count) {
			result.sent++
			const request = abuse.next(), inPieces = random.chance(0.1), cut = random.below(request.bytes.length + 1)
			const got = await send(where, request.bytes, bytes => inPieces ? [bytes.subarray(0, cut), bytes.subarray(cut)] : [bytes], quietMs)
			if (stopped) break
			result.kinds[request.kind] = (result.kinds[request.kind] ?? 0) + 1
			if (!got.closed) result.waiting++
			if (got.bytes.length === 0) {
				result.silent++
				continue
			}
			try {
				const { answers } = read(got)
				for (const answer of answers) {
					result.answers++
					result.statuses[answer.status] = (result.statuses[answer.status] ?? 0) + 1
					const why = answer === answers.at(-1) && !got.closed ? null : complaint(answer)
					if (why !== null) fault(request, why, got)
				}
			} catch (error) {
				fault(request, error.message, got)
			}
		}
	}))
	return result
}

/** So many connections that are kept, each made anew when it ends; begin: what is done with one. */
async function hold({ where, connections }, begin, everyMs, more) {
	const all = []
	let made = 0, refused = 0
	for (let most = connections; !stopped; most = connections / 10) {	// all at once, then those that were cut, by and by
		for (let i = 0, burst = 0; i < connections && burst < most; i++) {
			if (all[i] !== undefined && !all[i].destroyed) continue
			burst++
			made++
			const socket = all[i] = connect(where)
			socket.once('connect', () => begin(socket))
			socket.once('data', part => { if (/^HTTP\/1\.1 4(29|08|00) /.test(part.toString('latin1', 0, 13))) refused++ })
		}
		await pause(everyMs)
		for (const socket of all) if (!socket.destroyed && socket.writable) more?.(socket)
	}
	return { made, refused, open: all.filter(s => !s.destroyed).length }
}

const BODY = 'PATCH /api/orders/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{'
const attacks = {
	fuzz,
	/** Heads that dribble in. */
	slowHeads: options => hold(options, socket => socket.write('GET /api/health HTTP/1.1\r\n'), 200, socket => socket.write('X-A: b\r\n')),
	/** Bodies that dribble in. */
	slowBodies: options => hold(options, socket => socket.write(BODY), 200, socket => socket.write(' ')),
	/** Large answers that nobody reads. */
	slowReaders: options => hold(options, socket => {
		socket.pause()
		socket.write('GET /api/orders?pageSize=500 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /api/orders/export.csv HTTP/1.1\r\nHost: localhost\r\n\r\n')
	}, 200),
	/** Heads as large as may be, and larger. */
	hugeHeads: options => hold(options, socket => {
		for (let i = 0; i < 5; i++) socket.write(`GET /api/health HTTP/1.1\r\nHost: localhost\r\n${`X-${i}: ${'a'.repeat(7900)}\r\n`.repeat(i)}\r\n`)
	}, 50, socket => socket.write(`GET /api/health HTTP/1.1\r\nHost: localhost\r\n${'X: a\r\n'.repeat(1200)}\r\n`)),
	/** A crowd that asks again and again, all at once. */
	crowd: options => hold(options, socket => {
		socket.resume()
		socket.write('GET /api/orders/summary HTTP/1.1\r\nHost: localhost\r\n\r\n')
	}, 1000, socket => socket.write('GET /api/orders/summary HTTP/1.1\r\nHost: localhost\r\n\r\n')),
}

process.on('message', async message => {
	if (message === 'stop') {
		stopped = true
		for (const socket of open) socket.destroy()
		return
	}
	process.send('ready')
	const result = await attacks[message.attack]({ ...message, count: message.count ?? Infinity })
	for (const socket of open) socket.destroy()
	process.send(result, () => process.exit(0))
})
process.on('disconnect', () => process.exit(1))

// What else may go wrong in a round, beside the death of syncd: each of these
// is asked once a round and gives null or some of
//	fault(call)	what becomes of a call to Airtable, see wire.mjs
//	over: false	and that until all is settled, not only while there is load
//	before()	to do before the load begins
//	during(span)	to do beside it
//	foreign		record ids that others have deleted
import fs from 'node:fs'
import path from 'node:path'
import { PATIENCE } from '../system/lib/harness.mjs'

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

/** How a call may be spoilt: see wire.mjs. */
function spoil(random) {
	const apply = random.chance(0.5)
	switch (random.weighted({ drop: 4, status: 5, limit: 2, html: 1, hang: 1, truncate: 1, garbage: 1, late: 3, slow: 3 })) {
	case 'drop': return { kind: 'drop', apply }
	case 'status': return { kind: 'status', status: random.pick([500, 502, 503, 504]), apply }
	case 'limit': return { kind: 'status', status: 429, apply: false }
	case 'html': return { kind: 'html', status: 502, apply }
	case 'hang': return { kind: 'hang', apply }
	case 'truncate': return { kind: 'truncate' }
	case 'garbage': return { kind: 'garbage' }
	case 'slow': return { kind: 'slow', ms: random.between(20, 600) }
	default: return { kind: 'late', ms: random.between(20, 600) }
	}
}

/** In some rounds Airtable is away for a while, in some it is late with what it does, or with telling. */
export function weather({ random }) {
	switch (random.weighted({ fair: 70, away: 15, late: 15 })) {
	case 'away': {
		const back = performance.now() + random.between(50, 1200)
		return { over: false, fault: () => performance.now() < back ? { kind: 'status', status: 503, apply: false } : null }
	}
	case 'late': return { fault: () => random.chance(0.3) ? { kind: random.pick(['late', 'slow']), ms: random.between(5, 700) } : null }
	default: return null
	}
}

/**
 * Every tenth call is spoilt, until all is settled.  In half of the rounds some
 * orders are poison (Airtable refuses any call that has one of their fields),
 * and others vanish under the hands of those who change them.
 */
export function badAirtable({ random, stack, wire, figures }, load) {
	const foreign = new Set(), poison = new Set()
	if (random.chance(0.5)) for (const id of load.hot.slice(0, 3)) poison.add(id)
	const vanishing = load.hot.length > 10 && random.chance(0.4) ? load.hot.slice(3, 5) : []
	const poisoned = call => call.method === 'PATCH' && poison.size > 0 &&
		(wire.read(call.body).records ?? []).some(r => poison.has(r.id) && 'Status' in r.fields)
	return {
		foreign, over: false,
		fault: call => {
			if (random.chance(0.1)) return spoil(random)
			if (!poisoned(call)) return null
			figures.poisoned++
			return { kind: 'status', status: 422, apply: false }
		},
		async during(span) {
			if (vanishing.length === 0) return
			await pause(random.below(span))
			for (const id of vanishing) foreign.add(id)
			figures.vanished += vanishing.length
			await stack.sim('POST', '/_sim/delete', { ids: vanishing })
		},
	}
}

/** Nobody has this status, and Airtable calls it something else from now on: asking for it is an error. */
export async function renameOption({ stack }) {
	const having = (await stack.dump()).filter(record => record.fields.Status === 'Cancelled')
	if (having.length > 0) await stack.sim('POST', '/_sim/edit', { records: having.map(({ id }) => ({ id, fields: { Status: 'Pending' } })) })
	await stack.sim('POST', '/_sim/schema', { renameOption: { field: 'Status', from: 'Cancelled', to: 'Void' } })
	const answer = await stack.sync()
	if (answer.status !== 200) throw new Error(`sync: ${answer.status} ${answer.text}`)
}

/** While nothing can be stored: everything can be read, and changes are refused for that reason. */
async function readsGoOn(lane, load, span) {
	const end = performance.now() + span, stays = load.hot.find(id => !load.doomed.has(id))
	const full = () => [...lane.figures.counts.answers, ...lane.figures.counts.items].some(([kind, n]) =>
		kind.startsWith('507') && n > (lane.fullBefore.get(kind) ?? 0))
	for (let met = false; performance.now() < end || (!met && performance.now() < end + 15_000 * PATIENCE);) {
		for (const target of ['/api/orders?pageSize=20', '/api/orders/summary', `/api/orders/${stays}`, '/api/health']) {
			const answer = await lane.stack.get(target)
			if (answer.status !== 200) lane.complaints.push(`READ: ${target} while full: ${answer.status} ${answer.text.slice(0, 200)}`)
			lane.figures.reads++
		}
		met ||= full()
		await pause(10)
	}
	if (!full()) lane.complaints.push('FULL: no change was refused with 507')
	else lane.figures.full++
}
const remember = lane => { lane.fullBefore = new Map([...lane.figures.counts.answers, ...lane.figures.counts.items]) }

/** The disk fills up (a tmpfs with a file that takes the rest) and has room again. */
export function fullDisk(lane, load) {
	const filler = path.join(lane.space, 'filler')
	return {
		async during(span) {
			await pause(lane.random.below(span))
			remember(lane)
			fill(filler)
			await readsGoOn(lane, load, 400)
			fs.rmSync(filler)
		},
	}
}

/** Take all the room that is left. */
function fill(file) {
	const fd = fs.openSync(file, 'w')
	for (const size of [65536, 4096]) {
		try {
			while (fs.writeSync(fd, Buffer.alloc(size)) === size) continue
		} catch (error) {
			if (error.code !== 'ENOSPC') throw error
		}
	}
	fs.closeSync(fd)
}

/** The map may grow no further; then it may. */
export function fullMap(lane, load) {
	return {
		async before() {
			const { usedBytes } = (await lane.stack.json('/api/health')).store
			await lane.reconfigure(`${Math.ceil(usedBytes * 1.05 / 65536) * 64}KiB`)
		},
		async during(span) {
			remember(lane)
			await readsGoOn(lane, load, span)
			await lane.reconfigure('256MiB')
		},
	}
}

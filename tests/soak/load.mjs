// Clients that change orders at random for the length of a round, and note
// what they asked for and what they were told.  Within a round no two of them
// ask the same of a field of an order, and nobody asks for what it had before
// the round: so each change that is seen anywhere tells whose it was.
import http from 'node:http'

const STATUSES = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled', null]
const PRIORITIES = ['Low', 'Medium', 'High', null]
const MIX = { patch: 38, both: 10, match: 10, bulk: 14, create: 14, young: 8, remove: 4, undo: 9, undoBulk: 4, sync: 1 }
const ATTEMPTS = 60
const now = () => performance.now()
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

/*
 * A wish: one order to change, as one caller asked for it.
 *	kind		update, create, remove; undo: an update back to what was
 *	record		its record id (a create: null until it is told)
 *	asked		{status?, priority?, customer?, ...}
 *	ids		request ids it was asked with
 *	issued, over	when it was first asked for; when it was told what became of it
 *	unseen		refused, as the order does not show it: which it may have for a moment
 *	outcome		done, promised (202), refused, open (nobody was told)
 */
export class Round {
	/** before: Map of record id to {status, priority}, as Airtable has them. */
	constructor({ stack, random, before, name, counts }) {
		Object.assign(this, { stack, random, before, name, counts })
		this.wishes = []
		this.free = new Map()	// record id -> {status: [...], priority: [...]} not asked for yet
		this.undoing = new Map()	// record id -> what it is as far as its only client knows
		this.newborn = new Set()	// record ids of orders made in this round
		this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
		this.serial = 0
		this.stopped = false
		const ids = random.shuffle([...before.keys()])
		for (const id of ids.splice(0, 12)) this.undoing.set(id, { ...before.get(id), busy: false })
		this.victims = ids.filter(id => before.get(id).ours).splice(0, 2)
		this.doomed = new Set(this.victims)
		this.hot = ids.splice(0, random.pick([5, 25, 60]))
	}

	// ---- values
	/** One that this order has not been asked for; undefined: none is left. */
	value(id, field) {
		let free = this.free.get(id)
		if (free === undefined) {
			const was = this.before.get(id)
			free = { status: this.random.shuffle(STATUSES.filter(v => v !== was.status)),
				priority: this.random.shuffle(PRIORITIES.filter(v => v !== was.priority)) }
			this.free.set(id, free)
		}
		return free[field].pop()
	}
	/** An order of this round is there: values that it may be given; null: it is of another round. */
	born(id, customer) {
		const wish = this.wishes.find(w => w.kind === 'create' && w.asked.customer === customer)
		if (wish === undefined) return null
		const free = { status: this.random.shuffle(STATUSES.filter(v => v !== wish.asked.status)),
			priority: this.random.shuffle(PRIORITIES.filter(v => v !== wish.asked.priority)) }
		this.free.set(id, free)
		this.newborn.add(id)
		return free
	}
	/** Some order and new values for these fields; null: chance found none. */
	fresh(fields) {
		for (let i = 0; i < 8; i++) {
			const id = this.random.pick(this.hot), asked = {}
			for (const field of fields) {
				const value = this.value(id, field)
				if (value !== undefined) asked[field] = value
			}
			if (Object.keys(asked).length > 0) return { id, asked }
		}
		return null
	}

	wish(kind, record, asked, more = {}) {
		const wish = { kind, record, asked, ids: [], issued: now(), over: Infinity, outcome: 'open', codes: [], ...more }
		this.wishes.push(wish)
		return wish
	}

	// ---- asking
	request(method, target, headers, body, abortMs) {
		const data = body === undefined ? undefined : JSON.stringify(body)
		if (data !== undefined) headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(data), ...headers }
		return new Promise(resolve => {
			const lost = { status: 0, code: 'lost', headers: {}, json: null }
			const call = http.request(this.stack.url + target, { method, headers, agent: this.agent }, answer => {
				const parts = []
				answer.on('data', part => parts.push(part))
				answer.on('error', () => resolve(lost))
				answer.on('end', () => {
					const text = Buffer.concat(parts).toString()
					let json = null
					try { json = JSON.parse(text) } catch { /* no body, or a cut one */ }
					resolve({ status: answer.statusCode, code: json?.code ?? `${answer.statusCode}`, headers: answer.headers, json })
				})
			})
			call.on('error', () => resolve(lost))
			call.setTimeout(20_000, () => call.destroy())
			if (abortMs !== undefined) setTimeout(() => call.destroy(), abortMs).unref()
			call.end(data)
		})
	}

	/**
	 * Ask for these wishes as one request; with a key again and again until
	 * there is an answer that stands.  settle(answer) tells each wish of it.
	 */
	async ask(wishes, method, target, { headers = {}, body } = {}, settle) {
		const random = this.random, keyed = random.chance(0.35)
		if (keyed) headers['Idempotency-Key'] = `${this.name}-${++this.serial}`
		const later = random.chance(0.2)
		if (later) headers.Prefer = 'respond-async'
		let unknown = false
		for (let attempt = 0; attempt < (keyed ? ATTEMPTS : 1); attempt++) {
			const id = `${this.name}-${++this.serial}`
			for (const wish of wishes) wish.ids.push(id)
			const abort = attempt === 0 && random.chance(0.04) ? random.between(1, 60) : undefined
			const answer = await this.request(method, target, { ...headers, 'X-Request-Id': id }, body, abort)
			this.counts.answer(answer)
			for (const wish of wishes) wish.codes.push(answer.code)
			/* nobody told what became of an attempt before: refusing to listen does not tell it either */
			const standing = verdict(answer) !== 'open' &&
				!(unknown && ['syncd_unavailable', 'overloaded', 'cancelled'].includes(answer.code))
			if (standing) {
				settle(answer)
				return answer
			}
			unknown ||= verdict(answer) === 'open'
			if (this.stopped && attempt > 4) break
			await pause(random.between(5, 60))
		}
		return null
	}
	conclude(wish, outcome, order) {
		wish.outcome = outcome
		wish.over = now()
		if (order !== undefined && order !== null) {
			wish.told = order
			if (wish.record === null && order.id) wish.record = order.id
		}
	}
	single(wish) {
		return answer => {
			wish.unseen = unseen(answer)
			this.conclude(wish, verdict(answer), answer.status < 300 ? answer.json : undefined)
		}
	}

	// ---- what they do
	async patch(fields = [this.random.pick(['status', 'priority'])]) {
		const found = this.fresh(fields)
		if (found === null) return
		const wish = this.wish('update', found.id, found.asked)
		await this.ask([wish], 'PATCH', `/api/orders/${found.id}`, { body: found.asked }, this.single(wish))
		if (wish.outcome === 'done' && this.random.chance(0.3)) await this.look(wish)
	}
	both() { return this.patch(['status', 'priority']) }

	/** What was confirmed is there for everybody. */
	async look(wish) {
		const answer = await this.request('GET', `/api/orders/${wish.record}`, {})
		if (answer.status === 200 && answer.json.version < wish.told.version)
			(wish.wrong ??= []).push(`told version ${wish.told.version}, read ${answer.json.version} after it`)
	}

	async match() {
		const found = this.fresh([this.random.pick(['status', 'priority'])])
		if (found === null) return
		const seen = await this.request('GET', `/api/orders/${found.id}`, {})
		if (seen.status !== 200) return
		const wish = this.wish('update', found.id, found.asked, { version: seen.json.version, pending: seen.json.pending === true })
		await this.ask([wish], 'PATCH', `/api/orders/${found.id}`,
			{ body: found.asked, headers: { 'If-Match': `"v${seen.json.version}"` } }, this.single(wish))
	}

	async bulk() {
		const wishes = [], updates = []
		for (let n = this.random.pick([2, 5, 12, 25]); n > 0; n--) {
			const found = this.fresh(this.random.pick([['status'], ['priority'], ['status', 'priority']]))
			if (found === null) continue
			wishes.push(this.wish('update', found.id, found.asked))
			updates.push({ id: found.id, ...found.asked })
		}
		if (wishes.length === 0) return
		await this.ask(wishes, 'PATCH', '/api/orders', { body: { updates } }, answer => this.results(wishes, answer))
	}
	/** What the answer to a bulk edit says of each: by its place, as they name their orders differently, or (undo) by order. */
	results(wishes, answer) {
		for (const [i, wish] of wishes.entries()) {
			if (answer.status !== 200) {
				this.conclude(wish, verdict(answer))
				continue
			}
			const { ok, order, error } = wish.undo ? answer.json.results.find(r => r.id === wish.record) : answer.json.results[i]
			const one = ok ? { status: order?.pending ? 202 : 200 } : { status: error.status, code: error.code, json: error }
			wish.unseen = unseen(one)
			if (verdict(one) !== 'open') this.conclude(wish, verdict(one), order)
			wish.codes.push(ok ? `${one.status}` : error.code)
			this.counts.item(ok ? `${one.status}` : `${error.status} ${error.code}`)
		}
	}

	async create() {
		const asked = { customer: `Soak ${this.name} ${++this.serial}`, orderId: `SOAK-${this.name}-${this.serial}`,
			status: this.random.pick(STATUSES), priority: this.random.pick(PRIORITIES), orderTotal: this.random.between(1, 99999) / 100 }
		const wish = this.wish('create', null, asked)
		await this.ask([wish], 'POST', '/api/orders', { body: asked }, this.single(wish))
	}

	/** Change an order that somebody has just made, as soon as it can be seen. */
	async young() {
		if (this.random.chance(0.3)) await this.sync()
		const { json } = await this.request('GET', `/api/orders?search=${encodeURIComponent(`Soak ${this.name} `)}&pageSize=100`, {})
		const seen = (json?.orders ?? []).filter(o => this.newborn.has(o.id))
		if (seen.length === 0) return
		const { id } = this.random.pick(seen), status = this.value(id, 'status')
		if (status === undefined) return
		const wish = this.wish('update', id, { status })
		await this.ask([wish], 'PATCH', `/api/orders/${id}`, { body: { status } }, this.single(wish))
	}

	async remove() {
		const id = this.victims.pop()
		if (id === undefined) return
		const wish = this.wish('remove', id, {})
		await this.ask([wish], 'DELETE', `/api/orders/${id}`, {}, this.single(wish))
	}

	/** A change and its undoing, by the only client of that order. */
	async undo() {
		const found = [...this.undoing].find(([, state]) => !state.busy)
		if (found === undefined) return
		const [id, state] = found
		state.busy = true	// and stays so when it is not known what it is now
		const was = { status: state.status, priority: state.priority }
		const field = this.random.pick(['status', 'priority'])
		const options = (field === 'status' ? STATUSES : PRIORITIES).filter(v => v !== was[field])
		const asked = { [field]: this.random.pick(options) }
		const change = this.wish('update', id, asked, { alone: true })
		await this.ask([change], 'PATCH', `/api/orders/${id}`, { body: asked }, this.single(change))
		if (change.outcome !== 'done') {
			if (change.outcome === 'refused') state.busy = false
			return
		}
		state[field] = asked[field]
		const back = this.wish('update', id, { [field]: was[field] }, { alone: true, undo: true })
		await this.ask([back], 'POST', `/api/orders/${id}/undo`, { body: {} }, this.single(back))
		if (back.outcome === 'done') state[field] = was[field]
		if (back.outcome === 'done' || back.outcome === 'refused') state.busy = false
	}

	/** Some orders changed at once, and all of that taken back, by the only client of them. */
	async undoBulk() {
		const mine = [...this.undoing].filter(([, state]) => !state.busy).slice(0, 3)
		if (mine.length < 2) return
		const field = this.random.pick(['status', 'priority']), changes = []
		for (const [id, state] of mine) {
			state.busy = true
			const options = (field === 'status' ? STATUSES : PRIORITIES).filter(v => v !== state[field])
			const asked = { [field]: this.random.pick(options) }
			changes.push({ id, state, asked, was: state[field], wish: this.wish('update', id, asked, { alone: true }) })
		}
		const result = await this.ask(changes.map(c => c.wish), 'PATCH', '/api/orders',
			{ body: { updates: changes.map(({ id, asked }) => ({ id, ...asked })) } }, answer => this.results(changes.map(c => c.wish), answer))
		for (const { state, wish } of changes) if (wish.outcome === 'refused') state.busy = false
		const done = changes.filter(c => c.wish.outcome === 'done')
		if (done.length < changes.length || result.status !== 200) return
		const back = done.map(({ id, was }) => this.wish('update', id, { [field]: was }, { alone: true, undo: true }))
		await this.ask(back, 'POST', '/api/orders/undo', { body: { bulk: result.json.bulk } }, answer => this.results(back, answer))
		for (const [i, { state, asked, was }] of done.entries()) {
			if (!['done', 'refused'].includes(back[i].outcome)) continue
			state[field] = back[i].outcome === 'done' ? was : asked[field]
			state.busy = false
		}
	}

	async sync() { await this.request('POST', '/api/orders/sync?mode=full', {}) }

	/** So many clients until stop() is called. */
	run(clients) {
		return Promise.all(Array.from({ length: clients }, async () => {
			while (!this.stopped) {
				const before = this.wishes.length
				const what = this.random.weighted(MIX)
				await this[what]()
				const away = this.wishes.at(-1)?.codes.at(-1) === 'syncd_unavailable'
				if (away || this.wishes.length === before) await pause(this.random.between(5, 30))
				if (this.random.chance(0.2)) await pause(this.random.between(1, 30))
			}
		}))
	}
	stop() { this.stopped = true }
	close() { this.agent.destroy() }
}

/** Is it only said that the order does not show the change? */
const unseen = ({ json }) => json?.detail?.includes('does not show the change') ?? false

/** What an answer says about the change: done, promised, refused, open. */
export function verdict({ status, code, json }) {
	if (status === 200 || status === 201 || status === 204) return 'done'
	if (status === 202) return 'promised'
	if (status === 507 || code === 'store_unavailable' || code === 'io_error') {
		/* Airtable may have taken what the store could not */
		return json?.detail?.includes('Airtable has applied') ? 'open' : 'refused'
	}
	if (code === 'not_found' && json?.detail?.includes('it is unknown')) return 'open'
	if (code === 'not_found' && json?.detail?.includes('has been deleted')) return json.detail.includes('was changed') ? 'done' : 'open'
	if ([400, 403, 404, 409, 412, 413, 415, 422, 503].includes(status)) return 'refused'
	if (status === 502) return code.startsWith('airtable_') ? 'refused' : 'open'
	return 'open'
}

/** Answers by kind, over all rounds. */
export class Counts {
	constructor() {
		this.answers = new Map()
		this.items = new Map()
		this.requests = 0
	}
	answer({ status, code }) {
		this.requests++
		const kind = status === 0 ? 'lost' : status < 300 ? `${status}` : `${status} ${code}`
		this.answers.set(kind, (this.answers.get(kind) ?? 0) + 1)
	}
	item(kind) { this.items.set(kind, (this.items.get(kind) ?? 0) + 1) }
	static text(map) { return [...map].sort((a, b) => b[1] - a[1]).map(([kind, n]) => `${kind}: ${n}`).join(', ') }
}

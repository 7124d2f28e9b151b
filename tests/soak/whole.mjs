// The whole of it as on a day at work, only faster: people read, change, export
// and listen, somebody works in Airtable, and meanwhile programs are reloaded,
// logs rotated, workers and syncd killed.  No request of theirs fails but what
// a killed process had in its hands; nothing grows; and at the end Airtable,
// the store and what everybody was told are the same.
import http from 'node:http'
import { ok, eq, sleep } from '../system/lib/harness.mjs'
import { startStack, fast, until } from '../system/lib/stack.mjs'
import { EventStream } from '../system/lib/events.mjs'
import { order, fetchAll, withoutVersion, summary, summaryNumbers, day } from '../system/lib/orders.mjs'
import { rotation } from '../system/lib/rotate.mjs'
import { uses, median } from '../abuse/attack.mjs'
import { Random } from './random.mjs'

const STATUSES = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled']
const READERS = 6, WRITERS = 4, LISTENERS = 8
/* how long after the death of syncd or a worker a change may still be told of it: write.timeout and a moment */
const WRITE_TIMEOUT_S = 3, AFTERMATH_MS = 6_000
/* what asks nothing of Airtable takes this long only where a process does not get to run */
const STILL_MS = 1_000
// syncd pings when 15 seconds had no event
const SILENCE_MS = 40_000
/* what may come and go between two looks: workers come in pairs for the length of a reload */
const GROWTH = 1.2, GROWTH_BYTES = 8 << 20, GROWTH_FDS = 40
/* the audit log keeps what changed: its entry and two index entries, and what the change log keeps */
const STORE_BYTES_A_CHANGE = 4096
const now = () => performance.now()

export class Whole {
	constructor({ seconds, seed, orders = 400, everyMs = 3_000 }) {
		Object.assign(this, { seconds, seed, orders, everyMs })
		this.random = new Random(seed)
		this.faults = []
		this.counts = {}
		this.deaths = []	// {from, to}: of a process that had requests in its hands
		this.samples = []
		this.told = []	// of each listener
		this.reloadedAt = -Infinity
		this.on = this.listening = true
	}
	count(what) { this.counts[what] = (this.counts[what] ?? 0) + 1 }
	fault(text) {
		this.count('faults')
		if (this.faults.length < 20) this.faults.push(`${((now() - this.began) / 1000).toFixed(1)} s: ${text}`)
	}
	/** Was nginx just reloaded? */
	reloaded(ms = 3_000) { return now() - this.reloadedAt < ms }
	/** Was a process killed, or not back yet, between then and now? */
	died(since) { return this.deaths.some(death => death.to + AFTERMATH_MS > since) }

	async begin() {
		this.stack = await startStack(fast({ sim: this.orders, wait: 30, simArgs: ['--set=noopBumps=false', '--latency-ms=10', `--seed=${this.seed}`], set: {
			'sync.feed': 'auto', 'sync.feed_interval': '500ms', 'sync.full_interval': '1m', 'api.workers': 2, 'api.slow_threads': 2, 'log.format': 'json',
			'airtable.request_timeout': '2s', 'airtable.breaker_cooldown': '200ms', 'write.timeout': `${WRITE_TIMEOUT_S}s` } }))
		await this.stack.synced()
		this.rotate = rotation(this.stack)
		this.mine = (await this.stack.json('/api/orders?pageSize=200&sort=orderId')).orders.map(o => o.id)
		this.began = now()
	}

	/**
	 * One request; a connection that the server had just closed is no fault
	 * of anybody's: a kept one, or at a reload of nginx one that it had not
	 * read from yet.
	 */
	async ask(agent, method, path, { headers = {}, body } = {}) {
		const { hostname, port } = new URL(this.stack.url)
		for (;;) {
			let call
			try {
				return await new Promise((resolve, reject) => {
					call = http.request({ hostname, port, path, method, headers: body === undefined ? headers : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers }, agent }, answer => {
						const parts = []
						answer.on('data', part => parts.push(part))
						answer.on('error', reject)
						answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, raw: Buffer.concat(parts), get text() { return this.raw.toString() } }))
					})
					call.setTimeout(30_000, () => call.destroy(new Error('no answer in 30 s')))
					call.on('error', reject)
					call.end(body)
				})
			} catch (error) {
				if (error.code !== 'ECONNRESET' || !(call.reusedSocket || this.reloaded())) throw error
				this.count('connections closed before they were read')
			}
		}
	}

	async reader() {
		const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
		let generation = 0, etag = '', ids = this.mine
		while (this.on) {
			const kind = this.random.weighted({ list: 6, search: 2, summary: 4, same: 2, order: 4, history: 1, health: 1 })
			const id = this.random.pick(ids)
			const path = { list: `/api/orders?page=${this.random.between(1, 8)}&pageSize=50`, search: '/api/orders?search=a&status=Pending,Shipped&sort=-orderTotal', summary: '/api/orders/summary',
				same: '/api/orders/summary', order: `/api/orders/${id}`, history: `/api/orders/${id}/history`, health: '/api/health' }[kind]
			try {
				const answer = await this.ask(agent, 'GET', path, { headers: kind === 'same' ? { 'If-None-Match': etag } : {} })
				this.count('reads')
				if (![200, 304].includes(answer.status) && !(answer.status === 404 && kind === 'order')) this.fault(`GET ${path}: ${answer.status} ${answer.text.slice(0, 300)}`)
				if (answer.status !== 200) continue
				const body = JSON.parse(answer.text), at = Number(answer.headers['x-generation'] ?? generation)
				if (at < generation) this.fault(`GET ${path}: generation ${at} after ${generation}`)
				generation = at
				if (kind === 'summary') etag = answer.headers.etag
				if (kind === 'list' && body.orders.length > 0) ids = body.orders.map(o => o.id)
				if (kind === 'order' && body.id !== id) this.fault(`GET ${path}: is ${body.id}`)
			} catch (error) {
				this.fault(`GET ${path}: ${error.message}`)
			}
			await sleep(this.random.between(5, 40))
		}
		agent.destroy()
	}

	/** Each changes orders of its own, and asks again with the same key as long as it is not known to be done. */
	async writer(which) {
		const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
		for (let n = 0; this.on; n++) {
			const place = (n * WRITERS + which) % this.mine.length, id = this.mine[place], since = now()
			const body = JSON.stringify({ status: this.random.pick(STATUSES) }), headers = { 'Idempotency-Key': `soak-${which}-${n}` }
			for (let done = false, tries = 1; !done; tries++) {
				let told
				try {
					const answer = await this.ask(agent, 'PATCH', `/api/orders/${id}`, { headers, body })
					done = answer.status === 200 || answer.status === 404
					if (answer.status === 404) this.mine[place] = await this.another()
					if (done) this.count(answer.status === 200 ? 'changes' : 'changes of what was deleted')
					else told = `${answer.status} ${answer.text.slice(0, 300)}`
				} catch (error) {
					told = error.message
				}
				if (done) break
				this.count('changes asked for again')
				if (!this.died(since)) this.fault(`PATCH ${id}: ${told}`)
				if (tries === 100) {
					this.fault(`PATCH ${id}: given up: ${told}`)
					break
				}
				await sleep(300)
			}
			await sleep(this.random.between(20, 150))
		}
		agent.destroy()
	}

	/** An order that nobody has yet, for one that was deleted in Airtable. */
	async another() {
		const { orders } = await this.stack.json('/api/orders?pageSize=500')
		return this.random.shuffle(orders.map(o => o.id)).find(id => !this.mine.includes(id))
	}

	async exporter() {
		for (let n = 0; this.on; n++) {
			const path = `/api/orders/export.${n % 2 ? 'xlsx' : 'csv'}`, since = now()
			try {
				const { status, headers, raw } = await this.ask(false, 'GET', path)
				const rows = Number(headers['x-total-count'])
				if (status !== 200) throw new Error(`${status} ${raw.toString().slice(0, 300)}`)
				if (n % 2 ? raw.toString('latin1', 0, 2) !== 'PK' : raw.toString().split('\r\n').length !== rows + 2) throw new Error(`is not whole: ${raw.length} bytes, ${rows} rows`)
				this.count('exports')
			} catch (error) {
				if (this.died(since)) this.count('exports in killed hands')
				else this.fault(`${path}: ${error.message}`)
			}
			await sleep(700)
		}
	}

	/** Listens, comes back with where it was, and knows the newest generation that it was told of. */
	async listener() {
		const me = { newest: 0 }
		this.told.push(me)
		let lastEventId
		while (this.listening) {
			const stream = new EventStream(this.stack.url, { lastEventId })
			await until('the events begin, or do not', 60_000, () => stream.status !== 0 || stream.closed)
			if (stream.status === 0 && this.reloaded()) this.count('events closed before they were asked for')
			else if (stream.status !== 200) this.fault(`events: ${stream.status} ${stream.head}`)
			while (this.listening && !stream.closed) {
				lastEventId = stream.lastId ?? lastEventId
				for (const one of stream.events.splice(0)) {
					this.count(one.event)
					if (one.event === 'reset') me.newest = Math.max(me.newest, (await until('it was fetched anew', 30_000, () => this.stack.json('/api/orders/summary'))).generation)
					else me.newest = Math.max(me.newest, one.data.generation)
				}
				await sleep(50)
				if (now() - stream.heardAt > SILENCE_MS) {
					this.fault('events: a stream fell silent')
					break
				}
			}
			await stream.close()
			if (this.listening) await sleep(200)
		}
	}

	// ---- trouble
	async trouble() {
		const deck = { reloadApi: 2, reloadSyncd: 2, reloadNginx: 1, rotateLogs: 2, killWorker: 3, killSyncd: 2, restartSyncd: 1 }
		let cards = []
		while (this.on) {
			await sleep(this.everyMs)
			if (!this.on) return
			if (cards.length === 0) cards = this.random.shuffle(Object.entries(deck).flatMap(([name, n]) => Array(n).fill(name)))
			const card = cards.pop()
			this.count(card)
			await this[card]()
		}
	}
	reloadApi() { this.stack.signal('fcgi-api', 'SIGHUP') }
	reloadSyncd() { this.stack.signal('syncd', 'SIGHUP') }
	reloadNginx() {
		this.reloadedAt = now()
		this.stack.signal('nginx', 'SIGHUP')
	}
	rotateLogs() {
		for (const damage of this.stack.damage()) this.fault(damage)	// before the log has gone
		return this.rotate()
	}
	async dead(f) {
		const death = { from: now(), to: Infinity }
		this.deaths.push(death)
		await f()
		await until('syncd and the workers are back', 60_000, async () => (await this.stack.json('/api/health')).syncd.up)
		death.to = now()
	}
	killWorker() {
		return this.dead(() => process.kill(this.random.pick(this.stack.children('fcgi-api')), 'SIGKILL'))
	}
	killSyncd() { return this.again('KILL') }
	restartSyncd() { return this.again('TERM') }
	again(signal) {
		return this.dead(async () => {
			await this.stack.stop('syncd', signal)
			await this.stack.start('syncd')
		})
	}

	// ---- what it takes
	async sample() {
		while (this.on) {
			// what a process held up by the machine makes of changes is as if it had died
			const still = { from: now(), to: Infinity }, timer = setTimeout(() => {
				this.count('stills of the machine')
				this.deaths.push(still)
			}, STILL_MS)
			try {
				const health = await this.stack.json('/api/health'), { made } = await this.stack.sim('GET', '/_sim/editor?max=0')
				this.samples.push({ at: now() - this.began, ...uses(this.stack), store: health.store.usedBytes,
					changes: Object.values(made).reduce((sum, n) => sum + n, 0) + (this.counts.changes ?? 0) })
			} catch (error) {
				if (!this.died(now()) && !this.reloaded()) this.fault(`sample: ${error.message}`)
			}
			clearTimeout(timer)
			still.to = now()
			await sleep(1000)
		}
	}
	/** The first quarter is warm-up; of the rest the last third is compared with the first. */
	flat() {
		const rest = this.samples.filter(s => s.at > this.seconds * 250), n = Math.floor(rest.length / 3)
		ok(n >= 5, `${rest.length} samples`)
		const early = rest.slice(0, n), late = rest.slice(-n), of = (list, f) => median(list.map(f)), mib = bytes => (bytes / 1048576).toFixed(1)
		for (const name of ['nginx', 'workers', 'syncd']) {
			const bytes = [of(early, s => s[name].bytes), of(late, s => s[name].bytes)], fds = [of(early, s => s[name].fds), of(late, s => s[name].fds)]
			console.log(`# ${name}: ${mib(bytes[0])} MiB and ${fds[0]} descriptors early, ${mib(bytes[1])} MiB and ${fds[1]} late`)
			if (bytes[1] > bytes[0] * GROWTH + GROWTH_BYTES) this.fault(`${name} grew from ${bytes[0]} to ${bytes[1]} bytes`)
			if (fds[1] > fds[0] + GROWTH_FDS) this.fault(`${name} had ${fds[0]} descriptors, then ${fds[1]}`)
		}
		const store = of(late, s => s.store) - of(early, s => s.store), changes = of(late, s => s.changes) - of(early, s => s.changes)
		console.log(`# store: ${mib(of(early, s => s.store))} MiB early, ${mib(of(late, s => s.store))} late: ${(store / changes).toFixed(0)} bytes for each of ${changes} changes`)
		if (store > changes * STORE_BYTES_A_CHANGE + (1 << 20)) this.fault(`the store grew by ${store} bytes for ${changes} changes`)
	}

	// ---- the end
	async agrees() {
		const { stack } = this
		await until('all is settled and the store is as Airtable', 90_000, async () => {
			if ((await stack.json('/api/health')).outbox.pending > 0) throw new Error('changes are pending')
			const wanted = new Map((await stack.dump()).map(record => [record.id, order(record)])), got = await fetchAll(stack)
			eq(got.length, wanted.size)
			for (const one of got) eq(withoutVersion(one), wanted.get(one.id))
			eq(summaryNumbers(await stack.json('/api/orders/summary')), summary([...wanted.values()], day(Date.now(), 'UTC')))
			return true
		})
		const verified = await stack.syncctl('verify')
		eq(verified.code, 0, verified.stdout + verified.stderr)
	}

	async run() {
		await this.begin()
		const { stack } = this
		await stack.sim('POST', '/_sim/editor', { perSecond: 8, edit: 900, create: 50, delete: 50, paste: 2, pasteRecords: 60, seed: this.seed })
		const times = (n, f) => Array.from({ length: n }, (_, i) => f.call(this, i))
		const listeners = Promise.all(times(LISTENERS, this.listener))
		const all = Promise.all([...times(READERS, this.reader), ...times(WRITERS, this.writer), this.exporter(), this.sample(), this.trouble()])
		listeners.catch(() => {})
		all.catch(() => {})
		await Promise.race([sleep(this.seconds * 1000), all, listeners.then(() => all)])
		await stack.sim('POST', '/_sim/editor', { perSecond: 0 })
		this.on = false
		await all
		await this.agrees()
		const { generation } = await stack.json('/api/orders/summary')
		await until('every listener was told of the newest generation', SILENCE_MS, () => this.told.every(one => one.newest >= generation))
		this.listening = false
		await listeners
		console.log(`# ${this.seconds} s, seed ${this.seed}: ${JSON.stringify(this.counts)}`)
		this.flat()
		eq(this.faults, [])
		eq(stack.damage(), [])
		await stack.down()
	}
}

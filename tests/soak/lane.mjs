// A stack with rounds of load, kills and trouble on it, each round checked.
import fs from 'node:fs'
import path from 'node:path'
import { PATIENCE } from '../system/lib/harness.mjs'
import { startStack, request, fast, until, temporaryFolder } from '../system/lib/stack.mjs'
import { order, fetchAll, summary, summaryNumbers, day } from '../system/lib/orders.mjs'
import { Wire } from './wire.mjs'
import { Daemon, FAULT_POINTS } from './daemon.mjs'
import { Round, Counts } from './load.mjs'
import { Random } from './random.mjs'
import { Visitor } from './visitor.mjs'
import { check } from './checker.mjs'

/* of the settings of its syncd */
const REQUEST_TIMEOUT_MS = 1_000
const CLIENTS = 8
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

/** Figures of all lanes. */
export class Figures {
	constructor() {
		this.counts = new Counts()
		this.kills = new Map([['random', 0], ...FAULT_POINTS.map(name => [name, 0])])
		this.wishes = new Map()
		Object.assign(this, { rounds: 0, starts: 0, clean: 0, workers: 0, calls: 0, writes: 0, records: 0, spoilt: 0, stale: 0, made: 0, poisoned: 0, vanished: 0, edits: 0, reads: 0,
			full: 0, slowestMs: 0, faulty: 0 })
		this.faults = []
		this.began = performance.now()
	}
	killed(how) { this.kills.set(how, this.kills.get(how) + 1) }
	get killCount() { return [...this.kills.values()].reduce((sum, n) => sum + n, 0) }
	wished(wishes) {
		for (const { kind, outcome } of wishes) {
			const name = `${kind} ${outcome}`
			this.wishes.set(name, (this.wishes.get(name) ?? 0) + 1)
		}
	}
	wired(wire) {
		this.calls += wire.calls
		this.writes += wire.writes
		this.records += wire.records
		this.spoilt += wire.faults
		this.stale += wire.stale
	}
	print() {
		const seconds = (performance.now() - this.began) / 1000
		console.log(`# ${this.rounds} rounds in ${seconds.toFixed(0)} s (slowest settled after ${(this.slowestMs / 1000).toFixed(1)} s), ` +
			`${this.killCount} kills, ${this.clean} orderly ends, ${this.starts} starts of syncd, ${this.workers} workers killed`)
		console.log(`# kills: ${Counts.text(this.kills)}`)
		console.log(`# ${this.counts.requests} requests; answers: ${Counts.text(this.counts.answers)}`)
		console.log(`# bulk results: ${Counts.text(this.counts.items)}`)
		console.log(`# wishes: ${Counts.text(this.wishes)}`)
		console.log(`# Airtable: ${this.calls} calls, ${this.writes} to change something, ${this.made} did, ` +
			`${((this.records / this.made) || 0).toFixed(2)} orders a call; ${this.spoilt} calls spoilt, ${this.stale} cut as too late; ${this.edits} edits by others`)
		if (this.poisoned + this.vanished > 0) console.log(`# ${this.poisoned} calls refused for one of their orders, ${this.vanished} orders deleted by others`)
		if (this.full > 0) console.log(`# full ${this.full} times, ${this.reads} reads meanwhile`)
		console.log(`# faults found: ${this.faults.length}`)
	}
}

export class Lane {
	constructor({ name, seed, figures, trouble = () => null, orders = 120, set = {}, feed = false, deaths = 1, prepare = null, space = null, eachPoint = false }) {
		Object.assign(this, { name, figures, trouble, orders, set, feed, deaths, prepare, space, eachPoint })
		this.seed = seed
		this.complaints = []
		this.random = new Random(seed)
		this.number = 0
	}

	async begin() {
		this.wire = new Wire({ lateMs: REQUEST_TIMEOUT_MS * 0.8 })
		const port = await this.wire.listen()
		const options = fast({ sim: this.orders, simArgs: [`--seed=${this.seed}`], wait: 1, set: {
			'api.workers': 2, 'airtable.api_url': `http://127.0.0.1:${port}`, 'airtable.request_timeout': `${REQUEST_TIMEOUT_MS}ms`,
			'airtable.retry_base': '20ms', 'airtable.breaker_cooldown': '100ms', 'airtable.lockout': '100ms',
			'sync.feed': this.feed ? 'auto' : 'off', 'sync.feed_interval': '100ms',
			'write.timeout': '3s', 'write.create': 'on', 'write.delete': 'on', 'airtable.create_key': 'Notes', ...this.set,
		} })
		const dir = temporaryFolder()
		Object.defineProperty(this.wire, 'simUrl', { get: () => `http://127.0.0.1:${fs.readFileSync(path.join(dir, 'run/sim.port'), 'utf8').trim()}` })
		this.stack = await startStack({ ...options, dir })
		await this.stack.synced()
		this.wire.names = await this.fieldNames()
		await this.stack.stop('syncd')
		this.daemon = new Daemon(this.stack)
		await this.arm()
		await this.settled()
		await this.prepare?.(this)
		this.state = await this.dump()
	}
	/** What fields are called, by their ids. */
	async fieldNames() {
		const token = fs.readFileSync(path.join(this.stack.dir, 'token'), 'utf8').trim()
		const answer = await request(`${this.stack.simUrl}/v0/meta/bases/${(await this.stack.stats()).base}/tables`, 'GET', { headers: { Authorization: `Bearer ${token}` } })
		return Object.fromEntries(answer.json().tables.flatMap(table => table.fields.map(({ id, name }) => [id, name])))
	}
	/** Start it again with so much room for the store. */
	async reconfigure(size) {
		const file = path.join(this.stack.dir, 'orders.conf')
		const text = fs.readFileSync(file, 'utf8').replace(/^(map_size|map_limit) = .*$/gm, `$1 = ${size}`)
		fs.writeFileSync(file, text)
		this.stopping = true
		const impatience = setTimeout(() => {	// what can't be recorded is waited for
			this.killing = true
			void this.daemon.kill()
		}, 3_000)
		await this.daemon.kill('SIGTERM')
		clearTimeout(impatience)
		this.noteEnd()
		await this.arm(null)
	}
	/** An orderly end, which takes no longer than it must. */
	async orderly() {
		const began = performance.now()
		this.stopping = true
		await this.daemon.kill('SIGTERM')
		const ms = performance.now() - began
		if (ms > 10_000 * PATIENCE) this.complaints.push(`END: took ${ms.toFixed(0)} ms to stop`)
	}
	/** Start syncd, most often with a point at which it will die. */
	async arm(fault = this.chooseFault()) {
		this.figures.starts++
		this.daemon.start(fault)
		await this.daemon.up()
	}
	chooseFault() {
		if (this.random.chance(0.25) || this.deaths === 0 || !this.daemon.hasPoints) return null
		const missing = this.eachPoint ? FAULT_POINTS.filter(name => this.figures.kills.get(name) === 0) : []
		if (missing.length > 0) return `${this.random.pick(missing)}:${this.random.between(1, 3)}`
		return `${this.random.pick(FAULT_POINTS)}:${this.random.pick([1, 2, 3, 5, 8, 13, 21, 34])}`
	}

	noteEnd() {
		const { code, signal } = this.daemon.end
		if (signal === 'SIGKILL') this.figures.killed(this.killing ? 'random' : this.daemon.fault?.split(':')[0] ?? 'random')
		else if (code === 0 && this.stopping) this.figures.clean++
		else this.fail([`END: syncd ended by itself: code ${code}, signal ${signal}, fault ${this.daemon.fault}`])
		this.killing = this.stopping = false
	}

	/** Restart it as often as it dies, until nothing is under way. */
	async settled(ms = 60_000) {
		let deaths = 0
		if (this.wire.broken) throw this.wire.broken
		await until('everything is settled', ms, async () => {
			if (!this.daemon.alive) {
				this.noteEnd()
				await this.arm(++deaths > 3 ? null : undefined)
				return false
			}
			const health = await this.stack.json('/api/health')
			if (!health.syncd.up || health.outbox.pending > 0 || this.wire.open > 0) return false
			return (await this.stack.json('/api/sync')).state !== 'running'
		})
	}

	async dump() {
		const records = await this.stack.dump(), map = new Map()
		for (const record of records) {
			const { status, priority, customer } = order(record)
			map.set(record.id, { status, priority, ours: customer?.startsWith('Soak ') ?? false })
		}
		return map
	}
	/** Entries of the history after that generation, oldest first. */
	async history(generation) {
		const all = []
		for (let cursor = ''; cursor !== null;) {
			const page = await this.stack.json(`/api/audit?limit=500${cursor && `&after=${cursor}`}`)
			const fresh = page.changes.filter(c => c.generation > generation)
			all.push(...fresh)
			cursor = fresh.length < page.changes.length ? null : page.nextCursor
		}
		return all.reverse()
	}

	fail(texts, detail) {
		this.figures.faults.push(...texts)
		this.figures.faulty++
		for (const text of texts.slice(0, 4)) console.log(`# FAULT in ${this.name} round ${this.number}: ${text.slice(0, 1500)}`)
		if (detail === undefined) return
		const file = path.join(this.stack.dir, `fault-${this.number}.json`)
		fs.writeFileSync(file, JSON.stringify(detail, null, '\t'))
		console.log(`# all of it in ${file}`)
	}

	async round() {
		this.number++
		const { stack, random, wire, figures } = this
		wire.broken = null
		this.complaints = []
		const since = (await stack.json('/api/health')).generation
		const load = new Round({ stack, random, before: this.state, name: `${this.name}.${this.number}`, counts: figures.counts })
		const trouble = this.trouble(this, load), visitor = new Visitor({ wire, random, load })
		wire.made = made => visitor.meet(made)
		wire.fault = call => trouble?.fault?.(call) ?? null
		await trouble?.before?.()
		const began = performance.now()
		const working = load.run(CLIENTS)
		const span = random.between(60, 500)
		await Promise.all([random.chance(this.deaths) && this.violence(span), trouble?.during?.(span), visitor.work(span), pause(span)])
		load.stop()
		if (trouble?.over !== false) wire.fault = () => null
		await Promise.all([working, this.settled()])
		await this.settled()
		if (trouble?.foreign?.size > 0 || visitor.edits > 0) {	// what others did is seen by a sync
			wire.fault = () => null
			let answer = await stack.sync()
			for (let deaths = 0; answer.status !== 200 && deaths < 5; deaths++) {	// it may die of it
				await this.settled()
				answer = await stack.sync()
			}
			if (answer.status !== 200) this.complaints.push(`SYNC: ${answer.status} ${answer.text.slice(0, 300)}`)
			await this.settled()
		}
		load.close()
		figures.slowestMs = Math.max(figures.slowestMs, performance.now() - began)
		const [dump, list, history] = [await stack.dump(), await fetchAll(stack), await this.history(since)]
		const detail = { wishes: load.wishes, changes: wire.changes.splice(0), before: [...this.state], dump, list, history, foreign: [...trouble?.foreign ?? []] }
		figures.made += detail.changes.filter(c => c.method !== 'EDIT').length
		figures.edits += visitor.edits
		const faults = check({ ...detail, before: this.state, foreign: trouble?.foreign, ours: `Soak ${load.name} ` }).concat(this.complaints)
		if (wire.broken !== null) faults.push(`WIRE: ${wire.broken.stack}`)
		const sums = await stack.json('/api/orders/summary')
		if (sums.pending !== 0) faults.push(`STORE: ${sums.pending} orders are still pending`)
		if (JSON.stringify(summaryNumbers(sums), big) !== JSON.stringify(summary(dump.map(order), day(Date.now(), 'UTC'), 'UTC', sums.offered?.status), big))
			faults.push('STORE: the totals are not those of the orders')
		figures.wished(load.wishes)
		figures.rounds++
		if (faults.length > 0) this.fail(faults, { ...detail, previous: this.last })
		this.last = detail
		this.state = await this.dump()
	}

	/** Some time within the span syncd dies. */
	async violence(span) {
		const { random, daemon, figures } = this
		await pause(random.between(10, span))
		if (random.chance(0.05)) {
			const workers = this.stack.children('fcgi-api')
			if (workers.length > 0) {
				process.kill(random.pick(workers), 'SIGKILL')
				figures.workers++
			}
		}
		if (daemon.alive && random.chance(0.1)) {
			await this.orderly()
		} else if (daemon.alive && (daemon.fault === null || random.chance(0.6))) {
			this.killing = true
			await daemon.kill()
		}
		if (!daemon.alive) {
			this.noteEnd()
			await this.arm()
		}
	}

	async end() {
		this.complaints = []
		if (this.daemon?.alive) await this.orderly()
		if (this.wire && this.stack) {
			this.figures.wired(this.wire)
			this.wire.close()
		}
		if (this.complaints.length > 0) this.fail(this.complaints)
		await this.stack?.down({ keep: this.figures.faults.length > 0 })
	}
}

const big = (_, value) => typeof value === 'bigint' ? String(value) : value

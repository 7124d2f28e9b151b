// Reads bodies while orders change, and looks for anything that no single
// generation can have held.
import { request } from '../system/lib/stack.mjs'

const ranks = {
	status: ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled'],
	priority: ['Low', 'Medium', 'High'],
}
const WALK_PAGES = 60

/** What a row is sorted by; null comes last in both directions. */
function key(order, field) {
	const value = order[field]
	if (value === null || !ranks[field]) return value
	const rank = ranks[field].indexOf(value)
	return rank === -1 ? ranks[field].length : rank
}

/** Is ${a} before ${b}?  Ties go by id, ascending. */
function inOrder(a, b, sort) {
	const field = sort.replace(/^-/, '')
	const x = key(a, field), y = key(b, field)
	if (x === null || y === null) return y === null && (x !== null || a.id < b.id)
	if (x !== y) return (x < y) !== sort.startsWith('-')
	return a.id < b.id
}

export class Checker {
	constructor(api, orders) {
		this.api = api
		this.pages = Math.ceil(orders / 50)
		this.counts = new Map()	// generation -> orders, as a summary said
		this.totals = new Map()	// generation -> total, as lists said
		this.checked = { bodies: 0, rows: 0, generations: 0, totalsCompared: 0, walks: 0, walkedRows: 0 }
		this.faults = []
	}

	expect(holds, what) {
		if (!holds && this.faults.length < 20) this.faults.push(what)
	}

	async get(target) {
		const answer = await request(this.api + target)
		if (answer.status !== 200) throw new Error(`${target}: ${answer.status}`)
		const body = answer.json()
		this.checked.bodies++
		this.expect(Number(answer.headers['x-generation']) === body.generation, `${target}: generation in head and body`)
		return body
	}

	/** A generation has one number, whichever answer reports it. */
	agree(generation, mine, others, total, what) {
		this.expect((mine.get(generation) ?? total) === total, `${what}: two totals at generation ${generation}`)
		const other = others.get(generation)
		if (other !== undefined && !mine.has(generation)) {
			this.checked.totalsCompared++
			this.expect(other === total, `${what}: total ${total}, elsewhere ${other}, at generation ${generation}`)
		}
		mine.set(generation, total)
	}

	async summary() {
		const s = await this.get('/api/orders/summary')
		this.agree(s.generation, this.counts, this.totals, s.total.count, 'summary')
		for (const group of [s.byStatus, s.byPriority])
			this.expect(group.reduce((n, g) => n + g.count, 0) === s.total.count, `summary ${s.generation}: groups add up to the total`)
	}

	async list(sort, query) {
		const l = await this.get(`/api/orders?sort=${sort}&${query}`)
		this.agree(l.generation, this.totals, this.counts, l.total, 'list')
		this.rows(l, sort)
		return l
	}

	rows(l, sort) {
		this.checked.rows += l.orders.length
		l.orders.forEach((order, i) => {
			this.expect(order.version <= l.generation, `${order.id}: version ${order.version} in generation ${l.generation}`)
			if (i > 0) this.expect(inOrder(l.orders[i - 1], order, sort), `sort=${sort}: ${l.orders[i - 1].id} before ${order.id}`)
		})
	}

	/** A filtered list: every row matches, and there are as many as its total. */
	async filtered() {
		const status = ranks.status[this.checked.bodies % 5]
		const l = await this.get(`/api/orders?status=${status}&sort=-orderTotal&pageSize=100`)
		this.rows(l, '-orderTotal')
		for (const order of l.orders) this.expect(order.status === status, `status=${status}: ${order.id} is ${order.status}`)
		this.expect(l.orders.length === Math.min(100, l.total), `status=${status}: ${l.orders.length} rows of ${l.total}`)
	}

	/** By cursor from some page on, along a field that no write changes: no row twice. */
	async walk(stop) {
		const seen = new Set()
		let last = null
		let page = await this.list('-createdAt', `pageSize=500&page=${1 + Math.floor(Math.random() * Math.max(1, this.pages / 10 - WALK_PAGES))}`)
		for (let n = 0; n < WALK_PAGES; n++) {
			if (last && page.orders.length > 0)
				this.expect(inOrder(last, page.orders[0], '-createdAt'), `walk: ${last.id} before ${page.orders[0].id}`)
			for (const order of page.orders) {
				this.expect(!seen.has(order.id), `walk: ${order.id} twice`)
				seen.add(order.id)
			}
			last = page.orders.at(-1) ?? last
			if (!page.nextCursor || stop()) break
			page = await this.list('-createdAt', `pageSize=500&after=${page.nextCursor}`)
		}
		this.checked.walks++
		this.checked.walkedRows += seen.size
	}

	/** Check for this long; returns the counts and the faults found. */
	async run(ms) {
		const until = Date.now() + ms
		const stop = () => Date.now() > until
		const sorts = ['orderId', '-orderTotal', 'status', '-priority', 'updatedAt', '-createdAt']
		const endless = async step => {
			while (!stop()) {
				try {
					await step()
				} catch (error) {
					this.expect(false, error.message)
				}
			}
		}
		let turn = 0
		await Promise.all([
			endless(() => this.walk(stop)),
			endless(() => this.filtered()),
			endless(() => {	// both at once, so that they often meet one generation
				const sort = sorts[turn++ % sorts.length]
				return Promise.all([this.summary(), this.list(sort, `page=${1 + Math.floor(Math.random() * this.pages * 0.9)}`)])
			}),
		])
		this.checked.generations = new Set([...this.counts.keys(), ...this.totals.keys()]).size
		return { ...this.checked, faults: this.faults }
	}
}

// Somebody who works in Airtable itself: on orders as soon as they are made,
// whoever has been told of them, and on others, on fields that nobody changes
// through us.  Each thing that is done takes its turn among the calls to
// Airtable, so that what it overwrote and what overwrites it is known.
export class Visitor {
	constructor({ wire, random, load }) {
		Object.assign(this, { wire, random, load })
		this.edits = 0
	}

	/** Orders that were made this moment, before anybody is told: [{id, customer}]. */
	async meet(made) {
		const records = []
		for (const { id, customer } of made) {
			const values = this.load.born(id, customer)
			if (values === null || !this.random.chance(0.6)) continue
			records.push({ id, fields: { Priority: values.priority.pop() ?? null } })
		}
		if (records.length > 0) this.edits += await this.wire.edit(records)
	}

	/** Now and then, for so long. */
	async work(span) {
		const { load, random } = this, end = performance.now() + span
		for (let n = random.below(5); n > 0; n--) {
			await new Promise(resolve => setTimeout(resolve, random.below(span / 2)))
			if (performance.now() > end) return
			const fields = random.chance(0.5) ? { Customer: `Visited ${load.name} ${n}` } : { 'Order Total': random.between(1, 99999) / 100 }
			this.edits += await this.wire.visit([{ id: random.pick(load.hot), fields }])
		}
	}
}

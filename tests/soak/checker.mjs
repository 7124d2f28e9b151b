// What must be so when a round is over, worked out without anything of the
// programs under test: from the changes that Airtable made, in their order
// (wire.mjs), what callers asked for and were told (load.mjs), what Airtable
// has, what the API lists, and the history.
import { order, withoutVersion } from '../system/lib/orders.mjs'

const AIRTABLE = { status: 'Status', priority: 'Priority', customer: 'Customer', orderId: 'Order ID', orderTotal: 'Order Total' }
const API = Object.fromEntries(Object.entries(AIRTABLE).map(([api, airtable]) => [airtable, api]))
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)
const shown = wish => `${wish.kind} ${wish.record ?? wish.asked.customer} ${JSON.stringify(wish.asked)} -> ${wish.outcome} [${wish.codes}] (${wish.ids[0]}..)`

/**
 * The faults of a round, each a text; [] when all agree.
 *	wishes		of the round
 *	changes		that Airtable made since it began
 *	before		Map of record id to its values then
 *	dump, list	Airtable's records and the API's orders now
 *	history		entries since then, oldest first
 *	foreign		Set of record ids that others have deleted
 *	ours		prefix of the names of what this round creates
 */
export function check({ wishes, changes, before, dump, list, history, foreign = new Set(), ours }) {
	const faults = []
	const fault = (kind, text) => faults.push(`${kind}: ${text}`)
	const held = new Map(dump.map(record => [record.id, record]))
	const applied = readChanges(changes)
	const told = index(history)

	store({ held, list, fault })
	airtable({ applied, wishes, fault })
	overwritten({ applied, before, fault })
	chains({ before, held, told, foreign, fault })
	entries({ history, wishes, applied, foreign, fault })
	for (const wish of wishes) {
		for (const text of wish.wrong ?? []) fault('STALE', `${shown(wish)}: ${text}`)
		if (wish.kind === 'create') created({ wish, dump, list, told, fault })
		else if (wish.kind === 'remove') removed({ wish, wishes, held, told, foreign, fault })
		else updated({ wish, told, held, foreign, fault })
	}
	ordered({ wishes, told, fault })
	const known = new Set(wishes.filter(w => w.kind === 'create').map(w => w.asked.customer))
	for (const record of dump) {
		const name = record.fields.Customer
		if (name?.startsWith(ours) && !known.has(name)) fault('INVENTED', `${record.id} of ${name}`)
	}
	return faults
}

/** One entry for each record that a call changed: {from, to, kind, id, fields, made}. */
function readChanges(changes) {
	const all = []
	for (const { from, to, method, asked, answer } of changes) {
		const records = answer.records ?? [answer]
		for (const [i, record] of records.entries()) {
			if (method === 'DELETE') {
				all.push({ from, to, kind: 'remove', id: record.id, fields: {} })
				continue
			}
			const sent = asked.records === undefined ? asked.fields : asked.records[i].fields
			const fields = {}
			for (const [name, value] of Object.entries(sent)) if (API[name]) fields[API[name]] = value
			all.push({ from, to, kind: method === 'EDIT' ? 'edit' : asked.performUpsert ? 'create' : 'update', id: record.id, fields,
				made: answer.createdRecords?.includes(record.id) ?? false })
		}
	}
	return all
}

/** Entries of the history by record id, and each with its place. */
function index(history) {
	const byRecord = new Map()
	for (const [place, entry] of history.entries()) {
		if (!byRecord.has(entry.id)) byRecord.set(entry.id, [])
		byRecord.get(entry.id).push({ ...entry, place })
	}
	return byRecord
}
const entriesOf = (told, id) => told.get(id) ?? []
/** The entries that tell of this wish having been done. */
const doneBy = (told, wish) => entriesOf(told, wish.record).filter(entry => entry.source === 'api' && wish.ids.includes(entry.requestId) &&
	entry.action === (wish.kind === 'create' ? 'created' : wish.kind === 'remove' ? 'deleted' : 'changed') &&
	(wish.kind !== 'update' || Object.entries(wish.asked).some(([field, to]) => entry.fields.some(f => f.field === field && same(f.to, to)))))

/** Airtable, and what the API shows. */
function store({ held, list, fault }) {
	const listed = new Map(list.map(o => [o.id, o]))
	if (listed.size !== list.length) fault('STORE', 'an order is listed twice')
	for (const [id, record] of held) {
		const o = listed.get(id)
		if (o === undefined) fault('STORE', `${id} is missing`)
		else if (!same(withoutVersion(o), order(record)))
			fault('STORE', `${id}: ${JSON.stringify(withoutVersion(o))}, Airtable has ${JSON.stringify(order(record))}`)
	}
	for (const id of listed.keys()) if (!held.has(id)) fault('STORE', `${id} is not in Airtable`)
}

/** Everything that Airtable did is what somebody wished, and had not been told the fate of. */
function airtable({ applied, wishes, fault }) {
	/* nobody can tell later that it was there when it was overwritten since: "does not show it" is all that is said */
	const hidden = (wish, change) => wish.unseen && Object.keys(change.fields).every(field =>
		applied.indexOf(change) < applied.findLastIndex(later => later.id === change.id && field in later.fields))
	const mayBe = (wish, change) => (wish.outcome !== 'refused' || hidden(wish, change)) && wish.issued <= change.to &&
		(wish.over === Infinity || wish.outcome === 'promised' || change.from <= wish.over)
	for (const change of applied.filter(c => c.kind !== 'edit')) {
		if (change.kind === 'remove') {
			if (!wishes.some(w => w.kind === 'remove' && w.record === change.id && mayBe(w, change)))
				fault('INVENTED', `${change.id} was deleted: ${wishes.filter(w => w.kind === 'remove' && w.record === change.id).map(shown)}`)
			continue
		}
		if (change.kind === 'create') {
			const wish = wishes.find(w => w.kind === 'create' && w.asked.customer === change.fields.customer)
			if (wish === undefined || !mayBe(wish, change)) fault('INVENTED', `${JSON.stringify(change)}: ${wish ? shown(wish) : 'nobody'}`)
			continue
		}
		for (const [field, value] of Object.entries(change.fields)) {
			const asking = wishes.filter(w => w.kind === 'update' && w.record === change.id && field in w.asked && same(w.asked[field], value))
			if (!asking.some(w => mayBe(w, change)))
				fault('INVENTED', `Airtable was told ${change.id} ${field} ${value} at ${change.from.toFixed(0)}: ${asking.map(w => `${shown(w)} over ${w.over.toFixed(0)}`)}`)
		}
	}
	const made = new Map()
	for (const change of applied) if (change.made) made.set(change.fields.customer, (made.get(change.fields.customer) ?? 0) + 1)
	for (const [customer, n] of made) if (n > 1) fault('DOUBLED', `${customer} was made ${n} times`)
}

/** An order is made once: sent again, its values must not undo what has been done to it. */
function overwritten({ applied, before, fault }) {
	const now = new Map([...before].map(([id, values]) => [id, { ...values }]))
	for (const change of applied) {
		const was = now.get(change.id) ?? {}
		for (const [field, value] of Object.entries(change.kind === 'create' && !change.made ? change.fields : {}))
			if (field in was && !same(was[field], value)) fault('LOST', `${change.id} ${field} was ${was[field]}, and ${value} again when ${change.fields.customer} was made once more`)
		now.set(change.id, { ...was, ...change.fields })
	}
}

/** From what it was to what it is, each change of a field begins where the one before ended. */
function chains({ before, held, told, foreign, fault }) {
	for (const [id, list] of told) {
		const now = { ...before.get(id) }
		for (const entry of list) {
			if (!['created', 'changed', 'deleted'].includes(entry.action)) continue
			for (const { field, from, to } of entry.fields) {
				if (field === 'updatedAt' || field === 'createdAt') continue
				if (entry.action === 'changed' && field in now && !same(now[field], from))
					fault('HISTORY', `${id} ${field} was ${now[field]}, but ${entry.change} (${entry.source} ${entry.requestId}) says from ${from} to ${to}`)
				now[field] = to
			}
		}
		const record = held.get(id)
		if (record !== undefined && !foreign.has(id)) for (const field of ['status', 'priority'])
			if (field in now && !same(now[field] ?? null, order(record)[field]))
				fault('HISTORY', `${id} ${field} ends as ${now[field]}, Airtable has ${order(record)[field]}`)
	}
	for (const [id, was] of before) {
		const record = held.get(id)
		if (told.has(id) || record === undefined || foreign.has(id)) continue
		for (const field of ['status', 'priority'])
			if (!same(was[field], order(record)[field])) fault('HISTORY', `${id} ${field} went from ${was[field]} to ${order(record)[field]}, and no entry says so`)
	}
}

/** Each entry is somebody's doing, and what Airtable did has one. */
function entries({ history, wishes, applied, foreign, fault }) {
	const removed = new Set(applied.filter(c => c.kind === 'remove').map(c => c.id))
	const asked = new Map()
	for (const wish of wishes) for (const id of wish.ids) {
		if (!asked.has(id)) asked.set(id, [])
		asked.get(id).push(wish)
	}
	for (const [place, entry] of history.entries()) {
		if (entry.source !== 'api') {
			const visited = f => applied.some(c => c.kind === 'edit' && c.id === entry.id && f.field in c.fields && same(c.fields[f.field], f.to))
			if (!foreign.has(entry.id) && !entry.fields.every(f => f.field === 'updatedAt' || (entry.action === 'changed' && visited(f))))
				fault('HISTORY', `${JSON.stringify(entry)} was not done in Airtable`)
			continue
		}
		const wish = (asked.get(entry.requestId) ?? []).find(w => w.record === null || entry.id === null || w.record === entry.id)
		if (wish === undefined) {
			fault('INVENTED', `nobody asked for ${JSON.stringify(entry)}`)
			continue
		}
		if (entry.action !== 'changed') continue
		for (const { field, to } of entry.fields) {
			if (field === 'updatedAt') continue
			const sent = applied.some(c => c.id === entry.id && c.kind === 'update' && field in c.fields && same(c.fields[field], to))
			const overtaken = history.some((later, at) => at > place && later.generation === entry.generation && later.id === entry.id &&
				later.fields.some(f => f.field === field))
			if (!sent && !overtaken) fault('INVENTED', `${entry.id} ${field} ${to} (${entry.change}): Airtable never had it: ${shown(wish)}`)
		}
	}
	for (const [at, change] of applied.entries()) {
		if (change.kind !== 'update' || removed.has(change.id) || foreign.has(change.id)) continue
		for (const [field, value] of Object.entries(change.fields)) {
			const wish = wishes.find(w => w.record === change.id && field in w.asked && same(w.asked[field], value))
			if (wish?.alone) continue	// its values are not the only ones of their kind
			/* when another has overwritten it, reading back does not show that it ever was there */
			if ((wish?.outcome === 'open' || wish?.unseen) && applied.some((later, place) => place > at && later.id === change.id && field in later.fields)) continue
			if (!history.some(e => e.id === change.id && e.action === 'changed' && e.fields.some(f => f.field === field && same(f.to, value))))
				fault('LOST', `Airtable made ${change.id} ${field} ${value}, and no entry says so: ${wish && shown(wish)}`)
		}
	}
}

function updated({ wish, told, held, foreign, fault }) {
	const done = doneBy(told, wish)
	if (done.length > 1) fault('HISTORY', `done ${done.length} times: ${shown(wish)}`)
	if (wish.outcome === 'refused' && done.length > 0) fault('INVENTED', `refused and done: ${shown(wish)}: ${JSON.stringify(done)}`)
	if (wish.outcome === 'done') {
		/* one that went before the answer came, by what others did: that it went is all that is told */
		if (done.length === 0 && !(foreign.has(wish.record) && !held.has(wish.record))) fault('LOST', `told as done, no entry: ${shown(wish)}`)
		else if (done.length > 0) for (const [field, to] of Object.entries(wish.asked))
			if (!done[0].fields.some(f => f.field === field && same(f.to, to))) fault('LOST', `${field} is not in its entry: ${shown(wish)}: ${JSON.stringify(done[0])}`)
		if (wish.told && wish.told.id !== wish.record) fault('ANSWER', `another order: ${shown(wish)}: ${JSON.stringify(wish.told)}`)
	}
	if (wish.outcome === 'promised' && done.length === 0 && held.has(wish.record) && !foreign.has(wish.record) &&
		!entriesOf(told, wish.record).some(e => ['rejected', 'notApplied'].includes(e.action) && wish.ids.includes(e.requestId)))
		fault('LOST', `promised, and neither done nor refused: ${shown(wish)}`)
	/* who saw it pending saw what was to come; what is done in Airtable while it is on its way can't be known before */
	if (wish.version !== undefined && !wish.pending) for (const entry of done) {
		const earlier = entriesOf(told, wish.record).filter(e => e.source === 'api' && e.place < entry.place && ['changed', 'deleted'].includes(e.action) && e.generation > wish.version)
		if (earlier.length > 0) fault('PRECONDITION', `${shown(wish)} expected version ${wish.version}, done after ${earlier[0].change}`)
	}
}

function created({ wish, dump, list, told, fault }) {
	const there = dump.filter(r => r.fields.Customer === wish.asked.customer), [record] = there
	const gone = wish.record !== null && entriesOf(told, wish.record).some(e => e.action === 'deleted')
	if (there.length > 1) fault('DOUBLED', `${there.map(r => r.id)}: ${shown(wish)}`)
	if (wish.outcome === 'done' && !gone) {
		if (record === undefined) fault('LOST', `not there: ${shown(wish)}`)
		else if (record.id !== wish.record) fault('ANSWER', `is ${record.id}: ${shown(wish)}`)
	}
	if (wish.outcome === 'refused' && there.length > 0) fault('INVENTED', `refused and there: ${shown(wish)}`)
	if (wish.outcome === 'promised' && record === undefined &&
		!entriesOf(told, null).some(e => ['rejected', 'notApplied'].includes(e.action) && wish.ids.includes(e.requestId)))
		fault('LOST', `promised and not there: ${shown(wish)}`)
	if (record === undefined) return
	const entry = entriesOf(told, record.id).find(e => e.action === 'created')
	if (entry === undefined || entry.source !== 'api' || !wish.ids.includes(entry.requestId))
		fault('HISTORY', `${record.id} ${JSON.stringify(entry)}: ${shown(wish)}`)
	if (!list.some(o => o.id === record.id)) fault('LOST', `not in the store: ${shown(wish)}`)
}

function removed({ wish, wishes, held, told, foreign, fault }) {
	const others = wishes.some(w => w !== wish && w.kind === 'remove' && w.record === wish.record && w.outcome !== 'refused')
	const done = doneBy(told, wish)
	if (wish.outcome === 'done' && held.has(wish.record)) fault('LOST', `still there: ${shown(wish)}`)
	/* one that others deleted just before is as was asked for, and their doing */
	if (wish.outcome === 'done' && done.length !== 1 && !(done.length === 0 && foreign.has(wish.record)))
		fault('HISTORY', `${done.length} entries: ${shown(wish)}`)
	if (wish.outcome === 'refused' && !held.has(wish.record) && !others && !foreign.has(wish.record)) fault('INVENTED', `refused and gone: ${shown(wish)}`)
	if (wish.outcome === 'refused' && done.length > 0) fault('INVENTED', `refused and done: ${shown(wish)}`)
	if (wish.outcome === 'promised' && held.has(wish.record) &&
		!entriesOf(told, wish.record).some(e => ['rejected', 'notApplied'].includes(e.action) && wish.ids.includes(e.requestId)))
		fault('LOST', `promised and still there: ${shown(wish)}`)
	if (wish.outcome === 'open' && !held.has(wish.record) && !others && !foreign.has(wish.record) && done.length !== 1) fault('HISTORY', `gone, ${done.length} entries: ${shown(wish)}`)
}

/** What was over before the other was asked for is before it in the history. */
function ordered({ wishes, told, fault }) {
	const byOrder = new Map()
	for (const wish of wishes) {
		if (wish.outcome !== 'done' || wish.kind !== 'update') continue
		const [entry] = doneBy(told, wish)
		if (entry === undefined) continue
		if (!byOrder.has(wish.record)) byOrder.set(wish.record, [])
		byOrder.get(wish.record).push({ wish, place: entry.place })
	}
	for (const list of byOrder.values()) for (const a of list) for (const b of list)
		if (a.wish.over < b.wish.issued && a.place > b.place) fault('ORDER', `${shown(b.wish)} was asked for after ${shown(a.wish)} was confirmed, and done before it`)
}

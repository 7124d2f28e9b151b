// syncd is killed at random moments and at every point named for it while
// many change orders, Airtable spoils calls, the store runs out of room: and
// what Airtable has, what the store has, and what each caller was told agree
// for every order.  The short form of "make soak".
import { test, run, eq, ok } from './lib/harness.mjs'
import { FAULT_POINTS } from '../soak/daemon.mjs'
import { crashes, badCalls, mapFull, diskFull } from '../soak/run.mjs'
import { check } from '../soak/checker.mjs'

const seed = Date.now() % 1e6
const agreed = figures => eq(figures.faults.map(text => text.slice(0, 300)), [])

// ---- a round of one order, told as it should be, and then wrongly
const ID = 'recA'
const fields = (status, priority) => ({ 'Order ID': 'ORD-1', Customer: 'C', Status: status, Priority: priority, 'Order Total': 1 })
const told = (status, priority) => ({ id: ID, orderId: 'ORD-1', customer: 'C', status, priority, orderTotal: 1, createdAt: null, updatedAt: null, version: 9 })
const entry = more => ({ id: ID, action: 'changed', source: 'api', requestId: 'one', generation: 9, change: '9.0', fields: [{ field: 'status', from: 'Pending', to: 'Shipped' }], ...more })
const wish = more => ({ kind: 'update', record: ID, asked: { status: 'Shipped' }, ids: ['one'], codes: ['200'], issued: 1, over: 9, outcome: 'done', ...more })
const change = (status, more) => ({ from: 3, to: 4, method: 'PATCH', target: '/', asked: { records: [{ id: ID, fields: { Status: status } }] }, answer: { records: [{ id: ID }] }, ...more })
const sound = () => ({
	wishes: [wish()], changes: [change('Shipped')], before: new Map([[ID, { status: 'Pending', priority: 'Low' }]]),
	dump: [{ id: ID, fields: fields('Shipped', 'Low') }], list: [told('Shipped', 'Low')], history: [entry()], ours: 'Soak',
})
const found = more => check({ ...sound(), ...more }).map(text => text.split(':')[0])

test('the checker finds nothing wrong where nothing is', () => eq(found({}), []))
test('the checker sees what was lost, invented, doubled, misplaced', () => {
	const sees = (kind, more) => ok(found(more).includes(kind), `${kind}: ${found(more)}`)
	sees('STORE', { list: [told('Pending', 'Low')] })
	sees('STORE', { list: [] })
	sees('LOST', { history: [] })
	sees('LOST', { wishes: [wish({ outcome: 'promised' })], history: [], changes: [] })
	sees('INVENTED', { wishes: [wish({ outcome: 'refused' })] })
	sees('INVENTED', { wishes: [] })
	sees('INVENTED', { changes: [] })
	sees('INVENTED', { changes: [change('Shipped'), change('Shipped', { from: 12, to: 13 })] })
	sees('HISTORY', { history: [entry({ fields: [{ field: 'status', from: 'Delivered', to: 'Shipped' }] })] })
	sees('HISTORY', { history: [entry(), entry({ change: '9.1', source: 'airtable', requestId: null })] })
	sees('HISTORY', { history: [entry(), entry({ change: '9.1' })] })
	sees('PRECONDITION', { wishes: [wish({ version: 5 })], history: [entry({ generation: 8, requestId: 'two' }), entry()] })
	sees('ORDER', {
		wishes: [wish(), wish({ ids: ['two'], asked: { status: 'Delivered' }, issued: 10, over: 12 })],
		history: [entry({ requestId: 'two', fields: [{ field: 'status', from: 'Pending', to: 'Delivered' }] }), entry({ fields: [{ field: 'status', from: 'Delivered', to: 'Shipped' }] })],
	})
	const made = { kind: 'create', record: ID, asked: { customer: 'Soak 1' }, ids: ['one'], codes: ['201'], issued: 1, over: 9, outcome: 'done' }
	const there = id => ({ id, fields: { ...fields('Pending', 'Low'), Customer: 'Soak 1' } })
	sees('DOUBLED', { wishes: [made], dump: [there(ID), there('recB')] })
	sees('LOST', { wishes: [made], dump: [] })
	sees('INVENTED', { dump: [there('recB')] })
})

// ---- the real thing
test('killed at random and at every point: nothing is lost, invented or doubled', async () => {
	const figures = await crashes({ rounds: 40, lanes: 3, seed, eachPoint: true })
	agreed(figures)
	for (const point of FAULT_POINTS) ok(figures.kills.get(point) > 0, `never killed at ${point}`)
}, { timeout: 300_000 })

test('every tenth call spoilt, orders refused in many batches: nothing is lost, invented or doubled', async () => {
	agreed(await badCalls({ rounds: 12, lanes: 3, seed }))
}, { timeout: 300_000 })

test('a full map: changes are refused, reads go on, and all is well afterwards', async () => {
	const figures = await mapFull({ rounds: 2, seed })
	agreed(figures)
	eq(figures.full, 2)
}, { timeout: 120_000 })

test('a full disk: changes are refused, reads go on, and all is well afterwards', async () => {
	const figures = await diskFull({ rounds: 3, seed })
	if (figures.why) return console.log(`# skipped: a full disk: ${figures.why}`)
	agreed(figures)
	eq(figures.full, 3)
}, { timeout: 120_000 })

run()

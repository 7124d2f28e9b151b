// Two at once, one of them in Airtable: what the other named is not overwritten,
// however far behind the store is, and the history tells of both.
import { test, run, eq, ok } from './lib/harness.mjs'
import { withStack, fast, until } from './lib/stack.mjs'

const held = async (stack, id) => (await stack.dump()).find(record => record.id === id)
const send = (stack, method, target, body, headers = {}) => stack.call(method, target, {
	headers: { ...body !== undefined && { 'Content-Type': 'application/json' }, ...headers }, body,
})
const colleague = (stack, id, fields = { Status: 'Cancelled' }) => stack.sim('POST', '/_sim/edit', { id, fields })
const history = async (stack, id) => (await stack.json(`/api/orders/${id}/history`)).changes
/** From value to value, oldest first: [source, from, to]. */
const steps = async (stack, id, name = 'status') => (await history(stack, id)).reverse().flatMap(({ action, source, fields }) =>
	action === 'changed' ? fields.filter(({ field }) => field === name).map(({ from, to }) => [source, from, to]) : [])
const problem = (answer, status, code) => eq([answer.status, answer.json().code], [status, code], answer.text.slice(0, 300))
/** Calls that changed something since then. */
const writesSince = async (stack, since) =>
	(await stack.sim('GET', `/_sim/log?since=${since}&max=5000`)).entries.filter(entry => entry.method !== 'GET')
const lastCall = async stack => (await stack.sim('GET', '/_sim/log?since=0&max=5000')).last

/** An order that is Pending here and there. */
async function pending(stack, id) {
	const answer = await stack.patch(id, { status: 'Pending', priority: 'Low' })
	eq(answer.status, 200, answer.text)
	return answer.json()
}

const desks = {
	'without a feed': { 'sync.feed': 'off' },
	'with a feed that asks every minute': { 'sync.feed': 'auto', 'sync.feed_interval': '1m' },
	'with the usual feed': { 'sync.feed': 'auto' },
}
for (const [name, set] of Object.entries(desks)) {
	const desk = (story, body) => test(`${name}: ${story}`, () => withStack(fast({ sim: 60, set: {
		'write.create': 'on', 'write.delete': 'on', 'airtable.create_key': 'Notes', ...set,
	} }), async stack => {
		await stack.synced()
		await body(stack, (await stack.dump()).filter(({ fields }) => fields['Order ID'] && fields.Status).map(({ id }) => id))
	}))

	desk('whoever names a version does not overwrite what a colleague has just done in Airtable', async (stack, ids) => {
		const [changed, deleted, taken, other, same, ...many] = ids
		const { version } = await pending(stack, changed)
		await colleague(stack, changed)
		problem(await send(stack, 'PATCH', `/api/orders/${changed}`, { status: 'Shipped' }, { 'If-Match': `"v${version}"` }), 412, 'precondition_failed')

		const before = await pending(stack, deleted)
		await colleague(stack, deleted)
		problem(await send(stack, 'DELETE', `/api/orders/${deleted}`, undefined, { 'If-Match': `"v${before.version}"` }), 412, 'precondition_failed')

		await pending(stack, taken)
		eq((await stack.patch(taken, { status: 'Shipped' })).status, 200)
		await colleague(stack, taken)
		const undone = await send(stack, 'POST', `/api/orders/${taken}/undo`, {})
		problem(undone, 409, 'conflict')

		// another field than that which is asked for is another version as well
		const { version: seen } = await pending(stack, other)
		await colleague(stack, other, { Customer: 'Somebody else' })
		problem(await send(stack, 'PATCH', `/api/orders/${other}`, { status: 'Shipped' }, { 'If-Match': `"v${seen}"` }), 412, 'precondition_failed')

		for (const id of [changed, deleted, taken]) {
			eq((await held(stack, id)).fields.Status, 'Cancelled')
			eq((await stack.json(`/api/orders/${id}`)).status, 'Cancelled')
			eq((await steps(stack, id)).at(-1)[0], 'airtable')
			eq((await steps(stack, id)).at(-1)[2], 'Cancelled')
		}
		eq((await stack.json(`/api/orders/${other}`)).customer, 'Somebody else')
		// who it was is told as soon as Airtable tells it
		if (name === 'with the usual feed') await until('it is known who', 20_000, async () =>
			(await history(stack, taken)).find(c => c.fields.some(f => f.to === 'Cancelled'))?.via === 'client')

		// what is as it was seen is changed, and who saw the newest may go on
		const { version: fine } = await pending(stack, same)
		eq((await send(stack, 'PATCH', `/api/orders/${same}`, { status: 'Shipped' }, { 'If-Match': `"v${fine}"` })).status, 200)
		const { version: newest } = await stack.json(`/api/orders/${changed}`)
		eq((await send(stack, 'PATCH', `/api/orders/${changed}`, { status: 'Processing' }, { 'If-Match': `"v${newest}"` })).status, 200)

		const some = many.slice(0, 23)
		eq((await send(stack, 'PATCH', '/api/orders', { updates: some.map(id => ({ id, status: 'Pending' })) })).status, 200)
		const updates = await Promise.all(some.map(async id => ({ id, status: 'Shipped', version: (await stack.json(`/api/orders/${id}`)).version })))
		for (const id of [some[2], some[11], some[22]]) await colleague(stack, id)
		const since = await lastCall(stack)
		const edited = (await send(stack, 'PATCH', '/api/orders', { updates })).json()
		const refused = edited.results.filter(r => !r.ok)
		eq(refused.map(r => [r.id, r.error.code]), [2, 11, 22].map(i => [some[i], 'precondition_failed']))
		for (const call of await writesSince(stack, since)) for (const id of [some[2], some[11], some[22]]) ok(!call.records?.includes?.(id))

		// taking a bulk edit back leaves what was changed since
		await colleague(stack, some[5])
		const undo = (await send(stack, 'POST', '/api/orders/undo', { bulk: edited.bulk })).json()
		eq(undo.results.filter(r => !r.ok).map(r => [r.id, r.error.code]), [[some[5], 'conflict']])
		for (const id of [2, 5, 11, 22].map(i => some[i])) {
			eq((await held(stack, id)).fields.Status, 'Cancelled')
			eq((await steps(stack, id)).at(-1).filter((_, i) => i !== 1), ['airtable', 'Cancelled'])
		}
	})
}

test('what a plain change overwrites is in the history, before it and with who did it', () => withStack(fast({ sim: 60, set: { 'sync.feed': 'auto' } }), async stack => {
	await stack.synced()
	const ids = (await stack.dump()).filter(({ fields }) => fields['Order ID'] && fields.Status).map(({ id }) => id)
	const [one, twice, ...many] = ids
	await pending(stack, one)
	await pending(stack, twice)
	const some = many.slice(0, 12)
	eq((await send(stack, 'PATCH', '/api/orders', { updates: some.map(id => ({ id, status: 'Pending' })) })).status, 200)
	await new Promise(resolve => setTimeout(resolve, 2_500))	// until that is old
	const seen = new Map()
	for (const id of ids) seen.set(id, (await steps(stack, id)).length)
	await colleague(stack, one)
	eq((await stack.patch(one, { status: 'Shipped' })).status, 200)
	await colleague(stack, twice)
	await colleague(stack, twice, { Status: 'Processing' })
	eq((await stack.patch(twice, { status: 'Shipped' })).status, 200)
	await colleague(stack, twice, { Status: 'Delivered' })
	eq((await stack.patch(twice, { priority: 'High', status: 'Cancelled' })).status, 200)
	for (const id of [some[3], some[7], some[9]]) await colleague(stack, id)
	const edit = (await send(stack, 'PATCH', '/api/orders', { updates: some.map(id => ({ id, status: 'Shipped' })) })).json()
	eq(edit.results.filter(r => !r.ok), [])
	const wanted = new Map([
		[one, [['airtable', 'Pending', 'Cancelled'], ['api', 'Cancelled', 'Shipped']]],
		[twice, [['airtable', 'Pending', 'Cancelled'], ['airtable', 'Cancelled', 'Processing'], ['api', 'Processing', 'Shipped'],
			['airtable', 'Shipped', 'Delivered'], ['api', 'Delivered', 'Cancelled']]],
		...some.map((id, i) => [id, [3, 7, 9].includes(i) ? [['airtable', 'Pending', 'Cancelled'], ['api', 'Cancelled', 'Shipped']] : [['api', 'Pending', 'Shipped']]]),
	])
	for (const [id, want] of wanted) {
		let last
		await until('the payload has come', 20_000, async () => {
			last = (await steps(stack, id)).slice(seen.get(id))
			return JSON.stringify(last) === JSON.stringify(want)
		}).catch(() => eq(last, want))
	}
	// the steps of a colleague have a place and a time of their own, and the lists are in order
	const audit = (await stack.json('/api/audit?limit=500')).changes
	const places = audit.map(c => c.change.split('.').map(Number))
	for (let i = 1; i < places.length; i++) ok(places[i][0] < places[i - 1][0] || (places[i][0] === places[i - 1][0] && places[i][1] < places[i - 1][1]), audit[i].change)
	const [ours, theirs] = await history(stack, one)
	eq(theirs.at, ours.at)
	eq((await history(stack, one)).filter(c => c.fields.some(f => f.to === 'Cancelled')).map(c => c.via), ['client'])
	// what was taken back is what was overwritten
	const undone = await send(stack, 'POST', `/api/orders/${one}/undo`, {})
	eq([undone.status, undone.json().status], [200, 'Cancelled'], undone.text)
}))

test('what waits through an outage is looked at when it is over', () => withStack(fast({ sim: 20, set: {
	'sync.feed': 'off', 'write.timeout': '1s', 'airtable.breaker_failures': 3, 'airtable.breaker_cooldown': '1s',
} }), async stack => {
	await stack.synced()
	const [{ id }] = await stack.dump()
	const { version } = await pending(stack, id)
	await stack.fault({ match: { path: '/v0/', times: 0 }, action: 'status', status: 503 })
	const queued = await send(stack, 'PATCH', `/api/orders/${id}`, { status: 'Shipped' }, { 'If-Match': `"v${version}"`, Prefer: 'respond-async' })
	eq(queued.status, 202, queued.text)
	await colleague(stack, id)
	await stack.noFaults()
	await until('it is settled', 30_000, async () => (await stack.json(`/api/orders/${id}`)).pending === undefined)
	eq((await stack.json(`/api/orders/${id}`)).status, 'Cancelled')
	eq((await held(stack, id)).fields.Status, 'Cancelled')
	eq((await history(stack, id)).slice(0, 2).map(c => [c.action, c.source]), [['notApplied', 'api'], ['changed', 'airtable']])
}))

run()

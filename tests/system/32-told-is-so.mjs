// What people were told is so: what does not happen is not done later, whatever lies
// ready to be sent between the programs; what was made is there, once.
import { test, run, eq, ok, PATIENCE } from './lib/harness.mjs'
import { withStack, fast, request } from './lib/stack.mjs'

const ASKERS = 1_000

for (const prefer of [{}, { Prefer: 'respond-async' }])
	test(`a stopped daemon delivers nothing that was given up${prefer.Prefer ? ', not even later' : ''}`, () => withStack(fast({ sim: ASKERS + 50, set: {
		'api.workers': 1, 'write.timeout': '1s', 'limits.enabled': 'off', 'sync.feed': 'off',
	} }), async stack => {
		await stack.synced()
		const records = (await stack.dump()).slice(0, ASKERS), before = new Map(records.map(({ id, fields }) => [id, fields.Status]))
		const other = status => status === 'Shipped' ? 'Delivered' : 'Shipped'
		await stack.signal('syncd', 'SIGSTOP')
		const answers = await Promise.all(records.map(async ({ id, fields }) => {
			const answer = await request(`${stack.url}/api/orders/${id}`, 'PATCH', {
				// long ones, so that the socket does not take them all
				headers: { 'Content-Type': 'application/json', 'Idempotency-Key': id + 'k'.repeat(200), ...prefer },
				body: { status: other(fields.Status) }, fresh: true,
			})
			return { id, status: answer.status, code: answer.json().code }
		}))
		await stack.signal('syncd', 'SIGCONT')
		const count = code => answers.filter(answer => answer.code === code).length
		console.log(`# syncd_unavailable: ${count('syncd_unavailable')}, outcome_unknown: ${count('outcome_unknown')}, overloaded: ${count('overloaded')}`)
		eq(count('syncd_unavailable') + count('outcome_unknown') + count('overloaded'), answers.length, JSON.stringify(answers.slice(0, 3)))
		ok(count('syncd_unavailable') > 50 && count('outcome_unknown') > 50)

		// what comes after it has passed all that was waiting
		const probe = (await stack.dump()).at(-1)
		const answer = await stack.patch(probe.id, { priority: probe.fields.Priority === 'High' ? 'Low' : 'High' })
		eq(answer.status, 200, answer.text)
		const changed = (await stack.dump()).filter(({ id, fields }) => before.has(id) && fields.Status !== before.get(id))
		eq(changed.map(({ id }) => id), [])
		eq((await stack.json('/api/health')).outbox.pending, 0)
		// and asking again with the same key is not an answer from then
		const again = await stack.patch(records[0].id, { status: other(records[0].fields.Status) }, { 'Idempotency-Key': records[0].id + 'k'.repeat(200) })
		eq(again.status, 200, again.text)
		eq(again.json().status, other(records[0].fields.Status))
	}))

test('an order is made once, and soon, whatever becomes of the connection', () => withStack(fast({ sim: 20, set: {
	'write.create': 'on', 'airtable.create_key': 'Notes', 'airtable.breaker_failures': 20,
} }), async stack => {
	await stack.synced()
	const faults = ['drop_before', 'drop_after', 'truncate', 'garbage', 'empty', 'html', 'wrong_types']
	for (const action of faults) {
		const orderId = `ORD-${action}`, start = Date.now()
		await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action })
		const answer = await stack.call('POST', '/api/orders', { headers: { 'Content-Type': 'application/json' }, body: { orderId, status: 'Pending' } })
		const ms = Date.now() - start
		await stack.noFaults()
		eq([answer.status, answer.json().orderId], [201, orderId], `${action}: ${answer.text}`)
		ok(ms < 5_000 * PATIENCE, `${action}: ${ms} ms`)
		const made = (await stack.dump()).filter(({ fields }) => fields['Order ID'] === orderId)
		eq(made.map(({ id }) => id), [answer.json().id], action)
		eq((await stack.json(`/api/orders/${made[0].id}/history`)).changes.map(c => [c.action, c.source]), [['created', 'api']])
		console.log(`# ${action}: ${ms} ms`)
	}
}))

run()

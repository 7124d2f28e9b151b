// build: release
// alone
// Floods: slow heads, slow bodies and slow readers by 500, huge heads, 2,000
// connections at once, malformed requests as fast as they come; all from one
// address, while honest clients, who come from others, keep their pace.
//
// ORDERDECK_ABUSE: longer, and held to 80 % ("make abuse").
import { test, run, eq, ok, sleep } from './lib/harness.mjs'
import { withStack, fast } from './lib/stack.mjs'
import { attack, processes, median } from '../abuse/attack.mjs'
import { Honest } from '../abuse/honest.mjs'

const LONG = Boolean(process.env.ORDERDECK_ABUSE)
const SEED = Number(process.env.ORDERDECK_ABUSE_SEED ?? Date.now() % 1e9)
// of an honest client's throughput, whatever others do; a few seconds on a busy machine tell less than minutes
const KEPT = LONG ? 0.8 : 0.6
const ROUNDS = LONG ? 5 : 3

test('500 slow connections of each kind, 2,000 at once, huge heads: honest clients keep their pace', async () => {
	// as it is installed but for one limit: the honest ones ask for more orders than people do
	await withStack(fast({ sim: 600, set: { 'limits.enabled': true, 'limits.get_order': 1_000_000, 'api.workers': 2 } }), async stack => {
		await stack.synced()
		const ids = (await stack.dump()).map(record => record.id)
		const before = processes(stack), honest = new Honest(stack, ids), spanMs = LONG ? 4000 : 700
		await honest.pace(1500)
		const slow = { slowHeads: 500, slowBodies: 500, slowReaders: 500, hugeHeads: 100, crowd: 2000, fuzz: 1 }
		for (const [kind, connections] of Object.entries(slow)) {
			const calm = [], attacked = []
			let last
			const kept = () => median(attacked.map((pace, round) => pace / calm[round]))	// each held against the moment before it
			// a machine that is busy with something else is looked at for longer
			for (let round = 0; round < ROUNDS || (round < 3 * ROUNDS && kept() < KEPT); round++) {
				calm.push(await honest.pace(spanMs))
				const going = attack(stack, { attack: kind, connections, seed: SEED + round, parallel: 32, ids, quietMs: 150 })
				await going.ready
				await sleep(300)	// until all are connected
				attacked.push(await honest.pace(spanMs))
				last = await going.stop()
				await sleep(200)
			}
			const { faults = [], statuses, kinds, ...told } = last
			console.log(`# ${kind}: ${median(calm).toFixed(0)} requests/s, ${median(attacked).toFixed(0)} under attack (${(kept() * 100).toFixed(0)} %); ${JSON.stringify(told)}`)
			ok(kept() >= KEPT, `${kind}: ${calm.map(Math.round)} calm, ${attacked.map(Math.round)} under attack`)
			ok(kind === 'fuzz' || told.made >= connections, JSON.stringify(told))
		}
		console.log(`# the slowest of ${honest.n} honest answers took ${honest.slowestMs.toFixed(0)} ms`)
		await honest.end()
		eq(processes(stack), before, 'nobody died')
	})
}, { timeout: LONG ? 1800_000 : 400_000 })

run()

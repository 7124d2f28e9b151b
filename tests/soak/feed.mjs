// usage: node tests/soak/feed.mjs
//
// Following Airtable for some minutes, part of "make soak": 20,000 orders, 5
// calls a second, answers after 200 ms, 20 changes a second of all kinds with
// pastes of 500; then one call in twenty fails; then the webhook expires and
// listings are cut off; then Airtable is away for two minutes.  Prints how soon
// changes were in the API, and requires that in the end nothing is missing.
import { badUsage } from '../system/lib/about.mjs'
import { test, run, eq, ok, sleep } from '../system/lib/harness.mjs'
import { agrees, faults, feedOf, percentiles, settled, syncs, watchEdits } from '../system/lib/feed.mjs'
import { until, withStack } from '../system/lib/stack.mjs'

if (process.argv.length > 2) badUsage(`'${process.argv[2]}' is not understood`)
const PHASE_MS = 60_000, OUTAGE_MS = 120_000
const CALLS = 800	// more than there are in a phase

test('20,000 orders are followed through faults, a lost webhook and an outage', async () => {
	await withStack({ sim: 20_000, wait: 120, set: { 'sync.feed': 'auto' }, simArgs: ['--latency-ms=200'] }, async stack => {
		await settled(stack, 120_000)
		const marks = []
		const phase = (name, before = 0) => marks.push({ name, from: Date.now() - before })
		const failing = async () => {
			await stack.noFaults()
			await faults(stack, CALLS)
		}
		const seen = await watchEdits(stack, 20, async () => {
			phase('undisturbed')
			await sleep(PHASE_MS)
			phase('5 % of the calls fail')
			await failing()
			await sleep(PHASE_MS)
			phase('the webhook expires, listings are cut off')
			await failing()
			const before = syncs(stack)
			await stack.sim('POST', '/_sim/webhooks', { action: 'expire' })
			await until('a full sync makes up for it', 60_000, () => syncs(stack) > before)
			for (let i = 0; i < 3; i++) {
				await sleep(5_000)
				await stack.sim('POST', '/_sim/expire-iterators')
			}
			await until('it has', 300_000, async () => (await feedOf(stack)).complete, 500)
			phase('5 % of the calls fail, after that')
			await failing()
			await sleep(PHASE_MS)
			phase('away', 3_000)	// what was not here yet
			await stack.fault({ match: { path: '/v0/', nth: 1, times: 0 }, action: 'drop_before' })
			await sleep(OUTAGE_MS)
			await failing()
			phase('back')
			await sleep(PHASE_MS * 2)
		}, 300_000)
		await stack.noFaults()
		const back = marks.at(-1).from
		const caught = Math.max(...seen.changes.filter(one => one.at < back).map(one => one.at + one.took)) - back
		marks.push({ name: '5 % of the calls fail, once caught up', from: back + caught })
		const of = {}
		for (const [i, { name, from }] of marks.entries()) {
			of[name] = percentiles(seen.changes.filter(one => one.at >= from && one.at < (marks[i + 1]?.from ?? Infinity)).map(one => one.took))
			console.log(`# ${name}: ${JSON.stringify(of[name])} ms`)
		}
		console.log(`# ${(caught / 1000).toFixed(1)} s after two minutes away all was here; ${syncs(stack)} full syncs; the machine's lag ${seen.lag} ms`)
		await agrees(stack, 120_000)
		const stats = await stack.stats()
		eq([seen.open, stats.rejected429], [0, 0])
		ok(stats.maxPerSecond <= 5, `${stats.maxPerSecond} calls in a second`)
		// of what the webhook can't have told, deletions alone wait for the full sync
		for (const name of ['undisturbed', '5 % of the calls fail', 'the webhook expires, listings are cut off', '5 % of the calls fail, after that',
			'5 % of the calls fail, once caught up'])
			ok(of[name].p95 <= 1_500 && of[name].p99 <= 3_000, `${name}: ${JSON.stringify(of[name])}`)
	})
}, { timeout: 1_800_000 })

run()

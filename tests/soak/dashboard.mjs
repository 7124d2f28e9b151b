// The dashboard through twenty minutes of changes: no growing heap, and at last
// the screen equals the API.  The short form is part of tests/browser/36-speed.mjs.
//
// usage: node tests/soak/dashboard.mjs [--minutes=20]
import { badUsage } from '../system/lib/about.mjs'
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startStack, fast } from '../system/lib/stack.mjs'
import { openBrowser } from '../browser/lib/dashboard.mjs'
import { change, figuresAgree, holds, rowsAgree } from '../browser/lib/endurance.mjs'

const MIB = 1024 * 1024
const GROWN_MAX = 2 * MIB	// from the third minute to the end, for each page
const NODES_MAX = 1.2
const strange = process.argv.slice(2).find(argument => !/^--minutes=\d+$/.test(argument))
if (strange !== undefined) badUsage(`'${strange}' is not understood`)
const minutes = Number(/^--minutes=(\d+)$/m.exec(process.argv.slice(2).join('\n'))?.[1] ?? 20)

test(`${minutes} minutes of changes`, async () => {
	const stack = await startStack(fast({ sim: 2000 }))
	await stack.synced()
	const browser = await openBrowser(stack)
	const pages = { overview: await browser.page('/'), orders: await browser.page('/orders'), activity: await browser.page('/activity') }
	let changes = 0
	const samples = []
	for (let minute = 1; minute <= minutes; minute++) {
		changes += await change(stack, 60)
		const sample = {}
		for (const [name, page] of Object.entries(pages)) sample[name] = await holds(page)
		samples.push(sample)
		console.log(`# minute ${minute}, ${changes} changes: ${Object.entries(sample).map(([name, { bytes, nodes }]) => `${name} ${(bytes / MIB).toFixed(2)} MiB, ${nodes} nodes`).join('; ')}`)
	}
	await rowsAgree(stack, pages.orders)
	await figuresAgree(stack, pages.overview)
	const settled = samples[Math.min(2, samples.length - 1)], last = samples.at(-1)
	for (const name of Object.keys(pages)) {
		ok(last[name].bytes - settled[name].bytes <= GROWN_MAX, `${name}: ${((last[name].bytes - settled[name].bytes) / MIB).toFixed(2)} MiB more`)
		ok(last[name].nodes <= settled[name].nodes * NODES_MAX, `${name}: ${settled[name].nodes} nodes became ${last[name].nodes}`)
	}
	eq(browser.faults, [])
	await browser.close()
	await stack.down()
}, { timeout: (minutes + 5) * 60_000 })

run()

// build: release
// How fast it feels: the overview on a slow computer, 50,000 orders scrolled
// from end to end, typing while they are searched, and memory that stays.
// The best of three tries counts, and what is allowed grows with how little of a
// core a busy machine leaves to us.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startStack, fast } from '../system/lib/stack.mjs'
import { openBrowser } from './lib/dashboard.mjs'

const TRIES = 3
let stack, browser

/** The part of a core that a busy loop gets at the moment. */
function share() {
	const before = process.cpuUsage(), start = performance.now()
	while (performance.now() - start < 300);
	const { user, system } = process.cpuUsage(before)
	return Math.min(1, (user + system) / 1000 / (performance.now() - start))
}

/** Milliseconds, as they would be with a core to ourselves. */
async function best(limit, what, measure) {
	let least = Infinity
	for (let i = 0; i < TRIES && least > limit; i++) {
		const free = share()
		const took = await measure()
		least = Math.min(least, took * Math.min(free, share()))
	}
	console.log(`# ${what}: ${Math.round(least)} ms`)
	ok(least <= limit, `${what}: ${Math.round(least)} ms, at most ${limit} wanted`)
}

test('50,000 orders are there', async () => {
	stack = await startStack(fast({ sim: 50_000, wait: 90, simArgs: ['--latency-ms=0'] }))
	await stack.synced(120_000)
	await stack.idle(120_000)
	browser = await openBrowser(stack)
}, { timeout: 240_000 })

test('the overview is usable within a second at a quarter of the speed', async () => {
	await best(1000, 'figures drawn', async () => {
		const page = await browser.page('/docs')
		const slow = await page.context().newCDPSession(page)
		await slow.send('Emulation.setCPUThrottlingRate', { rate: 4 })
		await page.goto(stack.url)
		await page.waitForSelector('[data-figure="Orders"]')
		const shown = await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => resolve(performance.now()))))
		await page.context().close()
		return shown
	})
})

/** The longest task of the page's main thread while something is done. */
async function longestTask(page, act) {
	await page.evaluate(() => {
		globalThis.tasks = [0]
		globalThis.observer = new PerformanceObserver(list => globalThis.tasks.push(...list.getEntries().map(entry => entry.duration)))
		globalThis.observer.observe({ type: 'longtask' })
	})
	await act()
	return page.evaluate(() => {
		globalThis.observer.takeRecords().forEach(entry => globalThis.tasks.push(entry.duration))
		globalThis.observer.disconnect()
		return Math.max(...globalThis.tasks)
	})
}

test('scrolling 50,000 orders has no task over 50 ms', async () => {
	const page = await browser.page('/orders')
	await page.waitForSelector('tr[data-id]')
	await page.waitForTimeout(1500)
	await best(50, 'longest task while scrolling', () => longestTask(page, () => page.evaluate(async () => {
		const scroller = document.querySelector('[data-testid="scroller"]')
		scroller.scrollTop = 0
		for (let i = 0; i < 150; i++) {
			scroller.scrollTop += i < 100 ? 300 : 40_000
			await new Promise(resolve => requestAnimationFrame(resolve))
		}
	})))
	await page.context().close()
})

test('typing in the search box never waits', async () => {
	const page = await browser.page('/orders')
	await page.waitForSelector('tr[data-id]')
	await page.waitForTimeout(1000)
	await best(50, 'longest task while typing', async () => {
		const longest = await longestTask(page, () => page.locator('#search').pressSequentially('müller & söhne', { delay: 60 }))
		await page.locator('#search').fill('')
		return longest
	})
	await page.context().close()
})

test('changes that go on leave no growing heap', async () => {
	const page = await browser.page('/orders')
	await page.waitForSelector('tr[data-id]')
	const client = await page.context().newCDPSession(page)
	const { orders } = await stack.json('/api/orders?pageSize=20')
	const heap = async () => {
		await client.send('HeapProfiler.collectGarbage')
		return (await client.send('Runtime.getHeapUsage')).usedSize
	}
	const churn = async seconds => {
		for (let i = 0; i < seconds * 4; i++) {
			await stack.patch(orders[i % 20].id, { priority: ['Low', 'Medium', 'High'][i % 3] })
			await new Promise(resolve => setTimeout(resolve, 240))
		}
	}
	await churn(10)
	const before = await heap()
	await churn(25)
	const grown = await heap() - before
	console.log(`# heap: ${Math.round(before / 1024)} KiB, ${Math.round(grown / 1024)} KiB more after 100 changes`)
	ok(grown < 2 * 1024 * 1024, `${grown} bytes`)
	await page.context().close()
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

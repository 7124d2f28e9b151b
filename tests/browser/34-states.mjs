// Syncs and troubles: what a person is told while things are not as usual.
import fs from 'node:fs'
import path from 'node:path'
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startDesk, openBrowser, soon, axe, shot, toast, row, choose, plain } from './lib/dashboard.mjs'

let stack, browser, page

const state = kind => page.waitForSelector(`[data-kind="${kind}"]`)
const banner = kind => page.waitForSelector(`[data-condition="${kind}"]`)

test('the first sync is told of, with what has arrived so far', async () => {
	stack = await startDesk({ sim: 8000, set: { 'airtable.breaker_failures': 3, 'airtable.breaker_cooldown': '2s', 'write.timeout': '3s' }, simArgs: ['--latency-ms=2000'], wait: 1 })
	browser = await openBrowser(stack)
	page = await browser.page('/')
	await banner('first-sync')
	await axe(page, 'first sync')
	await shot(page, 'state-first-sync')
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')	// those that have arrived
	await banner('first-sync')
	await axe(page, 'orders during the first sync')
	await shot(page, 'state-first-sync-orders')
	await page.goto(stack.url)
	await stack.sim('POST', '/_sim/settings', { latencyMs: 0 })
	await state('ok')
	await soon('all are there', async () => plain(await page.getAttribute('[data-figure="Orders"] [data-value]', 'data-value')) === 8000)
})

test('a sync shows its progress and its result', async () => {
	await page.goto(`${stack.url}/sync`)
	await page.getByText('Drift report').waitFor()
	await stack.sim('POST', '/_sim/create', { count: 2 })
	await stack.sim('POST', '/_sim/settings', { latencyMs: 2000 })
	await page.getByRole('button', { name: 'Compare everything' }).click()
	await page.getByRole('progressbar', { name: 'Progress of the sync' }).waitFor()
	await shot(page, 'sync-running')
	await stack.sim('POST', '/_sim/settings', { latencyMs: 0 })
	await toast(page, 'Up to date with Airtable').waitFor()
	await page.getByText('Complete').waitFor()
	ok((await page.locator('dl', { hasText: 'Not understood' }).textContent()).includes('New2'))
	await axe(page, 'sync')
	await shot(page, 'sync')
	await page.emulateMedia({ colorScheme: 'dark' })
	await axe(page, 'sync, dark')
	await page.setViewportSize({ width: 360, height: 740 })
	await shot(page, 'sync-phone-dark')
	await page.setViewportSize({ width: 1280, height: 860 })
	await page.emulateMedia({ colorScheme: 'light' })
})

test('a sync that fails says why', async () => {
	await stack.fault({ match: { method: 'GET', times: 0 }, action: 'status', status: 403 })
	await page.getByRole('button', { name: 'Sync now' }).click()
	await toast(page, 'The sync failed').waitFor()
	await banner('failed')
	await shot(page, 'state-sync-failed')
	await stack.noFaults()
	await page.getByRole('button', { name: 'Sync now' }).click()
	await state('ok')
})

test('rate limited: the banner counts down', async () => {
	await stack.fault({ match: { times: 1 }, action: 'status', status: 429, retryAfter: 300 })
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
	void stack.call('POST', '/api/orders/sync?mode=full')
	const told = await banner('limited')
	const left = async () => {
		// "5 min", "4 min 59 s" or "59 s"
		const [, minutes = 0, seconds = 0] = /in (?:(\d+) min)? ?(?:(\d+) s)?\.$/.exec(await told.textContent())
		return minutes * 60 + Number(seconds)
	}
	const before = await left()
	ok(before > 200 && before <= 300, `${before} s`)
	await soon('it counts', async () => await left() < before)
	await axe(page, 'rate limited')
	await shot(page, 'state-limited')
})

test('syncd away: reading goes on, an edit is taken back, and it recovers', async () => {
	const { orderId, status } = (await stack.json('/api/orders?pageSize=2')).orders[1]
	await stack.stop('syncd', 'KILL')
	await banner('syncd')
	await choose(page, orderId, 'status', status === 'Shipped' ? 'Delivered' : 'Shipped')
	await toast(page, 'was not changed').waitFor()
	await row(page, orderId).getByText(status ?? 'No status').waitFor()
	await axe(page, 'syncd away')
	await shot(page, 'state-syncd-away')
	await stack.start('syncd')
	await state('ok')
})

test('Airtable away: it says so, and recovers', async () => {
	await stack.fault({ match: { times: 0 }, action: 'status', status: 503 })
	const { id } = (await stack.json('/api/orders?pageSize=1')).orders[0]
	for (let i = 0; i < 2; i++) await stack.patch(id, { priority: i % 2 ? 'High' : 'Low' })
	await banner('airtable')
	await axe(page, 'Airtable away')
	await shot(page, 'state-airtable-away')
	await stack.noFaults()
	await page.waitForSelector('[data-condition="airtable"]', { state: 'detached' })
})

test('the state is explained part by part', async () => {
	await page.getByTestId('status').click()
	await page.getByRole('dialog', { name: 'State of the system' }).waitFor()
	await axe(page, 'state popover')
	await shot(page, 'state-popover')
})

test('the first sync fails: it says why, and when it is tried again', async () => {
	await browser.close()
	await stack.down()
	eq(browser.faults, [])
	stack = await startDesk({ sim: 1200, simArgs: ['--latency-ms=2000'], wait: 1 })
	await stack.fault({ match: { method: 'GET', times: 0 }, action: 'status', status: 403 })
	browser = await openBrowser(stack)
	page = await browser.page('/')
	await banner('first-failed')
	await axe(page, 'the first sync failed')
	await shot(page, 'state-first-failed')
	await page.goto(`${stack.url}/orders`)
	await banner('first-failed')
	await shot(page, 'state-first-failed-orders')
	await stack.noFaults()
	await stack.sim('POST', '/_sim/settings', { latencyMs: 0 })
	await page.getByTestId('sync').click()
	await state('ok')
})

test('the store can\'t be read: it says so, and recovers', async () => {
	await stack.stop('syncd')
	await stack.stop('fcgi-api')
	fs.rmSync(path.join(stack.dir, 'store'), { recursive: true })
	fs.mkdirSync(path.join(stack.dir, 'store'))
	await stack.start('fcgi-api')
	await banner('store')
	await page.getByText('The orders can’t be read').or(page.locator('tr[data-id]').first()).waitFor()
	await page.goto(stack.url)
	await page.getByText('There is no local copy yet').waitFor()
	await axe(page, 'store unavailable')
	await shot(page, 'state-store')
	await page.goto(`${stack.url}/orders`)
	await page.getByText('The orders can’t be read').waitFor()
	await axe(page, 'store unavailable, orders')
	await shot(page, 'state-store-orders')
	await stack.start('syncd')
	await state('ok')
	await page.waitForSelector('tr[data-id]')	// without a click
})

test('the month\'s calls are used up: reading goes on, an edit is queued', async () => {
	await stack.sim('POST', '/_sim/settings', { monthly: 1 })
	await page.goto(`${stack.url}/orders`)
	await page.getByTestId('sync').click()
	await banner('quota')
	const { orderId, status } = (await stack.json('/api/orders?pageSize=2')).orders[1]
	await choose(page, orderId, 'status', status === 'Shipped' ? 'Delivered' : 'Shipped')
	await toast(page, 'is queued').waitFor()
	await row(page, orderId).getByText('Queued').waitFor()
	ok(/tries again in (\d+ min|1 h)/.test(await (await banner('quota')).textContent()))
	await axe(page, 'calls used up')
	await shot(page, 'state-quota')
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

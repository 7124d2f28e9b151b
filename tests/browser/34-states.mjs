// Syncs and troubles: what a person is told while things are not as usual.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startStack, fast, until } from '../system/lib/stack.mjs'
import { openBrowser, axe, shot, toast, row, choose, plain } from './lib/dashboard.mjs'

let stack, browser, page

const state = kind => page.waitForSelector(`[data-kind="${kind}"]`, { timeout: 40_000 })
const banner = kind => page.waitForSelector(`[data-condition="${kind}"]`, { timeout: 40_000 })

test('the first sync is told of, with what has arrived so far', async () => {
	stack = await startStack(fast({ sim: 2500, simArgs: ['--latency-ms=700'], wait: 1 }))
	browser = await openBrowser(stack)
	page = await browser.page('/')
	await banner('first-sync')
	await axe(page, 'first sync')
	await shot(page, 'state-first-sync')
	await state('ok')
	await until('all are there', 20_000, async () => plain(await page.getAttribute('[data-figure="Orders"] [data-value]', 'data-value')) === 2500)
})

test('a sync shows its progress and its result', async () => {
	await page.goto(`${stack.url}/sync`)
	await page.getByText('Drift report').waitFor()
	await stack.sim('POST', '/_sim/create', { count: 2 })
	await page.getByRole('button', { name: 'Compare everything' }).click()
	await page.getByRole('progressbar', { name: 'Progress of the sync' }).waitFor()
	await shot(page, 'sync-running')
	await toast(page, 'Up to date with Airtable').waitFor({ timeout: 40_000 })
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
	await stack.sim('POST', '/_sim/settings', { latencyMs: 0 })
})

test('a sync that fails says why', async () => {
	await stack.fault({ match: { method: 'GET', times: 0 }, action: 'status', status: 403 })
	await page.getByRole('button', { name: 'Sync now' }).click()
	await toast(page, 'The sync failed').waitFor({ timeout: 40_000 })
	await banner('failed')
	await shot(page, 'state-sync-failed')
	await stack.noFaults()
	await page.getByRole('button', { name: 'Sync now' }).click()
	await state('ok')
})

test('rate limited: the banner counts down, and it passes', async () => {
	await stack.fault({ match: { times: 1 }, action: 'status', status: 429, retryAfter: 8 })
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
	void stack.call('POST', '/api/orders/sync?mode=full')
	await banner('limited')
	ok(/\d+ s\./.test(await page.textContent('[data-condition="limited"]')))
	await shot(page, 'state-limited')
	await state('ok')
})

test('syncd away: reading goes on, an edit is taken back, and it recovers', async () => {
	const { orderId, status } = (await stack.json('/api/orders?pageSize=2')).orders[1]
	await stack.stop('syncd', 'KILL')
	await banner('syncd')
	await choose(page, orderId, 'status', status === 'Shipped' ? 'Delivered' : 'Shipped')
	await toast(page, 'was not changed').waitFor({ timeout: 40_000 })
	ok((await row(page, orderId).textContent()).includes(status ?? 'No status'))
	await axe(page, 'syncd away')
	await shot(page, 'state-syncd-away')
	await stack.start('syncd')
	await state('ok')
})

test('Airtable away: it says so, and recovers', async () => {
	await stack.fault({ match: { times: 0 }, action: 'status', status: 503 })
	for (let i = 0; i < 6; i++) await stack.patch((await stack.json('/api/orders?pageSize=1')).orders[0].id, { priority: i % 2 ? 'High' : 'Low' })
	await banner('airtable')
	await axe(page, 'Airtable away')
	await shot(page, 'state-airtable-away')
	await stack.noFaults()
	await page.waitForSelector('[data-condition="airtable"]', { state: 'detached', timeout: 90_000 })
})

test('the state is explained part by part', async () => {
	await page.getByTestId('status').click()
	await page.getByRole('dialog', { name: 'State of the system' }).waitFor()
	await axe(page, 'state popover')
	await shot(page, 'state-popover')
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

// The dashboard as a person sees it, in Debian's Chromium: live figures,
// changes without a reload, both colour schemes, a small screen, and an API
// that is away.  Pictures are left in build/artifacts.
import fs from 'node:fs'
import path from 'node:path'
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startStack, execute, fast, until, root, temporaryFolder } from '../system/lib/stack.mjs'

const here = path.join(root, 'tests/browser'), artifacts = path.join(root, 'build/artifacts')
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(file => fs.existsSync(file))
let stack, browser, page
const profile = temporaryFolder()
const faults = []

test('a browser opens the page of a running stack', async () => {
	ok(CHROMIUM, 'Chromium is installed (scripts/install-packages check)')
	if (!fs.existsSync(path.join(here, 'node_modules/playwright-core'))) {
		const { code, stderr } = await execute('npm', ['ci', '--ignore-scripts'], { cwd: here, timeoutMs: 180_000 })
		eq(code, 0, `npm ci: ${stderr}`)
	}
	const { chromium } = await import('playwright-core')
	stack = await startStack(fast({ sim: 800 }))
	await stack.synced()
	fs.mkdirSync(artifacts, { recursive: true })
	browser = await chromium.launchPersistentContext(profile, {
		executablePath: CHROMIUM, headless: true, viewport: { width: 1280, height: 900 }, colorScheme: 'light',
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
	})
	page = await browser.newPage()
	page.on('pageerror', error => faults.push(String(error)))
	page.on('console', message => {
		if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text())
	})
	await page.goto(stack.url)
	await page.waitForSelector('main[aria-busy="false"]', { timeout: 20_000 })
})

const text = selector => page.textContent(selector)
const plain = shown => Number(shown.replaceAll(',', ''))

test('its figures are those of the API', async () => {
	const summary = await stack.json('/api/orders/summary')
	eq(plain(await text('#count')), summary.total.count)
	eq(plain(await text('#total')), summary.total.orderTotal)
	eq(plain(await text('#open')), summary.byStatus[0].count + summary.byStatus[1].count)
	eq(plain(await text('#today')), summary.daily.at(-1).count)
	eq(await page.$$eval('#statuses tr', rows => rows.map(row => row.cells[0].textContent)), summary.byStatus.map(s => s.status ?? 'none'))
	eq((await page.$$('#days rect')).length, 30)
	const { orders } = await stack.json('/api/orders?pageSize=20')
	eq(await page.$$eval('#orders tr', rows => rows.map(row => row.cells[0].textContent)), orders.map(o => o.orderId ?? o.id))
	eq(await page.$$eval('#orders tr', rows => rows.map(row => row.cells[1].textContent)), orders.map(o => o.customer ?? '–'))
	await page.screenshot({ path: path.join(artifacts, 'dashboard.png'), fullPage: true })
})

test('a change shows without a reload', async () => {
	const before = plain(await text('#open'))
	const order = (await stack.json('/api/orders?status=Delivered&pageSize=1')).orders[0]
	eq((await stack.patch(order.id, { status: 'Pending' })).status, 200)
	await until('one more is open', 10_000, async () => plain(await text('#open')) === before + 1)
})

test('the button syncs', async () => {
	const { syncedAt } = await stack.json('/api/health')
	await stack.sim('POST', '/_sim/create', { count: 7 })
	await page.click('#sync')
	await until('a sync was made', 15_000, async () => (await stack.json('/api/health')).syncedAt > syncedAt)
	await stack.sync()
	const { total } = await stack.json('/api/orders?pageSize=1')
	await until('the page shows it', 10_000, async () => plain(await text('#count')) === total && await text('#state') === 'up to date')
})

test('texts from Airtable are shown as text', async () => {
	const newest = (await stack.json('/api/orders?pageSize=1')).orders[0]
	await stack.sim('POST', '/_sim/edit', { id: newest.id, fields: { Customer: '<img src=x onerror="document.title=1">' } })
	eq((await stack.sync()).status, 200)
	await until('it is in the table', 10_000, async () => (await page.textContent('#orders tr td:nth-child(2)')).startsWith('<img src=x'))
	eq(await page.title(), 'Orderdeck')
})

test('dark, and on a phone', async () => {
	await page.emulateMedia({ colorScheme: 'dark' })
	await page.screenshot({ path: path.join(artifacts, 'dashboard-dark.png'), fullPage: true })
	await page.setViewportSize({ width: 390, height: 844 })
	const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
	ok(overflow <= 0, `it is ${overflow} px too wide`)
	await page.screenshot({ path: path.join(artifacts, 'dashboard-phone.png'), fullPage: true })
	await page.setViewportSize({ width: 1280, height: 900 })
	await page.emulateMedia({ colorScheme: 'light' })
})

test('the docs page draws the API from local files only', async () => {
	const docs = await browser.newPage(), asked = []
	docs.on('request', request => asked.push(request.url()))
	docs.on('pageerror', error => faults.push(`docs: ${error}`))
	docs.on('console', message => { if (message.type() === 'error') faults.push(`docs: ${message.text()}`) })
	await docs.goto(`${stack.url}/docs`)
	await docs.waitForFunction(() => document.body.innerText.includes('/api/orders/summary'), null, { timeout: 15_000 })
	for (const url of asked) ok(url.startsWith(stack.url) || url.startsWith('data:'), url)
	await docs.screenshot({ path: path.join(artifacts, 'docs.png') })
	await docs.close()
})

test('when the API is away the page says so, keeps its figures, and recovers', async () => {
	const count = await text('#count')
	await stack.stop('fcgi-api', 'KILL')
	await until('it says so', 15_000, async () => await text('#state') === 'no connection')
	ok(await page.isVisible('#notice'))
	eq(await text('#count'), count)
	await page.screenshot({ path: path.join(artifacts, 'dashboard-away.png') })
	await stack.start('fcgi-api')
	await until('it is back', 20_000, async () => await text('#state') === 'up to date')
	ok(!await page.isVisible('#notice'))
})

test('no script failed and nothing was refused by the content policy', () => eq(faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	fs.rmSync(profile, { recursive: true, force: true })
	await stack?.down()
})

run()

// The overview: figures, charts, its states, and how little is loaded for it.
import fs from 'node:fs'
import path from 'node:path'
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { build } from '../system/lib/stack.mjs'
import { startDesk, openBrowser, soon, axe, shot, noWider, hold, plain } from './lib/dashboard.mjs'

let stack, browser, page

test('a browser opens the overview of a running stack', async () => {
	stack = await startDesk({ sim: 800, set: { 'summary.currency': '$' } })
	await stack.synced()
	browser = await openBrowser(stack)
	page = await browser.page()
	await page.waitForSelector('[data-figure="Orders"]')
})

const exact = name => page.getAttribute(`[data-figure="${name}"] [data-value]`, 'data-value')

test('its figures are those of the API', async () => {
	const summary = await stack.json('/api/orders/summary')
	await soon('as many orders', async () => plain(await exact('Orders')) === summary.total.count)
	eq(plain(await exact('Revenue')), summary.revenue.orderTotal)
	ok(/^\$[\d,]+\.\d{2}$/.test(await exact('Revenue')), 'an amount has its currency')
	for (const place of ['[data-figure="Revenue"] [data-value]', '[data-figure="Open"]', '[data-figure="Today"]', 'tr[data-group="Shipped"] td:nth-child(3)', 'section[aria-label="Revenue a day"] p'])
		ok((await page.textContent(place)).includes('$'), place)
	ok(summary.revenue.count < summary.total.count)
	ok((await page.textContent('[data-figure="Revenue"]')).includes('without Cancelled'), 'it says what is left out')
	eq(plain(await exact('Open')), summary.byStatus[0].count + summary.byStatus[1].count)
	eq(plain((await exact('Today')).split(' ')[0]), summary.daily.at(-1).count)
	const groups = await page.$$eval('tr[data-group]', rows => rows.map(row => [row.dataset.group, row.cells[1].textContent]))
	eq(groups.map(([name, count]) => [name, plain(count)]), [...summary.byStatus.map(s => [s.status ?? 'none', s.count]), ...summary.byPriority.map(p => [p.priority ?? 'none', p.count])])
	ok((await page.textContent('[data-testid="as-of"]')).startsWith('As of '))
})

test('today, which is not over, is beside the same part of other days', async () => {
	const part = async day => ({ ...day, listed: (await stack.json(`/api/orders?pageSize=1&createdFrom=${day.date}&createdTo=${day.until}`)).total })
	await soon('as many as the list has, and as the API says', async () => {
		const { today, yesterday, weekAgo } = await stack.json('/api/orders/summary/today')
		eq((await stack.json('/api/orders/summary')).daily.at(-2).date, yesterday.date)
		for (const day of await Promise.all([today, yesterday, weekAgo].map(part))) eq(day.listed, day.count, day.date)
		const text = await page.textContent('[data-figure="Today"]')
		return text.includes('so far') && text.includes(`${yesterday.count} yesterday by this time`) && text.includes(`${weekAgo.count} a week ago by this time`)
	})
	// where it can't be read, whole days are said to be whole
	const bare = await browser.page('/docs')
	await bare.route('**/api/orders/summary/today', route => route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{"type":"about:blank","title":"Not Found","status":404,"code":"not_found"}' }))
	await bare.goto(stack.url)
	const { daily } = await stack.json('/api/orders/summary')
	await soon('the whole of yesterday', async () => (await bare.textContent('[data-figure="Today"]')).includes(`${daily.at(-2).count} yesterday all day`))
	await bare.context().close()
})

test('charts are drawn, labelled with their time zone, and readable as tables', async () => {
	await page.waitForSelector('[data-chart="count"] .recharts-bar-rectangle')
	ok((await page.textContent('h2:has-text("Orders a day")')).includes('UTC'))
	await page.click('button[aria-label="Orders a day as a table"]')
	await page.getByRole('region', { name: 'Days as a table' }).waitFor()
	const days = await page.$$eval('section[aria-label="Orders a day"] tbody tr', rows => rows.map(row => [row.querySelector('a').title, row.cells[1].textContent]))
	eq(days.map(([date, count]) => [date, plain(count)]), (await stack.json('/api/orders/summary')).daily.map(d => [d.date, d.count]).reverse())
	await axe(page, 'overview with a table')
	await page.click('button[aria-label="Orders a day as a table"]')
})

test('a status, a figure and a day lead to their orders', async () => {
	const { byStatus, daily } = await stack.json('/api/orders/summary')
	await page.click('tr[data-group="Shipped"] a')
	await page.waitForURL(/\/orders\?status=Shipped$/)
	await soon('as many orders', async () => plain((await page.textContent('[data-testid="count"]')).split(' ')[0]) === byStatus[2].count)
	await page.goBack()
	await page.click('[data-figure="Revenue"]')
	const { revenue } = await stack.json('/api/orders/summary')
	await soon('those that are revenue', async () => plain((await page.textContent('[data-testid="count"]')).split(' ')[0]) === revenue.count)
	await page.goBack()
	await page.click('[data-figure="Today"]')
	await soon('those of today', async () => plain((await page.textContent('[data-testid="count"]')).split(' ')[0]) === daily.at(-1).count)
	await page.goBack()
	await page.waitForSelector('[data-chart="count"] .recharts-bar-rectangle')
	await page.locator('[data-chart="count"]').click()
	await page.waitForURL(/\/orders\?createdFrom=/)
	await page.goBack()
})

test('an option of any name leads to its orders, is a filter and goes into the export', async () => {
	const records = (await stack.dump()).slice(0, 5), odd = ['On hold, customer', 'On hold, customer', 'none', 'Pending,Shipped', '"100 % & more"']
	for (const [i, Status] of odd.entries()) await stack.sim('POST', '/_sim/edit', { id: records[i].id, fields: { Status } })
	eq((await stack.sync()).status, 200)
	const shown = async count => soon(`${count} orders`, async () => plain((await page.textContent('[data-testid="count"]')).split(' ')[0]) === count)
	const without = (await stack.json('/api/orders?empty=status')).total
	for (const [label, count] of [[odd[0], 2], ['none', 1], [odd[3], 1], [odd[4], 1], ['No status', without]]) {
		await page.goto(stack.url)
		await page.locator('tr[data-group]').getByRole('link', { name: label, exact: true }).click()
		await page.waitForURL(/\/orders\?/)
		await shown(count)
		await page.reload()
		await shown(count)
		await page.getByRole('button', { name: 'Export' }).click()
		const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV', exact: true }).click()])
		eq((await stack.get(download.url().slice(stack.url.length))).headers['x-total-count'], String(count))
	}
	await page.goto(`${stack.url}/orders`)
	await page.getByRole('group', { name: 'Filters' }).getByRole('button', { name: 'Status', exact: true }).click()
	await page.getByRole('option', { name: odd[0] }).click()
	await shown(2)
	await page.getByRole('option', { name: 'Cancelled' }).click()
	const cancelled = (await stack.json('/api/orders?status=Cancelled')).total
	await shown(2 + cancelled)
	await page.getByRole('option', { name: 'No status' }).click()
	await shown(2 + cancelled + without)
	await page.reload()
	await shown(2 + cancelled + without)
	await page.goto(stack.url)
	await page.waitForSelector('[data-figure="Orders"]')
})

test('the longest names stay within their cards, and can be read', async () => {
	const [a, b] = (await stack.dump()).slice(10, 12), long = 'On hold, waiting for the customer to call back about the address '.repeat(3).trim()
	await stack.sim('POST', '/_sim/edit', { id: a.id, fields: { Status: long } })
	await stack.sim('POST', '/_sim/edit', { id: b.id, fields: { Priority: long } })
	eq((await stack.sync()).status, 200)
	for (const width of [1280, 1024, 390, 320]) {
		const other = await browser.page('/', { width })
		await other.locator(`tr[data-group="${long}"]`).nth(1).waitFor()
		await noWider(other, `a long name at ${width} px`)
		eq(await other.$$eval('tr[data-group]', rows => rows.filter(row => [...row.querySelectorAll('*')].some(part => part.getBoundingClientRect().right > row.closest('section').getBoundingClientRect().right)).map(row => row.dataset.group)), [], `within the card at ${width} px`)
		eq(await other.locator(`tr[data-group] [title="${long}"]`).count(), 2)
		await other.context().close()
	}
	await stack.sim('POST', '/_sim/edit', { id: a.id, fields: { Status: a.fields.Status ?? null } })
	await stack.sim('POST', '/_sim/edit', { id: b.id, fields: { Priority: b.fields.Priority ?? null } })
	eq((await stack.sync()).status, 200)
})

test('a change and a sync show without a reload', async () => {
	const before = plain(await exact('Open'))
	const order = (await stack.json('/api/orders?status=Delivered&pageSize=1')).orders[0]
	eq((await stack.patch(order.id, { status: 'Pending' })).status, 200)
	await soon('one more is open', async () => plain(await exact('Open')) === before + 1)
	await stack.sim('POST', '/_sim/create', { count: 7 })
	await page.click('[data-testid="sync"]')
	await soon('the new ones are counted', async () => plain(await exact('Orders')) === 807)
})

test('dark, on a phone and on a large screen it is as wide as the screen and nobody is shut out', async () => {
	await axe(page, 'overview')
	await shot(page, 'overview-light')
	for (const [name, options] of Object.entries({
		'overview-dark': { colorScheme: 'dark' }, 'overview-phone': { width: 360, height: 740 }, 'overview-phone-dark': { width: 390, height: 844, colorScheme: 'dark' }, 'overview-4k': { width: 3840, height: 2160 },
	})) {
		const other = await browser.page('/', { reducedMotion: 'reduce', ...options })
		await other.waitForSelector('.recharts-surface')
		await noWider(other, name)
		await axe(other, name)
		await shot(other, name)
		await other.context().close()
	}
})

test('a theme is chosen and kept', async () => {
	await page.click('button[aria-label="Menu"]')
	await page.getByRole('menuitemcheckbox', { name: 'Dark' }).click()
	await soon('it is dark', () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme === 'dark'))
	await page.reload()
	eq(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark')
	await page.evaluate(() => localStorage.clear())
	await page.reload()
	await page.waitForSelector('[data-figure="Orders"]')
})

test('figures that are late have their place shown until they come', async () => {
	const waiting = await browser.page('/docs')
	const release = await hold(waiting, '**/api/orders/summary')
	await waiting.goto(stack.url)
	await waiting.getByRole('status', { name: 'Loading the figures' }).waitFor()
	await release()
	await waiting.waitForSelector('[data-figure="Orders"]')
	await waiting.context().close()
})

test('a page whose file is late says that it is loading', async () => {
	const late = await browser.page('/docs')
	const release = await hold(late, '**/assets/page-*.js')
	await late.goto(`${stack.url}/orders`)
	await late.getByRole('status', { name: 'The page is loading' }).waitFor()
	await axe(late, 'a page that is loading')
	await shot(late, 'page-loading')
	await release()
	await late.waitForSelector('tr[data-id]')
	eq(await late.getByRole('status', { name: 'The page is loading' }).count(), 0)
	await late.context().close()
})

test('without its charts the page is there all the same', async () => {
	const bare = await browser.page('/docs')
	await bare.route('**/assets/day-chart-*.js', route => route.abort())
	await bare.goto(stack.url)
	await bare.getByText('The chart could not be loaded').first().waitFor()
	await bare.waitForSelector('[data-figure="Orders"]')
	await bare.getByRole('button', { name: 'Orders a day as a table' }).click()
	await bare.getByRole('region', { name: 'Days as a table' }).waitFor()
	await bare.context().close()
})

test('it loads little, from here alone, and keeps it', async () => {
	const fresh = await browser.page()
	await fresh.waitForSelector('.recharts-surface')
	const loaded = await fresh.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname).filter(name => name.endsWith('.js')))
	const size = name => { const file = path.join(build, 'web', name); return fs.existsSync(`${file}.gz`) ? fs.statSync(`${file}.gz`).size : fs.statSync(file).size }
	const charts = loaded.filter(name => /day-chart/.test(name)), others = loaded.filter(name => !/day-chart/.test(name))
	const sum = names => names.reduce((all, name) => all + size(name), 0)
	console.log(`# first load: ${(sum(others) / 1024).toFixed(1)} KiB, and ${(sum(charts) / 1024).toFixed(1)} KiB of charts`)
	ok(charts.length > 0 && sum(charts) <= 120 * 1024, `charts: ${sum(charts)} bytes`)
	ok(sum(others) <= 150 * 1024, `without charts: ${sum(others)} bytes in ${others}`)
	// what is very small is not worth packing
	const packed = loaded.find(name => fs.existsSync(path.join(build, 'web', `${name}.gz`)))
	const asset = await stack.get(packed, { 'Accept-Encoding': 'gzip' })
	eq(asset.headers['content-encoding'], 'gzip')
	eq(asset.headers['cache-control'], 'public, max-age=31536000, immutable')
	eq((await stack.get('/assets/none.js')).headers['cache-control'], 'no-store')
	eq((await stack.get('/nowhere')).status, 404)
	await fresh.context().close()
})

test('an address that is none has a page that says so and leads home; programs get a problem', async () => {
	const lost = await browser.page('/docs')
	const answer = await lost.goto(`${stack.url}/orders/nowhere?x=1`)
	eq([answer.status(), answer.headers()['content-type'], answer.headers()['cache-control']], [404, 'text/html; charset=utf-8', 'no-cache'])
	ok(answer.headers()['content-security-policy'].includes("default-src"))
	await lost.getByRole('heading', { name: 'No such page' }).waitFor({ state: 'attached' })
	eq(await lost.title(), 'No such page · Orderdeck')
	await axe(lost, 'no such page')
	await shot(lost, 'nowhere')
	await lost.getByRole('link', { name: 'Go to the overview' }).click()
	await lost.waitForSelector('[data-figure]')
	await lost.context().close()
	for (const [target, accept, type] of [
		['/nowhere', 'text/html,application/xhtml+xml,*/*;q=0.8', 'text/html; charset=utf-8'], ['/assets/none.js', 'text/html', 'text/html; charset=utf-8'], ['/.git/config', 'text/html', 'text/html; charset=utf-8'],
		['/nowhere', '*/*', 'application/problem+json'], ['/nowhere', 'application/json', 'application/problem+json'], ['/nowhere', undefined, 'application/problem+json'],
		['/api/nowhere', 'text/html', 'application/problem+json'], ['/_nowhere', '*/*', 'application/problem+json'],
	]) {
		const { status, headers } = await stack.get(target, accept === undefined ? {} : { Accept: accept })
		eq([target, status, headers['content-type']], [target, 404, type])
		if (target === '/assets/none.js') ok(!headers['cache-control'].includes('immutable'))
	}
})

test('how old the data is is one thing, on every page', async () => {
	const old = await browser.page('/docs')
	await old.route(/\/api\/(?!events)/, async route => {
		const response = await route.fetch(), headers = { ...response.headers(), 'x-data-age': '240' }
		if (route.request().url().endsWith('/api/health')) await route.fulfill({ response, headers, json: { ...await response.json(), stalenessSeconds: 240 } })
		else await route.fulfill({ response, headers })
	})
	for (const target of ['/', '/orders']) {
		await old.goto(stack.url + target)
		await soon(`${target} says it`, async () => (await old.getByTestId('status').textContent()) === 'As of 4 minutes ago')
		if (target === '/') await soon('the figures too', async () => (await old.getByTestId('as-of').textContent()) === 'As of 4 minutes ago')
	}
	await shot(old, 'state-behind')
	await old.getByTestId('status').click()
	await old.getByRole('dialog', { name: 'State of the system' }).getByText('4 minutes ago').first().waitFor()
	await old.unrouteAll({ behavior: 'ignoreErrors' })
	await old.context().close()
})

test('the docs page draws the API from local files only', async () => {
	const docs = await browser.page('/docs')
	await docs.getByRole('heading', { name: 'GET /api/orders/summary', exact: true }).waitFor()
	await shot(docs, 'docs')
	await docs.context().close()
})

test('when the API is away the page says so, keeps its figures, and recovers', async () => {
	const count = await exact('Orders')
	await stack.stop('fcgi-api', 'KILL')
	await page.waitForSelector('[data-condition="away"]')
	eq(await exact('Orders'), count)
	await axe(page, 'away')
	await shot(page, 'state-away')
	await stack.start('fcgi-api')
	await page.waitForSelector('[data-kind="ok"]')
	await page.waitForSelector('[data-condition]', { state: 'detached' })
})

test('offline it says so, and recovers', async () => {
	await page.context().setOffline(true)
	await page.waitForSelector('[data-condition="offline"]')
	await shot(page, 'state-offline')
	await page.context().setOffline(false)
	await page.waitForSelector('[data-kind="ok"]')
})

test('an empty base is an answer, not a fault', async () => {
	const empty = await startDesk({ sim: 0 })
	const { faults, page: open, close } = await openBrowser(empty)
	const there = await open('/')
	await there.getByText('No orders yet').waitFor()
	await axe(there, 'empty')
	await shot(there, 'state-empty')
	await there.goto(`${empty.url}/orders`)
	await there.getByText('No orders yet').waitFor()
	await shot(there, 'state-empty-orders')
	eq(faults, [])
	await close()
	await empty.down()
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

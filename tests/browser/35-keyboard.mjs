// Everything by keyboard alone: no mouse is moved in this story.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startDesk, openBrowser, soon, axe, shot, toast } from './lib/dashboard.mjs'

let stack, browser, page, orders
const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key) }
/** Where the focus is goes on being asked for: it moves when what is scrolled to has been drawn. */
const at = (what, order) => soon(what, async () => await focused() === order.id)
const palette = () => soon('the palette has the focus', () => page.evaluate(() => document.activeElement?.getAttribute('placeholder') === 'Find an order or a command'))
/** A list takes keys once the focus is in it. */
const listed = async name => {
	await page.getByRole('listbox', { name }).waitFor()
	await soon('the list has the focus', () => page.evaluate(() => document.activeElement?.closest('[role="listbox"]') !== null))
}
/** Go on with Tab until the focus is there, as somebody without a mouse does. */
async function tabTo(locator, key = 'Tab') {
	await locator.first().waitFor()
	for (let i = 0; i < 80; i++) {
		if (await locator.first().evaluate(element => element === document.activeElement)) return
		await press(key)
	}
	throw new Error(`no way to ${locator} with ${key}`)
}
/** Down an open menu to an item; the focus follows a key a moment later. */
async function highlight(item) {
	const now = () => page.evaluate(() => document.activeElement?.textContent)
	await soon(`${item} is highlighted`, async () => {
		const before = await now()
		if (before?.startsWith(item)) return true
		await press('ArrowDown')
		for (let i = 0; i < 40 && await now() === before; i++) await new Promise(resolve => setTimeout(resolve, 25))
		if (await now() === before) await press('Home')
		return false
	})
}
const button = name => page.getByRole('button', { name, exact: true })
const focused = () => page.evaluate(() => document.activeElement?.closest('tr')?.dataset.id)

test('j and k walk through the rows', async () => {
	stack = await startDesk({ sim: 500 })
	await stack.synced()
	browser = await openBrowser(stack)
	page = await browser.page('/')
	await page.waitForSelector('[data-figure]')
	// keys are heard once the page has drawn itself
	await soon('g o leads to the orders', async () => {
		await press('g', 'o')
		return page.url().endsWith('/orders')
	})
	await page.waitForSelector('tr[data-id]')
	orders = (await stack.json('/api/orders?pageSize=60')).orders
	await soon('j is heard', async () => {
		await press('Home')
		return await focused() === orders[0].id
	})
	await press('j')
	await at('the second row', orders[1])
	await press('j', 'j', 'k')
	await at('the third row', orders[2])
	await press('End')
	const last = (await stack.json('/api/orders?pageSize=100&page=5')).orders.at(-1)
	await at('the last row', last)
	await press('Home')
	await at('the first row', orders[0])
})

test('a page that a key leads to has the focus on its heading, and its name', async () => {
	const heading = name => soon(`the focus is on ${name}`, () => page.evaluate(text => document.activeElement?.tagName === 'H1' && document.activeElement.textContent === text, name))
	for (const [key, name, title] of [['a', 'Activity', 'Activity'], ['s', 'Sync and system', 'Sync'], ['h', 'Overview', 'Overview'], ['o', 'Orders', 'Orders']]) {
		await press('g', key)
		await heading(name)
		eq(await page.title(), `${title} · Orderdeck`)
	}
	// through the palette, a link, and back
	await press('Control+k')
	await palette()
	await page.keyboard.type('Activity')
	await press('ArrowDown', 'Enter')	// first comes a search for it
	await heading('Activity')
	await tabTo(page.getByRole('link', { name: 'Overview', exact: true }), 'Shift+Tab')
	await press('Enter')
	await heading('Overview')
	await page.goBack()
	await heading('Activity')
	// what lies over the new page keeps it; afterwards it is the page's
	await press('Control+k')
	await palette()
	await page.keyboard.type(orders[0].orderId)
	await soon('it is found', async () => (await page.getByRole('option').first().textContent()).startsWith(orders[0].orderId))
	await press('Enter')
	await page.getByRole('region', { name: 'Details' }).waitFor()
	await soon('the focus is in the details', () => page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null))
	await press('Escape')
	await page.getByRole('region', { name: 'Details' }).waitFor({ state: 'detached' })
	await heading('Orders')
	await page.waitForSelector('tr[data-id]')
	await press('Home')
	await at('the first row', orders[0])
})

test('e changes the status, Escape does not, and the focus comes back', async () => {
	await press('e')
	await listed('Status')
	await axe(page, 'status list')
	await press('Escape')
	await at('back on the row', orders[0])
	const next = orders[0].status === 'Cancelled' ? 'Delivered' : 'Cancelled'
	await press('e')
	await listed('Status')
	await press(next[0].toLowerCase(), 'Enter')
	await toast(page, next).waitFor()
	eq((await stack.json(`/api/orders/${orders[0].id}`)).status, next)
	await at('back on the row', orders[0])
	await press('p')
	await listed('Priority')
	await press('Escape')
})

test('x chooses, Shift-X up to here, and a bulk edit follows', async () => {
	await at('back on the row', orders[0])
	await press('x', 'j', 'j')
	await at('the third row', orders[2])
	await press('Shift+X')
	await page.getByRole('toolbar').getByText('3 orders').waitFor()
	await press('e')	// of all that are chosen
	await page.getByRole('dialog', { name: 'Set the status' }).waitFor()
	await listed('Status')
	await press('Escape')
	await at('back in the table', orders[2])
	await tabTo(page.getByRole('button', { name: 'Set priority' }))
	await press('Enter')
	await listed('Priority')
	await press('l', 'Enter')
	await page.getByText('3 of 3 changed').waitFor()
	await tabTo(page.getByRole('button', { name: 'Done' }), 'Shift+Tab')
	await press('Enter')
	for (const { id } of orders.slice(0, 3)) eq((await stack.json(`/api/orders/${id}`)).priority, 'Low')
})

test('Enter opens the details, Escape closes them', async () => {
	await page.locator('tr[data-id]').nth(0).focus()
	await press('Home')
	await at('the first row', orders[0])
	await press('Control+k')
	await palette()
	await press('Escape')
	await at('back on the first row', orders[0])
	await press('j')
	await at('the second row', orders[1])
	await press('Enter')
	await page.getByRole('region', { name: 'Details' }).waitFor()
	await press('Escape')
	await page.getByRole('region', { name: 'Details' }).waitFor({ state: 'detached' })
})

test('/ searches, from anywhere', async () => {
	const searching = () => soon('the search has the focus', () => page.evaluate(() => document.activeElement?.id === 'search'))
	await press('/')
	await searching()
	await page.keyboard.type('ORD-0004')
	await page.waitForURL(/search=ORD-0004/)
	await press('Escape', 'g', 'h')
	await page.waitForSelector('[data-figure]')
	await press('/')
	await searching()
	await press('Escape')
})

test('Ctrl-K finds orders and commands', async () => {
	await press('Control+k')
	await palette()
	await page.keyboard.type(orders[7].orderId)
	// on top: what was found for the first letters is gone
	await soon('it is found', async () => (await page.getByRole('option').first().textContent()).startsWith(orders[7].orderId))
	await axe(page, 'palette')
	await shot(page, 'palette')
	await press('Enter')
	await page.waitForURL(url => url.search.includes(`order=${orders[7].id}`))
	await page.getByRole('region', { name: 'Details' }).waitFor()
	await press('Escape')
	await page.getByRole('region', { name: 'Details' }).waitFor({ state: 'detached' })
	await press('Control+k')
	await palette()
	await page.keyboard.type('dark')
	await press('Enter')
	await soon('dark', () => page.evaluate(() => document.documentElement.dataset.theme === 'dark'))
})

test('the overview: figures, groups and days lead to their orders', async () => {
	await page.goto(stack.url)
	const exactly = page.locator('[data-figure="Revenue"] [data-value] button'), { revenue } = await stack.json('/api/orders/summary')
	await tabTo(exactly)	// rounded, and exact at a key
	await press('Enter')
	eq(Number((await exactly.textContent()).replaceAll(',', '')), revenue.orderTotal)
	await press('Enter')
	ok((await exactly.textContent()).length < String(revenue.orderTotal).length)
	await tabTo(page.locator('[data-figure="Open"] a'))
	await press('Enter')
	await page.waitForURL(/status=Pending,Processing$/)
	await page.goBack()
	await tabTo(button('Revenue a day as a table'))
	await press('Enter')
	await tabTo(page.getByRole('region', { name: 'Days as a table' }).getByRole('link'))
	await press('Enter')
	await page.waitForURL(/createdFrom=/)
	await page.goBack()
	await tabTo(page.locator('tr[data-group="Shipped"] a'))
	await press('Enter')
	await page.waitForURL(/status=Shipped$/)
})

test('the table: sorting, filters, columns, density', async () => {
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
	await tabTo(page.locator('[data-sort="customer"]'))
	await press('Enter')
	await page.waitForURL(/sort=customer/)
	await tabTo(button('Priority').first(), 'Shift+Tab')
	await press('Enter')
	await listed('Priority')
	await press('h', 'Enter', 'Escape')
	await page.waitForURL(/priority=High/)
	await tabTo(button('Date'))
	await press('Enter')
	await tabTo(button('Last 30 days'))
	await press('Enter', 'Escape')
	await page.waitForURL(/createdFrom=/)
	await tabTo(button('Total'))
	await press('Enter')
	await tabTo(page.getByLabel('At least'))
	await page.keyboard.type('50')
	await press('Escape')
	await page.waitForURL(/minTotal=50/)
	await tabTo(button('Clear'))
	await press('Enter')
	await page.waitForURL(url => url.search === '?sort=customer')
	await tabTo(button('Columns and density'), 'Shift+Tab')
	await press('Enter')
	await highlight('Updated')
	await press('Enter')
	await page.waitForURL(/columns=/)
	await highlight('Compact')
	await press('Enter', 'Escape')
	await page.waitForURL(/density=compact/)
})

test('views and the export', async () => {
	await page.goto(`${stack.url}/orders?status=Shipped`)
	await page.waitForSelector('tr[data-id]')
	const menu = async (name, item) => {
		await tabTo(button(name))
		await press('Enter')
		await highlight(item)
		await press('Enter')
	}
	await menu('Views', 'Save this view')
	await soon('the name can be typed', () => page.evaluate(() => document.activeElement?.tagName === 'INPUT' && document.activeElement.id !== 'search'))
	await page.keyboard.type('Under way')
	await press('Enter')
	await button('View: Under way').waitFor()
	const [download] = await Promise.all([page.waitForEvent('download'), menu('Export', 'Workbook')])
	eq(new URL(download.url()).search, '?status=Shipped')
	await page.goto(`${stack.url}/orders`)
	await menu('View: All orders', 'Under way')
	await page.waitForURL(/status=Shipped/)
	await press('Escape')
	await menu('View: Under way', 'Remove')
	await button('Views').waitFor()
})

test('all that match are chosen with Space, and let go', async () => {
	await page.goto(`${stack.url}/orders?status=Shipped`)
	await page.waitForSelector('tr[data-id]')
	await tabTo(page.getByLabel('Select all orders'))
	await press('Space')
	await page.getByRole('toolbar').waitFor()
	await tabTo(button('Clear the selection'))
	await press('Enter')
	await page.getByRole('toolbar').waitFor({ state: 'detached' })
})

test('in the details: a change, its undo, the customer; Ctrl-Z takes the last edit back', async () => {
	const order = (await stack.json('/api/orders?pageSize=1&status=Delivered')).orders[0]
	const status = async () => (await stack.json(`/api/orders/${order.id}`)).status
	const { changes } = await stack.json(`/api/orders/${order.id}/history`)
	const history = page.getByRole('region', { name: 'History' })
	await page.goto(`${stack.url}/orders?order=${order.id}`)
	await tabTo(page.getByRole('button', { name: 'Status: Delivered. Change' }))
	await press('Enter')
	await listed('Status')
	await press('c', 'Enter')
	await soon('it is changed', async () => await status() === 'Cancelled')
	await soon('it is on top of the history', async () => await history.locator('ol > li').count() === changes.length + 1)
	await tabTo(history.getByRole('button', { name: 'Undo' }))
	await press('Enter')
	await soon('as before', async () => await status() === 'Delivered')
	await tabTo(page.getByRole('button', { name: 'Status: Delivered. Change' }))
	await press('Enter')
	await listed('Status')
	await press('p', 'ArrowDown', 'Enter')
	await soon('it is changed again', async () => await status() === 'Processing')
	await toast(page, 'status Processing').waitFor()
	await tabTo(button('Close'))
	await press('Enter')
	await page.getByRole('region', { name: 'Details' }).waitFor({ state: 'detached' })
	await press('Control+z')
	await soon('as before', async () => await status() === 'Delivered')
})

test('new orders wait while the focus is in the table, and are let in by keyboard', async () => {
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
	orders = (await stack.json('/api/orders?pageSize=2')).orders
	await soon('keys are heard', async () => {
		await press('Home')
		return await focused() === orders[0].id
	})
	await stack.sim('POST', '/_sim/create', { count: 2 })
	eq((await stack.sync()).status, 200)
	await tabTo(page.getByRole('button', { name: /changed · Show/ }), 'Shift+Tab')
	await press('Enter')
	const first = (await stack.json('/api/orders?pageSize=1')).orders[0].id
	await soon('the newest is on top', async () => await page.getAttribute('tr[data-id]', 'data-id') === first)
})

test('what the settings do not allow is not offered', async () => {
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
	eq(await button('New order').count(), 0)
	await press('Home', 'n', 'Delete')
	eq(await page.getByRole('dialog').count(), 0)
})

test('? lists the keys', async () => {
	await press('?')
	await page.getByText('Keyboard shortcuts').waitFor()
	await axe(page, 'help, dark')
	await shot(page, 'help-dark')
	await press('Escape')
})

test('the header: state, menu, sync; and the page of syncs', async () => {
	await page.goto(`${stack.url}/sync`)
	await tabTo(page.getByTestId('status'))
	await press('Enter')
	await page.getByRole('dialog', { name: 'State of the system' }).waitFor()
	await press('Escape')
	await tabTo(button('Menu'))
	await press('Enter')
	await page.getByRole('menu').waitFor()
	await highlight('Light')
	await press('Enter', 'Escape')
	await soon('light', () => page.evaluate(() => document.documentElement.dataset.theme === 'light'))
	await tabTo(page.getByTestId('sync'))
	await press('Enter')
	await toast(page, 'Up to date with Airtable').waitFor()
	const runs = (await stack.json('/api/sync')).finishedAt
	await tabTo(button('Compare everything'))
	await press('Enter')
	await soon('it was compared', async () => (await stack.json('/api/sync')).finishedAt !== runs)
})

test('the first Tab leads past the header', async () => {
	await page.goto(stack.url)
	await page.waitForSelector('[data-figure]')
	await press('Tab')
	eq(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content')
	await press('Enter')
	await soon('the focus is in the content', () => page.evaluate(() => document.activeElement?.id === 'main'))
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

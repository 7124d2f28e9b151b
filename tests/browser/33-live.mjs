// What others change: it shows by itself, and never moves a row away from under
// the pointer.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startStack, fast } from '../system/lib/stack.mjs'
import { openBrowser, soon, shot, row, plain } from './lib/dashboard.mjs'

let stack, browser, page, orders

test('a change in Airtable shows in its row without a reload', async () => {
	stack = await startStack(fast({ sim: 400 }))
	await stack.synced()
	browser = await openBrowser(stack)
	page = await browser.page('/orders')
	orders = (await stack.json('/api/orders?pageSize=30')).orders
	await row(page, orders[3].orderId).waitFor()
	await stack.sim('POST', '/_sim/edit', { id: orders[3].id, fields: { Customer: '<img src=x onerror="document.title=1">' } })
	eq((await stack.sync()).status, 200)
	await soon('it is in the table, as text', async () => (await row(page, orders[3].orderId).textContent()).includes('<img src=x'))
	ok((await page.title()).includes('Orderdeck'))
})

test('new orders wait for the reader while the pointer is over the table', async () => {
	await page.mouse.move(600, 400)
	await stack.sim('POST', '/_sim/create', { count: 3 })
	eq((await stack.sync()).status, 200)
	await page.getByRole('button', { name: /changed · Show/ }).waitFor()
	eq(await page.getAttribute('tr[data-id]', 'data-id'), orders[0].id)
	await shot(page, 'live-held')
	await page.getByRole('button', { name: /changed · Show/ }).click()
	const first = (await stack.json('/api/orders?pageSize=1')).orders[0].id
	await soon('the newest is on top', async () => (await page.getAttribute('tr[data-id]', 'data-id')) === first)
})

test('and come by themselves while it is elsewhere', async () => {
	await page.mouse.move(2, 2)
	await stack.sim('POST', '/_sim/create', { count: 1 })
	eq((await stack.sync()).status, 200)
	const first = (await stack.json('/api/orders?pageSize=1')).orders[0].id
	await soon('the newest is on top', async () => (await page.getAttribute('tr[data-id]', 'data-id')) === first)
})

test('an order that was deleted is gone from the table', async () => {
	const gone = (await stack.json('/api/orders?pageSize=3')).orders[1]
	await stack.sim('POST', '/_sim/delete', { ids: [gone.id] })
	eq((await stack.sync()).status, 200)
	await row(page, gone.orderId ?? gone.id).waitFor({ state: 'detached' })
})

test('after many changes the screen equals the API', async () => {
	const overview = await browser.page('/')
	const shown = orders.slice(4, 24)
	for (let i = 0; i < 20; i++) await stack.patch(shown[i].id, { status: ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled'][i % 5], priority: ['Low', 'Medium', 'High'][i % 3] })
	const { orders: now } = await stack.json('/api/orders?pageSize=30')
	await soon('every row', async () => {
		for (const order of now.slice(0, 12)) {
			const [text] = await page.locator(`tr[data-id="${order.id}"]`).allTextContents()
			if (!text?.includes(order.status ?? 'No status') || !text.includes(order.priority ?? 'None')) return false
		}
		return true
	})
	await soon('every figure', async () => {
		const summary = await stack.json('/api/orders/summary')
		return plain(await overview.getAttribute('[data-figure="Open"] [data-value]', 'data-value')) === summary.byStatus[0].count + summary.byStatus[1].count
	})
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

// Edits in the table: instant, taken back when refused, queued while Airtable is
// away, settled by the person when two edit the same order; one or many.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startStack, fast } from '../system/lib/stack.mjs'
import { openBrowser, soon, hold, axe, shot, toast, stayingToast, row, choose } from './lib/dashboard.mjs'

let stack, browser, page, orders

test('a status is changed at once, and in Airtable', async () => {
	stack = await startStack(fast({ sim: 600, set: { 'write.timeout': '20s', 'airtable.request_timeout': '2s' } }))
	await stack.synced()
	browser = await openBrowser(stack)
	page = await browser.page('/orders')
	orders = (await stack.json('/api/orders?pageSize=30')).orders
	const { orderId, id, status } = orders[0]
	const next = status === 'Shipped' ? 'Delivered' : 'Shipped'
	const release = await hold(page, '**/api/orders/rec*', 'PATCH')
	await choose(page, orderId, 'status', next)
	await row(page, orderId).getByText(next).waitFor()	// before anybody has answered
	await row(page, orderId).getByText('Saving').waitFor()
	eq((await stack.json(`/api/orders/${id}`)).status, status)
	await release()
	await stayingToast(page, `${orderId}: status ${next}`)
	eq((await stack.json(`/api/orders/${id}`)).status, next)
	await shot(page, 'edit-toast')
})

test('the toast takes it back', async () => {
	const { orderId, id, status } = orders[0]
	await toast(page, orderId).getByRole('button', { name: 'Undo' }).click()
	await toast(page, 'as it was before').waitFor()
	eq((await stack.json(`/api/orders/${id}`)).status, status)
	await row(page, orderId).getByText(status ?? 'No status').waitFor()
})

test('refused by Airtable it is rolled back, and a toast says why', async () => {
	const { orderId, id, priority } = orders[1]
	const next = priority === 'High' ? 'Low' : 'High'
	await stack.fault({ match: { method: 'PATCH' }, action: 'status', status: 422, body: { error: { type: 'INVALID_MULTIPLE_CHOICE_OPTIONS', message: 'The option was locked by an admin' } } })
	await choose(page, orderId, 'priority', next)
	const told = await stayingToast(page, `${orderId} was not changed`)
	ok((await told.textContent()).includes('The option was locked by an admin'))
	await row(page, orderId).getByText(priority ?? 'None').waitFor()
	eq((await stack.json(`/api/orders/${id}`)).priority, priority)
	await shot(page, 'edit-refused')
	await stack.noFaults()
	await told.getByRole('button', { name: 'Try again' }).click()
	await soon('it is changed now', async () => (await stack.json(`/api/orders/${id}`)).priority === next)
})

test('two people change the same field: the second is asked, with both values', async () => {
	const { orderId, id } = orders[2]
	const other = await browser.page('/orders')
	await row(other, orderId).waitFor()
	// this page sees no news until it has edited
	await page.route(/\/api\/(orders\?|orders\/summary|events)/, route => route.abort())
	await choose(other, orderId, 'status', 'Cancelled')
	await toast(other, 'Cancelled').waitFor()
	await choose(page, orderId, 'status', 'Delivered')
	await page.getByRole('dialog').getByText('has been changed meanwhile').waitFor()
	eq(await page.locator('[data-side="theirs"]').textContent(), 'Cancelled')
	eq(await page.locator('[data-side="mine"]').textContent(), 'Delivered')
	await axe(page, 'conflict')
	await shot(page, 'edit-conflict')
	await page.getByRole('button', { name: 'Use mine' }).click()
	await soon('ours is there', async () => (await stack.json(`/api/orders/${id}`)).status === 'Delivered')
	await page.unroute(/\/api\/(orders\?|orders\/summary|events)/)
	await soon('the other page shows it', async () => (await row(other, orderId).textContent()).includes('Delivered'))
	await other.context().close()
})

test('the history tells it, and each change can be taken back', async () => {
	const { id } = orders[2]
	await page.goto(`${stack.url}/orders?order=${id}`)
	const entries = page.getByRole('region', { name: 'History' }).locator('ol > li')
	await soon('two entries', async () => await entries.count() >= 2)
	await shot(page, 'order-history')
	await entries.first().getByRole('button', { name: 'Undo' }).click()
	await soon('theirs again', async () => (await stack.json(`/api/orders/${id}`)).status === 'Cancelled')
	await page.goto(`${stack.url}/activity`)
	await page.getByText('Undone').first().waitFor()
	await axe(page, 'activity')
	await shot(page, 'activity')
})

test('while Airtable is away a change is queued, shown as such, and delivered later', async () => {
	await page.goto(`${stack.url}/orders`)
	const { orderId, id, status } = orders[4]
	const next = status === 'Shipped' ? 'Delivered' : 'Shipped'
	await stack.configureApi('write.timeout', '4s')	// for this test and the next
	await stack.fault({ action: 'status', status: 503, match: { times: 0 } })
	await choose(page, orderId, 'status', next)
	await toast(page, 'is queued').waitFor()
	await row(page, orderId).getByText('Queued').waitFor()
	await axe(page, 'queued')
	await shot(page, 'edit-queued')
	await stack.noFaults()
	await soon('it is delivered', async () => {
		const order = await stack.json(`/api/orders/${id}`)
		return order.status === next && order.pending === undefined
	})
	await row(page, orderId).getByText('Queued').waitFor({ state: 'detached' })
})

test('a time-out that hides a success ends as one', async () => {
	const { orderId, id, priority } = orders[5]
	const next = priority === 'High' ? 'Low' : 'High'
	await soon('the circuit is closed', async () => (await stack.json('/api/health')).airtable.circuit === 'closed')
	await stack.fault({ match: { method: 'PATCH' }, action: 'hang', apply: true })
	await choose(page, orderId, 'priority', next)
	await soon('it is changed', async () => {
		const order = await stack.json(`/api/orders/${id}`)
		return order.priority === next && order.pending === undefined
	})
	await soon('and shown so', async () => {
		const text = await row(page, orderId).textContent()
		return text.includes(next) && !text.includes('Saving')
	})
	await stack.noFaults()
	await stack.configureApi('write.timeout', '20s')
})

test('many are chosen and changed together, and taken back together', async () => {
	await page.goto(`${stack.url}/orders?status=Delivered`)
	await page.waitForSelector('tr[data-id]')
	const boxes = page.locator('tr[data-id] td:first-child')
	await boxes.nth(0).click()
	await boxes.nth(4).click({ modifiers: ['Shift'] })
	await page.getByRole('toolbar').getByText('5 orders').waitFor()
	const ids = (await page.$$eval('tr[data-id][aria-selected="true"]', rows => rows.map(row => row.dataset.id)))
	eq(ids.length, 5)
	await axe(page, 'chosen')
	await shot(page, 'bulk-chosen')
	await page.getByRole('button', { name: 'Set status' }).click()
	await page.getByRole('option', { name: 'Processing' }).click()
	await page.getByText('5 of 5 changed').waitFor()
	for (const id of ids) eq((await stack.json(`/api/orders/${id}`)).status, 'Processing')
	await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
	await soon('as before', async () => (await Promise.all(ids.map(id => stack.json(`/api/orders/${id}`)))).every(order => order.status === 'Delivered'))
	await page.getByRole('button', { name: 'Done' }).click()
})

test('all that match are changed, what fails is listed by name', async () => {
	const { total } = await stack.json('/api/orders?status=Cancelled&pageSize=1')
	await page.goto(`${stack.url}/orders?status=Cancelled`)
	await page.waitForSelector('tr[data-id]')
	await page.getByLabel('Select all orders').check()
	await page.getByRole('toolbar').getByText(`${total} orders`).waitFor()
	const refused = (await stack.json('/api/orders?status=Cancelled&pageSize=1')).orders[0]
	await stack.fault({ match: { method: 'PATCH', times: 0 }, action: 'status', status: 422, body: { error: { type: 'INVALID_VALUE_FOR_COLUMN', message: 'No change on a Sunday' } } })
	await page.getByRole('button', { name: 'Set priority' }).click()
	await page.getByRole('option', { name: 'Medium' }).click()
	await page.getByText('No change on a Sunday').first().waitFor()
	await page.getByTestId('failures').getByText(refused.orderId, { exact: true }).waitFor()
	await axe(page, 'failures')
	await shot(page, 'bulk-failures')
	await stack.noFaults()
	await page.getByRole('button', { name: 'Keep those selected' }).click()
	await page.getByRole('toolbar').waitFor()
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

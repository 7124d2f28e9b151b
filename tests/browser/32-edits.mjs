// Edits in the table: instant, taken back when refused, queued while Airtable is
// away, settled by the person when two edit the same order; one or many.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startDesk, openBrowser, soon, hold, axe, shot, toast, stayingToast, row, choose } from './lib/dashboard.mjs'

let stack, browser, page, orders

test('a status is changed at once, and in Airtable', async () => {
	stack = await startDesk({ sim: 600, set: { 'write.timeout': '20s', 'airtable.request_timeout': '2s' } })
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
	await toast(page, 'change undone').waitFor()
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
	await page.getByRole('dialog').getByText('has changed in the meantime').waitFor()
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

/** What the bulk edit's notice says. */
const notice = () => page.getByRole('region', { name: 'Bulk edit' })
const done = text => notice().getByText(text).waitFor()
const boxes = () => page.locator('tr[data-id] td:first-child')
const chosen = count => page.getByRole('toolbar').getByText(count === 1 ? '1 order' : `${count} orders`).waitFor()

test('another value and back, before the first is answered: what was asked last shows throughout', async () => {
	const { orderId, id, status } = orders[7]
	const [one, other] = ['Shipped', 'Delivered', 'Cancelled'].filter(value => value !== status)
	const release = await hold(page, `**/api/orders/${id}`, 'PATCH')
	await choose(page, orderId, 'status', one)
	await choose(page, orderId, 'status', other)
	await choose(page, orderId, 'status', one)
	await row(page, orderId).evaluate(element => {
		window.shown = new Set()
		window.flashes = 0
		const note = () => window.shown.add(element.querySelector('[data-edit="status"]')?.textContent)
		new MutationObserver(note).observe(element, { subtree: true, childList: true, characterData: true })
		const animate = element.animate
		element.animate = (...args) => { window.flashes++; return animate.apply(element, args) }
		note()
	})
	await release()
	await row(page, orderId).getByText('Saving').waitFor({ state: 'detached' })
	await soon('it is changed', async () => (await stack.json(`/api/orders/${id}`)).status === one)
	eq(await page.evaluate(() => [[...window.shown], window.flashes]), [[one], 0])
	// the same with a moment in between, so that each is sent
	await choose(page, orderId, 'status', other)
	await soon('and back', async () => (await stack.json(`/api/orders/${id}`)).status === other)
	await choose(page, orderId, 'status', one)
	await soon('it is changed', async () => (await stack.json(`/api/orders/${id}`)).status === one)
	await row(page, orderId).getByText('Saving').waitFor({ state: 'detached' })
	eq(await page.evaluate(() => window.flashes), 0)
	eq(await page.getByRole('dialog').count(), 0)
})

test('what somebody edits has its effect on the list at once, under the pointer too', async () => {
	await page.goto(`${stack.url}/orders?status=Delivered`)
	await page.waitForSelector('tr[data-id]')
	const { orders: [first, second], total } = await stack.json('/api/orders?status=Delivered&pageSize=2')
	await page.mouse.move(600, 400)
	await choose(page, first.orderId, 'status', 'Shipped')
	await page.mouse.move(600, 420)
	await soon('it has gone from the list', async () => await page.getAttribute('tr[data-id]', 'data-id') === second.id)
	await page.getByTestId('count').getByText(`${total - 1} orders match`).waitFor()
	eq(await page.getByRole('button', { name: /changed · Show/ }).count(), 0)
	await toast(page, first.orderId).getByRole('button', { name: 'Undo' }).click()
	await soon('it is back', async () => await page.getAttribute('tr[data-id]', 'data-id') === first.id)
})

test('many are chosen and changed together, and taken back together', async () => {
	await page.goto(`${stack.url}/orders?status=Delivered`)
	await page.waitForSelector('tr[data-id]')
	await boxes().nth(0).click()
	await boxes().nth(4).click({ modifiers: ['Shift'] })
	await chosen(5)
	const ids = (await page.$$eval('tr[data-id][aria-selected="true"]', rows => rows.map(row => row.dataset.id)))
	eq(ids.length, 5)
	await axe(page, 'chosen')
	await shot(page, 'bulk-chosen')
	await page.getByRole('button', { name: 'Set status' }).click()
	await page.getByRole('option', { name: 'Processing' }).click()
	await done('5 of 5 changed')
	for (const id of ids) eq((await stack.json(`/api/orders/${id}`)).status, 'Processing')
	await axe(page, 'a bulk edit that has ended')
	await shot(page, 'bulk-done')
	await notice().getByRole('button', { name: 'Undo' }).click()
	await done('5 of 5 restored')
	for (const id of ids) eq((await stack.json(`/api/orders/${id}`)).status, 'Delivered')
	await notice().getByRole('button', { name: 'Done' }).click()
})

test('a key with several chosen means all of them, not the row that has the focus', async () => {
	await page.goto(`${stack.url}/orders?status=Shipped`)
	await page.waitForSelector('tr[data-id]')
	const before = (await stack.json('/api/orders?status=Shipped&pageSize=6')).orders
	await boxes().nth(0).click()
	await boxes().nth(4).click({ modifiers: ['Shift'] })
	await chosen(5)
	await page.keyboard.press('p')
	await page.getByRole('listbox', { name: 'Priority' }).waitFor()
	await soon('the list has the focus', () => page.evaluate(() => document.activeElement?.closest('[role="listbox"]') !== null))
	await page.keyboard.press('l')
	await page.keyboard.press('Enter')
	await done('5 of 5 changed')
	for (const { id } of before.slice(0, 5)) eq((await stack.json(`/api/orders/${id}`)).priority, 'Low')
	eq((await stack.json(`/api/orders/${before[5].id}`)).priority, before[5].priority)
	await soon('the focus is in the table', () => page.evaluate(() => document.activeElement?.closest('tr')?.dataset.id !== undefined))
	await page.keyboard.press('Control+z')	// the last that was done, of many as of one
	await done('restored')
	eq((await Promise.all(before.map(({ id }) => stack.json(`/api/orders/${id}`)))).map(order => order.priority), before.map(order => order.priority))
	await notice().getByRole('button', { name: 'Done' }).click()
})

test('a selection belongs to its filter: with another nothing is chosen', async () => {
	const total = async query => (await stack.json(`/api/orders?pageSize=1&${query}`)).total
	const shows = count => page.getByTestId('count').getByText(new RegExp(`^${count} orders?`)).waitFor()
	await page.goto(`${stack.url}/orders?status=Shipped`)
	await page.waitForSelector('tr[data-id]')
	await page.getByLabel('Select all orders').check()
	await chosen(await total('status=Shipped'))
	await page.getByRole('group', { name: 'Filters' }).getByRole('button', { name: 'Clear', exact: true }).click()
	await shows(await total(''))
	await page.getByRole('toolbar').waitFor({ state: 'detached' })
	await boxes().nth(1).click()
	await chosen(1)
	await page.click('[data-sort="orderTotal"]')	// the same orders in another order
	await page.waitForURL(/sort=orderTotal/)
	await chosen(1)
	await page.locator('#search').fill('m')
	await shows(await total('search=m'))
	await page.getByRole('toolbar').waitFor({ state: 'detached' })
	await page.locator('#search').fill('')
	await shows(await total(''))
	eq(await page.getByRole('toolbar').count(), 0)
	eq(await page.locator('tr[aria-selected="true"]').count(), 0)
})

test('when other orders match than were counted the person is asked', async () => {
	await page.goto(`${stack.url}/orders?status=Shipped&priority=High`)
	await page.waitForSelector('tr[data-id]')
	const query = '/api/orders?status=Shipped&priority=High&pageSize=500'
	const counted = (await stack.json(query)).total
	const more = (await stack.json('/api/orders?status=Shipped&priority=Low&pageSize=1')).orders[0]
	await page.getByLabel('Select all orders').check()
	await chosen(counted)
	eq((await stack.patch(more.id, { priority: 'High' })).status, 200)
	await page.getByRole('button', { name: 'Set priority' }).click()
	await page.getByRole('option', { name: 'Medium' }).click()
	await done(`${counted + 1} orders match now, not ${counted} as when you selected them`)
	await axe(page, 'asked before a bulk edit')
	await shot(page, 'bulk-asking')
	eq((await stack.json(query)).total, counted + 1)
	await notice().getByRole('button', { name: 'Cancel' }).click()
	await notice().waitFor({ state: 'detached' })
	eq((await stack.json(query)).total, counted + 1)
	await page.getByRole('button', { name: 'Set priority' }).click()
	await page.getByRole('option', { name: 'Medium' }).click()
	await notice().getByRole('button', { name: `Change ${counted + 1}` }).click()
	await done(`${counted + 1} of ${counted + 1} changed`)
	eq((await stack.json(query)).total, 0)
	await notice().getByRole('button', { name: 'Done' }).click()
})

test('it goes on behind every page, is not cut unasked, and is undone from the activity', async () => {
	await page.goto(`${stack.url}/orders?status=Delivered,Cancelled`)
	await page.waitForSelector('tr[data-id]')
	const before = (await stack.json('/api/orders?status=Delivered,Cancelled&pageSize=500')).orders.filter(order => order.priority !== null)
	const all = (await stack.json('/api/orders?status=Delivered,Cancelled&pageSize=1')).total
	ok(all > 200, `${all} orders make three parts`)
	const release = await hold(page, '**/api/orders', 'PATCH')
	await page.getByLabel('Select all orders').check()
	await page.getByRole('button', { name: 'Set priority' }).click()
	await page.getByRole('option', { name: 'None' }).click()
	await done(`0 of ${all}`)
	await page.getByRole('link', { name: 'Overview', exact: true }).click()
	await page.waitForSelector('[data-figure]')
	await done(`0 of ${all}`)
	await axe(page, 'a bulk edit behind another page')
	await shot(page, 'bulk-overview')
	const asked = page.waitForEvent('dialog')
	void page.evaluate(() => location.reload()).catch(() => {})
	const question = await asked
	eq(question.type(), 'beforeunload')
	await question.dismiss()
	await release()
	await done(`${all} of ${all} changed`)
	eq((await stack.json('/api/orders?status=Delivered,Cancelled&priority=none&pageSize=1')).total, all)
	await page.reload()	// its notice has gone with the page
	await page.getByRole('link', { name: 'Activity', exact: true }).click()
	const edit = page.getByTestId('bulk-edits').getByRole('listitem').first()
	ok((await edit.textContent()).includes(`priority none ${all} orders`), await edit.textContent())
	await axe(page, 'bulk edits in the activity')
	await shot(page, 'activity-bulk')
	await edit.getByRole('button', { name: 'Undo' }).click()
	await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
	await done('restored')
	eq((await stack.json('/api/orders?status=Delivered,Cancelled&pageSize=500')).orders.filter(order => order.priority !== null).map(({ id, priority }) => [id, priority]), before.map(({ id, priority }) => [id, priority]))
	await notice().getByRole('button', { name: 'Done' }).click()
})

test('a bulk edit that somebody else made is undone from its entry', async () => {
	const some = (await stack.json('/api/orders?status=Pending&pageSize=3')).orders
	const { bulk } = (await stack.call('PATCH', '/api/orders', { headers: { 'Content-Type': 'application/json' }, body: { updates: some.map(({ id }) => ({ id, status: 'Cancelled' })) } })).json()
	const entry = page.getByRole('listitem').filter({ hasText: `bulk edit ${bulk}` })
	await soon('its entries are there', async () => await entry.count() === 3)
	eq(await entry.getByRole('button', { name: 'Undo' }).count(), 1)
	await entry.getByRole('button', { name: 'Undo' }).click()
	await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
	await done('3 of 3 restored')
	for (const { id } of some) eq((await stack.json(`/api/orders/${id}`)).status, 'Pending')
	await notice().getByRole('button', { name: 'Done' }).click()
})

test('all that match are changed, what fails is listed by name, and chosen again', async () => {
	const { total, orders: [refused] } = await stack.json('/api/orders?status=Cancelled&pageSize=1')
	await page.goto(`${stack.url}/orders?status=Cancelled`)
	await page.waitForSelector('tr[data-id]')
	await page.getByLabel('Select all orders').check()
	await chosen(total)
	await stack.fault({ match: { method: 'PATCH', times: 0 }, action: 'status', status: 422, body: { error: { type: 'INVALID_VALUE_FOR_COLUMN', message: 'No change on a Sunday' } } })
	await page.getByRole('button', { name: 'Set priority' }).click()
	await page.getByRole('option', { name: 'Medium' }).click()
	await notice().getByRole('button', { name: 'Why' }).click()
	await notice().getByText('No change on a Sunday').first().waitFor()
	await page.getByTestId('failures').getByText(refused.orderId, { exact: true }).waitFor()
	await axe(page, 'failures')
	await shot(page, 'bulk-failures')
	await stack.noFaults()
	await page.getByRole('link', { name: 'Overview', exact: true }).click()
	await notice().getByRole('button', { name: /^Select those/ }).click()
	await page.waitForURL(/status=Cancelled$/)
	await page.getByRole('toolbar').waitFor()
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

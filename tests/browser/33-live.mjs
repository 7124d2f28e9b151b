// What others change: it shows by itself, and never moves a row away from under
// the pointer; also when the stream of changes is cut and resumed, begins anew, or is
// never let through.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startDesk, openBrowser, soon, axe, shot, row } from './lib/dashboard.mjs'
import { change, figuresAgree, rowsAgree } from './lib/endurance.mjs'
import { startProxy } from './lib/proxy.mjs'

let stack, proxy, browser, page, orders
const idsShown = () => page.$$eval('tr[data-id]', rows => rows.map(row => row.dataset.id))
/** Somebody else gives an order another customer, in Airtable. */
async function renamed(order, customer) {
	await stack.sim('POST', '/_sim/edit', { id: order.id, fields: { Customer: customer } })
	eq((await stack.sync()).status, 200)
}
/** How changes arrive, as the page says it. */
const arrives = word => soon(`changes arrive: ${word}`, async () => {
	const state = page.getByRole('dialog', { name: 'State of the system' })
	if (await state.count() === 0) await page.getByTestId('status').click()
	const found = (await state.textContent()).includes(`Changes arrive${word}`)
	await page.keyboard.press('Escape')
	await state.waitFor({ state: 'detached' })
	return found
})

test('a change in Airtable shows in its row without a reload', async () => {
	stack = await startDesk({ sim: 400 })
	await stack.synced()
	proxy = await startProxy(stack)
	browser = await openBrowser(proxy)
	page = await browser.page('/orders')
	orders = (await stack.json('/api/orders?pageSize=30')).orders
	await row(page, orders[3].orderId).waitFor()
	await renamed(orders[3], '<img src=x onerror="document.title=1">')
	await soon('it is in the table, as text', async () => (await row(page, orders[3].orderId).textContent()).includes('<img src=x'))
	ok((await page.title()).includes('Orderdeck'))
})

test('new orders wait for the reader while the pointer is over the table', async () => {
	await page.mouse.move(600, 400)
	const before = await idsShown()
	await stack.sim('POST', '/_sim/create', { count: 3 })
	eq((await stack.sync()).status, 200)
	await page.getByRole('button', { name: /changed · Show/ }).waitFor()
	eq(await idsShown(), before)
	await axe(page, 'changes held back')
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

test('under the pointer it stays, and says that it is gone', async () => {
	await page.mouse.move(600, 400)
	const gone = (await stack.json('/api/orders?pageSize=3')).orders[2]
	await stack.sim('POST', '/_sim/delete', { ids: [gone.id] })
	eq((await stack.sync()).status, 200)
	await page.locator(`tr[data-id="${gone.id}"]`).getByText('Deleted').waitFor()
	await axe(page, 'a deleted order')
	await shot(page, 'live-deleted')
	await page.getByRole('button', { name: /changed · Show/ }).click()
	await page.mouse.move(2, 2)
	await page.waitForSelector(`tr[data-id="${gone.id}"]`, { state: 'detached' })
	orders = (await stack.json('/api/orders?pageSize=30')).orders
})

test('a stream that was cut is resumed where it was', async () => {
	await arrives('Live')
	const before = proxy.asked.length
	proxy.cut()
	await soon('it is asked for again', () => proxy.asked.slice(before).some(({ target, status, lastEventId }) => target === '/api/events' && status === 200 && lastEventId !== undefined))
	await arrives('Live')
	await renamed(orders[5], 'After the cut')
	await row(page, orders[5].orderId).getByText('After the cut').waitFor()
})

test('while it is away changes show all the same', async () => {
	proxy.blocked = true
	proxy.cut()
	await renamed(orders[6], 'While it was cut')
	await row(page, orders[6].orderId).getByText('While it was cut').waitFor()
	await arrives('Every 3 seconds')
	proxy.blocked = false
	await arrives('Live')
	await renamed(orders[7], 'And after it')
	await row(page, orders[7].orderId).getByText('And after it').waitFor()
})

test('nginx restarted: nothing is missed', async () => {
	await stack.stop('nginx', 'KILL')
	await page.waitForSelector('[data-condition="offline"]')
	await stack.sim('POST', '/_sim/edit', { id: orders[8].id, fields: { Customer: 'Without nginx' } })
	eq((await stack.syncctl('sync', '--full')).code, 0)
	await stack.start('nginx')
	await row(page, orders[8].orderId).getByText('Without nginx').waitFor()
	await page.waitForSelector('[data-condition]', { state: 'detached' })
	await arrives('Live')
})

test('where no stream is let through the summary is asked for, and answers 304 while nothing changes', async () => {
	proxy.blocked = true
	proxy.cut()
	await page.reload()
	await page.waitForSelector('tr[data-id]')
	const reloaded = proxy.asked.length
	await arrives('Every 3 seconds')
	await soon('the summary is known', () => proxy.asked.slice(reloaded).some(({ target }) => target === '/api/orders/summary'))
	const before = proxy.asked.length
	const polls = () => proxy.asked.slice(before).filter(({ target }) => target === '/api/orders/summary').map(({ status }) => status)
	await soon('it is asked for', () => polls().length >= 2)
	eq(polls().slice(0, 2), [304, 304])
	await renamed(orders[9], 'Without a stream')
	await row(page, orders[9].orderId).getByText('Without a stream').waitFor()
	proxy.blocked = false
})

test('after many changes the screen equals the API', async () => {
	const overview = await browser.page('/')
	await change(stack, 5)
	await rowsAgree(stack, page)
	await figuresAgree(stack, overview)
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await proxy?.close()
	await stack?.down()
})

run()

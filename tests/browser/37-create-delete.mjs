// Orders made and deleted in the dashboard, where the settings allow it: done,
// refused, waiting for Airtable, or changed by somebody else meanwhile.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startDesk, openBrowser, soon, axe, shot, noWider, toast, stayingToast, row } from './lib/dashboard.mjs'

let stack, browser, page
const dialog = title => page.getByRole('dialog', { name: title })
const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key) }
const inAirtable = async orderId => (await stack.dump()).find(({ fields }) => fields['Order ID'] === orderId)

test('by keyboard: n, what it is, Enter; and it is in Airtable, in the list and in the figures', async () => {
	stack = await startDesk({ sim: 300, set: { 'write.create': 'on', 'write.delete': 'on', 'airtable.create_key': 'Notes', 'write.timeout': '20s', 'airtable.request_timeout': '2s', 'airtable.breaker_cooldown': '1s' } })
	await stack.synced()
	browser = await openBrowser(stack)
	page = await browser.page('/orders')
	await page.getByRole('button', { name: 'New order' }).waitFor()
	await soon('n is heard', async () => {
		await press('n')
		return await dialog('New order').count() === 1
	})
	await soon('the first field has the focus', () => page.evaluate(() => document.activeElement?.getAttribute('placeholder') === 'ORD-009001'))
	await page.keyboard.type('ORD-900001')
	await press('Tab')
	await page.keyboard.type('12,5x')
	await page.getByText('An amount such as 123.45').waitFor()
	await press('Backspace', 'Tab')
	await page.keyboard.type('Åsa & Søn')
	await axe(page, 'a new order')
	await shot(page, 'order-new')
	await press('Enter')
	const told = await stayingToast(page, 'ORD-900001 created')
	eq((await inAirtable('ORD-900001')).fields, { 'Order ID': 'ORD-900001', Customer: 'Åsa & Søn', Status: 'Pending', 'Order Total': 12.5, ...await givenByAirtable('ORD-900001') })
	eq((await stack.json('/api/orders/summary')).total.count, 301)
	await told.getByRole('button', { name: 'Show' }).click()
	await page.getByRole('region', { name: 'Details' }).getByText('Åsa & Søn').waitFor()
	await page.getByRole('button', { name: 'Close' }).click()
})

/** Fields of a record that nobody types. */
async function givenByAirtable(orderId) {
	const { fields } = await inAirtable(orderId)
	return Object.fromEntries(Object.entries(fields).filter(([name]) => !['Order ID', 'Customer', 'Status', 'Priority', 'Order Total'].includes(name)))
}

test('what Airtable refuses stays in the form, with the reason', async () => {
	await stack.fault({ match: { method: 'PATCH' }, action: 'status', status: 422, body: { error: { type: 'INVALID_VALUE_FOR_COLUMN', message: 'Not on a Sunday' } } })
	await page.getByRole('button', { name: 'New order' }).click()
	await page.getByLabel('Customer').fill('Refused')
	await page.getByRole('button', { name: 'Create order' }).click()
	await page.getByRole('alert').getByText('Not on a Sunday').waitFor()
	eq(await page.getByLabel('Customer').inputValue(), 'Refused')
	await axe(page, 'a refused order')
	await shot(page, 'order-new-refused')
	await stack.noFaults()
	await page.getByRole('button', { name: 'Create order' }).click()
	await toast(page, 'Refused created').waitFor()
	await dialog('New order').waitFor({ state: 'detached' })
})

test('it is deleted from its details, once that is confirmed', async () => {
	const { id } = (await stack.json('/api/orders?search=ORD-900001')).orders[0]
	await page.goto(`${stack.url}/orders?order=${id}`)
	await page.getByRole('button', { name: 'Delete order' }).click()
	await dialog('Delete ORD-900001?').waitFor()
	await axe(page, 'to be deleted')
	await shot(page, 'order-delete')
	await dialog('Delete ORD-900001?').getByRole('button', { name: 'Cancel' }).click()
	await page.getByRole('button', { name: 'Delete order' }).click()
	await dialog('Delete ORD-900001?').getByRole('button', { name: 'Delete order' }).click()
	await toast(page, 'ORD-900001 deleted').waitFor()
	await page.getByRole('region', { name: 'Details' }).waitFor({ state: 'detached' })
	eq(await inAirtable('ORD-900001'), undefined)
	eq((await stack.get(`/api/orders/${id}`)).status, 404)
})

test('by keyboard: Del on a row, and somebody else\'s change meanwhile keeps it', async () => {
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
	await page.getByRole('button', { name: 'New order' }).waitFor()	// the page knows what is allowed
	const [first, second] = (await stack.json('/api/orders?pageSize=2')).orders
	const focused = () => page.evaluate(() => document.activeElement?.closest('tr')?.dataset.id)
	await soon('keys are heard', async () => {
		await press('Home')
		return await focused() === first.id
	})
	await press('Delete')
	await dialog(`Delete ${first.orderId ?? first.customer}?`).waitFor()
	await stack.patch(first.id, { priority: first.priority === 'High' ? 'Low' : 'High' })
	await page.locator(`tr[data-id="${first.id}"]`).getByText(first.priority === 'High' ? 'Low' : 'High').waitFor()
	await press('Escape')
	await soon('back on the row', async () => await focused() === first.id)
	await press('j')
	await soon('the second row', async () => await focused() === second.id)
	await press('Delete')
	await dialog(`Delete ${second.orderId}?`).waitFor()
	await soon('the focus is in it', () => page.evaluate(() => document.activeElement?.textContent === 'Cancel'))
	await page.route(/\/api\/(orders\?|orders\/summary|events)/, route => route.abort())	// no news
	await stack.patch(second.id, { priority: second.priority === 'High' ? 'Low' : 'High' })
	await press('Tab', 'Enter')
	await toast(page, `${second.orderId} was not deleted`).waitFor()
	await page.unroute(/\/api\/(orders\?|orders\/summary|events)/)
	eq((await stack.get(`/api/orders/${second.id}`)).status, 200)
})

test('while Airtable is away both wait for it', async () => {
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
	const { id, orderId } = (await stack.json('/api/orders?pageSize=9')).orders[8]
	await stack.configureApi('write.timeout', '2s')
	await stack.fault({ match: { times: 0 }, action: 'status', status: 503 })
	await page.getByRole('button', { name: 'New order' }).click()
	await page.getByLabel('Order ID').fill('ORD-900002')
	await page.getByRole('button', { name: 'Create order' }).click()
	await toast(page, 'ORD-900002 is queued').waitFor()
	await row(page, orderId).locator('td:nth-child(3)').click()
	await page.getByRole('button', { name: 'Delete order' }).click()
	await dialog(`Delete ${orderId}?`).getByRole('button', { name: 'Delete order' }).click()
	await toast(page, `${orderId} will be deleted`).waitFor()
	await shot(page, 'order-delete-queued')
	await stack.noFaults()
	await soon('both are done', async () => await inAirtable('ORD-900002') !== undefined && (await stack.get(`/api/orders/${id}`)).status === 404)
})

test('on a phone too', async () => {
	const phone = await browser.page('/orders', { width: 360, height: 740, colorScheme: 'dark' })
	await phone.getByRole('button', { name: 'New order' }).click()
	await phone.getByRole('dialog', { name: 'New order' }).waitFor()
	await noWider(phone, 'a new order on a phone')
	await axe(phone, 'a new order on a phone')
	await shot(phone, 'order-new-phone-dark')
	await phone.context().close()
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

// Orders made and deleted in the dashboard, where the settings allow it: done,
// refused, waiting for Airtable, or changed by somebody else meanwhile; and what can
// be chosen for them, while Airtable's options change.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { settled } from '../system/lib/feed.mjs'
import { startDesk, openBrowser, soon, axe, shot, noWider, toast, stayingToast, row, choose, plain } from './lib/dashboard.mjs'

let stack, browser, page
const dialog = title => page.getByRole('dialog', { name: title })
const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key) }
const inAirtable = async orderId => (await stack.dump()).find(({ fields }) => fields['Order ID'] === orderId)

test('by keyboard: n, what it is, Enter; and it is in Airtable, in the list and in the figures', async () => {
	stack = await startDesk({ sim: 300, set: { 'write.create': 'on', 'write.delete': 'on', 'airtable.create_key': 'Notes', 'write.timeout': '20s', 'airtable.request_timeout': '2s', 'airtable.breaker_cooldown': '1s', 'sync.feed': 'auto', 'sync.feed_interval': '200ms' } })
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

const schema = change => stack.sim('POST', '/_sim/schema', change)
const options = () => page.getByRole('option').allTextContents()
/** What the lists behind a row's status, the filter, many orders' status and a new order's have to choose from. */
async function offered(orderId) {
	const lists = []
	const list = async open => {
		await open.click()
		await page.getByRole('listbox', { name: 'Status' }).waitFor()
		lists.push((await options()).map(text => text.replace(/[\d,.KM]+$/, '')))
		await press('Escape')
		await page.getByRole('listbox').waitFor({ state: 'detached' })
	}
	await list(row(page, orderId).locator('[data-edit="status"]'))
	await list(page.getByRole('group', { name: 'Filters' }).getByRole('button').first())
	await row(page, orderId).locator('td').first().click()
	await list(page.getByRole('button', { name: 'Set status' }))
	await page.getByRole('button', { name: 'Clear the selection' }).click()
	await page.getByRole('button', { name: 'New order' }).click()
	await list(page.getByRole('button', { name: /^Status: / }))
	await dialog('New order').getByRole('button', { name: 'Cancel' }).click()
	return lists
}
const counted = async status => plain((await page.getByTestId('count').textContent()).split(' ')[0]) === (await stack.json(`/api/orders?status=${encodeURIComponent(status)}&pageSize=1`)).total

test('what can be chosen is what Airtable offers now, without the page being loaded again', async () => {
	await settled(stack)
	await page.goto(`${stack.url}/orders?priority=High`)
	await page.waitForSelector('tr[data-id]')
	await page.evaluate(() => { window.notReloaded = true })
	const own = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled'], { id, orderId } = (await stack.json('/api/orders?status=Pending&priority=High&pageSize=1')).orders[0]
	await soon('it is known what is offered', async () => (await stack.json('/api/orders/summary')).offered?.status !== undefined)
	// one is added, with a comma, and one that has the name of what is none
	for (const name of ['On hold, paid', 'none']) await schema({ addOption: { field: 'Status', name } })
	let now = [...own, 'On hold, paid', 'none', 'No status']
	await soon('both are offered', async () => JSON.stringify((await stack.json('/api/orders/summary')).offered.status) === JSON.stringify(now.slice(0, -1)))
	await page.locator('tr[data-id]').filter({ hasText: orderId }).scrollIntoViewIfNeeded()
	await soon('in every list', async () => (await offered(orderId)).every(list => list.join('|') === now.join('|')))
	// it is set, and filtered by, before and after an order has it
	await page.getByRole('group', { name: 'Filters' }).getByRole('button').first().click()
	await page.getByRole('option', { name: 'On hold, paid' }).click()
	await page.getByText('No order matches').waitFor()
	await page.getByRole('option', { name: 'On hold, paid' }).click()
	await press('Escape')
	await row(page, orderId).waitFor()
	for (const name of ['On hold, paid', 'none']) {
		await choose(page, orderId, 'status', name)
		await toast(page, `${orderId}: status ${name}`).waitFor()
		eq((await inAirtable(orderId)).fields.Status, name)
		await soon('it is shown', async () => (await row(page, orderId).locator('[data-edit="status"]').textContent()) === name)
	}
	await page.getByRole('group', { name: 'Filters' }).getByRole('button').first().click()
	await page.getByRole('option').filter({ hasText: /^none\d*$/ }).click()
	await soon('the one that has it', async () => (await page.getByTestId('count').textContent()).startsWith('1 order '))
	await page.getByRole('option').filter({ hasText: /^none\d*$/ }).click()
	await press('Escape')
	await row(page, orderId).waitFor()
	await choose(page, orderId, 'status', 'No status')
	await soon('it has none', async () => (await stack.json(`/api/orders/${id}`)).status === null)
	eq((await inAirtable(orderId)).fields.Status, undefined)
	// one of ours and one of theirs are renamed, and one taken away, under a list that is open
	await page.getByRole('group', { name: 'Filters' }).getByRole('button').first().click()
	await schema({ renameOption: { field: 'Status', from: 'Processing', to: 'In work' } })
	await schema({ renameOption: { field: 'Status', from: 'none', to: 'Nobody knows' } })
	await schema({ removeOption: { field: 'Status', name: 'On hold, paid' } })
	now = ['Pending', 'In work', 'Shipped', 'Delivered', 'Cancelled', 'Nobody knows', 'No status']
	await soon('the list that is open follows', async () => (await options()).map(text => text.replace(/[\d,.KM]+$/, '')).join('|') === now.join('|'))
	await shot(page, 'options-renamed')
	await press('Escape')
	await soon('all of them do', async () => (await offered(orderId)).every(list => list.join('|') === now.join('|')))
	eq((await stack.json('/api/orders/summary')).byStatus.map(({ status }) => status), [...now.slice(0, -1), null])
	await choose(page, orderId, 'status', 'In work')
	await toast(page, `${orderId}: status In work`).waitFor()
	eq((await inAirtable(orderId)).fields.Status, 'In work')
	// an address that names what there is no more: it is in the list as long as it is chosen
	await page.evaluate(() => { window.notReloaded = window.notReloaded === true })
	eq(await page.evaluate(() => window.notReloaded), true)
	await page.goto(`${stack.url}/orders?status=Processing`)
	await page.getByText('No order matches').waitFor()
	await page.getByRole('group', { name: 'Filters' }).getByRole('button', { name: 'Processing' }).click()
	await page.getByRole('option', { name: 'Processing' }).click()
	await soon('it is let go', async () => (await page.getByRole('option', { name: 'Processing' }).count()) === 0)
	await press('Escape')
	// the figures name what they are of
	await page.getByRole('link', { name: 'Overview', exact: true }).click()
	await page.locator('[data-figure="Open"]').getByText('only Pending').waitFor()
	await page.locator('tr[data-group]').getByRole('link', { name: 'In work' }).click()
	await soon('its orders', () => counted('In work'))
})

test('of a field that takes several, several can be chosen', async () => {
	await schema({ retype: { field: 'Status', type: 'multipleSelects' } })
	await soon('it is known', async () => (await stack.json('/api/orders/summary')).several?.includes('status') === true)
	await page.goto(`${stack.url}/orders?priority=Low&status=Pending`)
	await page.waitForSelector('tr[data-id]')
	const [{ orderId, id }, second, third] = (await stack.json('/api/orders?priority=Low&status=Pending&pageSize=3')).orders
	const list = page.getByRole('listbox', { name: 'Status' }), option = name => list.getByRole('option', { name, exact: true }), set = page.getByRole('button', { name: /^Set status( \(\d+\))?$/ }).last()
	const ticked = async () => list.locator('[aria-selected="true"]').allTextContents()
	await page.goto(`${stack.url}/orders?order=${id}`)
	await page.getByRole('region', { name: 'Details' }).getByRole('button', { name: /^Status/ }).click()
	await list.waitFor()
	eq([await ticked(), await set.isDisabled()], [['Pending'], true])
	await soon('the list has the focus', () => page.evaluate(() => document.activeElement?.getAttribute('role') === 'option'))
	await press('End', 'ArrowUp', 'Enter', 'Home', 'ArrowDown', 'ArrowDown', ' ')	// by keyboard: the last that there is, and Shipped
	eq(await ticked(), ['Pending', 'Shipped', 'Nobody knows'])
	await axe(page, 'several to choose')
	await shot(page, 'edit-several')
	await press('Control+Enter')
	await toast(page, `${orderId}: status Pending, Nobody knows, Shipped`).waitFor()
	eq((await inAirtable(orderId)).fields.Status, ['Pending', 'Nobody knows', 'Shipped'])
	// what it has is ticked, one of it is taken away, and then all
	await page.getByRole('region', { name: 'Details' }).getByRole('button', { name: /^Status/ }).click()
	await soon('what it has', async () => (await ticked()).join() === 'Pending,Shipped,Nobody knows')
	await option('Pending').click()
	await set.click()
	await toast(page, `${orderId}: status Nobody knows, Shipped`).waitFor()
	await page.getByRole('region', { name: 'Details' }).getByRole('button', { name: /^Status/ }).click()
	await option('No status').click()
	await set.click()
	await toast(page, `${orderId}: status none`).waitFor()
	eq((await inAirtable(orderId)).fields.Status, undefined)
	// of many orders at once, from nothing
	await page.goto(`${stack.url}/orders?priority=Low&status=Pending`)
	await row(page, second.orderId).locator('td').first().click()
	await row(page, third.orderId).locator('td').first().click()
	await page.getByRole('button', { name: 'Set status' }).click()
	eq(await ticked(), ['No status'])
	await option('Delivered').click()
	await option('Shipped').click()
	await set.click()
	await page.getByRole('region', { name: 'Bulk edit' }).getByText('2 of 2 changed').waitFor()
	for (const one of [second, third]) eq((await inAirtable(one.orderId)).fields.Status, ['Delivered', 'Shipped'])
	await page.getByRole('region', { name: 'Bulk edit' }).getByRole('button', { name: 'Done' }).click()
	// one of them is renamed while they are being chosen
	await page.goto(`${stack.url}/orders?order=${second.id}`)
	await page.getByRole('region', { name: 'Details' }).getByRole('button', { name: /^Status/ }).click()
	await option('In work').click()
	await schema({ renameOption: { field: 'Status', from: 'In work', to: 'In hand' } })
	await option('In hand').waitFor()
	eq(await ticked(), ['Shipped', 'Delivered'])
	await option('In hand').click()
	await set.click()
	await toast(page, `${second.orderId}: status Delivered, Shipped, In hand`).waitFor()
	await page.keyboard.press('Escape')
})

test('that Airtable has no field for the key is told on every page and in the form, until it has one', async () => {
	const set = async field => {
		stack.configure('airtable.create_key', field)
		await stack.signal('syncd', 'SIGHUP')
	}
	const banner = page.locator('[data-condition="no-creating"]')
	await set('Our Key')
	await banner.getByText('Orders can’t be created').waitFor()
	await banner.getByText('no such field').waitFor()
	await page.goto(`${stack.url}/orders`)
	await page.getByRole('button', { name: 'New order', exact: true }).click()
	await dialog('New order').getByRole('status').getByText('Our Key').waitFor()
	await axe(page, 'a new order that Airtable can’t take')
	await page.keyboard.press('Escape')
	await set('Notes')
	await banner.waitFor({ state: 'detached' })
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

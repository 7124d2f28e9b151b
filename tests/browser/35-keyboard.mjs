// Everything by keyboard alone: no mouse is moved in this story.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startStack, fast } from '../system/lib/stack.mjs'
import { openBrowser, soon, axe, shot, toast } from './lib/dashboard.mjs'

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
const focused = () => page.evaluate(() => document.activeElement?.closest('tr')?.dataset.id)

test('j and k walk through the rows', async () => {
	stack = await startStack(fast({ sim: 500 }))
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
	await page.getByRole('button', { name: 'Set priority' }).focus()
	await press('Enter')
	await listed('Priority')
	await press('l', 'Enter')
	await page.getByText('3 of 3 changed').waitFor()
	await page.getByRole('button', { name: 'Done' }).focus()
	await press('Enter')
	for (const { id } of orders.slice(0, 3)) eq((await stack.json(`/api/orders/${id}`)).priority, 'Low')
})

test('Enter opens the details, Escape closes them', async () => {
	await page.locator('tr[data-id]').nth(0).focus()
	await press('Home')
	await at('the first row', orders[0])
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
	await soon('it is found', async () => (await page.getByRole('option').first().textContent()).includes(orders[7].orderId))
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

test('? lists the keys', async () => {
	await press('?')
	await page.getByText('Keyboard shortcuts').waitFor()
	await axe(page, 'help, dark')
	await shot(page, 'help-dark')
	await press('Escape')
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

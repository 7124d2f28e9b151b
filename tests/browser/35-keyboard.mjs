// Everything by keyboard alone: no mouse is moved in this story.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startStack, fast, until } from '../system/lib/stack.mjs'
import { openBrowser, axe, shot, toast } from './lib/dashboard.mjs'

let stack, browser, page, orders
const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key) }
const focused = () => page.evaluate(() => document.activeElement?.closest('tr')?.dataset.id)

test('j and k walk through the rows', async () => {
	stack = await startStack(fast({ sim: 500 }))
	await stack.synced()
	browser = await openBrowser(stack)
	page = await browser.page('/')
	await page.waitForSelector('[data-figure]')
	await press('g', 'o')
	await page.waitForSelector('tr[data-id]')
	orders = (await stack.json('/api/orders?pageSize=60')).orders
	await press('j', 'j', 'j', 'k')
	await until('the second row', 3000, async () => await focused() === orders[1].id)
	await press('End')
	const last = (await stack.json('/api/orders?pageSize=100&page=5')).orders.at(-1)
	await until('the last row', 8000, async () => await focused() === last.id)
	await press('Home')
	await until('the first row', 5000, async () => await focused() === orders[0].id)
})

test('e changes the status, Escape does not, and the focus comes back', async () => {
	await press('e')
	await page.getByRole('listbox', { name: 'Status' }).waitFor()
	await axe(page, 'status list')
	await press('Escape')
	await until('back on the row', 3000, async () => await focused() === orders[0].id)
	const next = orders[0].status === 'Cancelled' ? 'Delivered' : 'Cancelled'
	await press('e')
	await page.getByRole('listbox', { name: 'Status' }).waitFor()
	await press(next[0].toLowerCase(), 'Enter')
	await toast(page, next).waitFor()
	eq((await stack.json(`/api/orders/${orders[0].id}`)).status, next)
	await until('back on the row', 3000, async () => await focused() === orders[0].id)
	await press('p')
	await page.getByRole('listbox', { name: 'Priority' }).waitFor()
	await press('Escape')
})

test('x chooses, Shift-X up to here, and a bulk edit follows', async () => {
	await until('back on the row', 3000, async () => await focused() === orders[0].id)
	await press('x', 'j', 'j', 'Shift+X')
	await page.getByRole('toolbar').getByText('3 orders').waitFor()
	await page.getByRole('button', { name: 'Set priority' }).focus()
	await press('Enter')
	await page.getByRole('option', { name: 'Low' }).waitFor()
	await press('l', 'Enter')
	await page.getByText('3 of 3 changed').waitFor({ timeout: 20_000 })
	await page.getByRole('button', { name: 'Done' }).focus()
	await press('Enter')
	for (const { id } of orders.slice(0, 3)) eq((await stack.json(`/api/orders/${id}`)).priority, 'Low')
})

test('Enter opens the details, Escape closes them', async () => {
	await page.locator('tr[data-id]').nth(0).focus()
	await press('Home', 'j', 'Enter')
	await page.getByRole('region', { name: 'Details' }).waitFor()
	await press('Escape')
	await page.getByRole('region', { name: 'Details' }).waitFor({ state: 'detached' })
})

test('/ searches, from anywhere', async () => {
	await press('/')
	await page.keyboard.type('ORD-0004')
	await page.waitForURL(/search=ORD-0004/)
	await press('Escape', 'g', 'h')
	await page.waitForSelector('[data-figure]')
	await press('/')
	await until('the search has the focus', 5000, () => page.evaluate(() => document.activeElement?.id === 'search'))
	await press('Escape')
})

test('Ctrl-K finds orders and commands', async () => {
	await press('Control+k')
	await page.getByPlaceholder('Find an order or a command').waitFor()
	await page.keyboard.type(orders[7].orderId)
	await page.getByRole('option', { name: new RegExp(orders[7].orderId) }).first().waitFor()
	await axe(page, 'palette')
	await shot(page, 'palette')
	await press('Enter')
	await page.waitForURL(url => url.search.includes(`order=${orders[7].id}`))
	await page.getByRole('region', { name: 'Details' }).waitFor()
	await press('Escape')
	await page.getByRole('region', { name: 'Details' }).waitFor({ state: 'detached' })
	await press('Control+k')
	await page.getByPlaceholder('Find an order or a command').waitFor()
	await page.keyboard.type('dark')
	await press('Enter')
	await until('dark', 3000, () => page.evaluate(() => document.documentElement.dataset.theme === 'dark'))
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
	eq(await page.evaluate(() => document.activeElement?.id), 'main')
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

// With the limits of the API on: a page that follows changes keeps within them by
// itself, and who is refused is told until when.
import { test, run, eq, ok, PATIENCE } from '../system/lib/harness.mjs'
import { startStack, fast } from '../system/lib/stack.mjs'
import { openBrowser, soon, axe, shot } from './lib/dashboard.mjs'
import { figuresAgree, rowsAgree } from './lib/endurance.mjs'

const CHANGING_MS = 15_000
let stack, browser, overview, table, orders
const answers = []
const listen = page => page.on('response', response => answers.push({ target: new URL(response.url()).pathname, status: response.status(), method: response.request().method() }))
let others = 0
/** Asked by somebody else each time, who leaves the pages what is theirs. */
const elsewhere = of => ({ json: target => of.from(`127.0.0.${2 + others++ % 250}`).json(target) })
const asked = target => answers.filter(answer => answer.target === target)

test('changes that never stop are followed more slowly, and nothing is refused', async () => {
	stack = await startStack(fast({ sim: 300, set: { 'limits.enabled': true, 'limits.orders_summary': '14/minute', 'limits.orders_list': '16/minute', 'limits.sync_orders': '100/minute', 'limits.changed_orders': '200/minute', 'sync.feed': 'auto', 'sync.feed_interval': '100ms' } }))
	await stack.synced()
	orders = (await stack.json('/api/orders?pageSize=30')).orders
	browser = await openBrowser(stack)
	overview = await browser.page('/')
	listen(overview)
	await overview.waitForSelector('[data-figure]')
	table = await browser.page('/orders')
	listen(table)
	await table.waitForSelector('tr[data-id]')
	const statuses = ['Pending', 'Processing', 'Shipped', 'Delivered']
	let changes = 0
	const followed = () => asked('/api/orders/summary').length > 2 && asked('/api/orders').length > 2
	for (const end = Date.now() + CHANGING_MS; Date.now() < end || (!followed() && Date.now() < end + CHANGING_MS * PATIENCE); changes++) {
		await stack.sim('POST', '/_sim/edit', { id: orders[changes % 20].id, fields: { Status: statuses[changes % 4] } })
		await overview.waitForTimeout(200)
	}
	console.log(`# ${changes} changes, ${asked('/api/orders/summary').length} summaries, ${asked('/api/orders').length} lists`)
	ok(changes > 10 && followed(), 'they are followed')
	eq(answers.filter(({ status }) => status === 429), [])
}, { timeout: 180_000 })

test('afterwards the screens equal the API', async () => {
	await figuresAgree(elsewhere(stack), overview)
	await rowsAgree(elsewhere(stack), table)
	eq(answers.filter(({ target, status }) => status === 429 && target === '/api/orders/summary'), [])
}, { timeout: 180_000 })

test('who is refused is told until when, and it goes on by itself', async () => {
	await soon('the minute is used up', async () => (await stack.get('/api/orders?pageSize=1')).status === 429)
	await table.locator('#search').fill(orders[3].orderId)
	const banner = await table.waitForSelector('[data-condition="slowed"]')
	ok(/\d+ (s|min)\./.test(await banner.textContent()), await banner.textContent())
	await axe(table, 'slowed down')
	await shot(table, 'state-slowed')
	await soon('the order is found', async () => (await table.$$('tr[data-id]')).length === 1)
	await table.waitForSelector('[data-condition="slowed"]', { state: 'detached' })
}, { timeout: 200_000 })

test('with the limits as shipped, what has been done is read at once, and followed without being refused', async () => {
	const shipped = await startStack(fast({ sim: 120, set: { 'limits.enabled': true, 'sync.feed': 'auto', 'sync.feed_interval': '100ms' } }))
	await shipped.synced()
	const all = (await elsewhere(shipped).json('/api/orders?pageSize=120')).orders
	for (const { id } of all) await shipped.sim('POST', '/_sim/edit', { id, fields: { Customer: 'Somebody & Søn' } })
	const entries = n => soon(`the history has ${n}`, async () => (await elsewhere(shipped).json('/api/audit?limit=500')).changes.length === n)
	await entries(all.length)
	await shipped.sim('POST', '/_sim/delete', { ids: [all[0].id] })
	await entries(all.length + 1)
	const seen = [], other = await openBrowser(shipped)
	const activity = await other.page('/activity', { onPage: page => page.on('response', response => seen.push({ target: new URL(response.url()).pathname, status: response.status() })) })
	await activity.locator('ol > li').nth(49).waitFor()
	const names = await activity.locator('ol > li a').allTextContents()
	eq(names[0], all[0].orderId)
	eq(names.length, 50)
	eq(names.filter(name => !all.some(({ orderId }) => orderId === name)), [])
	ok((await activity.locator('ol > li').first().textContent()).includes('Deleted in Airtable by Foreign Editor'), 'and who it was')
	const ofOrders = () => seen.filter(({ target }) => /^\/api\/(orders|audit)/.test(target))
	eq(ofOrders().filter(({ target }) => target !== '/api/audit'), [])
	ok(ofOrders().length <= 3, 'once, and when the stream of changes stands')
	const older = activity.getByRole('button', { name: 'Older changes' })
	await older.click()
	await activity.locator('ol > li').nth(99).waitFor()
	await older.click()
	await activity.locator('ol > li').nth(120).waitFor()
	// three pages are read again each time
	const before = ofOrders().length
	const followed = () => ofOrders().length >= before + 6
	let changes = 0
	for (const end = Date.now() + CHANGING_MS; Date.now() < end || (!followed() && Date.now() < end + CHANGING_MS * PATIENCE); changes++) {
		await shipped.sim('POST', '/_sim/edit', { id: all[1 + changes % 100].id, fields: { Customer: `Somebody ${changes}` } })
		await activity.waitForTimeout(200)
	}
	console.log(`# ${changes} changes, ${ofOrders().length - before} pages of the activity`)
	ok(changes > 10 && followed(), 'they are followed')
	eq(seen.filter(({ status }) => status === 429), [])
	eq(await activity.locator('[data-condition="slowed"]').count(), 0)
	eq(other.faults, [])
	await other.close()
	await shipped.down()
}, { timeout: 240_000 })

test('a bulk edit of more orders than a minute has room for is done in parts, as the minute has room', async () => {
	const notice = table.getByRole('region', { name: 'Bulk edit' })
	await table.goto(`${stack.url}/orders?sort=orderId`)
	await table.waitForSelector('tr[data-id]', { timeout: 150_000 })
	await table.getByLabel('Select all orders').check()
	await table.getByRole('button', { name: 'Set priority' }).click()
	await table.getByRole('option', { name: 'Medium' }).click()
	await notice.getByText('300 of 300 changed').waitFor({ timeout: 200_000 })
	const bulks = answers.filter(({ target, method }) => target === '/api/orders' && method === 'PATCH').map(({ status }) => status)
	eq([bulks.filter(status => status === 200).length, bulks.includes(429)], [3, true], String(bulks))
	const other = stack.from('127.0.1.1')
	eq((await other.json('/api/orders?priority=Medium&pageSize=1')).total, 300)
}, { timeout: 500_000 })

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

run()

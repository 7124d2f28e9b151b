// The table of orders: finding, sorting, scrolling, choosing what is shown; all
// of it in the address.
import { test, run, eq, ok } from '../system/lib/harness.mjs'
import { startDesk, openBrowser, soon, hold, axe, shot, noWider, plain } from './lib/dashboard.mjs'

let stack, browser, page

test('the table shows what the API lists', async () => {
	stack = await startDesk({ sim: 3000, set: { 'summary.currency': 'CHF' } })
	await stack.synced()
	browser = await openBrowser(stack)
	page = await browser.page('/orders')
	await page.waitForSelector('tr[data-id]')
	const { orders, total } = await stack.json('/api/orders?pageSize=10')
	eq((await page.$$eval('tr[data-id]', rows => rows.map(row => row.dataset.id))).slice(0, 10), orders.map(o => o.id))
	eq(await count(), total)
	eq(await page.getAttribute('[role="grid"]', 'aria-rowcount'), String(total + 1))
})

const count = async () => plain((await page.textContent('[data-testid="count"]')).split(' ')[0])
const filters = () => page.getByRole('group', { name: 'Filters' })
const shows = total => soon(`${total} orders`, async () => await count() === total)
const total = async query => (await stack.json(`/api/orders?pageSize=1&${query}`)).total

test('what is typed is searched for when there is a pause, and is in the address', async () => {
	const asked = []
	page.on('request', request => { if (request.url().includes('/api/orders?')) asked.push(request.url()) })
	// letter by letter in one turn of the page, so that no machine is slow enough to make a pause
	await page.$eval('#search', input => {
		const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set
		for (let n = 1; n <= 6; n++) {
			set.call(input, 'müller'.slice(0, n))
			input.dispatchEvent(new Event('input', { bubbles: true }))
		}
	})
	await shows(await total('search=m%C3%BCller'))
	await page.waitForURL(`${stack.url}/orders?search=m%C3%BCller`)
	// what is shown may be read again meanwhile, as live changes have it; a part of the word is never asked for
	const words = asked.map(url => new URL(url).searchParams.get('search')).filter(word => word !== null)
	eq([...new Set(words)], ['müller'])
	await page.locator('#search').fill('')
	await shows(await total(''))
	page.removeAllListeners('request')
})

test('what was searched for before is given up while it is on its way', async () => {
	const given = []
	page.on('requestfailed', request => given.push(new URL(request.url()).searchParams.get('search')))
	const release = await hold(page, /search=m%C3%BC(&|$)/)
	await page.locator('#search').fill('mü')
	await page.waitForURL(/search=m%C3%BC$/)
	await page.locator('#search').fill('meier')
	await shows(await total('search=meier'))
	await soon('the first is given up', () => given.includes('mü'))
	await release()
	await page.locator('#search').fill('')
	await shows(await total(''))
	page.removeAllListeners('requestfailed')
})

test('filters join, the back button takes them back, a link brings them again', async () => {
	await filters().getByRole('button', { name: 'Status', exact: true }).click()
	await page.getByRole('option', { name: 'Pending' }).click()
	await page.getByRole('option', { name: 'Shipped' }).click()
	await page.keyboard.press('Escape')
	await shows(await total('status=Pending,Shipped'))
	await filters().getByRole('button', { name: 'Priority', exact: true }).click()
	await page.getByRole('option', { name: 'High' }).click()
	await page.keyboard.press('Escape')
	await shows(await total('status=Pending,Shipped&priority=High'))
	await filters().getByRole('button', { name: 'Total', exact: true }).click()
	await page.getByLabel('At least').fill('100')
	await page.keyboard.press('Escape')
	await shows(await total('status=Pending,Shipped&priority=High&minTotal=100'))
	const link = page.url()
	await page.goBack()
	await page.goBack()
	await page.goBack()
	await soon('fewer filters', () => !page.url().includes('priority'))
	await page.goto(link)
	await page.waitForSelector('tr[data-id]')
	await shows(await total('status=Pending,Shipped&priority=High&minTotal=100'))
	await shot(page, 'orders-filtered')
	await filters().getByRole('button', { name: 'Clear', exact: true }).click()
	await shows(await total(''))
})

test('dates are days of the time zone', async () => {
	await filters().getByRole('button', { name: 'Date', exact: true }).click()
	await page.getByRole('button', { name: 'Last 7 days' }).click()
	await page.keyboard.press('Escape')
	const { daily } = await stack.json('/api/orders/summary')
	await shows(daily.slice(-7).reduce((n, day) => n + day.count, 0))
	await filters().getByRole('button', { name: 'Clear', exact: true }).click()
})

test('a date is typed digit by digit, and typed over', async () => {
	const day = (await stack.json('/api/orders/summary')).daily.at(-9)
	const [year, month, date] = day.date.split('-')
	await filters().getByRole('button', { name: 'Date', exact: true }).click()
	const from = page.getByLabel('Created from'), until = page.getByLabel('Created until')
	const type = async (field, text) => {
		await field.blur()
		await field.focus()	// on its first part
		await page.keyboard.type(text, { delay: 40 })
	}
	// the parts stand in the order of the browser's language
	await type(from, '01022003')
	const written = (y, m, d) => (monthFirst ? `${m}${d}${y}` : `${d}${m}${y}`)
	const monthFirst = await from.inputValue() === '2003-01-02'
	await type(from, written(Number(year) - 1, month, date))
	await page.waitForURL(url => url.search.includes(`createdFrom=${Number(year) - 1}-${month}-${date}`))
	eq(await from.inputValue(), `${Number(year) - 1}-${month}-${date}`)
	await type(from, written(year, month, date))
	await type(until, written(year, month, date))
	await page.waitForURL(url => url.search.includes(`createdFrom=${day.date}`) && url.search.includes('createdTo='))
	eq([await from.inputValue(), await until.inputValue()], [day.date, day.date])
	await shot(page, 'orders-dates')
	await page.keyboard.press('Escape')
	await shows(day.count)
	// part of a date, then a day that is none: the filter stays, and it is told
	await filters().getByRole('button', { name: /^Created/ }).click()
	await from.focus()
	await type(from, written('2026', '02', '31'))
	await until.focus()
	await page.getByText('This day does not exist').waitFor()
	ok(page.url().includes(`createdFrom=${day.date}`))
	await page.keyboard.press('Escape')
	await filters().getByRole('button', { name: 'Clear', exact: true }).click()
	await shows(await total(''))
})

test('a filter that can\u2019t be used says why, and is left out on demand; nothing is tried again', async () => {
	const asked = []
	page.on('request', request => { if (request.url().includes('createdFrom=2026-02-31') && request.url().includes('/api/')) asked.push(request.url()) })
	await page.goto(`${stack.url}/orders?status=Pending&createdFrom=2026-02-31`)
	const { detail, errors: [error] } = (await stack.get('/api/orders?createdFrom=2026-02-31')).json()
	ok(detail && error.field === 'createdFrom', JSON.stringify(error))
	await page.getByText('This filter can’t be used').waitFor()
	await page.getByText(`created from: ${error.message}`).waitFor()
	eq(await page.getByText('keeps trying').count(), 0)
	await axe(page, 'a filter that is none')
	await shot(page, 'orders-bad-filter')
	await page.waitForTimeout(6000)	// longer than what passes is asked again
	eq(asked.length, 1, asked.join(' '))
	await page.getByRole('button', { name: 'Remove created from' }).click()
	await shows(await total('status=Pending'))
	page.removeAllListeners('request')
	await page.goto(`${stack.url}/orders?status=Pending&minTotal=much`)
	await page.getByTestId('left-out').getByText('at least').waitFor()
	await shows(await total('status=Pending'))
	await axe(page, 'a filter that is left out')
	await page.getByTestId('left-out').getByRole('button').click()
	await page.waitForURL(url => url.search === '?status=Pending')
	await page.getByTestId('left-out').waitFor({ state: 'detached' })
	await filters().getByRole('button', { name: 'Clear', exact: true }).click()
	await shows(await total(''))
})

test('a filter that matches nothing says so', async () => {
	await page.goto(`${stack.url}/orders?search=nobody-of-this-name`)
	await page.getByText('No order matches').waitFor()
	await axe(page, 'no match')
	await shot(page, 'orders-nothing')
	await page.getByRole('button', { name: 'Clear the filters' }).click()
	await shows(await total(''))
})

test('headers sort', async () => {
	await page.click('[data-sort="orderTotal"]')
	await page.waitForURL(/sort=orderTotal/)
	await page.click('[data-sort="orderTotal"]')
	await page.waitForURL(/sort=-orderTotal/)
	const { orders } = await stack.json('/api/orders?pageSize=5&sort=-orderTotal')
	await soon('the largest first', async () => (await page.getAttribute('tr[data-id]', 'data-id')) === orders[0].id)
	const amount = orders[0].orderTotal.toLocaleString('en-GB', { minimumFractionDigits: 2 })
	ok((await page.textContent('tr[data-id]')).includes(`CHF\u00a0${amount}`), 'with its currency')
	eq(await page.getAttribute('th:has([data-sort="orderTotal"])', 'aria-sort'), 'descending')
	await page.click('[data-sort="orderTotal"]')
	await soon('the default again', () => !page.url().includes('sort'))
})

test('scrolling reaches every order, and the address says where', async () => {
	await page.$eval('[data-testid="scroller"]', element => { element.scrollTop = element.scrollHeight / 2 })
	await page.waitForURL(/page=1[56]/)
	const { orders } = await stack.json('/api/orders?pageSize=100&page=15')
	await soon('rows of that page', async () => (await page.$$eval('tr[data-id]', rows => rows.map(row => row.dataset.id))).some(id => orders.some(o => o.id === id)))
	await page.reload()
	await page.waitForSelector('tr[data-id]')
	await soon('it is where it was', () => page.$eval('[data-testid="scroller"]', element => element.scrollTop > 10_000))
	await page.$eval('[data-testid="scroller"]', element => { element.scrollTop = element.scrollHeight })
	const last = (await stack.json('/api/orders?pageSize=100&page=30')).orders.at(-1)
	await page.waitForSelector(`tr[data-id="${last.id}"]`)
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
})

test('columns and density are chosen', async () => {
	await page.getByRole('button', { name: 'Columns and density' }).click()
	await page.getByRole('menuitemcheckbox', { name: 'Updated' }).click()
	await page.getByRole('menuitemcheckbox', { name: 'Record' }).click()
	await page.getByRole('menuitemcheckbox', { name: 'Compact' }).click()
	await page.keyboard.press('Escape')
	await page.waitForURL(/columns=[^&]*,id&density=compact$/)
	await page.waitForSelector('th:has-text("Updated")', { state: 'detached' })
	await page.waitForSelector('th:has-text("Record")')
	await shot(page, 'orders-compact')
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
})

test('a view is saved, found again, and removed', async () => {
	await page.goto(`${stack.url}/orders?status=Cancelled&sort=orderTotal`)
	await page.waitForSelector('tr[data-id]')
	await page.getByRole('button', { name: 'Views' }).click()
	await page.getByRole('menuitem', { name: 'Save this view' }).click()
	await page.getByLabel('Name').fill('Small cancelled')
	await page.keyboard.press('Enter')
	await page.getByRole('button', { name: 'View: Small cancelled' }).waitFor()
	await page.goto(`${stack.url}/orders`)
	await page.getByRole('button', { name: 'View: All orders' }).click()
	await page.getByRole('menuitemcheckbox', { name: 'Small cancelled' }).click()
	await page.waitForURL(/status=Cancelled&sort=orderTotal/)
	await page.getByRole('menuitem', { name: /Remove/ }).click()
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
})

test('an order opens beside the table, with its address', async () => {
	const { orders } = await stack.json('/api/orders?pageSize=3')
	await page.locator('tr[data-id] td:nth-child(3)').nth(1).click()
	await page.getByRole('dialog').getByText(orders[1].id).waitFor()
	await page.waitForURL(url => url.search.endsWith(`order=${orders[1].id}`))
	await page.getByText('Nothing has changed since the first sync.').waitFor()
	await axe(page, 'details')
	await shot(page, 'order-details')
	await page.goBack()
	await page.waitForSelector('[role="dialog"]', { state: 'detached' })
	await page.goto(`${stack.url}/orders?order=none-such`)
	await page.getByText('This order does not exist').waitFor()
	await page.keyboard.press('Escape')
})

test('the export is what the table shows', async () => {
	await page.goto(`${stack.url}/orders?status=Shipped&priority=High`)
	await page.waitForSelector('tr[data-id]')
	for (const [item, kind, format] of [['CSV', 'csv', ''], ['CSV for Excel', 'csv', '&format=excel'], ['CSV for LibreOffice', 'csv', '&format=libreoffice'], ['Workbook (XLSX)', 'xlsx', '']]) {
		await page.getByRole('button', { name: 'Export' }).click()
		const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: item, exact: true }).click()])
		ok(download.suggestedFilename().startsWith('orders-') && download.suggestedFilename().endsWith(`.${kind}`), download.suggestedFilename())
		eq(new URL(download.url()).search, `?status=Shipped&priority=High${format}`)
	}
	await page.goto(`${stack.url}/orders`)
	await page.waitForSelector('tr[data-id]')
})

test('light, dark, on a phone and on a large screen', async () => {
	await axe(page, 'orders')
	await shot(page, 'orders-light')
	for (const [name, options] of Object.entries({
		'orders-dark': { colorScheme: 'dark' }, 'orders-phone': { width: 360, height: 740 }, 'orders-phone-dark': { width: 390, height: 844, colorScheme: 'dark' }, 'orders-4k': { width: 3840, height: 2160 },
	})) {
		const other = await browser.page('/orders', { reducedMotion: 'reduce', ...options })
		await other.waitForSelector('tr[data-id]')
		await noWider(other, name)
		await axe(other, name)
		await shot(other, name)
		if (options.width === 360) {
			await other.getByRole('button', { name: 'Filters' }).click()
			await noWider(other, 'filters on a phone')
			await shot(other, 'orders-phone-filters')
			await other.locator('tr[data-id]').first().click()
			await other.getByRole('region', { name: 'Details' }).waitFor()
			await axe(other, 'details on a phone')
			await shot(other, 'order-details-phone')
		}
		await other.context().close()
	}
})

test('a date without a time is that day, with no time to it, wherever the reader is', async () => {
	await stack.sim('POST', '/_sim/schema', { retype: { field: 'Created At', type: 'date' } })
	eq((await stack.sync()).status, 200)
	for (const timezoneId of ['America/New_York', 'Pacific/Kiritimati']) {
		const other = await browser.page('/orders', { timezoneId })
		await other.waitForSelector('tr[data-id]')
		const { orders } = await stack.json('/api/orders?pageSize=10')
		const shown = await other.$$eval('tr[data-id] time', times => times.map(time => [time.dateTime, time.textContent, time.title]))
		for (const { createdAt } of orders) {
			ok(/^\d{4}-\d\d-\d\d$/.test(createdAt), createdAt)
			const [, text, title] = shown.find(([at]) => at === createdAt)
			const [, month, day] = createdAt.split('-').map(Number)
			ok(new RegExp(`^${day} [A-Z][a-z]+( \\d{4})?$`).test(text), `${createdAt}: ${text}`)
			ok(title.includes(new Date(Date.UTC(2000, month - 1, 1)).toLocaleString('en-GB', { month: 'long', timeZone: 'UTC' })) && !title.includes(':'), title)
		}
		const date = orders.at(-1).createdAt, until = new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10)
		const group = other.getByRole('group', { name: 'Filters' })
		await group.getByRole('button', { name: 'Date', exact: true }).click()
		await other.getByLabel('Created from').fill(date)
		await other.getByLabel('Created until').fill(date)
		await other.waitForURL(url => url.search === `?createdFrom=${date}&createdTo=${until}`)
		const those = (await stack.json(`/api/orders?createdFrom=${date}&createdTo=${until}`)).total
		await soon('those of that day', async () => plain((await other.textContent('[data-testid="count"]')).split(' ')[0]) === those)
		await other.goto(`${stack.url}/orders?order=${orders[0].id}`)
		const created = other.getByRole('dialog').locator(`time[datetime="${orders[0].createdAt}"]`).first()
		ok(!/[:(]/.test(await created.textContent()))
		await other.context().close()
	}
})

test('no script failed and nothing was refused by the content policy', () => eq(browser.faults, []))

test('the browser and the stack end', async () => {
	await browser?.close()
	await stack?.down()
})

run()

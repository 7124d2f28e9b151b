// A dashboard that is looked at while things change all the time: what it holds
// on to, and whether it shows what the API says at last.
import { soon, plain } from './dashboard.mjs'

const STATUSES = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled']
const PRIORITIES = ['Low', 'Medium', 'High']

/** What a page holds once garbage is collected: {bytes, nodes}. */
export async function holds(page) {
	const client = await page.context().newCDPSession(page)
	await client.send('HeapProfiler.collectGarbage')
	const [{ usedSize }, { nodes }] = [await client.send('Runtime.getHeapUsage'), await client.send('Memory.getDOMCounters')]
	await client.detach()
	return { bytes: usedSize, nodes }
}

/**
 * Changes for a while, four a second where the machine is fast enough: edits through the API; with
 * airtable now and then orders edited, made and deleted there too, and a sync.  How many there were.
 */
export async function change(stack, seconds, { airtable = true } = {}) {
	const end = performance.now() + seconds * 1000
	let n = 0
	for (; performance.now() < end; n++) {
		const next = new Promise(resolve => setTimeout(resolve, 240))
		const { orders } = await stack.json('/api/orders?pageSize=30')
		const { id } = orders[n % orders.length]
		await stack.patch(id, { status: STATUSES[n * 7 % 5], priority: PRIORITIES[n % 3] })
		if (airtable && n % 20 === 10) {
			await stack.sim('POST', '/_sim/edit', { id, fields: { Customer: `Customer ${n}` } })
			await stack.sim('POST', '/_sim/create', { count: 2 })
			await stack.sim('POST', '/_sim/delete', { ids: [orders.at(-1).id, orders.at(-2).id] })
			await stack.sync()
		}
		await next
	}
	return n
}

/** The rows of the table are those of the API, each with what it holds. */
export const rowsAgree = (stack, page) => soon('every row is as in the API', async () => {
	const { orders, total } = await stack.json('/api/orders?pageSize=12')
	const shown = await page.$$eval('tr[data-id]', rows => rows.slice(0, 12).map(row => ({ id: row.dataset.id, text: row.textContent })))
	return plain((await page.textContent('[data-testid="count"]')).split(' ')[0]) === total && shown.length === orders.length &&
		orders.every((order, i) => shown[i].id === order.id &&
			[order.orderId ?? order.id, order.customer ?? '–', order.status ?? 'No status', order.priority ?? 'None'].every(text => shown[i].text.includes(text)))
})

/** The figures and groups of the overview are those of the API. */
export const figuresAgree = (stack, page) => soon('every figure is as in the API', async () => {
	const { total, revenue, byStatus, byPriority, daily } = await stack.json('/api/orders/summary')
	const figure = async name => plain((await page.getAttribute(`[data-figure="${name}"] [data-value]`, 'data-value')).split(' ')[0])
	const groups = await page.$$eval('tr[data-group]', rows => rows.map(row => row.cells[1].textContent))
	return await figure('Orders') === total.count && await figure('Revenue') === revenue.orderTotal &&
		await figure('Open') === byStatus[0].count + byStatus[1].count && await figure('Today') === daily.at(-1).count &&
		groups.map(plain).join() === [...byStatus, ...byPriority].map(({ count }) => count).join()
})

// A plain look at the live figures: the summary, the newest orders and the
// state of the sync, asked for every few seconds and sent only when changed.

const EVERY_MS = 3000
const PENDING = ['Pending', 'Processing']
const byId = id => document.getElementById(id)
const number = new Intl.NumberFormat('en')
const money = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 4 })
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const known = new Map()	// path -> { etag, body }
let asked = false	// a sync by the button is on its way

class Problem extends Error {}

/** The body at a path; from memory when the server says that it is the same. */
async function read(path) {
	const before = known.get(path)
	const answer = await fetch(path, { headers: before?.etag ? { 'If-None-Match': before.etag } : {}, signal: AbortSignal.timeout(8000) })
	if (answer.status === 304) return before.body
	const body = await answer.json()
	if (!answer.ok) throw new Problem(body.detail ?? body.title ?? `status ${answer.status}`)
	known.set(path, { etag: answer.headers.get('ETag'), body })
	return body
}

function element(name, text, className) {
	const made = document.createElement(name)
	if (text !== undefined) made.textContent = text
	if (className) made.className = className
	return made
}

function drawing(name, attributes, text) {
	const made = document.createElementNS('http://www.w3.org/2000/svg', name)
	for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
	if (text !== undefined) made.textContent = text
	return made
}

function row(...cells) {
	const made = element('tr')
	made.append(...cells)
	return made
}

function showDays(days) {
	const [width, height, base] = [600, 180, 160]
	const most = Math.max(1, ...days.map(({ count }) => count))
	const step = width / days.length
	const parts = [drawing('line', { x1: 0, x2: width, y1: base + .5, y2: base + .5 })]
	days.forEach(({ date, count, orderTotal }, i) => {
		const tall = Math.round((base - 20) * count / most)
		const bar = drawing('rect', { x: i * step + 2, y: base - tall, width: step - 4, height: tall, rx: 2 })
		bar.append(drawing('title', {}, `${date}: ${number.format(count)} orders, ${money.format(orderTotal)}`))
		parts.push(bar)
	})
	parts.push(drawing('text', { x: 2, y: 12 }, `most: ${number.format(most)}`),
		drawing('text', { x: 2, y: height - 5 }, days[0].date),
		drawing('text', { x: width - 2, y: height - 5, 'text-anchor': 'end' }, days.at(-1).date))
	byId('days').replaceChildren(...parts)
}

function showSummary(summary) {
	const { total, byStatus, daily, timeZone, syncedAt } = summary
	const today = daily.at(-1)
	byId('count').textContent = number.format(total.count)
	byId('total').textContent = money.format(total.orderTotal)
	byId('open').textContent = number.format(byStatus.filter(s => PENDING.includes(s.status)).reduce((n, s) => n + s.count, 0))
	byId('today').textContent = number.format(today.count)
	byId('today-total').textContent = money.format(today.orderTotal)
	byId('zone').textContent = `in ${timeZone}`
	byId('synced').textContent = syncedAt === null ? 'not complete yet' : `as of ${moment.format(new Date(syncedAt))}`
	byId('statuses').replaceChildren(...byStatus.map(({ status, count, orderTotal }) => {
		const share = element('td', undefined, 'share')
		const meter = element('meter')
		meter.max = Math.max(1, total.count)
		meter.value = count
		meter.title = `${(100 * count / Math.max(1, total.count)).toFixed(1)} %`
		share.append(meter)
		return row(element('td', status ?? 'none'), element('td', number.format(count), 'number'), element('td', money.format(orderTotal), 'number'), share)
	}))
	showDays(daily)
}

function showOrders({ orders }) {
	byId('orders').replaceChildren(...orders.map(o => row(
		element('td', o.orderId ?? o.id), element('td', o.customer ?? '–'), element('td', o.status ?? '–'), element('td', o.priority ?? '–'),
		element('td', o.orderTotal === null ? '–' : money.format(o.orderTotal), 'number'),
		element('td', o.createdAt === null ? '–' : moment.format(new Date(o.createdAt))))))
	byId('empty').hidden = orders.length > 0
}

function state(text, kind) {
	const pill = byId('state')
	if (pill.textContent !== text) pill.textContent = text
	pill.className = `pill ${kind}`
}

function notice(text) {
	byId('notice').textContent = text ?? ''
	byId('notice').hidden = !text
}

function showSync(sync, syncedAt) {
	byId('sync').disabled = asked || sync.state === 'running'
	if (sync.state === 'running') {
		const of = sync.expectedRecords ? ` of ${number.format(sync.expectedRecords)}` : ''
		state(`syncing: ${number.format(sync.records ?? 0)}${of} orders`, 'warn')
	} else if (sync.state === 'failed') {
		state('last sync failed', 'bad')
	} else {
		state(syncedAt === null ? 'waiting for the first sync' : 'up to date', syncedAt === null ? 'warn' : 'good')
	}
	notice(sync.state === 'failed' ? `The last sync failed: ${sync.error?.detail ?? sync.error?.code ?? 'unknown cause'}. What you see is from before.` : null)
}

async function refresh() {
	try {
		const [summary, orders, sync] = await Promise.all([read('/api/orders/summary'), read('/api/orders?pageSize=20'), read('/api/sync')])
		showSummary(summary)
		showOrders(orders)
		showSync(sync, summary.syncedAt)
		document.querySelector('main').setAttribute('aria-busy', 'false')
	} catch (error) {
		state('no connection', 'bad')
		notice(`The order desk does not answer${error instanceof Problem ? `: ${error.message}` : ''}. Trying again.`)
		document.querySelector('main').setAttribute('aria-busy', String(known.size === 0))
	}
}

byId('sync').addEventListener('click', async () => {
	asked = true
	byId('sync').disabled = true
	state('syncing', 'warn')
	try {
		await fetch('/api/orders/sync', { method: 'POST' })
	} catch {
		// the next refresh tells what became of it
	} finally {
		asked = false
		await refresh()
	}
})

for (;;) {
	if (!document.hidden) await refresh()
	await new Promise(resolve => setTimeout(resolve, EVERY_MS))
}

// A page of another site, in the browser of somebody who may use the desk, tries all
// that a page can: it reads nothing and changes nothing, also where its own name leads
// to the desk.  A site that the operator names may, and the desk works under its name.
import http from 'node:http'
import path from 'node:path'
import { test, run, eq, ok, cleanUp } from '../system/lib/harness.mjs'
import { fetched } from '../system/lib/clients.mjs'
import { startStack, fast } from '../system/lib/stack.mjs'
import { openBrowser, soon, row, choose } from './lib/dashboard.mjs'

const PAGE = '<!doctype html><meta charset="utf-8"><title>another site</title><body>'
let stack, browser, elsewhere, port, order, before, desks

/** What could have changed: nothing of it may. */
async function state() {
	const { generation } = await stack.json('/api/orders?pageSize=1')
	const { finishedAt } = await stack.json('/api/sync')
	return { generation, finishedAt, history: (await stack.json(`/api/orders/${order.id}/history`)).changes.length, calls: (await stack.stats()).calls ?? null }
}

test('a desk with a name, and another site', async () => {
	elsewhere = http.createServer((request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE))
	await new Promise(resolve => elsewhere.listen(0, '127.0.0.1', resolve))
	cleanUp(() => { elsewhere.closeAllConnections(); elsewhere.close() })
	port = elsewhere.address().port
	stack = await startStack(fast({ sim: 100, set: { 'http.names': 'desk.example', 'http.allowed_origins': `http://portal.example:${port}`, 'write.create': true, 'write.delete': true, 'airtable.create_key': 'Notes' } }))
	await stack.synced()
	order = (await stack.json('/api/orders?pageSize=1')).orders[0]
	// something that an undo would take back
	eq((await stack.patch(order.id, { status: order.status === 'Shipped' ? 'Pending' : 'Shipped' })).status, 200)
	before = await state()
	const at = new URL(stack.url).port
	desks = [stack.url, `http://localhost:${at}`, `http://desk.example:${at}`]
	// every name below .example leads to this machine, as that of an attacker might
	// nor does this browser keep pages from machines near by, as some do: the desk must
	browser = await openBrowser(stack, { args: ['--host-resolver-rules=MAP *.example 127.0.0.1', '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessRespectPreflightResults'] })
})

/** In a page: what fetch makes of each attempt; a text that it could read, or how it failed. */
const attempts = async ({ desk, id }) => {
	const json = { 'Content-Type': 'application/json' }
	const paths = ['/', '/docs', '/health', '/api/health', '/api/orders', `/api/orders/${id}`, '/api/orders/summary', '/api/orders/export.csv', '/api/audit', '/api/sync', '/api/openapi.json', '/api/events']
	const tries = [
		...paths.flatMap(path => ['cors', 'no-cors'].flatMap(mode => ['omit', 'include'].map(credentials => [path, { mode, credentials }]))),
		...['POST', 'PUT', 'PATCH', 'DELETE'].map(method => [`/api/orders/${id}`, { method, headers: json, body: '{"status":"Cancelled"}' }]),
		...['cors', 'no-cors'].flatMap(mode => [undefined, '', '{}', new URLSearchParams('a=b'), new Blob(['{}'], { type: 'text/plain' })].flatMap(body =>
			['/api/orders/sync', '/api/orders/sync?mode=full', `/api/orders/${id}/undo`, '/api/orders/undo', '/api/orders', '/hooks/airtable'].map(path => [path, { method: 'POST', mode, body }]))),
		[`/api/orders/${id}/undo`, { method: 'POST', keepalive: true, mode: 'no-cors' }],
		['/api/orders/sync', { method: 'POST', headers: { 'Idempotency-Key': 'x' } }],
		['/api/orders/sync', { method: 'POST', referrerPolicy: 'no-referrer', mode: 'no-cors' }],
	]
	const got = await Promise.all(tries.map(async ([path, options]) => {
		try {
			const answer = await fetch(desk + path, options)
			return `${path} ${JSON.stringify(options)}: ${answer.type} ${answer.status} ${(await answer.text()).slice(0, 80)}`
		} catch (error) {
			return error instanceof TypeError ? null : String(error)
		}
	}))
	for (const path of ['/api/orders/sync', `/api/orders/${id}/undo`]) navigator.sendBeacon(desk + path, 'x')
	// one that says nothing but that it came is none: there is no byte in it
	return got.filter(text => text !== null && !/: opaque 0 $/.test(text))
}

/** In a page: what it loads as a part of itself, and what of it got there. */
const parts = async ({ desk, id }) => {
	const loads = (name, fields, parent = document.body) => new Promise(resolve => {
		const element = Object.assign(document.createElement(name), fields)
		element.onload = () => resolve(`${name} ${JSON.stringify(fields)} loaded`)
		element.onerror = () => resolve(null)
		parent.append(element)
		setTimeout(() => resolve(null), 5000)
	})
	const got = await Promise.all([
		...['/api/orders', '/api/orders/summary', `/api/orders/${id}`, '/docs-assets/docs.js', '/api/openapi.json'].flatMap(path =>
			[loads('script', { src: desk + path }), loads('script', { src: desk + path, type: 'module' }), loads('link', { rel: 'stylesheet', href: desk + path }, document.head)]),
		...['/favicon.svg', '/favicon.ico', '/api/orders'].map(path => loads('img', { src: desk + path })),
		loads('link', { rel: 'stylesheet', href: `${desk}/docs-assets/docs.css` }, document.head),
	])
	const streams = await Promise.all([
		new Promise(resolve => {
			const events = new EventSource(`${desk}/api/events`)
			events.onopen = () => resolve('EventSource opened')
			events.onerror = () => { events.close(); resolve(null) }
		}),
		new Promise(resolve => {
			const socket = new WebSocket(`${desk.replace('http', 'ws')}/api/events`)
			socket.onopen = () => resolve('WebSocket opened')
			socket.onerror = () => resolve(null)
		}),
	])
	return [...got, ...streams].filter(text => text !== null)
}

test('it can read nothing, and nothing that it sends is done', async () => {
	for (const site of ['elsewhere.example', 'sub.desk.example', 'desk.example'])
		for (const desk of desks) {
			const page = await browser.stranger(`http://${site}:${port}/`)
			eq(await page.evaluate(attempts, { desk, id: order.id }), [], `${site} and ${desk}`)
			eq(await page.evaluate(parts, { desk, id: order.id }), [], `${site} and ${desk}`)
			await page.close()
		}
	// a page with no origin at all
	const page = await browser.stranger(`data:text/html,${PAGE}`)
	eq(await page.evaluate(attempts, { desk: desks[0], id: order.id }), [])
	await page.close()
	eq(await state(), before)
}, { timeout: 300_000 })

test('forms, frames and windows of it do nothing either', async () => {
	for (const desk of desks) {
		const page = await browser.stranger(`http://elsewhere.example:${port}/`)
		for (const path of ['/api/orders/sync', '/api/orders/sync?mode=full', `/api/orders/${order.id}/undo`, '/api/orders/undo', '/api/orders', '/hooks/airtable', '/'])
			for (const enctype of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
				const tab = page.context().waitForEvent('page')
				await page.evaluate(({ action, enctype: type }) => {
					const form = Object.assign(document.createElement('form'), { action, enctype: type, method: 'post', target: '_blank' })
					form.innerHTML = '<input name=\'{"bulk":"1","x":"\' value=\'"}\'>'
					document.body.append(form)
					form.submit()
				}, { action: desk + path, enctype })
				const answered = await tab
				await answered.waitForLoadState()
				ok(/cross_site/.test(await answered.textContent('body')), `${path} ${enctype}: ${await answered.textContent('body')}`)
				await answered.close()
			}
		// in a frame there is the browser's own page, not ours
		for (const path of ['/', '/orders', '/docs', '/api/orders', '/api/docs']) {
			const frame = await page.evaluateHandle(src => new Promise(resolve => {
				const element = Object.assign(document.createElement('iframe'), { src, onload: () => resolve(element) })
				document.body.append(element)
			}), desk + path)
			const content = await (await frame.asElement().contentFrame()).content()
			ok(!/Orderdeck|customer|orderTotal/i.test(content), `${path}: ${content.slice(0, 200)}`)
		}
		// a window is opened, and can't be looked into
		const tab = page.context().waitForEvent('page')
		await page.evaluate(url => { window.opened = window.open(url) }, `${desk}/orders`)
		const opened = await tab
		await opened.waitForSelector('tr[data-id]')
		const seen = await page.evaluate(() => {
			try {
				return window.opened.document.title
			} catch (error) {
				return error.name === 'SecurityError' || window.opened.closed ? 'nothing' : String(error)
			}
		})
		ok(['nothing', ''].includes(seen), seen)
		eq(await opened.evaluate(() => window.opener === null), desk !== desks[2], 'browsers heed Cross-Origin-Opener-Policy on this machine and over TLS')
		await page.context().close()
	}
	eq(await state(), before)
}, { timeout: 300_000 })

test('where its own name leads to the desk it is told nothing', async () => {
	const at = new URL(stack.url).port
	for (const name of ['rebound.example', 'xdesk.example', 'desk.example.rebound.example']) {
		// its page came from elsewhere, before the name led here
		const url = `http://${name}:${at}/`
		const page = await browser.stranger(url, { route: route => route.fulfill({ contentType: 'text/html', body: PAGE }) })
		const got = await page.evaluate(async id => Promise.all([['/index.html'], ['/api/orders'], [`/api/orders/${id}`], ['/api/health'], ['/docs'], ['/api/orders/sync', { method: 'POST' }], [`/api/orders/${id}/undo`, { method: 'POST' }],
			[`/api/orders/${id}`, { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: '{"status":"Cancelled"}' }], [`/api/orders/${id}`, { method: 'DELETE' }]].map(async ([path, options]) => {
			const answer = await fetch(path, options)
			return [path, answer.status, (await answer.json()).code]
		})), order.id)
		for (const [path, ...told] of got) eq(told, [421, 'misdirected'], path)
		eq(await page.evaluate(() => new Promise(resolve => {
			const events = new EventSource('/api/events')
			events.onopen = () => resolve('opened')
			events.onerror = () => resolve('refused')
		})), 'refused')
		eq(await page.evaluate(() => new Promise(resolve => {
			const socket = new WebSocket(`ws://${location.host}/api/events`)
			socket.onopen = () => resolve('opened')
			socket.onerror = () => resolve('refused')
		})), 'refused')
		await page.close()
	}
	eq(await state(), before)
})

test('all of that did reach the desk', async () => {
	await soon('nginx has written its log', () => /uri="\/docs" status=421/.test(stack.log('nginx-access.log')))
	const log = stack.log('nginx-access.log')
	for (const path of ['/api/orders/sync', `/api/orders/${order.id}/undo`, '/api/orders/undo', '/hooks/airtable']) {
		const lines = log.split('\n').filter(line => line.includes(`method=POST uri="${path}" `) && !line.includes('status=421'))
		ok(lines.length > 20 && lines.every(line => line.includes('status=403')), `${path}: ${lines.length}`)
	}
})

test('a site that the operator names reads, changes and listens', async () => {
	const page = await browser.stranger(`http://portal.example:${port}/`)
	for (const desk of desks) {
		const got = await page.evaluate(async ({ desk: at, id }) => {
			const events = new EventSource(`${at}/api/events`)
			const heard = new Promise((resolve, reject) => {
				events.addEventListener('change', event => resolve(JSON.parse(event.data).orders))
				events.onerror = () => reject(new Error('EventSource'))
			})
			await new Promise(resolve => { events.onopen = resolve })
			const list = await fetch(`${at}/api/orders/${id}`), { status } = await list.json()
			const changed = await fetch(`${at}/api/orders/${id}`, { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'If-Match': list.headers.get('ETag'), 'Idempotency-Key': `portal ${at}`, Prefer: 'respond-async', 'X-Request-Id': 'portal' },
				body: JSON.stringify({ status: status === 'Pending' ? 'Shipped' : 'Pending' }) })
			const orders = await heard
			events.close()
			const refused = await fetch(`${at}/api/orders/nope`)
			return { list: list.status, data: list.headers.get('X-Generation') !== null && list.headers.get('X-Data-Age') !== null, changed: changed.status, id: changed.headers.get('X-Request-Id'), orders, refused: [refused.status, (await refused.json()).code] }
		}, { desk, id: order.id })
		eq(got, { list: 200, data: true, changed: 200, id: 'portal', orders: [order.id], refused: [404, 'not_found'] }, desk)
		// but it sends no cookies, and its own subdomains are others
		eq(await page.evaluate(at => fetch(`${at}/api/health`, { credentials: 'include' }).then(() => 'read', error => error.name), desk), 'TypeError')
	}
	await page.close()
	const sub = await browser.stranger(`http://sub.portal.example:${port}/`)
	eq(await sub.evaluate(at => fetch(`${at}/api/health`).then(() => 'read', error => error.name), desks[0]), 'TypeError')
	await sub.close()
})

test('under each of its names the desk works as ever', async () => {
	for (const desk of desks) {
		const page = await browser.page(`${desk}/orders`)
		await page.waitForSelector('tr[data-id]')
		const { orderId, id, status } = (await stack.json('/api/orders?pageSize=1')).orders[0]
		const next = status === 'Delivered' ? 'Shipped' : 'Delivered'
		await choose(page, orderId, 'status', next)
		await soon('it is changed', async () => (await stack.json(`/api/orders/${id}`)).status === next)
		// live: another's change shows by itself
		await stack.patch(id, { status: 'Cancelled' })
		await row(page, orderId).getByText('Cancelled').first().waitFor()
		await page.close()
	}
	eq(browser.faults.filter(fault => !desks.some(desk => fault.startsWith(`asked ${desk}/`)) && !/Cross-Origin-Opener-Policy header has been ignored/.test(fault)), [])
})

test('Airtable itself may be called by any page: its own client does, from there', async () => {
	await stack.sim('POST', '/_sim/tokens', { token: 'patOfThePage' })
	const page = await browser.stranger(`http://elsewhere.example:${port}/`)
	await page.addScriptTag({ path: path.join(fetched('clients', ['airtable']), 'node_modules/airtable/build/airtable.browser.js') })
	const seen = await page.evaluate(async endpointUrl => {
		// the bundle defines require()
		const Airtable = window.require('airtable')
		const orders = new Airtable({ apiKey: 'patOfThePage', endpointUrl }).base('appOrderdeckDemo1')('Orders')
		const made = await orders.create({ 'Order ID': 'PAGE-1', 'Order Total': '$1,234.50' }, { typecast: true })
		const changed = await orders.update(made.id, { Status: 'Shipped' })
		const found = await orders.select({ filterByFormula: "{Order ID} = 'PAGE-1'" }).all()
		await orders.destroy(made.id)
		const refused = await orders.find(made.id).catch(error => error.statusCode)
		return [made.get('Order Total'), changed.get('Status'), found.length, refused]
	}, stack.simUrl)
	eq(seen, [1234.5, 'Shipped', 1, 404])
	await page.close()
})

test('the stack ends undamaged', async () => {
	await browser.close()
	await stack.down()
})

run()

// Limits: exact over all workers in any minute, each client for itself, and
// nobody's but one's own; and what nginx keeps of floods, slow heads and slow
// bodies from the workers.  Clients are addresses of 127.0.0.0/8, or what a
// trusted proxy tells.
import http from 'node:http'
import net from 'node:net'
import { test, run, eq, ok, sleep, PATIENCE } from './lib/harness.mjs'
import { withStack, fast, until } from './lib/stack.mjs'

const unlimited = { 'limits.requests_per_second': 0, 'limits.connections': 0 }
const limited = (set, more = {}) => fast({ sim: 50, ...more, set: { 'limits.enabled': true, ...set } })

/** One request from an address of this machine. */
function ask(stack, target, { from = '127.0.0.1', headers = {}, method = 'GET', body, agent = false } = {}) {
	const { hostname, port } = new URL(stack.url)
	return new Promise((resolve, reject) => {
		const call = http.request({ hostname, port, path: target, method, headers, agent, localAddress: from }, answer => {
			let text = ''
			answer.setEncoding('utf8')
			answer.on('data', part => { text += part })
			answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text, at: performance.now() }))
			answer.on('error', reject)
		})
		call.on('error', reject)
		call.setTimeout(30_000, () => call.destroy(new Error(`${target}: no answer`)))
		call.end(body)
	})
}

/** How many of n requests, 20 at once, pass; with each answer checked for being one or the other. */
async function passes(stack, n, target, options) {
	let left = n, passed = 0
	await Promise.all(Array.from({ length: 20 }, async () => {
		while (left-- > 0) {
			const answer = await ask(stack, target, typeof options === 'function' ? options(left) : options)
			if (answer.status === 200) passed++
			else {
				eq(answer.status, 429, answer.text)
				ok(Number(answer.headers['retry-after']) >= 1)
				eq(JSON.parse(answer.text).code, 'rate_limited')
			}
		}
	}))
	return passed
}

// What slides over many minutes, in many processes and by a clock that can be
// turned, is in tests/unit/limits/test_ratelimit.c; ORDERDECK_LONG waits for it here, too.
const LONG = Boolean(process.env.ORDERDECK_LONG)

test('50 clients of one user in parallel see exactly 100 passes in a minute, and others all of theirs', async () => {
	await withStack(limited({ ...unlimited, 'api.workers': 4 }), async stack => {
		const end = performance.now() + (LONG ? 130_000 : 6_000)
		const passed = [], free = []
		let refused = 0, other = 0
		const greedy = Array.from({ length: 50 }, async () => {
			const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
			while (performance.now() < end) {
				const sent = performance.now()
				const answer = await ask(stack, '/api/orders?pageSize=1', { from: '127.0.0.2', agent })
				if (answer.status === 200) passed.push({ sent, at: answer.at })
				else if (answer.status === 429) {
					refused++
					free.push({ from: sent, to: answer.at, after: Number(answer.headers['retry-after']) * 1000 })
				} else throw new Error(`${answer.status} ${answer.text}`)
				await sleep(200 + Math.random() * 200)
			}
			agent.destroy()
		})
		const modest = (async () => {
			while (performance.now() < end) {
				eq((await ask(stack, '/api/orders?pageSize=1', { from: '127.0.0.3' })).status, 200)
				other++
				await sleep(1000)
			}
		})()
		await Promise.all([...greedy, modest])
		passed.sort((a, b) => a.at - b.at)
		ok(refused > 100, `${refused} refused`)
		ok(other >= 2, `${other} of another's`)
		if (!LONG) {
			eq(passed.length, 100)
			// each is told to come when the first of the hundred leaves the minute
			const first = Math.min(...passed.map(p => p.sent)), last = passed[0].at
			for (const { from, to, after } of free)
				ok(to + after >= first + 60_000 && from + after <= last + 62_000, `told to wait ${after} ms, ${from - first} ms after the first`)
			return
		}
		// the first hundred at once, and the next ones as those leave the minute
		ok(passed.length > 200 && passed.length <= 300, `${passed.length} passes`)
		for (let i = 0; i + 100 < passed.length; i++)
			ok(passed[i + 100].at - passed[i].sent >= 60_000,
				`passes ${i} and ${i + 100} are ${passed[i + 100].at - passed[i].sent} ms apart`)
	})
}, { timeout: 200_000 })

test('a burst over all workers passes to the quota, one route does not count for another, and a killed worker forgets nothing', async () => {
	await withStack(limited({ ...unlimited, 'api.workers': 4, 'limits.orders_list': 37, 'limits.sync_orders': 1, 'limits.update_order': 2 }), async stack => {
		eq(await passes(stack, 300, '/api/orders'), 37)
		const { headers } = await ask(stack, '/api/orders/summary')
		eq(headers['ratelimit-policy'], '"orders_summary";q=60;w=60')
		ok(/^"orders_summary";r=59;t=(59|60)$/.test(headers.ratelimit), headers.ratelimit)
		const id = (await ask(stack, '/api/orders', { from: '127.0.0.9' })).text.match(/"id":"(rec\w+)"/)[1]
		const patch = () => ask(stack, `/api/orders/${id}`, { method: 'PATCH', body: '{"status":"Shipped"}', headers: { 'Content-Type': 'application/json' } })
		const first = await patch()
		eq(first.status, 200, first.text)
		ok(/^"update_order";r=1;/.test(first.headers.ratelimit), 'told though it waited for syncd')
		eq((await patch()).status, 200)
		eq((await patch()).status, 429)
		for (const pid of stack.children('fcgi-api')) process.kill(pid, 'SIGKILL')
		await until('the workers are back', 20_000, async () => (await ask(stack, '/api/health', { from: '127.0.0.9' })).status === 200)
		await until('every worker answers', 20_000, async () => await passes(stack, 20, '/api/orders').catch(() => 1) === 0)
		// what no worker is asked for has no limit here
		for (let i = 0; i < 200; i++) eq((await ask(stack, '/api/openapi.json')).headers.ratelimit, undefined)
	})
})

test('changes weigh as many orders as they change, in whatever parts, over all workers', async () => {
	await withStack(limited({ ...unlimited, 'api.workers': 4, 'limits.update_order': 1000, 'limits.changed_orders': 20, 'write.create': true, 'write.delete': true, 'airtable.create_key': 'Notes' }, { sim: 100 }), async stack => {
		const { orders } = await stack.json('/api/orders?pageSize=100')
		const ids = orders.map(order => order.id), json = { 'Content-Type': 'application/json' }
		const call = (method, target, body, { from = '127.0.0.2', headers = {} } = {}) => stack.from(from).call(method, target, { headers: body === undefined ? headers : { ...json, ...headers }, body })
		const bulk = (from, to, options) => call('PATCH', '/api/orders', { updates: ids.slice(from, to).map(id => ({ id, priority: 'High' })) }, options)
		const left = answer => Number(/"changed_orders";r=(\d+)/.exec(answer.headers.ratelimit)?.[1] ?? NaN)
		const first = await bulk(0, 12)
		eq([first.status, left(first)], [200, 8])
		ok(/^"update_order";r=999;t=\d+, "changed_orders";r=8;t=(59|60)$/.test(first.headers.ratelimit), first.headers.ratelimit)
		eq(first.headers['ratelimit-policy'], '"update_order";q=1000;w=60, "changed_orders";q=20;w=60')
		// what has no room changes nothing, and does not count
		const before = (await stack.json('/api/orders?pageSize=1')).generation
		for (let i = 0; i < 3; i++) {
			const refused = await bulk(12, 21)
			eq([refused.status, refused.json().code, left(refused)], [429, 'rate_limited', 8])
			ok(Number(refused.headers['retry-after']) >= 50 && Number(refused.headers['retry-after']) <= 61, refused.headers['retry-after'])
			ok(/orders/.test(refused.json().detail))
		}
		eq((await stack.json('/api/orders?pageSize=1')).generation, before)
		// nor what is not sent to Airtable: unknown orders, faults, a repeated request
		const mixed = await call('PATCH', '/api/orders', { updates: [{ id: ids[30], priority: 'Low' }, ...Array.from({ length: 50 }, (_, i) => ({ id: `rec${i}`, priority: 'Low' })), { id: ids[31] }] })
		eq([mixed.status, left(mixed)], [200, 7])
		const key = { headers: { 'Idempotency-Key': 'a' } }
		eq(left(await bulk(40, 42, key)), 5)
		const again = await bulk(40, 42, key)
		eq([again.status, left(again)], [200, NaN])
		// one by one it is the same count
		eq(left(await call('PATCH', `/api/orders/${ids[50]}`, { status: 'Shipped' })), 4)
		eq(left(await call('POST', `/api/orders/${ids[50]}/undo`)), 3)
		const made = await call('POST', '/api/orders', { orderId: 'ORD-limits', customer: 'New' })
		eq([made.status, left(made)], [201, 2])
		eq(left(await call('DELETE', `/api/orders/${made.json().id}`)), 1)
		eq((await call('POST', '/api/orders/undo', { bulk: first.json().bulk })).status, 429)
		// of several at once as many pass as there is room for: one
		const statuses = await Promise.all(Array.from({ length: 12 }, (_, i) => call('PATCH', `/api/orders/${ids[60 + i]}`, { priority: 'Medium' }).then(answer => answer.status)))
		eq(statuses.filter(status => status === 200).length, 1, String(statuses))
		eq(statuses.filter(status => status === 429).length, 11)
		// another's are another's; and what never has room is told so
		const other = { from: '127.0.0.3' }
		eq(left(await call('POST', '/api/orders/undo', { bulk: first.json().bulk }, other)), 8)
		const huge = await bulk(0, 21, { from: '127.0.0.4' })
		eq([huge.status, huge.json().code, left(huge), huge.headers['retry-after']], [413, 'too_large', 20, undefined])
		eq((await bulk(0, 20, { from: '127.0.0.4' })).status, 200)
	})
	// as it comes: 15,000 orders in thirty requests are far too many
	await withStack(limited(unlimited, { sim: 600, env: { RATE_LIMIT_SYNC_ORDERS: '100' } }), async stack => {
		const ids = (await stack.dump()).map(record => record.id)
		const part = at => stack.call('PATCH', '/api/orders', { headers: { 'Content-Type': 'application/json' }, body: { updates: ids.slice(at, at + 300).map(id => ({ id, priority: 'Low' })) } })
		eq([(await part(0)).status, (await part(300)).status, (await part(0)).status, (await part(300)).status], [200, 200, 200, 429])
	})
})

test('a forged X-Forwarded-For buys nothing', async () => {
	const forged = left => ({ headers: { 'X-Forwarded-For': `203.0.113.${left % 250}`, Forwarded: `for=198.51.100.${left % 250}`, 'X-Real-IP': `192.0.2.${left % 250}` } })
	await withStack(limited({ ...unlimited, 'limits.orders_list': 10 }), async stack => {
		eq(await passes(stack, 100, '/api/orders', forged), 10)
	})
	await withStack(limited({ ...unlimited, 'limits.orders_list': 10, 'http.trusted_proxies': '10.0.0.0/8, 127.0.0.77' }), async stack => {
		eq(await passes(stack, 100, '/api/orders', forged), 10)
		// the proxy's word counts, for what it added itself: the last address that is not a proxy's
		const through = chain => left => ({ from: '127.0.0.77', headers: { 'X-Forwarded-For': chain(left) } })
		eq(await passes(stack, 50, '/api/orders', through(() => '203.0.113.5')), 10)
		eq(await passes(stack, 50, '/api/orders', through(left => `198.51.100.${left}, 203.0.113.5`)), 0)
		eq(await passes(stack, 50, '/api/orders', through(left => `198.51.100.${left}, 203.0.113.5, 10.1.2.3`)), 0)
		eq(await passes(stack, 50, '/api/orders', through(() => '203.0.113.6')), 10)
		// an IPv6 customer has one network, however many addresses
		eq(await passes(stack, 50, '/api/orders', through(left => `2001:db8:7:7::${left.toString(16)}`)), 10)
		eq(await passes(stack, 50, '/api/orders', through(left => `2001:db8:7:8:${left}::1`)), 10)
		eq(await passes(stack, 20, '/api/orders', through(() => 'nonsense')), 10, 'the proxy itself')
		await until('nginx wrote its log', 5000, () => stack.log('nginx-access.log').includes('addr=203.0.113.5 '))
	})
})

test('names of the environment, a reload with other limits, and none at all', async () => {
	const env = { RATE_LIMIT_ORDERS_LIST: '3/minute', RATE_LIMIT_GET_ORDER: '4', RATE_LIMIT_UPDATE_ORDER: '5', RATE_LIMIT_SYNC_ORDERS: '6', RATE_LIMIT_ORDERS_SUMMARY: '7', RATE_LIMIT_CHANGED_ORDERS: '8' }
	await withStack(limited(unlimited, { env }), async stack => {
		eq((await ask(stack, '/api/orders')).headers['ratelimit-policy'], '"orders_list";q=3;w=60')
		eq((await ask(stack, '/api/orders/summary')).headers['ratelimit-policy'], '"orders_summary";q=7;w=60')
		eq((await ask(stack, '/api/orders/nothing')).headers['ratelimit-policy'], '"get_order";q=4;w=60')
		eq((await ask(stack, '/api/orders/sync', { method: 'POST' })).headers['ratelimit-policy'], '"sync_orders";q=6;w=60')
		eq((await ask(stack, '/api/orders/nothing', { method: 'PATCH', body: '{}' })).headers['ratelimit-policy'], '"update_order";q=5;w=60')
		eq(await passes(stack, 20, '/api/orders'), 2)
	})
	await withStack(limited({ ...unlimited, 'limits.orders_list': 5, 'limits.orders_summary': 5 }), async stack => {
		eq(await passes(stack, 20, '/api/orders'), 5)
		eq(await passes(stack, 20, '/api/orders/summary'), 5)
		await stack.configureApi('limits.orders_summary', 8)
		eq((await ask(stack, '/api/orders/summary', { from: '127.0.0.8' })).headers['ratelimit-policy'], '"orders_summary";q=8;w=60')
		eq(await passes(stack, 20, '/api/orders'), 0, 'what stays keeps its counts')
		eq(await passes(stack, 20, '/api/orders/summary'), 8)
		await stack.configureApi('limits.enabled', false)
		eq((await ask(stack, '/api/orders')).headers.ratelimit, undefined)
		eq(await passes(stack, 200, '/api/orders'), 200)
	})
})

test('a flood is turned away by nginx with a problem, and others do not notice', async () => {
	await withStack(limited({ 'limits.requests_per_second': 20, 'limits.connections': 0 }), async stack => {
		const began = performance.now()
		const flood = passes(stack, 1000, '/docs')
		let slowest = 0
		for (let i = 0; i < 10; i++) {
			const sent = performance.now()
			eq((await ask(stack, '/api/orders/summary', { from: '127.0.0.5' })).status, 200)
			slowest = Math.max(slowest, performance.now() - sent)
			await sleep(60)
		}
		const passed = await flood, seconds = (performance.now() - began) / 1000
		ok(passed >= 40 && passed <= 42 + seconds * 20, `${passed} passed in ${seconds} s`)
		ok(slowest < 2000 * PATIENCE, `${slowest} ms`)
		eq((await ask(stack, '/api/health', { from: '127.0.0.6' })).status, 200)
	})
})

/** A connection that sends a piece now and then; ended: when and what the server said. */
function dribble(stack, from, head, piece, everyMs) {
	const { hostname, port } = new URL(stack.url)
	const socket = net.connect({ host: hostname, port, localAddress: from })
	const it = { said: '', began: performance.now(), open: true }
	socket.on('connect', () => socket.write(head))
	const timer = setInterval(() => { if (it.open) socket.write(piece) }, everyMs)
	socket.on('data', part => { it.said += part })
	socket.on('error', () => {})
	it.ended = new Promise(resolve => socket.on('close', () => {
		clearInterval(timer)
		it.open = false
		resolve(it.ms = performance.now() - it.began)
	}))
	it.stop = () => socket.destroy()
	return it
}

test('slow bodies hold the places of their own client only, and no worker; they and slow heads are cut in time', async () => {
	await withStack(limited({ 'limits.connections': 20, 'limits.requests_per_second': 0, 'api.workers': 1 }), async stack => {
		const head = 'PATCH /api/orders/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{'
		const slow = Array.from({ length: 60 }, () => dribble(stack, '127.0.0.2', head, ' ', 500))
		await until('those beyond the limit are refused', 10_000, () => slow.filter(s => s.said.startsWith('HTTP/1.1 429 ')).length === 40)
		ok(slow.find(s => s.said !== '').said.includes('"code":"rate_limited"'))
		eq((await ask(stack, '/api/health', { from: '127.0.0.2' })).status, 429)
		for (let i = 0; i < 20; i++) {
			const sent = performance.now()
			eq((await ask(stack, '/api/orders', { from: '127.0.0.3' })).status, 200)
			ok(performance.now() - sent < 2000 * PATIENCE)
		}
		slow.forEach(s => s.stop())
		await until('the places are free again', 10_000, async () => (await ask(stack, '/api/health', { from: '127.0.0.2' })).status === 200)
		// who says nothing more, and whose head takes for ever, is cut
		const silent = dribble(stack, '127.0.0.4', head, '', 60_000)
		const heads = Array.from({ length: 200 }, () => dribble(stack, '127.0.0.2', 'GET /api/health HTTP/1.1\r\n', 'X-A: b\r\n', 3000))
		const ms = await Promise.all([silent, ...heads].map(one => one.ended))
		ok(Math.max(...ms) < 40_000 * PATIENCE, `the last was cut after ${Math.max(...ms)} ms`)
		for (const one of [silent, ...heads]) ok(one.said === '' || /^HTTP\/1.1 408 /.test(one.said), one.said)
	})
})

run()

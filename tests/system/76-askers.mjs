// Who is answered: the desk goes by its own names only, pages of other sites
// change nothing and read nothing, and those that the operator names may.
import fs from 'node:fs'
import net from 'node:net'
import { test, run, eq, ok } from './lib/harness.mjs'
import { startStack, fast, freePort, request, until, withStack } from './lib/stack.mjs'
import { EventSocket, EventStream } from './lib/events.mjs'

const NAMES = 'Desk.Example.org, 192.0.2.7 2001:db8::7'
const PORTAL = 'https://portal.example.org:8443'
const json = { 'Content-Type': 'application/json' }
let stack, metrics, port, id, generation

/** Bytes on a bare connection, and all that comes back: [status, text]. */
function raw(bytes, url = stack.url) {
	const { hostname, port: at } = new URL(url)
	return new Promise((resolve, reject) => {
		let text = ''
		const socket = net.connect(Number(at), hostname.replace(/[[\]]/g, ''), () => socket.write(bytes))
		socket.setTimeout(20_000, () => socket.destroy(new Error('no end')))
		socket.on('data', part => { text += part })
		socket.on('error', reject)
		socket.on('close', () => resolve([Number(text.split(' ')[1]), text]))
	})
}
const named = (host, target = '/api/health', version = '1.1', url = stack.url) =>
	raw(`GET ${target} HTTP/${version}\r\n${host === null ? '' : `Host: ${host}\r\n`}Accept: text/event-stream, */*\r\nConnection: close\r\n\r\n`, url)

function isProblem(answer, status, code) {
	eq([answer.status, answer.headers['content-type'], answer.json().code, answer.json().status], [status, 'application/problem+json', code, status], answer.text.slice(0, 300))
	return answer.json()
}
const unchanged = async () => eq((await stack.json('/api/orders?pageSize=1')).generation, generation)

test('a desk with a name of its own, a site that may use it, and metrics', async () => {
	stack = await startStack(fast({ sim: 100, set: { 'http.names': NAMES, 'http.allowed_origins': PORTAL, 'metrics.listen': '127.0.0.1:0', 'sync.public_url': 'https://hooks.example.org/desk', 'write.create': true, 'write.delete': true, 'airtable.create_key': 'Notes' } }))
	await stack.synced()
	const listen = /^\[metrics\]\n(?:.*\n)*?listen = (.+)$/m.exec((await stack.syncctl('print-config')).stdout)[1].split(/\s/)[0]
	metrics = `http://${listen}`
	port = new URL(stack.url).port
	const page = await stack.json('/api/orders?pageSize=1')
	id = page.orders[0].id
	generation = page.generation
})

const KNOWN = ['127.0.0.1', '127.0.0.1:PORT', '127.0.0.1:1', '127.9.8.7', 'localhost', 'localhost:PORT', 'LocalHost:PORT', 'localhost.', '[::1]', '[::1]:PORT', '[0:0:0:0:0:0:0:1]', '[0000::0001]:PORT',
	'desk.example.org', 'DESK.example.ORG:PORT', 'desk.example.org.', 'desk.example.org.:443', '192.0.2.7', '[2001:DB8::7]:8080', 'hooks.example.org', 'hooks.example.org:443']
const UNKNOWN = ['elsewhere.example', 'elsewhere.example:PORT', 'desk.example.org.elsewhere.example', 'xdesk.example.org', 'a.desk.example.org', 'example.org', '127.0.0.1.elsewhere.example', 'localhost.elsewhere.example', 'a.localhost', 'localhost..', '192.0.2.8', '10.0.0.1:PORT',
	'[2001:db8::8]', '[::2]', '[::11]', '[::ffff:192.0.2.8]', '127.0.0', '127.0.0.1.1', '1270.0.0.1', '0.0.0.0', '[::]', '_', '*', '""', 'portal.example.org', 'x', '%6c%6fcalhost', 'localhost%00', "' or 1=1", '$host', '@localhost', 'localhost@elsewhere.example']
const here = host => host.replace('PORT', port)

test('each of its names is answered, with any port, in any case', async () => {
	for (const host of KNOWN) eq((await named(here(host)))[0], 200, host)
	for (const host of KNOWN) eq((await named(here(host), '/metrics', '1.1', metrics))[0], 200, `${host} for metrics`)
})

test('no other is, on any path, and the answer says what to do', async () => {
	for (const host of UNKNOWN) {
		const [status, text] = await named(here(host))
		ok([400, 421].includes(status), `${host}: ${text.slice(0, 100)}`)
		ok(status === 400 ? !/^[\w.:[\]-]+$/.test(here(host)) || host.endsWith('..') : true, `${host} is well-formed: ${text.slice(0, 60)}`)
		ok(!text.includes('"generation"'), text)
	}
	for (const target of ['/', '/index.html', '/orders', '/favicon.ico', '/docs.js', '/assets/x.js', '/docs', '/health', '/api', '/api/', '/api/orders', `/api/orders/${id}`, '/api/orders/export.csv', '/api/openapi.json', '/api/events', '/hooks/airtable', '/metrics', '/nope', '/_problem', '/_events_live']) {
		const answer = await stack.get(target, { Host: 'elsewhere.example', Accept: 'text/event-stream' }, { fresh: true })
		eq(answer.status, target === '/_problem' ? 404 : 421, target)
		if (answer.status === 421) ok(/http\.names/.test(isProblem(answer, 421, 'misdirected').detail))
		ok(answer.headers['x-request-id'])
	}
	for (const [method, target, body] of [['POST', '/api/orders/sync'], ['POST', `/api/orders/${id}/undo`], ['PATCH', `/api/orders/${id}`, { status: 'Shipped' }], ['DELETE', `/api/orders/${id}`], ['POST', '/hooks/airtable', {}], ['OPTIONS', '/api/orders'], ['HEAD', '/api/orders'], ['PUT', '/']])
		eq((await stack.call(method, target, { headers: { ...json, Host: 'elsewhere.example' }, body, fresh: true })).status, 421, `${method} ${target}`)
	for (const target of ['/metrics', '/', '/nchan']) {
		const [status, text] = await named('elsewhere.example', target, '1.1', metrics)
		eq(status, 421, target)
		ok(text.includes('application/problem+json') && text.includes('http.names'), text)
	}
	await unchanged()
})

test('who names nobody is not answered either; the address in the request line is what counts', async () => {
	eq((await named(null, '/api/health', '1.0'))[0], 421)
	ok([400, 421].includes((await named('', '/api/health', '1.0'))[0]))
	eq((await named(null, '/api/health', '1.1'))[0], 400)
	ok([400, 421].includes((await named(''))[0]))
	eq((await named('localhost', '/api/health', '1.0'))[0], 200)
	eq((await named('elsewhere.example', '/api/health', '1.0'))[0], 421)
	for (const [target, host, status] of [['http://elsewhere.example/api/health', 'localhost', 421], ['http://localhost/api/health', 'elsewhere.example', 200], ['http://desk.example.org:81/api/health', 'x', 200], ['HTTP://ELSEWHERE.example:80/api/health', '127.0.0.1', 421]])
		eq((await named(host, target))[0], status, `${target} with ${host}`)
	eq((await raw('GET /api/health HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere.example\r\n\r\n'))[0], 400)
	// told by a proxy's headers: that is nobody's name
	eq((await stack.get('/api/health', { Host: 'elsewhere.example', 'X-Forwarded-Host': 'localhost', Forwarded: 'host=localhost' }, { fresh: true })).status, 421)
})

test('where it listens on all addresses each of them is a name, and no other', async () => {
	for (const address of ['*', '0.0.0.0']) {
		const free = await freePort()
		await withStack(fast({ sim: 20, set: { 'http.listen': `${address}:${free}` } }), async open => {
			const url = `http://127.0.0.1:${free}`
			for (const host of ['192.0.2.99', '10.1.2.3:80', '[2001:db8::1]', '[fe80::1]:8080', 'localhost', '127.0.0.1', '[::1]']) eq((await named(host, '/api/health', '1.1', url))[0], 200, `${host} at ${open.url}`)
			for (const host of ['elsewhere.example', 'desk.example.org', '192.0.2.99.elsewhere.example', '1.2.3.4.5', 'fe80--1.elsewhere.example', '2001:db8::1']) ok([400, 421].includes((await named(host, '/api/health', '1.1', url))[0]), host)
		})
	}
})

const ipv6 = fs.existsSync('/proc/net/if_inet6') && fs.readFileSync('/proc/net/if_inet6', 'utf8').includes('00000000000000000000000000000001')
test('and so it is by IPv6', async () => {
	for (const [address, others, strangers] of [['[::1]', ['[::1]', 'localhost', '127.0.0.1', '[0:0::1]'], ['[2001:db8::1]', '[::ffff:192.0.2.9]', '192.0.2.9', '[::]']], ['[::]', ['[2001:db8::1]', '[fe80::1]:8080', '192.0.2.9', 'localhost'], []]]) {
		const free = await freePort()
		await withStack(fast({ sim: 20, set: { 'http.listen': `${address}:${free}` } }), async open => {
			const url = `http://[::1]:${free}`
			eq(open.url, url)
			for (const host of others) eq((await named(host, '/api/health', '1.1', url))[0], 200, `${host} at ${address}`)
			for (const host of [...strangers, 'elsewhere.example', '2001:db8::1.elsewhere.example']) ok([400, 421].includes((await named(host, '/api/health', '1.1', url))[0]), `${host} at ${address}`)
		})
	}
}, { skip: !ipv6 && 'no IPv6 here' })

// ---- pages of other sites ---------------------------------------------------------------
const UNSAFE = () => [['POST', '/api/orders/sync'], ['POST', '/api/orders/sync?mode=full'], ['POST', `/api/orders/${id}/undo`], ['POST', '/api/orders/undo', '{"bulk":"1"}'], ['POST', '/api/orders', '{"customer":"x"}'],
	['PATCH', `/api/orders/${id}`, '{"status":"Shipped"}'], ['PATCH', '/api/orders', `{"updates":[{"id":"${id}","status":"Shipped"}]}`], ['DELETE', `/api/orders/${id}`], ['POST', '/hooks/airtable', '{}'],
	['POST', '/api/nope'], ['PUT', '/api/orders'], ['POST', '/'], ['DELETE', '/docs.js'], ['POST', '/api/events'], ['POST', '/health'], ['POST', '/api/orders/export.csv'], ['PROPFIND', '/api/orders']]
const foreign = () => [
	{ Origin: 'https://elsewhere.example' }, { Origin: 'null' }, { Origin: 'http://127.0.0.1' }, { Origin: `http://127.0.0.1:${Number(port) + 1}` }, { Origin: `https://127.0.0.1:${port}` },
	{ Origin: `http://localhost:${port}` }, { Origin: `http://a.127.0.0.1:${port}` }, { Origin: `${stack.url}.elsewhere.example` }, { Origin: `${stack.url}/` }, { Origin: 'file://' }, { Origin: 'chrome-extension://abcdef' },
	{ Origin: PORTAL.replace(':8443', '') }, { Origin: PORTAL.replace('https', 'http') }, { Origin: PORTAL.replace('portal', 'xportal') }, { Origin: `${PORTAL}.elsewhere.example` },
	{ 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }, { 'Sec-Fetch-Site': 'Cross-Site' }, { 'Sec-Fetch-Site': 'nonsense' }, { 'Sec-Fetch-Site': 'cross-site', Origin: stack.url }, { 'Sec-Fetch-Site': 'same-site', Origin: `http://sub.localhost:${port}` },
	{ 'Sec-Fetch-Site': 'same-origin', Origin: 'https://elsewhere.example' }, { 'Sec-Fetch-Site': 'none', Origin: 'null' },
]

test('what a page of another site sends changes nothing, whatever it is and however it is sent', async () => {
	for (const [method, target, body] of UNSAFE())
		for (const from of foreign())
			isProblem(await stack.call(method, target, { headers: { ...json, ...from }, body, fresh: true }), 403, 'cross_site')
	for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
		isProblem(await stack.call('POST', '/api/orders/undo', { headers: { 'Content-Type': type, Origin: 'https://elsewhere.example' }, body: '{"bulk":"1"}', fresh: true }), 403, 'cross_site')
	ok(/http\.allowed_origins/.test((await stack.call('POST', '/api/orders/sync', { headers: { Origin: 'null' } })).json().detail))
	await unchanged()
	eq((await stack.json(`/api/orders/${id}/history`)).changes, [])
	ok(/method=POST uri="\/api\/orders\/sync" status=403/.test(await logged()))
})

const logged = async () => {
	await new Promise(resolve => setTimeout(resolve, 1500))	// nginx writes it once a second
	return stack.log('nginx-access.log')
}

test('its own page, programs and the site that is named may', async () => {
	const statuses = ['Pending', 'Processing', 'Shipped', 'Delivered']
	let n = statuses.indexOf((await stack.json(`/api/orders/${id}`)).status)
	for (const from of [{}, { Origin: stack.url }, { Origin: stack.url, 'Sec-Fetch-Site': 'same-origin' }, { 'Sec-Fetch-Site': 'same-origin' }, { 'Sec-Fetch-Site': 'none' }, { Origin: PORTAL }, { Origin: PORTAL, 'Sec-Fetch-Site': 'cross-site' },
		{ Origin: `http://LOCALHOST:${port}`, Host: `localhost:${port}` }, { Origin: 'http://desk.example.org', Host: 'desk.example.org' }, { Origin: 'http://desk.example.org', Host: 'desk.example.org:80' },
		// behind TLS: told by the proxy, or vouched for by the browser
		{ Origin: 'https://desk.example.org', Host: 'desk.example.org', 'X-Forwarded-Proto': 'https' }, { Origin: 'https://desk.example.org', Host: 'desk.example.org:443', 'X-Forwarded-Proto': 'https' },
		{ Origin: 'https://desk.example.org:444', Host: 'desk.example.org:444', 'X-Forwarded-Proto': 'https' }, { Origin: 'https://desk.example.org', Host: 'desk.example.org', 'Sec-Fetch-Site': 'same-origin' }]) {
		n++
		const answer = await stack.call('PATCH', `/api/orders/${id}`, { headers: { ...json, ...from }, body: { status: statuses[n % 4] }, fresh: true })
		eq([answer.status, answer.json().status], [200, statuses[n % 4]], JSON.stringify(from))
	}
	// the same name in plain text is another site, once TLS stands before it
	isProblem(await stack.call('POST', '/api/orders/sync', { headers: { Origin: 'http://desk.example.org', Host: 'desk.example.org', 'X-Forwarded-Proto': 'https' }, fresh: true }), 403, 'cross_site')
	isProblem(await stack.call('POST', '/api/orders/sync', { headers: { Origin: 'https://desk.example.org', Host: 'desk.example.org:444', 'X-Forwarded-Proto': 'https' }, fresh: true }), 403, 'cross_site')
	eq((await stack.call('POST', '/api/orders/sync', { headers: { Origin: stack.url } })).status, 200)
})

test('reads go on for everybody, and only the named site is told that it may read', async () => {
	for (const from of foreign()) {
		const answer = await stack.get('/api/orders?pageSize=1', from)
		eq(answer.status, 200)
		ok(!Object.keys(answer.headers).some(name => name.startsWith('access-control')), JSON.stringify(answer.headers))
	}
	const exposed = ['ETag', 'X-Generation', 'X-Data-Age', 'X-Request-Id', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'Location', 'Link']
	const answers = [['/api/orders', 200], ['/api/orders/summary', 200], [`/api/orders/${id}`, 200], ['/api/orders/nope', 404], ['/api/orders?page=x', 400], ['/api/orders/export.csv', 200], ['/api/health', 200], ['/health', 200], ['/api/sync', 200], ['/api/openapi.json', 200], ['/api/events?x=1', 400]]
	for (const [target, status] of answers) {
		const answer = await stack.get(target, { Origin: PORTAL, 'Sec-Fetch-Site': 'cross-site', Accept: '*/*' })
		eq([answer.status, answer.headers['access-control-allow-origin'], answer.headers['access-control-allow-credentials']], [status, PORTAL, undefined], target)
		for (const name of exposed) ok(answer.headers['access-control-expose-headers'].split(', ').includes(name), name)
	}
	// a cache between keeps them apart, whoever asked first
	for (const [target] of answers) for (const from of [{}, { Origin: 'https://elsewhere.example' }, { Origin: PORTAL }])
		ok(/\bOrigin\b/.test((await stack.get(target, from)).headers.vary), target)
	for (const target of ['/', '/docs', '/favicon.ico']) eq((await stack.get(target, { Origin: PORTAL })).headers['access-control-allow-origin'], undefined, `${target} is no part of the API`)
})

test('a preflight is answered to the named site alone', async () => {
	const ask = (origin, method = 'PATCH', target = `/api/orders/${id}`) => stack.call('OPTIONS', target, { headers: { Origin: origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'content-type,if-match,idempotency-key' } })
	for (const [method, target] of [['PATCH', `/api/orders/${id}`], ['POST', '/api/orders/sync'], ['DELETE', `/api/orders/${id}`], ['GET', '/api/events'], ['GET', '/api/orders/export.csv'], ['GET', '/health']]) {
		const { status, headers, raw: body } = await request(stack.url + target, 'OPTIONS', { headers: { Origin: PORTAL, 'Access-Control-Request-Method': method } })
		eq([status, body.length, headers['access-control-allow-origin'], headers['access-control-allow-credentials']], [204, 0, PORTAL, undefined], target)
		ok(headers['access-control-allow-methods'].split(', ').includes(method), method)
		for (const name of ['Content-Type', 'If-Match', 'If-None-Match', 'Idempotency-Key', 'Prefer', 'X-Request-Id']) ok(headers['access-control-allow-headers'].split(', ').includes(name), name)
		ok(/\bOrigin\b/.test(headers.vary) && Number(headers['access-control-max-age']) > 0)
	}
	for (const { Origin } of foreign().filter(from => from.Origin)) {
		const { headers } = await ask(Origin)
		ok(!Object.keys(headers).some(name => name.startsWith('access-control')), `${Origin}: ${JSON.stringify(headers)}`)
	}
	const plain = await stack.call('OPTIONS', '/api/orders', { headers: { Origin: PORTAL } })
	eq([plain.status, plain.headers.allow], [204, 'GET, HEAD, POST, PATCH, OPTIONS'])
})

test('live events are heard by the desk\'s own pages and by the named site', async () => {
	for (const from of [...foreign(), { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }]) {
		const answer = await stack.get('/api/events', { Accept: 'text/event-stream', ...from }, { fresh: true })
		eq(answer.status, 403, JSON.stringify(from))
		ok(!Object.keys(answer.headers).some(name => name.startsWith('access-control')))
		const socket = new EventSocket(stack.url, { headers: from })
		await until('it is refused', 5_000, () => socket.status === 403)
		await socket.close()
	}
	for (const from of [{ Origin: PORTAL, 'Sec-Fetch-Site': 'cross-site' }, { Origin: stack.url, 'Sec-Fetch-Site': 'same-origin' }, {}]) {
		const stream = await new EventStream(stack.url, { headers: from }).open()
		eq(/^access-control-allow-origin: (.*)\r$/im.exec(stream.head)?.[1], from.Origin, stream.head)
		ok(!/allow-credentials: true/i.test(stream.head), stream.head)
		await stream.close()
		const socket = await new EventSocket(stack.url, { headers: from }).open()
		await socket.close()
	}
})

test('each answer says that it is no part of another page, and none sets a cookie', async () => {
	for (const [target, status] of [['/', 200], ['/orders', 200], ['/favicon.ico', 200], ['/docs', 200], ['/docs.js', 200], ['/nope', 404], ['/api/orders', 200], ['/api/nope', 404], ['/api/orders/export.csv', 200], ['/api/events', 406], ['/health', 200]]) {
		const { status: got, headers } = await stack.get(target, { Accept: '*/*' })
		eq([got, headers['x-content-type-options'], headers['x-frame-options'], headers['cross-origin-resource-policy'], headers['set-cookie']], [status, 'nosniff', 'DENY', 'same-origin', undefined], target)
	}
	for (const target of ['/', '/orders', '/docs', '/api/docs']) {
		const { headers } = await stack.get(target)
		ok(/frame-ancestors 'none'/.test(headers['content-security-policy']), target)
		eq([headers['cross-origin-opener-policy'], headers['referrer-policy']], ['same-origin', 'no-referrer'], target)
	}
	eq((await stack.get('/api/orders')).headers['content-type'], 'application/json')
})

test('without names and origins none is known or allowed', async () => {
	await withStack(fast({ sim: 20 }), async plain => {
		eq((await plain.get('/api/health', { Host: 'desk.example.org' }, { fresh: true })).status, 421)
		for (const origin of [PORTAL, '', 'null']) {
			const answer = await plain.get('/api/orders', { Origin: origin })
			eq([answer.status, answer.headers['access-control-allow-origin'], answer.headers.vary], [200, undefined, 'Accept-Encoding'])
		}
		isProblem(await plain.call('POST', '/api/orders/sync', { headers: { Origin: PORTAL } }), 403, 'cross_site')
		const { headers } = await plain.call('OPTIONS', '/api/orders', { headers: { Origin: PORTAL, 'Access-Control-Request-Method': 'GET' } })
		ok(!Object.keys(headers).some(name => name.startsWith('access-control')))
	})
})

test('the stack ends undamaged', () => stack.down())

run()

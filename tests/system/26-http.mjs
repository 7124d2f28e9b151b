// The manners of the HTTP interface: HEAD, 304, gzip, problem documents by
// workers and by nginx alike, request ids, aliases, and hostile requests.
import net from 'node:net'
import { test, run, eq, ok, PATIENCE } from './lib/harness.mjs'
import { startStack, fast, until, request } from './lib/stack.mjs'

let stack, id

const json = { 'Content-Type': 'application/json' }
const READS = ['/api/orders', '/api/orders/summary', '/api/audit', '/api/tables', '/api/sync', '/api/health', '/api/openapi.json', '/api/docs', '/health', '/docs', '/']

function isProblem(answer, status, code) {
	eq([answer.status, answer.headers['content-type']], [status, 'application/problem+json'], answer.text.slice(0, 200))
	const body = answer.json()
	for (const member of ['type', 'title', 'detail', 'code']) eq(typeof body[member], 'string', `${member} of ${answer.text.slice(0, 200)}`)
	eq(body.status, status)
	ok(/^[a-z][a-z0-9_]*$/.test(body.code), body.code)
	if (code) eq(body.code, code)
	ok(answer.headers['x-request-id'], 'X-Request-Id')
	return body
}

/** Bytes on a bare connection: all that comes back before it ends, or in ms. */
function raw(bytes, ms = 30_000) {
	const { hostname, port } = new URL(stack.url)
	return new Promise(resolve => {
		let text = ''
		const socket = net.connect(Number(port), hostname, () => socket.write(bytes))
		const timer = setTimeout(() => socket.destroy(), ms)
		socket.on('data', part => { text += part })
		socket.on('error', () => {})
		socket.on('close', () => { clearTimeout(timer); resolve(text) })
	})
}

test('a base of 300 is served', async () => {
	stack = await startStack(fast({ sim: 300, set: { 'api.workers': 2 } }))
	await stack.synced()
	id = (await stack.dump())[0].id
})

test('HEAD is GET without its body', async () => {
	for (const target of [...READS, `/api/orders/${id}`, `/api/orders/${id}/history`]) {
		const get = await stack.get(target), head = await stack.call('HEAD', target)
		eq(get.status, 200, target)
		eq([head.status, head.raw.length], [200, 0], target)
		for (const name of ['content-type', 'etag', 'x-generation', 'cache-control'])
			if (!['/api/sync', '/api/health', '/health'].includes(target) || name !== 'etag')
				eq(head.headers[name], get.headers[name], `${name} of ${target}`)
	}
	eq((await stack.call('HEAD', '/api/nope')).status, 404)
})

test('an ETag of a read answers 304, weak or strong, in a list or as a star', async () => {
	for (const target of ['/api/orders', '/api/orders?page=2&pageSize=10', '/api/orders/summary', `/api/orders/${id}`, '/api/openapi.json', '/api/docs']) {
		const { headers } = await stack.get(target)
		ok(headers.etag, `ETag of ${target}`)
		ok(/no-cache/.test(headers['cache-control']), `Cache-Control of ${target}`)
		for (const tag of [headers.etag, `"x", ${headers.etag}`, `W/${headers.etag.replace(/^W\//, '')}`, '*']) {
			const again = await stack.get(target, { 'If-None-Match': tag })
			eq([again.status, again.raw.length], [304, 0], `${target} with ${tag}`)
			eq(again.headers.etag, headers.etag)
		}
		eq((await stack.get(target, { 'If-None-Match': '"other"' })).status, 200)
		eq((await stack.get(target, { 'If-None-Match': 'nonsense' })).status, 200)
	}
})

test('X-Generation is that of the body', async () => {
	for (const target of ['/api/orders', '/api/orders/summary']) {
		const answer = await stack.get(target)
		eq(Number(answer.headers['x-generation']), answer.json().generation)
	}
})

test('gzip where it is asked for, and the ETag then still answers 304', async () => {
	for (const target of ['/api/orders', '/api/orders/summary', '/api/openapi.json', '/docs.js']) {
		const plain = await stack.get(target), packed = await stack.get(target, { 'Accept-Encoding': 'gzip' })
		eq(plain.headers['content-encoding'], undefined, target)
		eq(packed.headers['content-encoding'], 'gzip', target)
		eq(packed.text, plain.text)
		ok(packed.raw.length < plain.raw.length / 2, `${target}: ${packed.raw.length} of ${plain.raw.length}`)
		ok(/accept-encoding/i.test(packed.headers.vary ?? ''), `Vary of ${target}`)
		eq((packed.headers.vary.match(/accept-encoding/gi) ?? []).length, 1, `Vary of ${target}: ${packed.headers.vary}`)
		eq((await stack.get(target, { 'Accept-Encoding': 'gzip', 'If-None-Match': packed.headers.etag })).status, 304, target)
	}
	for (const refusal of ['identity', 'gzip;q=0', 'br'])
		eq((await stack.get('/api/orders/summary', { 'Accept-Encoding': refusal })).headers['content-encoding'], undefined, refusal)
})

test('/health and /docs are the same as below /api', async () => {
	eq(Object.keys((await stack.json('/health'))).sort(), Object.keys(await stack.json('/api/health')).sort())
	eq((await stack.get('/docs')).text, (await stack.get('/api/docs')).text)
	for (const file of ['/docs-assets/docs.js', '/docs-assets/docs.css']) eq((await stack.get(file)).status, 200, file)
	const csp = (await stack.get('/docs')).headers['content-security-policy']
	ok(csp?.includes("default-src 'self'") && !csp.includes('unsafe'), csp)
})

test('health tells the state of all parts', async () => {
	const body = await stack.json('/api/health')
	eq(body.status, 'ok')
	eq(body.syncd.up, true)
	eq(body.airtable.circuit, 'closed')
	ok(body.generation >= 1 && body.stalenessSeconds >= 0 && body.stalenessSeconds < 600)
	ok(new Date(body.syncedAt).toISOString() === body.syncedAt)
})

test('openapi.json describes what is served', async () => {
	const document = await stack.json('/api/openapi.json')
	ok(document.openapi.startsWith('3.1'))
	for (const target of ['/api/orders', '/api/orders/summary', '/api/orders/{id}', '/api/orders/{id}/history', '/api/orders/{id}/undo',
		'/api/orders/undo', '/api/audit', '/api/orders/sync', '/api/sync', '/api/health'])
		ok(document.paths[target], target)
})

test('unknown paths are a 404 problem, by the worker and by nginx', async () => {
	for (const target of ['/api/', '/api', '/api/nope', '/api/orders/', `/api/orders/${id}/nope`, '/api/summary', '/nope', '/a/b/c', '/_problem', '/_waiting', '/.git/config', '/orders.conf'])
		isProblem(await stack.get(target), 404, 'not_found')
})

test('a method that a path does not have is a 405 with Allow', async () => {
	for (const [method, target, allowed] of [
		['DELETE', '/api/orders', /PATCH/], ['POST', `/api/orders/${id}`, /DELETE/], ['PUT', `/api/orders/${id}`, /GET/],
		['GET', '/api/orders/undo', /POST/], ['DELETE', `/api/orders/${id}/history`, /GET/], ['PATCH', '/api/audit', /GET/], ['GET', '/api/orders/sync', /POST/],
		['POST', '/api/orders/summary', /GET/], ['PATCH', '/api/health', /GET/], ['POST', '/api/openapi.json', /GET/], ['POST', '/', /GET/], ['DELETE', '/docs.js', /GET/],
	]) {
		const answer = await stack.call(method, target, { headers: json, body: '{}' })
		isProblem(answer, 405, 'method_not_allowed')
		ok(allowed.test(answer.headers.allow ?? ''), `${method} ${target}: Allow: ${answer.headers.allow}`)
	}
})

test('whatever the method, Allow is what the path does, also where nginx answers by itself', async () => {
	const { paths } = (await stack.get('/api/openapi.json')).json()
	const routes = Object.entries({ ...paths, '/health': paths['/api/health'], '/docs': paths['/api/docs'] }).map(([name, operations]) => [name.replace('{id}', id), operations])
	ok(routes.length > 15, `${routes.length} routes`)
	for (const [target, operations] of routes) {
		const verbs = ['get', 'post', 'patch', 'delete'].filter(verb => operations[verb]).map(verb => verb.toUpperCase())
		const allow = [...(operations.get ? ['GET', 'HEAD'] : []), ...verbs.filter(verb => verb !== 'GET'), 'OPTIONS'].join(', ')
		const answer = await stack.call('OPTIONS', target)
		eq([answer.status, answer.headers.allow], [204, allow], `OPTIONS ${target}`)
		for (const method of ['TRACE', 'PUT', 'QUERY', 'PROPFIND', 'GET', 'POST', 'PATCH', 'DELETE'].filter(method => !verbs.includes(method))) {
			const refused = await request(stack.url + target, method)
			isProblem(refused, 405, 'method_not_allowed')
			eq(refused.headers.allow, allow, `${method} ${target}`)
		}
		const connect = await raw(`CONNECT ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
		eq([connect.split('\r\n')[0], /^Allow: (.*)\r$/m.exec(connect)?.[1]], ['HTTP/1.1 405 Not Allowed', allow], `CONNECT ${target}`)
	}
	for (const target of ['/', '/orders', '/favicon.ico', '/docs-assets/docs.js'])
		for (const method of ['TRACE', 'OPTIONS', 'POST', 'QUERY']) {
			const refused = await request(stack.url + target, method)
			isProblem(refused, 405, 'method_not_allowed')
			eq(refused.headers.allow, 'GET, HEAD', `${method} ${target}`)
		}
	// nginx takes no * for a path
	ok((await raw('OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).startsWith('HTTP/1.1 400 '), 'OPTIONS *')
})

test('each answer has each of its headers once', async () => {
	const lines = text => text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n').slice(1).map(line => line.split(':')[0].toLowerCase())
	const asset = /\/assets\/[^"]+\.js/.exec((await stack.get('/')).text)[0], { etag } = (await stack.get('/api/orders')).headers
	const asks = [...READS, '/orders', '/activity', asset, '/docs-assets/docs.js', '/docs-assets/docs.css', '/favicon.ico', '/robots.txt', `/api/orders/${id}`, `/api/orders/${id}/history`, '/api/orders/export.csv', '/api/orders/export.xlsx', '/nope', '/api/nope', '/.git/config', '/api/orders?page=0', '/api/orders/unknown']
		.flatMap(target => [['GET', target], ['HEAD', target], ['GET', target, 'Accept-Encoding: gzip\r\n'], ['GET', target, 'Accept: text/html\r\n'], ['OPTIONS', target], ['TRACE', target], ['PUT', target]])
	asks.push(['GET', '/api/orders', `If-None-Match: ${etag}\r\n`], ['POST', '/api/orders', `Content-Type: application/json\r\nContent-Length: 2000000\r\n`], ['POST', '/hooks/airtable', 'Content-Length: 2\r\n', '{}'],
		['PATCH', `/api/orders/${id}`, 'Content-Type: application/json\r\nContent-Length: 1\r\n', '{'], ['PATCH', `/api/orders/${id}`, 'Sec-Fetch-Site: cross-site\r\n'], ['HEAD', '/api/events'], ['GET', '/api/events'],
		['GET', '/api/orders', 'Host: elsewhere.example\r\n'], ['GET', '/api/orders', 'X-A: ' + 'a'.repeat(20_000) + '\r\n'], ['GET', '/assets/index.js', 'Range: bytes=9-1\r\n'], ['GET', `/${'a'.repeat(9_000)}`])
	for (const [method, target, more = '', body = ''] of asks) {
		const text = await raw(`${method} ${target} HTTP/1.1\r\n${/^Host:/m.test(more) ? '' : 'Host: localhost\r\n'}${more}Connection: close\r\n\r\n${body}`, 5_000)
		ok(/^HTTP\/1\.1 [2-5]\d\d /.test(text), `${method} ${target.slice(0, 80)}: ${text.slice(0, 80)}`)
		const names = lines(text)
		eq(names.filter((name, i) => names.indexOf(name) !== i), [], `${method} ${target.slice(0, 80)} ${more.slice(0, 60)}`)
		for (const needed of ['date', 'x-request-id', 'x-content-type-options', 'vary']) if (!names.includes(needed)) throw new Error(`${method} ${target.slice(0, 80)} ${more.slice(0, 60)}: no ${needed} in ${names}`)
	}
})

test('unknown parameters are a 400 on every route', async () => {
	for (const target of ['/api/orders/summary', `/api/orders/${id}`, '/api/sync', '/api/health', '/api/openapi.json', '/api/docs'])
		eq(isProblem(await stack.get(`${target}?x=1`), 400, 'invalid_parameter').errors[0].field, 'x', target)
	isProblem(await stack.call('POST', '/api/orders/sync?mode=sometimes'), 400, 'invalid_parameter')
	isProblem(await stack.call('POST', '/api/orders/sync?mode=auto&mode=full'), 400, 'invalid_parameter')
})

test('bodies over 1 MiB are a 413, up to that they are read', async () => {
	isProblem(await stack.call('PATCH', `/api/orders/${id}`, { headers: json, body: Buffer.alloc(2 << 20, 0x20), fresh: true }), 413, 'too_large')
	isProblem(await stack.call('POST', '/api/orders/sync', { headers: json, body: Buffer.alloc((1 << 20) + 1, 0x20), fresh: true }), 413, 'too_large')
	isProblem(await stack.call('PATCH', `/api/orders/${id}`, { headers: json, body: Buffer.alloc(1 << 20, 0x20), fresh: true }), 400, 'invalid_body')
	const chunked = await raw(`PATCH /api/orders/${id} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n` +
		'2\r\n{}\r\n0\r\n\r\n')
	ok(chunked.startsWith('HTTP/1.1 400') && chunked.includes('invalid_body'), chunked.slice(0, 300))
})

test('strange ids are answered plainly', async () => {
	for (const target of ['/api/orders/%00', '/api/orders/a%00b', '/api/orders/%', '/api/orders/%zz', '/api/orders/..%2f..%2fetc%2fpasswd', '/api/orders/%2e%2e',
		'/api/orders/..', '/api/orders/../orders.conf', '/../../etc/passwd', '/api/orders/%ff%fe', `/api/orders/${'a'.repeat(2_000)}`, '/api/orders/%F0%9F%9A%80', '/api//orders', '/api/./orders/x',
		'/docs-assets/../orders.conf', '/docs-assets/..%2f..%2fMakefile']) {
		const answer = await stack.get(target)
		ok([400, 404].includes(answer.status), `${target.slice(0, 60)}: ${answer.status}`)
		isProblem(answer, answer.status)
	}
	isProblem(await stack.get(`/api/orders/${'a'.repeat(10_000)}`, {}, { fresh: true }), 414, 'uri_too_long')
	isProblem(await stack.get('/api/orders', { 'X-Long': 'a'.repeat(10_000) }, { fresh: true }), 431, 'headers_too_large')
})

test('bytes that are no HTTP are a 400 and no more', async () => {
	for (const bytes of ['GARBAGE\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET /api/orders HTTP/1.1\r\nHost: a b\r\nContent-Length: x\r\n\r\n', 'PATCH /api/orders/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n']) {
		const answer = await raw(bytes)
		ok(/^HTTP\/1\.[01] (400|505)/.test(answer), `${JSON.stringify(bytes.slice(0, 40))}: ${answer.slice(0, 80)}`)
		ok(answer.includes('application/problem+json'), answer)
	}
	eq((await stack.get('/api/orders')).status, 200)
})

test('requests that are sent by halves, or left in the middle, hold nobody up', async () => {
	const { hostname, port } = new URL(stack.url)
	const sockets = Array.from({ length: 100 }, (_, i) => {
		const socket = net.connect(Number(port), hostname)
		socket.on('error', () => {})
		socket.write(i % 2 ? 'GET /api/orders HTTP/1.1\r\nHos' :
			`PATCH /api/orders/${id} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"sta`)
		return socket
	})
	const start = Date.now()
	for (let i = 0; i < 50; i++) eq((await stack.get('/api/orders', {}, { fresh: true })).status, 200)
	ok(Date.now() - start < 5_000 * PATIENCE, `${Date.now() - start} ms for 50 requests`)
	for (const socket of sockets) socket.destroy()
})

test('a client that leaves before its answer costs nothing', async () => {
	const { hostname, port } = new URL(stack.url)
	for (let i = 0; i < 60; i++) {
		await new Promise(resolve => {
			const socket = net.connect(Number(port), hostname, () => {
				socket.write(i % 3 ? 'GET /api/orders?pageSize=500 HTTP/1.1\r\nHost: localhost\r\n\r\n' :
					'POST /api/orders/sync?mode=full HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n', () => socket.destroy())
			})
			socket.on('error', () => {})
			socket.on('close', resolve)
		})
	}
	await stack.idle()
	eq((await stack.get('/api/orders')).status, 200)
	eq((await stack.json('/api/health')).status, 'ok')
})

test('request ids: a sound one is kept, any other replaced, and it is in the logs', async () => {
	for (const target of ['/api/orders', '/api/nope', '/', '/nope']) {
		eq((await stack.get(target, { 'X-Request-Id': 'Story-26.a_b' })).headers['x-request-id'], 'Story-26.a_b', target)
		for (const bad of ['', 'a b', 'x'.repeat(65), 'a"b', '../..', 'a;b']) {
			const made = (await stack.get(target, bad === '' ? {} : { 'X-Request-Id': bad })).headers['x-request-id']
			ok(/^[0-9a-f]{8}-\d+\.\d{3}-\d+-\d+$/.test(made), `${JSON.stringify(bad)} -> ${made}`)
		}
	}
	eq((await stack.patch(id, { status: 'Shipped' }, { 'X-Request-Id': 'patch-through-all' })).headers['x-request-id'], 'patch-through-all')
	await until('it is in the access log', 5_000, () => /status=200 .*request_id=patch-through-all/.test(stack.log('nginx-access.log')))
	// with its own method, though a problem of nginx's is a GET to it
	await stack.call('PATCH', `/api/orders/${id}`, { headers: { ...json, 'X-Request-Id': 'too-large' }, body: Buffer.alloc(2 << 20, 0x20), fresh: true })
	await until('a refused one is, too', 5_000, () => /method=PATCH uri="\/api\/orders\/rec\w+" status=413 .*request_id=too-large/.test(stack.log('nginx-access.log')))
})

test('no two request ids are the same, on kept and on fresh connections and after a restart', async () => {
	const ids = []
	const collect = fresh => Promise.all(Array.from({ length: 60 }, async (_, i) =>
		ids.push((await stack.get(i % 3 ? '/api/orders?pageSize=1' : '/nope', {}, { fresh })).headers['x-request-id'])))
	for (const again of [false, true]) {
		if (again) {
			await stack.stop('nginx')
			await stack.start('nginx')
		}
		await collect(false)
		await collect(true)
	}
	eq(new Set(ids).size, 240)
})

test('static files carry what keeps a browser safe', async () => {
	const { headers } = await stack.get('/')
	ok(headers['content-type'].startsWith('text/html'))
	ok(headers['content-security-policy'].includes("default-src 'self'"))
	eq(headers['x-content-type-options'], 'nosniff')
	eq(headers['referrer-policy'], 'no-referrer')
	ok(!/[0-9]/.test(headers.server ?? ''), headers.server)
	eq((await stack.get('/', { 'If-None-Match': headers.etag })).status, 304)
	for (const icon of ['/favicon.ico', '/favicon.svg']) eq((await stack.get(icon)).headers['content-type'], 'image/svg+xml', icon)
})

test('export.csv is every match, RFC 4180, with formulas defused', async () => {
	const answer = await stack.get('/api/orders/export.csv?sort=orderId')
	eq(answer.status, 200, answer.text.slice(0, 200))
	ok(answer.headers['content-type'].startsWith('text/csv'))
	ok(/^attachment; filename="?[\w.-]*\d{4}-\d\d-\d\d[\w.-]*\.csv"?/.test(answer.headers['content-disposition']), answer.headers['content-disposition'])
	const rows = answer.text.split('\r\n')
	eq(rows.pop(), '')
	eq(rows.length - 1, (await stack.json('/api/orders')).total)
	eq(rows[0].split(',').slice(0, 2), ['id', 'orderId'])
	for (const row of rows.slice(1)) ok(!/(^|,)"?[=@\t]/.test(row), row)
	eq((await stack.get('/api/orders/export.csv?status=Pending')).text.split('\r\n').length - 2, (await stack.json('/api/orders?status=Pending')).total)
	isProblem(await stack.get('/api/orders/export.csv?page=2'), 400, 'invalid_parameter')
})

test('a hundred pipelined requests on one connection are answered in order', async () => {
	const text = await raw(Array.from({ length: 100 }, (_, i) =>
		`GET /api/orders?pageSize=1&page=${i + 1} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: pipe-${i}\r\n${i === 99 ? 'Connection: close\r\n' : ''}\r\n`).join(''))
	eq([...text.matchAll(/x-request-id: pipe-(\d+)/gi)].map(m => Number(m[1])), Array.from({ length: 100 }, (_, i) => i))
})

test('the stack ends undamaged', () => stack.down())

run()

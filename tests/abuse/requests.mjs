// Requests that no honest client sends, each from a seed: lines, heads,
// parameters, paths, bodies, encodings, framings, and sound requests with
// bytes changed.  Texts are Latin-1: a character is a byte.
const latin = text => Buffer.from(text, 'latin1')
const utf8 = text => Buffer.from(text, 'utf8').toString('latin1')

const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', 'G\0T', 'GE T', 'M-SEARCH', '_', '\x7f', 'A'.repeat(3000), '']
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'HTTP/1.99', 'HTTP/1', 'HTTP/', 'http/1.1', 'HTTP/1.1 x', 'HTTP/11111111111.1', 'ICY', '']
const PATHS = ['/api/orders', '/api/orders/summary', '/api/orders/export.csv', '/api/audit', '/api/sync', '/api/health', '/api/events', '/api/openapi.json', '/api/docs', '/health', '/docs', '/', '/assets/x.js', '/hooks/airtable', '/metrics', '/_problem', '/_waiting', '/_events_live', '/nchan', '/api/orders/undo']
const NASTY = ['%00', '\0', '%', '%2', '%zz', '%ff%fe', '%c0%ae', '%c0%af', '%e0%80%af', '%f0%80%80%af', '%f8%88%80%80%80', '%ed%a0%80', '\xc0\xaf', '\xff', '%25%30%30', '%0d%0a', '%0d%0aSet-Cookie:%20a=b', '\t', '%09', '+', '#', '?', '&', '=', ';', '..', '%2e%2e', '..;', '%5c', '\\', '//', '/./', "'", '"', '<script>', '${jndi:ldap://127.0.0.1/a}', '{{7*7}}', '%s%n%x', '|id', '`id`', '*', utf8('😀'), utf8('ß'), utf8('\u202e'), '%F0%9F%9A%80', '9'.repeat(30), '-1', '1e999', 'NaN', '0x10', 'A'.repeat(300), 'A'.repeat(7000)]
const TRAVERSALS = ['../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..%252f', '%252e%252e%252f', '..\\', '..%5c', '....//', '..;/', '.%2e/', '%c0%ae%c0%ae/', '%uff0e%uff0e/', '..%00/', '..%0d/', '/./../', '%2e/']
const FILES = ['etc/passwd', 'orders.conf', 'token', 'store/data.mdb', 'run/syncd.sock', 'nginx.conf', '.git/config', '.env', 'proc/self/environ', 'log/orderdeck.log']
const PARAMETERS = ['page', 'pageSize', 'search', 'status', 'priority', 'customer', 'createdFrom', 'createdTo', 'updatedFrom', 'updatedTo', 'minTotal', 'maxTotal', 'sort', 'after', 'mode', 'limit', 'lastEventId', 'x', '', 'page[]', 'PAGE']
const VALUES = ['0', '-1', '1', '500', '501', '4294967296', '18446744073709551616', '1e3', '1.5', 'none', 'Pending', 'Pending,,Pending', 'pending', '-createdAt', '--createdAt', 'createdAt,status', '2026-13-45', '2026-02-30T25:61:61Z', '0000-00-00', '9999-12-31T23:59:59.999999999999Z', '1e400', '-0', '.5', '12.34567', 'null', 'undefined', 'true', '[]', '{}']
const HEADERS = ['X-Request-Id', 'If-None-Match', 'If-Match', 'Accept-Encoding', 'Prefer', 'Idempotency-Key', 'Authorization', 'X-Airtable-Content-Mac', 'X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'Range', 'Expect', 'Upgrade', 'Connection', 'Last-Event-ID', 'Accept', 'Origin', 'Sec-Fetch-Site', 'X-Forwarded-Proto', 'Cookie', 'Referer', 'User-Agent', 'Content-Type', 'Content-Length', 'Transfer-Encoding', 'Host', 'X-Accel-Redirect', 'Proxy', 'Trailer', 'TE', 'Keep-Alive', 'Content-Encoding']
const HEADER_VALUES = ['', ' ', '*', '"', '"x', 'W/', 'W/"', '"v1', '"v99999999999999999999"', '"a", "b",,', 'gzip;q=', 'gzip;q=2', 'gzip;q=0.0000', 'identity;q=0', 'respond-async', 'respond-async; wait=-1', 'wait=99999999999', 'bytes=0-', 'bytes=-1', 'bytes=5-1', `bytes=${'0-,'.repeat(500)}`, '100-continue', '200-nope', 'websocket', 'h2c', 'close', 'keep-alive, Upgrade', 'chunked', '0', '-5', '99999999999999999999', '127.0.0.1', '::1', 'unknown', 'a b', 'a\tb', 'x\0y', 'x\x01y', '\xff\xfe', utf8('é'), '() { :; }; /bin/id', '%0d%0aX: y', 'a'.repeat(64), 'a'.repeat(65), 'a'.repeat(2000), 'a'.repeat(8100), 'a'.repeat(20_000), ','.repeat(4000), '1:1', '99999999999:0', 'application/json', 'application/json; charset=utf-16', 'text/plain', 'multipart/form-data; boundary=', 'text/event-stream']
const BODIES = ['', '{', '}', '{}', '[]', 'null', '1', '"', '{"status"}', '{"status":}', '{"status":"Shipped"', '{"status":"Shipped"}}', '{"status":"Sh\0ipped"}', '{"status":"\\u0000"}', '{"status":"\\ud800"}', '{"status":"\xc0\xaf"}', '{"status":"\xed\xa0\x80"}', '{"status":1e999}', '{"status":-0}', '{"status":["Shipped"]}', '{"status":{"a":1}}', '{"status":"Shipped","status":"Pending"}', '{"__proto__":{"status":"Shipped"}}', '{"status":"Nope"}', `{"status":"${'A'.repeat(5000)}"}`, '[{"status":"Shipped"}]', '{"updates":[]}', '{"updates":[{}]}', '{"updates":[null,1,"x"]}', '{"updates":{}}', '\xef\xbb\xbf{"status":"Shipped"}', '\xff\xfe{\0}\0', '{"status" : "Shipped" /* c */}', "{'status':'Shipped'}", '{status:"Shipped"}', 'status=Shipped', '<a/>', '\x1f\x8b\x08\0\0\0\0\0\0\x03', '%7B%7D', 'NaN', '[', '\0'.repeat(100)]

const SOCKET = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const PROTOCOLS = ['', '', 'ws+meta.nchan', 'ws+meta.nchan, x', ',', 'x'.repeat(3000), '\xff']
const EXTENSIONS = ['', '', 'permessage-deflate', 'permessage-deflate; client_max_window_bits=8; server_max_window_bits=1', 'permessage-deflate; server_no_context_takeover; x="', 'x-webkit-deflate-frame', ';', 'a,'.repeat(500)]

/** known: {ids: record ids that exist, second: about now, of 1970}. */
export class Abuse {
	constructor(random, known) {
		this.random = random
		this.ids = known.ids
		this.second = known.second
		this.serial = 0
	}

	/** {kind, bytes, method}: one request, or what somebody takes for one. */
	next() {
		const kind = this.random.weighted({ line: 14, path: 14, parameters: 20, head: 18, body: 16, framing: 10, mutated: 18, stream: 6, noise: 4 })
		return { kind, bytes: latin(this[kind]()) }
	}

	// ---- building blocks
	path() {
		const { random } = this
		if (random.chance(0.5)) return this.plain(random.pick(['GET', 'GET', 'HEAD', 'POST']), this.spoiled(this.target()))
		const up = random.pick(TRAVERSALS).repeat(random.between(1, 12))
		return this.plain('GET', random.pick(['/', '/api/', '/api/orders/', '/assets/', '/docs-assets/', '/api/orders/export.', 'http://x/', '']) + up + random.pick(FILES))
	}
	target() {
		const { random } = this
		if (random.chance(0.4)) return `/api/orders/${random.chance(0.5) ? random.pick(this.ids) : random.pick(NASTY)}${random.pick(['', '', '/history', '/undo', '/nope', '/'])}`
		return random.pick(PATHS)
	}
	/** With something nasty in it, somewhere. */
	spoiled(text) {
		const at = this.random.below(text.length + 1)
		return text.slice(0, at) + this.random.pick(NASTY) + text.slice(at)
	}
	plain(method, target, headers = '', body = '') { return `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${body}` }
	header() {
		const { random } = this
		const name = random.chance(0.85) ? random.pick(HEADERS) : random.chance(0.5) ? this.spoiled(random.pick(HEADERS)) : random.pick(['', ' ', 'a b', 'x\0', 'X_Under', '\xff', 'A'.repeat(9000), ':'])
		const value = random.chance(0.8) ? random.pick(HEADER_VALUES) : random.pick(NASTY)
		return `${name}${random.weighted({ ': ': 20, ':': 5, ' : ': 2, ':\t': 1, '': 1, ':\r\n ': 2, ':\n\t': 1 })}${value}${random.weighted({ '\r\n': 30, '\n': 2, '\r': 1, '\n\r': 1, '\r\r\n': 1, '\0\r\n': 1 })}`
	}
	query() {
		const { random } = this
		return Array.from({ length: random.pick([1, 1, 2, 3, 5, 30]) }, () =>
			`${random.chance(0.9) ? random.pick(PARAMETERS) : random.pick(NASTY)}${random.weighted({ '=': 20, '': 1, '==': 1, '%3d': 1 })}${random.chance(0.6) ? random.pick(VALUES) : random.pick(NASTY)}`)
			.join(random.weighted({ '&': 20, '&&': 1, ';': 1, '%26': 1 }))
	}

	// ---- kinds
	line() {
		const { random } = this
		const space = () => random.weighted({ ' ': 12, '  ': 1, '\t': 1, '': 1, '\0': 1, '\r': 1 })
		return `${random.pick(METHODS)}${space()}${random.chance(0.7) ? this.target() : random.pick(['*', 'http://x/api/orders', 'https://127.0.0.1:1/', '//api/orders', 'api/orders', 'x:443', 'http://', '/' + 'a'.repeat(9000), ''])}${space()}${random.pick(VERSIONS)}${random.weighted({ '\r\n': 12, '\n': 2, '\r': 1 })}Host: localhost\r\n\r\n`
	}
	parameters() {
		const { random } = this
		return this.plain('GET', `${random.pick(['/api/orders', '/api/orders', '/api/orders', '/api/audit', '/api/orders/summary', '/api/orders/export.csv', '/api/events', '/api/health', `/api/orders/${random.pick(this.ids)}/history`])}?${this.query()}`)
	}
	head() {
		const { random } = this
		const many = random.pick([1, 1, 2, 3, 5, 20, 100, 400])
		return this.plain(random.pick(['GET', 'GET', 'HEAD', 'PATCH', 'DELETE']), this.target(), Array.from({ length: many }, () => this.header()).join(''))
	}
	body() {
		const { random } = this
		let body = random.chance(0.1) ? this.deep() : random.pick(BODIES)
		if (random.chance(0.2)) body = this.spoiled(body)
		const [method, target] = random.pick([['PATCH', `/api/orders/${random.pick(this.ids)}`], ['PATCH', '/api/orders'], ['POST', '/api/orders'], ['POST', '/api/orders/undo'], ['POST', `/api/orders/${random.pick(this.ids)}/undo`], ['POST', '/hooks/airtable'], ['GET', '/api/orders'], ['POST', '/'], ['PATCH', '/api/orders/nope']])
		const length = random.weighted({ right: 16, less: 2, more: 2, none: 1, big: 1 })
		const bytes = { right: body.length, less: Math.max(0, body.length - 1), more: body.length + 7, big: 2 ** 21 }[length]
		const type = random.weighted({ 'application/json': 16, 'application/json; charset=utf-16': 1, 'text/json': 1, '': 1, 'application/x-www-form-urlencoded': 1 })
		return this.plain(method, target, `${type && `Content-Type: ${type}\r\n`}${bytes === undefined ? '' : `Content-Length: ${bytes}\r\n`}${random.chance(0.1) ? 'Content-Encoding: gzip\r\n' : ''}${random.chance(0.1) ? 'Expect: 100-continue\r\n' : ''}${random.chance(0.2) ? this.header() : ''}`, body)
	}
	deep() {
		const n = this.random.pick([50, 1000, 20_000])
		return this.random.pick(['['.repeat(n), '{"a":'.repeat(n), `{"status":${'['.repeat(n)}${']'.repeat(n)}}`, `{"updates":[${'{"id":"x","status":"Shipped"},'.repeat(Math.min(n, 1000))}{}]}`])
	}
	/** Lengths that contradict each other, chunks that are none: what a request would be smuggled in. */
	framing() {
		const { random } = this
		const inner = `PATCH /api/orders/${random.pick(this.ids)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"status": 1}`
		const coding = random.pick(['chunked', 'Chunked', 'chunked, chunked', 'identity', 'gzip, chunked', 'chunked;q=1', ' chunked', 'chunked\t', '\x0bchunked', 'xchunked', '"chunked"', 'chunked,', ''])
		const name = random.pick(['Transfer-Encoding', 'transfer-encoding', 'Transfer-Encoding ', ' Transfer-Encoding', 'Transfer-Encoding\0', 'Transfer_Encoding', 'X: y\nTransfer-Encoding'])
		const lengths = random.pick(['', 'Content-Length: 4\r\n', 'Content-Length: 4\r\nContent-Length: 5\r\n', 'Content-Length: 4, 5\r\n', 'Content-Length: +4\r\n', 'Content-Length: 0x4\r\n', 'Content-Length: 4\r\n 4\r\n', 'Content-Length: \r\n', 'Content-Length: 4e0\r\n', 'Content-Length : 4\r\n', 'Content-Length: 9223372036854775808\r\n'])
		const chunk = random.pick(['0\r\n\r\n', '4\r\n{"a"\r\n0\r\n\r\n', '4;x=y\r\n{"a"\r\n0\r\n\r\n', `4;${'x'.repeat(9000)}\r\n{"a"\r\n0\r\n\r\n`, '4\n{"a"\n0\n\n', '+4\r\n{"a"\r\n0\r\n\r\n', '0x4\r\n{"a"\r\n0\r\n\r\n', '-1\r\nx\r\n0\r\n\r\n', 'ffffffffffffffff\r\nx', '8000000000000000\r\nx', '100000000\r\nx', '4 \r\n{"a"\r\n0\r\n\r\n', '4\r\n{"a"0\r\n\r\n', '4\r\n{"a"\r\n0\r\nTrailer: x\r\nContent-Length: 9\r\n\r\n', 'g\r\n\r\n', '\r\n\r\n', '00000000000000000000004\r\n{"a"\r\n0\r\n\r\n', `0\r\n\r\n${inner}`])
		return `${random.pick(['POST', 'PATCH', 'GET'])} ${random.pick(['/api/orders', '/api/orders/undo', '/hooks/airtable'])} HTTP/1.${random.pick([1, 1, 1, 0])}\r\nHost: localhost\r\nContent-Type: application/json\r\n${random.chance(0.7) ? `${name}: ${coding}\r\n` : ''}${lengths}\r\n${chunk}${random.chance(0.3) ? inner : ''}`
	}
	/** A sound request, with some of its bytes changed. */
	mutated() {
		const { random } = this
		const body = '{"status":"Shipped","priority":"High"}'
		let text = random.pick([
			() => this.plain('GET', '/api/orders?page=2&pageSize=20&search=acme&status=Pending,none&sort=-orderTotal', 'Accept-Encoding: gzip\r\nIf-None-Match: "x"\r\n'),
			() => this.plain('PATCH', '/api/orders/recNoSuchOrder000', `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nIf-Match: "v1"\r\nIdempotency-Key: k-${this.serial++}\r\n`, body),
			() => this.plain('GET', `/api/orders/${random.pick(this.ids)}`, 'X-Request-Id: abuse\r\n'),
			() => this.plain('POST', '/api/orders/undo', 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n', '8\r\n{"bulk":\r\n6\r\n"none"\r\n1\r\n}\r\n0\r\n\r\n'),
			() => this.plain('GET', '/api/events', 'Accept: text/event-stream\r\nLast-Event-ID: 1:0\r\n'),
		])()
		for (let i = random.between(1, 8); i > 0; i--) {
			const at = random.below(text.length), n = random.below(20)
			text = random.pick([
				() => text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1),
				() => text.slice(0, at) + text.slice(at + n),
				() => text.slice(0, at) + text.slice(at, at + n) + text.slice(at),
				() => text.slice(0, at) + random.pick(NASTY) + text.slice(at),
				() => text.slice(0, at),
			])() || 'X'
		}
		return text
	}
	/** Live events: where one was in all spellings, handshakes, and frames that are none. */
	stream() {
		const { random, second } = this
		const id = () => random.pick([`${second}:0`, `${second - 3}:5`, `${second + 2}:1`, `${second}%3A0`, `${second}:99999`, `${second}:-1`, `${second}:[0]`, `${second}:1,2,[3]`, `[${second}]:0`, '0:0', '0:-1', '-1:-1', '1:1', ':', `${second}:`, `${'9'.repeat(20)}:0`, random.pick(NASTY)])
		const heads = Array.from({ length: random.pick([0, 1, 1, 2, 3]) }, () => `${random.weighted({ 'Last-Event-ID': 6, 'Last-Event-ID ': 1 })}: ${id()}\r\n`)
		if (random.chance(0.2)) heads.push('If-None-Match: "x"\r\n')
		const path = `/api/events${random.chance(0.3) ? `?lastEventId=${id()}` : ''}`
		if (random.chance(0.6)) return this.plain('GET', path, `Accept: text/event-stream\r\n${heads.join('')}`)
		const frames = Array.from({ length: random.below(4) }, () => random.pick(['\x88\x80\0\0\0\0', '\x88\x00', '\x88\x82\0\0\0\0\xff\xff', '\x8a\x80\0\0\0\0', `\x89\xfd\0\0\0\0${'p'.repeat(125)}`, `\x89\xfe\0\xff\0\0\0\0${'p'.repeat(255)}`, '\x81\x03abc', '\x81\x83\0\0\0\0abc', '\xc1\x83\0\0\0\0abc', '\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0', '\x82\xff\0\0\0\0\x7f\xff\xff\xff\0\0\0\0', '\0\x80\0\0\0\0', '\xff\xff', String.fromCharCode(...Array.from({ length: random.below(60) }, () => random.below(256)))]))
		return this.plain('GET', path, `${SOCKET}Sec-WebSocket-Protocol: ${random.pick(PROTOCOLS)}\r\nSec-WebSocket-Extensions: ${random.pick(EXTENSIONS)}\r\n${heads.join('')}`, frames.join(''))
	}
	noise() {
		const { random } = this
		return random.pick([
			() => String.fromCharCode(...Array.from({ length: random.between(1, 400) }, () => random.below(256))),
			() => '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03' + '\x5a'.repeat(200),
			() => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0',
			() => '\r\n'.repeat(random.between(1, 200)) + this.plain('GET', '/api/health'),
			() => 'SSH-2.0-x\r\n', () => '*1\r\n$4\r\nPING\r\n', () => '\x01\x01\0\x01\0\x08\0\0\0\x01\0\0\0\0\0\0', () => 'PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n' + this.plain('GET', '/api/health'),
			() => '\0'.repeat(random.between(1, 5000)), () => '\n'.repeat(50_000), () => 'GET '.repeat(5000),
		])()
	}
}

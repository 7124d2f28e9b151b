// Two small clients of /api/events: Server-Sent Events and WebSocket, on
// plain sockets, so that a thousand of them cost little.
import crypto from 'node:crypto'
import net from 'node:net'
import { until } from './stack.mjs'

/** What both kinds have: the events so far ({event, id, data, at}), and waiting for one. */
class Client {
	constructor(url, path, headers) {
		const { hostname, port, host } = new URL(url)
		this.events = []
		this.status = 0
		this.head = ''
		this.bytes = Buffer.alloc(0)
		this.pings = 0	// of syncd
		this.heardAt = performance.now()
		this.socket = net.connect({ host: hostname, port: Number(port), noDelay: true })
		this.ended = new Promise(resolve => this.socket.once('close', resolve))
		this.closed = false
		this.ended.then(() => { this.closed = true })
		this.socket.on('error', () => {})	// an end is an end
		this.socket.on('data', part => this.take(part))
		const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
		this.socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
	}

	take(part) {
		this.heardAt = performance.now()
		this.bytes = this.bytes.length === 0 ? part : Buffer.concat([this.bytes, part])
		if (this.status === 0) {
			const end = this.bytes.indexOf('\r\n\r\n')
			if (end < 0) return
			this.head = this.bytes.subarray(0, end).toString()
			this.status = Number(/^HTTP\/1\.1 (\d+)/.exec(this.head)[1])
			this.bytes = this.bytes.subarray(end + 4)
		}
		this.parse()
	}

	/** The events of a kind, or all; pings are none, but lastId may be of one. */
	of(event) { return this.events.filter(one => event === undefined || one.event === event) }
	get last() { return this.events[this.events.length - 1] }
	/** Connected: the server's head is here, and it is the one that was wanted. */
	async open(ms = 5000) {
		await until('the answer begins', ms, () => this.status !== 0)
		if (this.status !== this.wanted) throw new Error(`status ${this.status}: ${this.head} ${this.bytes}`)
		return this
	}
	/** The first event from number ${from} on for which test is true. */
	async seen(what, test, ms = 5000, from = 0) {
		return until(`an event: ${what}; there are ${JSON.stringify(this.events.slice(-5))}`, ms, () => this.events.slice(from).find(test))
	}
	close() {
		this.socket.destroy()
		return this.ended
	}
}

export class EventStream extends Client {
	wanted = 200

	constructor(url, { lastEventId, query = '', headers = {} } = {}) {
		// an answer that is over shall end the connection, as it ends a browser's stream
		super(url, `/api/events${query}`, { Accept: 'text/event-stream', Connection: 'close',
			...lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }, ...headers })
	}

	/** The body may come in chunks; their sizes stand on lines of their own, which no field looks like. */
	parse() {
		for (;;) {
			const end = this.bytes.indexOf('\n\n')
			if (end < 0) return
			const block = this.bytes.subarray(0, end).toString()
			this.bytes = this.bytes.subarray(end + 2)
			const one = { at: performance.now() }
			for (const line of block.split('\n')) {
				const field = /^(event|id|data|retry): ?(.*?)\r?$/.exec(line)
				if (field) one[field[1]] = field[2]
			}
			if (one.id !== undefined) this.lastId = one.id
			if (one.event === 'ping') this.pings++
			else if (one.event !== undefined) this.events.push({ ...one, data: JSON.parse(one.data) })
		}
	}
}

export class EventSocket extends Client {
	wanted = 101

	/** With meta the messages carry their ids, so that one can come back. */
	constructor(url, { lastEventId, meta = false, headers = {} } = {}) {
		super(url, `/api/events${lastEventId === undefined ? '' : `?lastEventId=${encodeURIComponent(lastEventId)}`}`, {
			Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13,
			'Sec-WebSocket-Key': crypto.randomBytes(16).toString('base64'),
			...meta ? { 'Sec-WebSocket-Protocol': 'ws+meta.nchan' } : {}, ...headers })
		this.meta = meta
	}

	parse() {
		while (this.status === 101 && this.bytes.length >= 2) {
			const opcode = this.bytes[0] & 15
			let length = this.bytes[1] & 127, at = 2
			if (length === 126) { length = this.bytes.length < 4 ? Infinity : this.bytes.readUInt16BE(2); at = 4 }
			if (this.bytes.length < at + length) return
			const payload = this.bytes.subarray(at, at + length)
			this.bytes = this.bytes.subarray(at + length)
			if (opcode === 1) this.message(payload.toString())
			else if (opcode === 9) this.send(10, payload)	// nginx asks whether we are there
			else if (opcode === 8) this.socket.end()
		}
	}

	message(text) {
		const end = this.meta ? text.indexOf('\n\n') + 2 : 0, data = JSON.parse(text.slice(end))
		const one = { at: performance.now(), event: data.event, data, ...this.meta && { id: /^id: (.*)$/m.exec(text.slice(0, end))[1] } }
		this.lastId = one.id
		if (one.event === 'ping') this.pings++
		else this.events.push(one)
	}

	/** A frame of ours; clients mask, and zeros are a mask too. */
	send(opcode, payload) {
		this.socket.write(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]))
	}
}

/** As a browser does it: comes back whenever the stream ends, until it has heard an event; the stream that has. */
export async function comesBack(url, lastEventId, ms = 10_000) {
	let stream
	return until(`an event for who comes back from ${lastEventId}`, ms, async () => {
		if (stream === undefined || (stream.closed && stream.events.length === 0)) stream = await new EventStream(url, { lastEventId }).open()
		return stream.events.length > 0 && stream
	})
}

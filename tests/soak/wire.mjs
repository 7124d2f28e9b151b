// The wire between syncd and the simulated Airtable: passes calls on one at a
// time, so that the order in which changes took effect is known for certain,
// writes down each change that did, and loses or spoils answers on request.
import http from 'node:http'

const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
const now = () => performance.now()

const AIRTABLE_SAYS = {
	422: { error: { type: 'INVALID_VALUE_FOR_COLUMN', message: 'Field "Status" cannot accept the provided value' } },
	429: { errors: [{ error: 'RATE_LIMIT_REACHED', message: 'Rate limit exceeded. Please try again later' }] },
	500: { error: { type: 'SERVER_ERROR', message: 'Internal server error' } },
	502: { error: { type: 'SERVER_ERROR', message: 'Bad gateway' } },
	503: { error: { type: 'RETRIABLE_ERROR', message: 'Server encountered an error while processing your request, and it is safe to retry the request' } },
	504: { error: { type: 'SERVER_ERROR', message: 'Gateway timeout' } },
}
const PAGE = '<html><head><title>Bad Gateway</title></head><body><center><h1>Bad Gateway</h1></center></body></html>\n'

/** Pass a call on: {status, headers, body}. */
function forward(base, { method, target, headers, body }) {
	return new Promise((resolve, reject) => {
		const call = http.request(base + target, { method, headers, agent }, answer => {
			const parts = []
			answer.on('data', part => parts.push(part))
			answer.on('error', reject)
			answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }))
		})
		call.on('error', reject)
		call.end(body)
	})
}

export class Wire {
	/**
	 * lateMs: syncd's airtable.request_timeout.  Airtable is taken to be done
	 * with a call by then, so one that is older is cut instead of passed on.
	 */
	constructor({ lateMs }) {
		this.lateMs = lateMs
		this.changes = []	// {from, to, method, target, asked, answer}: those that Airtable made, in their order;
					// method EDIT: somebody did it there
		this.names = {}		// of fields, by their ids
		this.made = null	// told of new records ([{id, customer}]) before anybody else is
		this.calls = this.writes = this.records = this.faults = this.stale = 0
		this.fault = () => null	// call => {kind, ...} as below, or null
		this.open = 0		// calls that may still take effect
		this.broken = null	// a fault of its own
		this.turn = Promise.resolve()
	}

	async listen() {
		this.server = http.createServer((request, response) => this.take(request, response))
		this.server.keepAliveTimeout = 60_000
		await new Promise(resolve => this.server.listen(0, '127.0.0.1', resolve))
		return this.server.address().port
	}
	close() {
		this.server.closeAllConnections()
		this.server.close()
	}

	take(request, response) {
		const arrived = now(), parts = []
		request.on('data', part => parts.push(part))
		request.on('error', () => {})
		response.on('error', () => {})
		request.on('end', () => {
			const { host, connection, 'accept-encoding': _, ...headers } = request.headers
			const call = { arrived, method: request.method, target: request.url, headers, body: Buffer.concat(parts) }
			this.calls++
			if (call.method !== 'GET') this.writes++
			this.serve(call, response).catch(error => {
				this.broken ??= error
				this.open--
				response.destroy()
			})
		})
	}

	/*
	 * Faults, each with "apply": does Airtable do it all the same?
	 *	{kind: 'drop'}			the connection is cut
	 *	{kind: 'status', status}	answered so
	 *	{kind: 'html', status}		answered with a gateway's page
	 *	{kind: 'hang'}			never answered
	 *	{kind: 'truncate'}		half of the answer (applied)
	 *	{kind: 'garbage'}		200 and no JSON (applied)
	 *	{kind: 'late', ms}		passed on so much later (applied)
	 *	{kind: 'slow', ms}		answered so much later (applied)
	 */
	async serve(call, response) {
		const fault = this.fault(call)
		let answer = null
		if (fault !== null) this.faults++
		this.open++
		if (fault?.kind === 'late') await new Promise(resolve => setTimeout(resolve, fault.ms))
		if (fault === null || fault.apply || ['late', 'slow', 'truncate', 'garbage'].includes(fault.kind))
			if ((answer = await this.pass(call)) === null) response.destroy()
		this.open--
		if (answer === null && response.destroyed) return
		if (fault?.kind === 'slow') await new Promise(resolve => setTimeout(resolve, fault.ms))
		switch (fault?.kind) {
		case 'drop': return response.destroy()
		case 'hang': return
		case 'status':
			response.writeHead(fault.status, { 'Content-Type': 'application/json; charset=utf-8' })
			return response.end(JSON.stringify(AIRTABLE_SAYS[fault.status]))
		case 'html':
			response.writeHead(fault.status, { 'Content-Type': 'text/html' })
			return response.end(PAGE)
		case 'garbage':
			response.writeHead(200, { 'Content-Type': 'application/json' })
			return response.end('\u0001{"records":[{]]')
		case 'truncate':
			response.writeHead(answer.status, { 'Content-Type': 'application/json', 'Content-Length': answer.body.length })
			response.write(answer.body.subarray(0, answer.body.length >> 1))
			return setTimeout(() => response.destroy(), 5)
		default:
			response.writeHead(answer.status, answer.headers)
			return response.end(answer.body)
		}
	}

	/** Nothing else happens at Airtable meanwhile. */
	async inTurn(what) {
		const before = this.turn
		let done
		this.turn = new Promise(resolve => { done = resolve })
		await before
		try {
			return await what()
		} finally {
			done()
		}
	}

	/** To the simulator when it is this call's turn; null: that is too late. */
	pass(call) {
		return this.inTurn(async () => {
			const from = now()
			if (from - call.arrived > this.lateMs) {
				this.stale++
				return null
			}
			const answer = await forward(this.simUrl, call)
			if (call.method !== 'GET' && answer.status === 200 && !call.target.startsWith('/v0/bases/')) await this.note(call, from, answer)
			return answer
		})
	}

	/** The body of a call or an answer, with fields called by their names. */
	read(body) {
		const json = JSON.parse(body)
		for (const record of json.records ?? []) if (record.fields !== undefined)
			record.fields = Object.fromEntries(Object.entries(record.fields).map(([key, value]) => [this.names[key] ?? key, value]))
		return json
	}

	async note(call, from, answer) {
		const told = this.read(answer.body)
		this.records += told.records?.length ?? 1
		this.changes.push({ arrived: call.arrived, from, to: now(), method: call.method, target: call.target,
			asked: call.body.length > 0 ? this.read(call.body) : null, answer: told })
		const made = (told.createdRecords ?? []).map(id => ({ id, customer: told.records.find(r => r.id === id)?.fields.Customer }))
		if (made.length > 0) await this.made?.(made)
	}

	/** Somebody edits these records in Airtable, in the turn that is: how many. */
	async edit(records) {
		const from = now()
		const answer = await forward(this.simUrl, { method: 'POST', target: '/_sim/edit', headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ records }) })
		if (answer.status !== 200) return 0	// one of them is gone
		this.changes.push({ arrived: from, from, to: now(), method: 'EDIT', target: '', asked: { records }, answer: { records } })
		return records.length
	}
	visit(records) { return this.inTurn(() => this.edit(records)) }
}

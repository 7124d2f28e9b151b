import http from 'node:http'
import { eq, sleep } from '../system/lib/harness.mjs'

/** Honest clients, each with an address: ask, check that the answer is to what was asked, rest, ask again. */
export class Honest {
	constructor(stack, ids, { clients = 16, restMs = 25 } = {}) {
		Object.assign(this, { url: new URL(stack.url), ids, clients, restMs, n: 0, wrong: [], slowestMs: 0, on: true })
		this.agent = new http.Agent({ keepAlive: true, maxSockets: clients })
		this.running = Promise.all(Array.from({ length: clients }, (_, i) => this.one(i)))
	}
	async one(client) {
		for (let i = 0; this.on; i++) {
			const id = this.ids[(client * 7 + i) % this.ids.length], requestId = `honest-${client}-${i}`
			const began = performance.now()
			try {
				const { status, headers, text } = await this.ask(client, `/api/orders/${id}`, requestId)
				if (status !== 200 || headers['x-request-id'] !== requestId || JSON.parse(text).id !== id)
					this.wrong.push(`${id} ${requestId}: ${status} ${headers['x-request-id']} ${text.slice(0, 200)}`)
				else this.n++
			} catch (error) {
				this.wrong.push(`${id} ${requestId}: ${error.message}`)
			}
			this.slowestMs = Math.max(this.slowestMs, performance.now() - began)
			await sleep(this.restMs)
		}
	}
	ask(client, path, requestId) {
		return new Promise((resolve, reject) => {
			const call = http.get({ hostname: this.url.hostname, port: this.url.port, path, agent: this.agent, localAddress: `127.0.1.${client + 1}`, headers: { 'X-Request-Id': requestId } }, answer => {
				let text = ''
				answer.setEncoding('utf8')
				answer.on('data', part => { text += part })
				answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
				answer.on('error', reject)
			})
			call.setTimeout(20_000, () => call.destroy(new Error('no answer in 20 s')))
			call.on('error', reject)
		})
	}
	/** Requests a second over the next ms. */
	async pace(ms) {
		const before = this.n, began = performance.now()
		await sleep(ms)
		return (this.n - before) * 1000 / (performance.now() - began)
	}
	async end() {
		this.on = false
		await this.running
		this.agent.destroy()
		eq(this.wrong.slice(0, 5), [])
	}
}

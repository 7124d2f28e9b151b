// What may stand between a browser and the stack: it passes everything on, keeps
// what was asked for, and can cut live streams or hold them back.
import http from 'node:http'
import { cleanUp } from '../../system/lib/harness.mjs'

const isStream = target => target.startsWith('/api/events')

/**
 * A proxy before a stack: {url, asked, cut(), blocked, close()}.  asked: what has been
 * answered, {target, status, lastEventId}, in order; blocked: streams are not let through.
 */
export async function startProxy(stack) {
	const { hostname, port } = new URL(stack.url)
	const agent = new http.Agent({ keepAlive: true })
	const streams = new Set(), asked = []
	const server = http.createServer((request, response) => {
		const target = request.url
		if (isStream(target)) {
			if (proxy.blocked) return request.socket.destroy()
			streams.add(request.socket)
			response.on('close', () => streams.delete(request.socket))
		}
		const call = http.request({ hostname, port, agent, method: request.method, path: target, headers: request.headers }, answer => {
			asked.push({ target, status: answer.statusCode, lastEventId: request.headers['last-event-id'] })
			response.writeHead(answer.statusCode, answer.rawHeaders)
			response.flushHeaders()
			answer.on('error', () => response.destroy()).pipe(response)
		})
		call.on('error', () => response.destroy())
		response.on('close', () => call.destroy())
		request.pipe(call)
	})
	await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
	const proxy = {
		url: `http://127.0.0.1:${server.address().port}`, asked, blocked: false,
		/** End every stream, as a lost connection does. */
		cut() { for (const socket of streams) socket.destroy() },
		close() {
			agent.destroy()
			server.closeAllConnections()
			return new Promise(resolve => server.close(resolve))
		},
	}
	cleanUp(() => proxy.close())
	return proxy
}

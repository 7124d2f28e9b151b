// The whole stack for a story: started in a folder of its own by tests/stack,
// spoken to over HTTP as clients do, ended and searched for damage at last.
import { spawn, execFile } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import zlib from 'node:zlib'
import { asDescribed } from './contract.mjs'
import { cleanUp } from './harness.mjs'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')
export const build = path.resolve(process.env.ORDERDECK_BUILD ?? path.join(root, 'build/release'))

// idle connections are ended here, before nginx or the simulator ends them just as one is used again
const agent = new http.Agent({ keepAlive: true, maxSockets: 64, timeout: 20_000 })
const running = new Set()

/** Run a program to its end: {code, signal, stdout, stderr}. */
export function execute(file, args, { env = {}, timeoutMs = 120_000, cwd = root, input } = {}) {
	return new Promise((resolve, reject) => {
		const child = execFile(file, args, {
			cwd, env: { ...process.env, ...env }, timeout: timeoutMs, maxBuffer: 64 << 20,
		}, (error, stdout, stderr) => {
			if (error && error.code === 'ENOENT') reject(error)
			else resolve({ code: error ? error.code ?? null : 0, signal: error?.signal ?? null, stdout, stderr })
		})
		if (input !== undefined) child.stdin.end(input)
	})
}

/** Is it asked of the API of a stack that runs?  What that answers is held against its description. */
const ofTheApi = (url, target) => /^\/(api\/|hooks\/|health($|\?)|docs($|\?))/.test(target) &&
	[...running].some(stack => url.startsWith(`${stack.url}/`))

/**
 * One HTTP request, the path exactly as given: {status, headers, text, json(), raw}.
 * fresh: on a connection of its own.  from: the address that it comes from.
 */
export function request(url, method = 'GET', { headers = {}, body, from, fresh = false, timeoutMs = 60_000 } = {}) {
	const { hostname, port } = new URL(url)
	const target = url.slice(url.indexOf('/', 'http://'.length))
	const data = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
	const all = { ...headers }
	if (data !== undefined && !Object.keys(all).some(name => /^(content-length|transfer-encoding)$/i.test(name)))
		all['Content-Length'] = Buffer.byteLength(data)
	return new Promise((resolve, reject) => {
		let answered = false
		const call = http.request({ hostname, port, method, path: target, headers: all, localAddress: from, agent: fresh ? false : agent }, answer => {
			answered = true
			const parts = []
			answer.on('data', part => parts.push(part))
			answer.on('error', reject)
			answer.on('end', () => {
				const raw = Buffer.concat(parts)
				const packed = answer.headers['content-encoding'] === 'gzip' && raw.length > 0
				const text = (packed ? zlib.gunzipSync(raw) : raw).toString()
				const whole = { status: answer.statusCode, headers: answer.headers, raw, text, json: () => parse(text, `${method} ${url}`) }
				try {
					resolve(ofTheApi(url, target) ? asDescribed(method, target, whole) : whole)
				} catch (error) {
					reject(error)
				}
			})
		})
		// a server may answer and close before it has read all of a large body
		call.on('error', error => { if (!answered) reject(error) })
		call.setTimeout(timeoutMs, () => call.destroy(new Error(`${method} ${url}: no answer in ${timeoutMs} ms`)))
		call.end(data)
	})
}

function parse(text, what) {
	try {
		return JSON.parse(text)
	} catch (error) {
		throw new Error(`${what}: no JSON (${error.message}): ${text.slice(0, 200)}`)
	}
}

/** A port that nobody listens at, for a moment. */
export async function freePort() {
	const server = net.createServer()
	await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
	const { port } = server.address()
	await new Promise(resolve => server.close(resolve))
	return port
}

/** Poll until it gives something true; its last fault is told when time is up.  A slow machine needs patience. */
export async function until(what, ms, probe, pauseMs = 25) {
	const end = Date.now() + ms * Number(process.env.TEST_PATIENCE ?? 1)
	for (let last; ;) {
		try {
			const value = await probe()
			if (value) return value
			last = undefined
		} catch (error) {
			last = error
		}
		if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}${last ? ` (${last.message})` : ''}`)
		await new Promise(resolve => setTimeout(resolve, pauseMs))
	}
}

export function temporaryFolder() {
	return fs.mkdtempSync(path.join(os.tmpdir(), 'orderdeck-story-'))
}

/** The lines of a file, [] when there is none. */
function lines(file) {
	try {
		return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
	} catch {
		return []
	}
}

/** Has a process ended, waited for or not? */
export function gone(pid) {
	try {
		const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
		return stat[stat.lastIndexOf(')') + 2] === 'Z'
	} catch {
		return true
	}
}

export class Stack {
	constructor(dir, url) {
		this.dir = dir
		this.url = url
	}

	/** The same stack, asked by somebody at another address of this machine. */
	from(address) { return Object.assign(Object.create(this), { address }) }
	get(target, headers, options) { return this.call('GET', target, { headers, ...options }) }
	call(method, target, options) { return request(this.url + target, method, { from: this.address, ...options }) }
	async json(target) {
		const answer = await this.get(target)
		if (answer.status !== 200) throw new Error(`GET ${target}: ${answer.status} ${answer.text.slice(0, 300)}`)
		return answer.json()
	}
	patch(id, fields, headers = {}) {
		return this.call('PATCH', `/api/orders/${encodeURIComponent(id)}`, {
			headers: { 'Content-Type': 'application/json', ...headers }, body: fields,
		})
	}

	/** A full sync from now on, to its end: the answer of POST /api/orders/sync. */
	async sync(mode = 'full') {
		const answer = await this.call('POST', `/api/orders/sync?mode=${mode}`, { timeoutMs: 120_000 })
		if (answer.status !== 202) return answer
		await this.idle(300_000)
		return this.call('POST', '/api/orders/sync?mode=auto')
	}
	/** Wait until no sync runs; the progress document. */
	idle(ms = 60_000) {
		return until('no sync is running', ms, async () => {
			const progress = await this.json('/api/sync')
			return progress.state !== 'running' && progress
		})
	}
	/** Wait until a first sync has arrived. */
	synced(ms = 60_000) {
		return until('the first sync ended', ms, async () => (await this.json('/api/health')).syncedAt)
	}

	// ---- processes
	pids() {
		return Object.fromEntries(lines(path.join(this.dir, 'stack.pids')).map(line => {
			const [name, pid] = line.split(' ')
			return [name, Number(pid)]
		}))
	}
	/** The processes that a program forked. */
	children(name) {
		const pid = this.pids()[name]
		return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
	}
	alive(name) { return !gone(this.pids()[name]) }
	/** Give a setting that stands in the stack's file another value, for who reads it from now on. */
	configure(key, value) {
		const [section, ...rest] = key.split('.'), name = rest.join('.'), file = path.join(this.dir, 'orders.conf'), text = fs.readFileSync(file, 'utf8')
		const line = new RegExp(`(^\\[${section}\\]\\n(?:[^[\\n].*\\n)*?${name} = ).*$`, 'm')
		if (!line.test(text)) throw new Error(`${key} is not in ${file}`)
		fs.writeFileSync(file, text.replace(line, `$1${value}`))
	}
	/** A setting of the workers' changes, once all of them know. */
	async configureApi(key, value) {
		const before = this.children('fcgi-api')
		this.configure(key, value)
		this.signal('fcgi-api', 'SIGHUP')
		await this.replaced('fcgi-api', before)
	}
	/** Wait until none of those children of a program is left, and as many others, or so many, are there. */
	replaced(name, before, ms = 40_000, others = before.length) {
		return until(`other processes of ${name}`, ms, () => before.every(gone) && this.children(name).length >= others)
	}
	signal(name, signal) { process.kill(this.pids()[name], signal) }
	async stop(name, signal = 'TERM') { await this.tool('stop', '--name', name, '--signal', signal) }
	async start(name, env) {
		const result = await execute(path.join(root, 'tests/stack'), ['start', '--dir', this.dir, '--name', name], { env })
		if (result.code !== 0) throw new Error(`start ${name}: ${result.stderr}`)
	}
	async tool(command, ...args) {
		const result = await execute(path.join(root, 'tests/stack'), [command, '--dir', this.dir, ...args])
		if (result.code !== 0) throw new Error(`tests/stack ${command}: ${result.stderr}`)
		return result
	}
	syncctl(...args) {
		return execute(path.join(build, 'syncd/syncctl'), ['-c', path.join(this.dir, 'orders.conf'), ...args])
	}

	// ---- the simulated Airtable
	get simUrl() { return `http://127.0.0.1:${fs.readFileSync(path.join(this.dir, 'run/sim.port'), 'utf8').trim()}` }
	async sim(method, target, body) {
		const answer = await request(this.simUrl + target, method,
			{ body, headers: body === undefined ? {} : { 'Content-Type': 'application/json' } })
		if (answer.status >= 300) throw new Error(`simulator: ${method} ${target}: ${answer.status} ${answer.text}`)
		return answer.text === '' ? null : answer.json()
	}
	stats() { return this.sim('GET', '/_sim/stats') }
	fault(fault) { return this.sim('POST', '/_sim/faults', fault) }
	noFaults() { return this.sim('DELETE', '/_sim/faults') }
	/** Every record as the simulator holds it: [{id, createdTime, fields}]. */
	async dump() {
		const answer = await request(this.simUrl + '/_sim/dump')
		return answer.text.split('\n').filter(Boolean).map(line => JSON.parse(line))
	}

	// ---- logs
	log(name = 'orderdeck.log') {
		try {
			return fs.readFileSync(path.join(this.dir, 'log', name), 'utf8')
		} catch {
			return ''
		}
	}
	/** What sanitizers and crashes left in the output of the programs. */
	damage() {
		const found = []
		for (const name of fs.readdirSync(path.join(this.dir, 'log'))) {
			if (!name.endsWith('.out')) continue
			const text = this.log(name)
			const at = text.search(/ERROR: (Address|Leak)Sanitizer|runtime error:|LeakSanitizer has encountered|Assertion .* failed/)
			if (at >= 0) found.push(`${name}: ${text.slice(at, at + 3000)}`)
		}
		const died = /^.*exited on signal (?!9\b).*$/m.exec(this.log('nginx-error.log'))
		if (died) found.push(`nginx-error.log: ${died[0]}`)
		// the sandbox is never in the way of what the programs do by themselves
		const refused = /^.*refused system call.*$/m.exec(this.log())
		if (refused && !this.intruded) found.push(refused[0])
		return found
	}

	/** End it and remove its folder.  Throws when a program was damaged, or survived. */
	async down({ keep = false } = {}) {
		if (!running.delete(this)) return
		const before = this.pids()
		await this.tool('down')
		const left = Object.entries(before).filter(([, pid]) => {
			try {
				return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.dir)
			} catch {
				return false
			}
		})
		const damage = this.damage()
		if (damage.length > 0) throw new Error(`damaged (logs in ${this.dir}/log): ${damage.join('\n')}`)
		if (left.length > 0) throw new Error(`still running after down: ${left.map(([name]) => name)}`)
		if (!keep) fs.rmSync(this.dir, { recursive: true, force: true })
	}
}

/**
 * What "tests/stack up" says: {code, stdout, stderr, dir}.  Changes made in Airtable are not
 * followed unless the story is about that (set 'sync.feed'), so that others can count calls and syncs.
 */
export async function tryStack({ sim = 2000, simArgs = [], set = {}, env = {}, conf, wait = 15, dir = temporaryFolder(), port = 0 } = {}) {
	const args = ['up', '--dir', dir, '--port', String(port), '--build', build, '--wait', String(wait)]
	if (sim !== false) args.push(`--sim=${sim}`)
	if (conf) args.push('--conf', conf)
	for (const argument of simArgs) args.push(`--sim-arg=${argument}`)
	for (const [key, value] of Object.entries({ 'sync.feed': 'off', ...set })) args.push('--set', `${key}=${value}`)
	return { dir, ...await execute(path.join(root, 'tests/stack'), args, { env }) }
}

/** A running stack; see tryStack for the options. */
export async function startStack(options) {
	const { code, stdout, stderr, dir } = await tryStack(options)
	if (code !== 0) throw new Error(`tests/stack up failed in ${dir}:\n${stderr}`)
	const stack = new Stack(dir, /^ready (\S+)$/m.exec(stdout)[1])
	running.add(stack)
	cleanUp(() => stack.down({ keep: true }))	// when the story failed or was interrupted
	return stack
}

/** Run f with a stack of its own, which is ended whatever happens. */
export async function withStack(options, f) {
	const stack = await startStack(options)
	try {
		await f(stack)
	} catch (error) {
		error.message += `\n(logs in ${stack.dir}/log)\n${stack.log().split('\n').slice(-12).join('\n')}`
		await stack.down({ keep: true }).catch(() => {})
		throw error
	}
	await stack.down()
}

/** A long-running child of the story's own, for "make demo" and the like. */
export function launch(file, args, { env = {}, cwd = root } = {}) {
	const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
	child.text = ''
	for (const stream of [child.stdout, child.stderr]) stream.on('data', part => { child.text += part })
	child.ended = new Promise(resolve => child.on('close', (code, signal) => resolve({ code, signal })))
	return child
}

/** Options of a stack whose Airtable answers as fast as it can, so that a story need not wait. */
export const fast = ({ set = {}, simArgs = [], ...rest } = {}) => ({
	...rest,
	set: { 'airtable.requests_per_second': 1000, 'airtable.retry_base': '50ms', ...set },
	simArgs: ['--rate=0', '--set=tokenRate=0', ...simArgs],
})

// The desk behind the proxies that README names, with what it says of each and
// what Debian ships: live events, reads, 304s, changes and exports pass them.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test, run, eq, ok, cleanUp, ended, tempDir } from './lib/harness.mjs'
import { comesBack, EventSocket, EventStream } from './lib/events.mjs'
import { startStack, fast, freePort, request, root, until } from './lib/stack.mjs'

const NAME = 'orders.example.org'
const JSON_BODY = { 'Content-Type': 'application/json' }
const dir = tempDir('proxies')
const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8')
const asRoot = process.getuid() === 0
let stack, id

/** What README says to write for a proxy, with the desk where it is here. */
function block(language) {
	const text = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(readme)[1], { port } = new URL(stack.url)
	ok(text.includes('8080'), text)
	return text.replace('8080', port)
}

const write = (name, text) => {
	fs.writeFileSync(path.join(dir, name), text)
	return path.join(dir, name)
}

const nginx = inside => ({
	conf: port => `${asRoot ? 'user root;' : ''}\ndaemon off; worker_processes 1; pid ${dir}/nginx.pid;\nevents { }\nhttp { access_log off;
		${['client_body', 'proxy', 'fastcgi', 'scgi', 'uwsgi'].map(name => `${name}_temp_path ${dir}/${name};`).join(' ')}
		server { listen 127.0.0.1:${port}; ${inside()} } }\n`,
	start: file => ['nginx', '-p', dir, '-e', `${dir}/nginx.log`, '-c', file],
})

// each: its configuration for a port, and how it runs in the foreground
const PROXIES = {
	'nginx with nothing but proxy_pass': { host: 'its own', ...nginx(() => `location / { proxy_pass ${stack.url}; }`) },
	nginx: nginx(() => block('nginx')),
	haproxy: {
		socket: true,
		conf: port => {
			const shipped = fs.readFileSync('/etc/haproxy/haproxy.cfg', 'utf8')
			return `${shipped.slice(shipped.search(/^defaults/m))}\n${block('haproxy').replace(':80', `127.0.0.1:${port}`)}`
		},
		start: file => ['haproxy', '-db', '-f', file],
	},
	apache: {
		socket: true,
		conf: port => `ServerRoot /etc/apache2\nServerName localhost\nListen 127.0.0.1:${port}\nPidFile ${dir}/apache.pid\nErrorLog ${dir}/apache.log
			DefaultRuntimeDir ${dir}\nMutex file:${dir} default\n${asRoot ? 'User www-data\nGroup www-data' : ''}
			IncludeOptional mods-enabled/*.load\nIncludeOptional mods-enabled/*.conf
			${['proxy', 'proxy_http'].map(name => `<IfModule !mod_${name}.c>\nLoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n</IfModule>`).join('\n')}
			${block('apache')}`,
		start: file => ['apache2', '-f', file, '-DFOREGROUND'],
	},
	varnish: {
		conf: () => block('vcl'),
		start: (file, port) => ['varnishd', '-F', '-j', 'none', '-n', `${dir}/varnish`, '-a', `127.0.0.1:${port}`, '-s', 'malloc,16m', '-f', file],
	},
}

/** The address of a proxy before the desk, until f has ended. */
async function behind(name, f) {
	const { conf, start } = PROXIES[name], port = await freePort(), url = `http://127.0.0.1:${port}`
	const [program, ...args] = start(write('proxy.conf', conf(port)), port)
	const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } })
	let output = ''
	for (const stream of [child.stdout, child.stderr]) stream.on('data', part => { output += part })
	cleanUp(() => child.kill('SIGTERM'))
	try {
		await until(`${name} serves`, 20_000, async () => {
			if (child.exitCode !== null) throw new Error(output)
			return (await request(`${url}/api/health`, 'GET', { fresh: true, headers: { Host: NAME } })).status === 200
		})
		await f(url)
	} catch (error) {
		error.message += `\n${name}: ${output.slice(-2000)}`
		throw error
	} finally {
		child.kill('SIGTERM')
		// Apache lets a stream be that nobody reads any more
		const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 1000)
		await ended(child)
		clearTimeout(late)
	}
}

const known = { Host: NAME }
const ask = (url, target, headers, method = 'GET', more) => request(url + target, method, { headers: { ...known, ...headers }, ...more })
const change = async (url, headers) => {
	const priority = (await stack.json(`/api/orders/${id}`)).priority === 'High' ? 'Low' : 'High'
	const answer = await ask(url, `/api/orders/${id}`, { ...JSON_BODY, ...headers }, 'PATCH', { body: { priority } })
	return answer.status === 200 ? { ...answer, version: answer.json().version } : answer
}
const stream = (url, more) => new EventStream(url, { ...more, headers: { ...known, Connection: 'keep-alive' } }).open()

test('a desk that knows its name and its proxy', async () => {
	stack = await startStack(fast({ sim: 300, set: { 'http.names': NAME, 'http.trusted_proxies': '127.0.0.1', 'events.per_client': 10 } }))
	await stack.synced()
	id = (await stack.json('/api/orders?pageSize=1')).orders[0].id
	// the reset that is told after a start is out
	await (await comesBack(stack.url, `${Math.floor(Date.now() / 1000) - 1}:0`)).close()
})

for (const name of Object.keys(PROXIES)) {
	test(`${name}: live events come as they happen, and harm nobody else’s connection`, () => behind(name, async url => {
		for (let i = 0; i < 3; i++) eq((await ask(url, '/api/orders?pageSize=1')).status, 200)	// connections that are kept
		const one = await stream(url), two = await stream(url)
		const { version } = await change(url)
		for (const each of [one, two]) await each.seen('the change', ({ data }) => data.generation === version)
		await one.close()
		const later = (await change(url)).version
		eq((await two.seen('the next', ({ data }) => data.generation >= later)).data.generation, later)
		// who was away is sent what came meanwhile; Varnish keeps what came with the head until there is more
		const back = await stream(url, { lastEventId: one.lastId }), newest = (await change(url)).version
		await back.seen('the newest', ({ data }) => data.generation === newest)
		eq(back.events.map(({ data }) => data.generation), [later, newest])
		for (const each of [two, back]) await each.close()
		const rest = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(url, `/api/orders?pageSize=1&page=${i + 1}`)))
		eq(rest.map(({ status }) => status), Array(20).fill(200))
		if (!PROXIES[name].socket) return
		const socket = await new EventSocket(url, { headers: known }).open()
		const last = (await change(url)).version
		await socket.seen('the change', ({ data }) => data.generation === last)
		await socket.close()
	}))

	test(`${name}: reads, 304s, changes, exports and problems are as without it`, () => behind(name, async url => {
		for (const coding of ['identity', 'gzip']) {
			const list = await ask(url, '/api/orders?pageSize=100', { 'Accept-Encoding': coding })
			eq([list.status, list.json()], [200, await stack.json('/api/orders?pageSize=100')])
			const again = await ask(url, '/api/orders?pageSize=100', { 'Accept-Encoding': coding, 'If-None-Match': list.headers.etag })
			eq([again.status, again.text], [304, ''], coding)
		}
		// nothing old is shown, and a version holds
		const order = await ask(url, `/api/orders/${id}`), changed = await change(url, { 'If-Match': order.headers.etag })
		eq(changed.status, 200, changed.text)
		eq((await ask(url, `/api/orders/${id}`)).json().version, changed.version)
		eq((await ask(url, '/api/orders?pageSize=100')).json().generation, changed.version)
		eq((await change(url, { 'If-Match': order.headers.etag })).status, 412)
		for (const kind of ['csv', 'xlsx']) {
			const file = await ask(url, `/api/orders/export.${kind}?sort=orderId`)
			eq([file.status, file.headers['x-total-count']], [200, '300'])
			ok(/^attachment; filename="orders-/.test(file.headers['content-disposition']))
			if (kind === 'csv') eq(file.text, (await stack.get('/api/orders/export.csv?sort=orderId')).text)
			else eq(file.raw.subarray(0, 4).toString('latin1'), 'PK\x03\x04')
		}
		const head = await ask(url, '/api/orders/export.csv', {}, 'HEAD')
		eq([head.status, head.headers['x-total-count'], head.raw.length], [200, '300', 0])
		const wrong = await ask(url, '/api/orders?pageSise=1')
		eq([wrong.status, wrong.headers['content-type'], wrong.json().code], [400, 'application/problem+json', 'invalid_parameter'])
		if (PROXIES[name].host) return
		// the name that was asked for arrives, and so does who asked
		eq((await ask(url, '/api/orders', { Host: 'elsewhere.example' })).status, 421)
		eq((await change(url, { Origin: `http://${NAME}` })).status, 200)
		eq((await change(url, { Origin: 'http://elsewhere.example' })).status, 403)
		eq((await ask(url, '/api/orders?search=whoasks', { 'X-Forwarded-For': '192.0.2.7' }, 'GET', { from: '127.0.0.9', fresh: true })).status, 200)
		await until('it is in the log', 10_000, () => /search=whoasks/.test(stack.log('nginx-access.log')))
		ok(stack.log('nginx-access.log').split('\n').filter(line => line.includes('search=whoasks')).at(-1).includes('addr=127.0.0.9 '), 'whose request it is')
	}))
}

test('the desk is unharmed', () => stack.down())

run()

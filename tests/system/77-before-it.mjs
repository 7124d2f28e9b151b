// What may stand before the desk: the site with TLS, and the examples that ask for a
// password or a certificate, as they are shipped but for names of files and ports.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import http2 from 'node:http2'
import https from 'node:https'
import path from 'node:path'
import { test, run, eq, ok, buildDir, cleanUp, ended, tempDir } from './lib/harness.mjs'
import { startStack, fast, execute, freePort, request, root, until } from './lib/stack.mjs'

const NAME = 'orders.example.org'
const dir = tempDir('before')
let stack, id, plain, secure

const openssl = async (...args) => {
	const { code, stdout, stderr } = await execute('openssl', args)
	eq(code, 0, stderr)
	return stdout
}

/** A key and a certificate below dir, signed by an authority's or by itself. */
async function certificate(name, subject, authority) {
	const file = (end, of = name) => path.join(dir, `${of}.${end}`)
	const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', subject, '-keyout', file('key')]
	if (authority === undefined) return openssl('req', '-x509', '-days', '2', ...pair, '-out', file('pem'))
	await openssl('req', '-new', ...pair, '-out', file('csr'))
	return openssl('x509', '-req', '-days', '2', '-in', file('csr'), '-CA', file('pem', authority), '-CAkey', file('key', authority), '-CAcreateserial', '-out', file('pem'))
}

/** nginx with one of the sites before the desk, until f has ended. */
async function before(file, f) {
	const at = new URL(stack.url)
	const text = fs.readFileSync(path.join(root, file), 'utf8')
		.replaceAll(/^\tlisten \[::\].*\n/gm, '')
		.replace('listen 80;', `listen 127.0.0.1:${plain};`).replace('listen 443 ', `listen 127.0.0.1:${secure} `)
		.replaceAll(`/etc/ssl/certs/${NAME}.pem`, `${dir}/site.pem`).replaceAll(`/etc/ssl/private/${NAME}.key`, `${dir}/site.key`)
		.replaceAll('/etc/ssl/certs/orderdeck-people.pem', `${dir}/people.pem`).replaceAll('/etc/nginx/orderdeck.passwords', `${dir}/passwords`)
		.replaceAll('http://127.0.0.1:8080', `http://${at.host}`)
	ok(!/\/etc\/|:8080/.test(text.replaceAll(/^#.*/gm, '')), text)
	const conf = path.join(dir, 'nginx.conf')
	const temps = ['client_body', 'proxy', 'fastcgi', 'scgi', 'uwsgi'].map(name => `${name}_temp_path ${dir}/${name};`).join(' ')
	fs.writeFileSync(conf, `${process.getuid() === 0 ? 'user root;' : ''}\nworker_processes 1; daemon off; pid ${dir}/nginx.pid;\nevents { }\nhttp {\naccess_log off; ${temps}\n${text}\n}\n`)
	const child = spawn('nginx', ['-p', dir, '-e', `${dir}/error.log`, '-c', conf], { stdio: 'inherit', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } })
	cleanUp(() => child.kill('SIGTERM'))
	try {
		await until('it listens', 10_000, async () => (await ask('/hooks/airtable', { method: 'POST' })).status > 0)
		await f()
	} finally {
		child.kill('SIGQUIT')
		await ended(child)
	}
	ok(!/\[(emerg|alert|crit)\]/.test(fs.readFileSync(`${dir}/error.log`, 'utf8')), fs.readFileSync(`${dir}/error.log`, 'utf8'))
}

/** Over TLS, as a browser at https://orders.example.org:PORT does it. */
function ask(target, { method = 'GET', headers = {}, body, host = `${NAME}:${secure}`, who = {} } = {}) {
	return new Promise((resolve, reject) => {
		const call = https.request({ host: '127.0.0.1', port: secure, servername: NAME, method, path: target, rejectUnauthorized: false, agent: false, ...who, headers: { Host: host, ...headers } }, answer => {
			let text = ''
			answer.on('data', part => {
				text += part
				if (/^event: change/m.test(text)) call.destroy()
			})
			answer.on('close', () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
		})
		call.on('upgrade', (answer, socket) => {
			socket.destroy()
			resolve({ status: answer.statusCode, headers: answer.headers, text: '' })
		})
		call.on('error', reject)
		call.end(body)
	})
}

const origin = () => `https://${NAME}:${secure}`
const from = () => ({ Origin: origin(), 'Content-Type': 'application/json' })
const patch = (status, options = {}) => ask(`/api/orders/${id}`, { method: 'PATCH', body: JSON.stringify({ status }), ...options, headers: { ...from(), ...options.headers } })

/** What holds of each of them for who is let in. */
async function serves(options = {}) {
	const page = await ask('/', options)
	eq([page.status, page.headers['strict-transport-security'], page.headers['x-frame-options']], [200, 'max-age=31536000', 'DENY'])
	// the port is passed on, and with it what is the desk's own page; also where the browser says no more than Origin
	eq((await patch('Shipped', options)).status, 200)
	for (const other of [`https://${NAME}`, `http://${NAME}:${secure}`, `https://${NAME}:${plain}`, 'https://elsewhere.example'])
		eq((await patch('Pending', { ...options, headers: { ...options.headers, Origin: other } })).status, 403, other)
	const socket = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }
	eq((await ask('/api/events', { ...options, headers: { ...options.headers, ...socket, Origin: origin() } })).status, 101)
	eq((await ask('/api/events', { ...options, headers: { ...options.headers, ...socket, Origin: 'https://elsewhere.example' } })).status, 403)
	const heard = ask('/api/events', { ...options, headers: { ...options.headers, Accept: 'text/event-stream' } })
	await until('a change is heard as it happens', 30_000, async () => {
		await patch(Math.random() < 0.5 ? 'Shipped' : 'Delivered', options)
		return Promise.race([heard, new Promise(resolve => setTimeout(resolve, 500))])
	})
	ok(/^event: change/m.test((await heard).text))
	// the first one with http2 asks by :authority
	const session = http2.connect(`https://127.0.0.1:${secure}`, { servername: NAME, rejectUnauthorized: false, ...options.who })
	const stream = session.request({ ':method': 'PATCH', ':path': `/api/orders/${id}`, ':authority': `${NAME}:${secure}`, ...Object.fromEntries(Object.entries({ ...from(), ...options.headers }).map(([name, value]) => [name.toLowerCase(), value])) })
	stream.end('{"status":"Processing"}')
	const status = await new Promise((resolve, reject) => stream.on('response', headers => resolve(headers[':status'])).on('error', reject))
	session.destroy()
	eq(status, 200)
	// a name that is not the desk's is none by TLS, either
	eq((await ask('/', { ...options, host: 'elsewhere.example' })).status, 421)
	const moved = await request(`http://127.0.0.1:${plain}/orders?x=1`, 'GET', { headers: { Host: NAME } })
	eq([moved.status, moved.headers.location], [301, `https://${NAME}/orders?x=1`])
}

test('a desk behind it', async () => {
	stack = await startStack(fast({ sim: 50, set: { 'http.names': NAME, 'http.trusted_proxies': '127.0.0.1', 'http.user_header': 'X-Forwarded-User', 'http.auth': 'proxy' } }))
	await stack.synced()
	id = (await stack.dump())[0].id
	plain = await freePort()
	secure = await freePort()
	await certificate('site', `/CN=${NAME}`)
	await certificate('people', '/CN=people')
	await certificate('stranger', '/CN=Anna')
	await certificate('anna', '/O=Desk/CN=Anna', 'people')
	fs.writeFileSync(path.join(dir, 'passwords'), `anna:${(await openssl('passwd', '-apr1', 'secret')).trim()}\n`)
}, { timeout: 60_000 })

const lastBy = async () => (await stack.json(`/api/orders/${id}/history`)).changes[0].by

test('the site with TLS passes on what the desk needs', () => before('nginx/site.conf', () => serves()), { timeout: 90_000 })

test('with passwords nobody gets in without one, but for signed pings', () => before('etc/nginx/basic-auth.conf', async () => {
	const basic = password => ({ Authorization: `Basic ${Buffer.from(`anna:${password}`).toString('base64')}` })
	for (const headers of [{}, basic('wrong'), { 'X-Forwarded-User': 'anna' }])
		for (const target of ['/', '/api/orders', '/api/health', '/docs', '/api/events']) eq((await ask(target, { headers })).status, 401, target)
	eq((await patch('Cancelled')).status, 401)
	eq((await ask('/hooks/airtable', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })).status, 404)
	await serves({ headers: basic('secret') })
	eq((await patch('Cancelled', { headers: { ...basic('secret'), 'X-Forwarded-User': 'somebody' } })).status, 200)
	eq(await lastBy(), 'anna')
}), { timeout: 90_000 })

test('with certificates nobody gets in without one by the right authority, but for signed pings', () => before('etc/nginx/client-certificates.conf', async () => {
	const pair = name => ({ key: fs.readFileSync(`${dir}/${name}.key`), cert: fs.readFileSync(`${dir}/${name}.pem`) })
	for (const target of ['/', '/api/orders', '/api/health', '/docs', '/api/events']) {
		eq((await ask(target)).status, 403, target)
		ok([400, 403].includes((await ask(target, { who: pair('stranger') })).status), target)
	}
	eq((await patch('Cancelled')).status, 403)
	eq((await ask('/hooks/airtable', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })).status, 404)
	await serves({ who: pair('anna') })
	eq((await patch('Cancelled', { who: pair('anna'), headers: { 'X-Forwarded-User': 'somebody' } })).status, 200)
	eq(await lastBy(), 'Anna')
}), { timeout: 90_000 })

test('check-config warns where others reach a desk that nobody says who checks', async () => {
	const warned = async (listen, metrics, auth) => {
		fs.writeFileSync(`${dir}/orders.conf`, `[airtable]\nbase_id = appX\norders_table = Orders\n[http]\nlisten = ${listen}\nauth = ${auth}\n[metrics]\nlisten = ${metrics}\n`)
		const results = await Promise.all([['syncd/syncctl', 'check-config'], ['syncd/syncd', '--check-config'], ['fcgi-api/fcgi-api', '--check-config']].map(([name, what]) =>
			execute(path.join(buildDir, name), ['-c', `${dir}/orders.conf`, what])))
		const said = results.map(({ code, stderr }) => [code, [...stderr.matchAll(/^warning: (\S+): .*http\.auth/gm)].map(match => match[1])])
		for (const one of said) eq(one, said[0])
		return said[0]
	}
	for (const listen of ['127.0.0.1:8080', '127.8.8.8:80', 'localhost:8080', '[::1]:80']) eq(await warned(listen, '127.0.0.1:9464', 'none'), [0, []], listen)
	for (const listen of ['*:8080', '0.0.0.0:8080', '[::]:8080', '192.168.1.5:80', 'desk.example.org:80', '[fd00::1]:80', '128.0.0.1:80', '0:80']) {
		eq(await warned(listen, '', 'none'), [0, ['http.listen']], listen)
		for (const auth of ['basic', 'mtls', 'proxy', 'network']) eq(await warned(listen, listen.replace(/\d+$/, '9999'), auth), [0, []], `${listen} ${auth}`)
		eq(await warned('127.0.0.1:8081', listen, 'none'), [0, ['metrics.listen']], listen)
	}
})

test('the stack ends undamaged', () => stack.down())

run()

// The token and the secret of the webhook appear in no log, command line,
// environment, answer, error, backup or core, whatever goes wrong.
import fs from 'node:fs'
import path from 'node:path'
import { test, run, eq, ok } from './lib/harness.mjs'
import { startStack, execute, fast, request, until, build } from './lib/stack.mjs'

let stack, token, secret, metrics
const said = new Map()	// what was asked -> all that came

const keep = (what, answer) => said.set(what, JSON.stringify(answer.headers ?? '') + (answer.text ?? '') + (answer.stdout ?? '') + (answer.stderr ?? ''))
const program = (name, ...args) => execute(path.join(build, name), ['-c', path.join(stack.dir, 'orders.conf'), ...args], { env: { AIRTABLE_API_KEY: token } })

test('a base is served, with pings of a webhook, at level debug', async () => {
	stack = await startStack(fast({ sim: 120, set: { 'log.level': 'debug', 'log.slow': '1ms', 'sync.feed': 'webhook', 'sync.feed_interval': '100ms',
		'sync.public_url': 'https://desk.example.org', 'metrics.listen': '127.0.0.1:0', 'airtable.retries': 1, 'airtable.breaker_cooldown': '100ms' } }))
	await stack.synced()
	token = fs.readFileSync(path.join(stack.dir, 'token'), 'utf8').trim()
	const kept = path.join(stack.dir, 'store/webhook.secret')
	secret = await until('the webhook has its secret', 30_000, () => fs.readFileSync(kept, 'utf8').trim().split(' ')[1])
	eq(fs.statSync(kept).mode & 0o777, 0o600)
	ok(token.length > 20 && secret.length > 20)
	metrics = `http://${/^listen = (.*)$/m.exec(fs.readFileSync(path.join(stack.dir, 'orders.conf'), 'utf8').split('[metrics]')[1])[1]}/metrics`
})

test('answers of all kinds are asked for, also while Airtable echoes what it was sent', async () => {
	const { id } = (await stack.json('/api/orders?pageSize=1')).orders[0]
	for (const target of ['/api/health', '/api/sync', '/api/orders', '/api/orders/summary', `/api/orders/${id}`, `/api/orders/${id}/history`, '/api/audit', '/api/orders/export.csv', '/api/nothing', '/api/orders?x=1'])
		keep(target, await stack.get(target))
	// texts are cut somewhere: the token lies across every place that could be
	const echoes = Array.from({ length: 12 }, (_, i) => `${'.'.repeat(i * 40)}Bearer ${token}`)
	for (const [i, message] of echoes.entries()) {
		const status = [401, 403, 404, 422, 500][i % 5]
		await stack.fault({ match: { method: 'PATCH', path: '/v0/', times: 1 }, action: 'status', status, body: { error: { type: `X_${token}`, message } } })
		keep(`a change refused with ${status}, ${i}`, await stack.patch(id, { status: i % 2 ? 'Shipped' : 'Pending' }))
		await stack.noFaults()
	}
	await stack.fault({ match: { path: '/v0/', times: 4 }, action: 'status', status: 403, body: { error: { type: 'NOT_PERMITTED', message: `${token} may not` } } })
	keep('a sync', await stack.call('POST', '/api/orders/sync?mode=full'))
	await stack.noFaults()
	for (const mac of ['hmac-sha256=00', `hmac-sha256=${'0'.repeat(64)}`, secret])
		keep(`a ping with ${mac.slice(0, 20)}`, await stack.call('POST', '/hooks/airtable', { headers: { 'X-Airtable-Content-MAC': mac, 'Content-Type': 'application/json' }, body: {} }))
	keep('/metrics', await request(metrics))
}, { timeout: 240_000 })

test('operators’ commands are given', async () => {
	keep('status', await program('syncd/syncctl', 'status'))
	for (const [name, ...args] of [['syncd/syncctl', 'print-config'], ['syncd/syncd', '--print-config'], ['fcgi-api/fcgi-api', '--print-config'],
		['syncd/syncd', '--check-config'], ['syncd/syncctl', 'verify']])
		keep(`${name} ${args}`, await program(name, ...args))
	// who puts the token where its file's name belongs is told, without it
	const astray = await execute(path.join(build, 'syncd/syncd'), ['-c', path.join(stack.dir, 'orders.conf'), '--check-config'], { env: { ORDERS_AIRTABLE_TOKEN_FILE: token } })
	eq(astray.code, 1)
	ok(astray.stderr.includes('airtable.token_file'), astray.stderr)
	keep('a token astray', astray)
	const backup = path.join(stack.dir, 'backup.mdb')
	keep('backup', await program('syncd/syncctl', 'backup', backup))
	eq((await program('syncd/syncctl', 'verify', backup)).code, 0)
	said.set('the backup', fs.readFileSync(backup, 'latin1'))
	for (const signal of ['SIGHUP', 'SIGUSR2']) stack.signal('syncd', signal)
	await until('the reload is told', 20_000, () => stack.log().includes('reload: done'))
})

test('nothing of it is found anywhere', async () => {
	for (const name of fs.readdirSync(path.join(stack.dir, 'log'))) said.set(`log ${name}`, stack.log(name))
	for (const name of ['orders.conf', 'nginx.conf']) said.set(name, fs.readFileSync(path.join(stack.dir, name), 'utf8'))
	const pids = stack.pids(), all = ['syncd', 'fcgi-api', 'nginx'].flatMap(name => [pids[name], ...stack.children(name)])
	for (const pid of all) {
		said.set(`command line ${pid}`, fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1'))
		if (pid !== pids.syncd) said.set(`environment ${pid}`, fs.readFileSync(`/proc/${pid}/environ`, 'latin1'))
	}
	said.set('the store', fs.readFileSync(path.join(stack.dir, 'store/data.mdb'), 'latin1'))
	ok(said.size > 45, `${said.size} places`)
	const found = []
	for (const [what, text] of said)
		for (const [name, value] of [['token', token], ['secret', secret]])
			// a part of it is too much as well
			for (const part of [value, value.slice(0, 10), value.slice(-10), Buffer.from(value).toString('base64').slice(0, 20)])
				if (text.includes(part)) found.push(`${name} in ${what}: ...${text.slice(Math.max(0, text.indexOf(part) - 60), text.indexOf(part) + 20)}`)
	eq(found, [])
	ok(said.get('log orderdeck.log').includes('level=debug'))
})

test('no core is written of syncd', async () => {
	const limit = fs.readFileSync(`/proc/${stack.pids().syncd}/limits`, 'utf8')
	ok(/^Max core file size +0 +0 /m.test(limit), limit)
	await stack.down()
})

run()

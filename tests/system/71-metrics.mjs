// What the operator sees: /metrics with all processes' counts, a real
// Prometheus that reads it and raises the alarms of etc/prometheus, the
// Grafana dashboard's queries, logs with request ids and times, and logrotate.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { test, run, eq, ok, sleep, tempDir, cleanUp, ended, PATIENCE } from './lib/harness.mjs'
import { startStack, withStack, execute, launch, request, fast, until, root } from './lib/stack.mjs'
import { rotation } from './lib/rotate.mjs'

const rulesFile = path.join(root, 'etc/prometheus/orderdeck.rules.yml')
const boards = JSON.parse(fs.readFileSync(path.join(root, 'etc/grafana/orderdeck.json'), 'utf8'))
const ids = { 'X-Request-Id': 'story-71.a' }
let stack, metricsUrl

/** "name{labels}" -> value, and the names of all metrics with their types. */
async function scrape(url = metricsUrl) {
	const answer = await request(url)
	eq(answer.status, 200, answer.text)
	const values = {}, types = {}
	for (const line of answer.text.split('\n')) {
		const type = /^# TYPE (\S+) (\S+)$/.exec(line)
		if (type) types[type[1]] = type[2]
		else if (line !== '' && !line.startsWith('#')) values[line.slice(0, line.lastIndexOf(' '))] = Number(line.slice(line.lastIndexOf(' ') + 1))
	}
	return { values, types, text: answer.text }
}
/** The sum of all values whose name and labels match. */
const sum = ({ values }, pattern) => Object.entries(values).filter(([name]) => pattern.test(name)).reduce((n, [, value]) => n + value, 0)

const metricsOf = stack => `http://${/^\[metrics\]\nlisten = (.+)$/m.exec(fs.readFileSync(path.join(stack.dir, 'orders.conf'), 'utf8'))[1]}/metrics`

test('a stack with metrics on an address of their own, with promtool content', async () => {
	stack = await startStack(fast({ sim: 250, set: { 'metrics.listen': '127.0.0.1:0', 'api.workers': 3, 'log.level': 'debug', 'airtable.breaker_cooldown': '500ms', 'airtable.monthly_calls': 10_000_000,
		'sync.feed': 'auto', 'sync.feed_interval': '500ms' } }))
	metricsUrl = metricsOf(stack)
	await stack.synced()
	const { text } = await scrape()
	const checked = await execute('promtool', ['check', 'metrics'], { input: text })
	eq([checked.code, checked.stdout, checked.stderr], [0, '', ''])
	// the public server has none of it, whatever the path looks like
	for (const target of ['/metrics', '/api/metrics', '/api/../metrics', '//metrics', '/api/%2e%2e/metrics']) {
		const answer = await request(stack.url + target)
		ok(answer.status === 404 || answer.status === 400, `${target}: ${answer.status}`)
		ok(!answer.text.includes('orderdeck_'), target)
	}
	eq((await request(metricsUrl.replace('/metrics', '/api/orders'))).status, 404)
	for (const method of ['POST', 'OPTIONS', 'PUT']) {
		const refused = await request(metricsUrl, method)
		eq([refused.status, refused.headers.allow], [405, 'GET, HEAD'], method)
	}
})

test('requests are counted exactly over all workers, by route and status, with their times', async () => {
	const before = await scrape()
	for (let i = 0; i < 300; i++) await request(`${stack.url}/api/orders?page=${i % 5 + 1}`, 'GET', { fresh: i % 3 === 0 })
	for (let i = 0; i < 40; i++) await request(`${stack.url}/api/orders/nothing-${i}`, 'GET', { fresh: true })
	await request(`${stack.url}/api/orders/export.csv`)
	const after = await scrape()
	const grew = pattern => sum(after, pattern) - sum(before, pattern)
	eq(grew(/requests_total\{route="\/api\/orders",method="GET",status="200"\}/), 300)
	eq(grew(/requests_total\{route="\/api\/orders\/\{id\}",method="GET",status="404"\}/), 40)
	eq(grew(/requests_total\{route="\/api\/orders\/export\.csv",method="GET",status="200"\}/), 1)
	eq(grew(/^orderdeck_http_request_duration_seconds_count\{route="\/api\/orders",/), 300)
	eq(grew(/^orderdeck_http_request_duration_seconds_bucket\{route="\/api\/orders",.*le="\+Inf"\}/), 300)
	const mean = grew(/duration_seconds_sum\{route="\/api\/orders",/) / 300
	ok(mean > 0 && mean < 0.05 * PATIENCE, `${mean} s`)
})

test('the store, syncd, Airtable and a change on its way are seen', async () => {
	const order = (await stack.json('/api/orders?pageSize=1')).orders[0]
	const before = await scrape()
	const changed = await request(`${stack.url}/api/orders/${order.id}`, 'PATCH',
		{ headers: { 'Content-Type': 'application/json', ...ids }, body: { status: order.status === 'Shipped' ? 'Pending' : 'Shipped' } })
	eq(changed.status, 200, changed.text)
	const calm = await stack.json('/api/health'), after = await scrape(), health = await stack.json('/api/health')
	eq(after.values.orderdeck_orders, 250)
	eq(after.values.orderdeck_generation, health.generation)
	ok(after.values.orderdeck_generation > before.values.orderdeck_generation)
	eq(after.values['orderdeck_airtable_calls_total{kind="update",outcome="ok"}'], 1)
	eq(after.values['orderdeck_airtable_batch_records_bucket{le="1"}'], 1)
	ok(after.values['orderdeck_syncs_total{kind="full",outcome="ok"}'] >= 1)
	eq(after.values['orderdeck_feed{source="webhook"}'], 1)
	ok(after.values.orderdeck_expected_staleness_seconds >= 1 && after.values.orderdeck_expected_staleness_seconds < 60)
	ok(after.values.orderdeck_staleness_seconds < 60)
	ok(after.values.orderdeck_history_entries >= 1)
	ok(after.values.orderdeck_airtable_month_forecast >= after.values.orderdeck_airtable_month_calls)
	eq(after.values.orderdeck_airtable_month_budget, 10_000_000)
	eq(after.values['orderdeck_syncd_requests_total{kind="write",outcome="ok"}'], 1)
	eq(after.values['orderdeck_airtable_circuit{state="closed"}'], 1)
	eq(after.values.orderdeck_store_up + after.values.orderdeck_syncd_up, 2)
	// looks for changes go on
	const within = (value, from, to) => ok(value >= from && value <= to, `${from} <= ${value} <= ${to}`)
	within(after.values.orderdeck_airtable_month_calls, calm.airtable.monthlyCalls.used, health.airtable.monthlyCalls.used)
	ok(after.values.orderdeck_store_readers >= 3 && after.values.orderdeck_store_readers <= after.values.orderdeck_store_readers_max)
	ok(after.values.orderdeck_store_pages * after.values.orderdeck_store_page_bytes <= after.values.orderdeck_store_map_bytes)
	within(after.values.orderdeck_synced_timestamp_seconds, Date.parse(calm.syncedAt) / 1000 - 0.01, Date.parse(health.syncedAt) / 1000 + 0.01)
	ok(after.values['orderdeck_nginx_connections{state="active"}'] >= 1)
	// away, and one that waits for it
	await stack.fault({ match: { path: '/v0/', times: 0 }, action: 'drop_before' })
	const waiting = await request(`${stack.url}/api/orders/${order.id}`, 'PATCH',
		{ headers: { 'Content-Type': 'application/json', Prefer: 'respond-async' }, body: { priority: order.priority === 'High' ? 'Low' : 'High' } })
	eq(waiting.status, 202, waiting.text)
	const away = await scrape()
	eq(away.values.orderdeck_outbox_pending, 1)
	eq(away.values.orderdeck_orders_pending, 1)
	ok(Math.abs(away.values.orderdeck_outbox_oldest_timestamp_seconds - Date.now() / 1000) < 60)
	await until('a call that failed is counted', 10_000, async () => sum(await scrape(), /^orderdeck_airtable_calls_total\{.*outcome="airtable_unavailable"/) >= 1)
	await stack.noFaults()
	await until('it was delivered', 90_000, async () => (await scrape()).values.orderdeck_outbox_pending === 0)
	eq((await scrape()).values.orderdeck_outbox_oldest_timestamp_seconds, 0)
})

test('one request is followed by its id: nginx, a worker, syncd, and by its order the call to Airtable, each with the time it took', async () => {
	const access = await until('nginx wrote its log', 5000, () => stack.log('nginx-access.log').split('\n').find(line => line.includes('request_id=story-71.a')))
	const [, id] = /uri="\/api\/orders\/(rec\w+)" status=200 .* seconds=\d+\.\d{3} upstream_seconds="\d+\.\d{3}" upstream="unix:/.exec(access) ?? []
	ok(id !== undefined, access)
	const all = stack.log().split('\n'), lines = all.filter(line => line.includes('req=story-71.a'))
	ok(lines.some(line => / prog=fcgi-api .*msg="PATCH \/api\/orders\/\{id\}: 200, \d+\.\d{3} ms"/.test(line)), lines.join('\n'))
	const told = all.findIndex(line => / prog=syncd .*req=story-71\.a msg="write: ok, 1 orders, \d+ ms: rec\w+"/.test(line) && line.endsWith(`${id}"`))
	ok(told >= 0, lines.join('\n'))
	// the last call that named the order before its asker was told
	const call = all.slice(0, told).findLast(line => / prog=syncd .*msg="airtable: PATCH /.test(line) && line.includes(id))
	ok(/: 200, 1 records, \d+ ms: rec\w+"$/.test(call ?? ''), all.slice(Math.max(0, told - 10), told + 1).join('\n'))
})

test('counts outlive workers, and deaths are counted; without syncd the rest is told', async () => {
	const before = await scrape()
	const victims = stack.children('fcgi-api')
	for (const pid of victims) process.kill(pid, 'SIGKILL')
	await stack.replaced('fcgi-api', victims)
	const after = await until('all are back', 20_000, async () => {
		const now = await scrape()
		return now.values.orderdeck_workers === 4 && now
	})
	eq(after.values.orderdeck_workers_died_total, before.values.orderdeck_workers_died_total + victims.length)
	ok(sum(after, /^orderdeck_http_requests_total/) >= sum(before, /^orderdeck_http_requests_total/))
	await stack.stop('syncd')
	const alone = await scrape()
	eq([alone.values.orderdeck_syncd_up, alone.values.orderdeck_store_up, alone.values.orderdeck_orders], [0, 1, 250])
	await stack.start('syncd')
	await until('syncd is seen again', 20_000, async () => (await scrape()).values.orderdeck_syncd_up === 1)
})

test('metrics are answered while every thread for exports and every worker is held up', async () => {
	await withStack(fast({ sim: 50, set: { 'metrics.listen': '127.0.0.1:0', 'api.workers': 1, 'api.slow_threads': 1 } }), async held => {
		const url = metricsOf(held)
		// the worker and the slow pool stand still; the third is the one that answers here
		const [worker, slow] = held.children('fcgi-api').sort((a, b) => a - b)
		process.kill(worker, 'SIGSTOP')
		process.kill(slow, 'SIGSTOP')
		try {
			eq((await scrape(url)).values.orderdeck_workers, 2)
		} finally {
			process.kill(worker, 'SIGCONT')
			process.kill(slow, 'SIGCONT')
		}
	})
})

// ---- Prometheus ----------------------------------------------------------------
/** Names of our metrics in a query. */
const named = query => [...query.matchAll(/\borderdeck_[a-z_]+/g)].map(([name]) => name)
const queries = boards.panels.flatMap(panel => panel.targets ?? []).map(target => target.expr)
	.map(expr => expr.replaceAll('$__rate_interval', '1m').replaceAll('"$instance"', '".*"'))

test('alert rules and dashboard name metrics that there are', async () => {
	const checked = await execute('promtool', ['check', 'rules', rulesFile])
	eq(checked.code, 0, checked.stderr)
	const tested = await execute('promtool', ['test', 'rules', path.join(root, 'tests/prometheus/rules-test.yml')])
	eq(tested.code, 0, tested.stdout + tested.stderr)
	const { types } = await scrape()
	const optional = ['orderdeck_subscribers']	// where nginx has event streams
	const exists = name => types[name] !== undefined || optional.includes(name) ||
		types[name.replace(/_(bucket|sum|count)$/, '')] === 'histogram'
	ok(queries.length > 20)
	const rules = fs.readFileSync(rulesFile, 'utf8').split('\n').filter(line => !/^\s*#/.test(line)).join('\n')
	for (const name of [...named(rules), ...queries.flatMap(named)]) ok(exists(name), `${name} is not in /metrics`)
})

let prometheus, prometheusUrl
const ask = async (what, query) => {
	const answer = await request(`${prometheusUrl}/api/v1/${what}${query === undefined ? '' : `?query=${encodeURIComponent(query)}`}`)
	eq(answer.status, 200, `${query}: ${answer.text}`)
	return answer.json().data
}
const firing = async () => (await ask('alerts')).alerts.filter(alert => alert.state === 'firing').map(alert => alert.labels.alertname)

test('a real Prometheus scrapes it, and has an answer to every query of the dashboard', async () => {
	const dir = tempDir('prometheus')
	// as they are, but for the patience
	fs.writeFileSync(path.join(dir, 'rules.yml'), fs.readFileSync(rulesFile, 'utf8').replace(/^( *for:) .*$/gm, '$1 1s'))
	fs.writeFileSync(path.join(dir, 'prometheus.yml'), `
global: { scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms }
rule_files: [rules.yml]
scrape_configs:
  - job_name: orderdeck
    static_configs: [{ targets: ["${new URL(metricsUrl).host}"] }]
`)
	const port = await new Promise(resolve => {
		const server = http.createServer().listen(0, '127.0.0.1', () => {
			const { port: free } = server.address()
			server.close(() => resolve(free))
		})
	})
	prometheusUrl = `http://127.0.0.1:${port}`
	prometheus = spawn('prometheus', [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`],
		{ stdio: ['ignore', 'ignore', fs.openSync(path.join(dir, 'log'), 'w')] })
	prometheus.on('error', error => console.log(`# prometheus: ${error.message}`))
	cleanUp(async () => {
		if (prometheus.exitCode === null && prometheus.signalCode === null) prometheus.kill('SIGTERM')
		await ended(prometheus)
	})
	await until('Prometheus has seen us', 60_000, async () => (await ask('query', 'orderdeck_orders')).result[0]?.value[1] === '250')
	await stack.json('/api/orders')
	// syncd was started anew: a call that fails, and a sync
	await stack.fault({ match: { path: '/v0/', times: 1 }, action: 'status', status: 500 })
	eq((await stack.sync()).status, 200)
	await until('every query has an answer', 30_000, async () => {
		const empty = []
		for (const query of queries) if ((await ask('query', query)).result.length === 0) empty.push(query)
		if (empty.length > 0) throw new Error(`nothing for ${empty.join('; ')}`)
		return true
	})
	const good = await ask('query', 'sum(orderdeck_http_requests_total{status="200"})')
	ok(Number(good.result[0].value[1]) > 300)
	const { groups } = await ask('rules')
	eq(groups.flatMap(group => group.rules).filter(rule => rule.health === 'err').map(rule => rule.lastError), [])
	// what the story has done to the workers and to Airtable is all that is told
	// (a moment's stillness of the machine is over in the next)
	await until('no other alarm', 10_000, async () => {
		eq((await firing()).filter(name => !['OrderdeckWorkersDie', 'OrderdeckErrors'].includes(name)), [])
		return true
	})
}, { timeout: 180_000 })

test('alarms go off when syncd ends, when nothing answers, and end again', async () => {
	await stack.stop('syncd')
	await until('OrderdeckSyncdDown', 30_000, async () => (await firing()).includes('OrderdeckSyncdDown'))
	await stack.start('syncd')
	await until('its end', 30_000, async () => !(await firing()).includes('OrderdeckSyncdDown'))
	await stack.stop('nginx')
	await until('OrderdeckDown', 30_000, async () => (await firing()).includes('OrderdeckDown'))
	await stack.start('nginx')
	await until('its end', 30_000, async () => !(await firing()).includes('OrderdeckDown'))
	prometheus.kill('SIGTERM')
	await ended(prometheus)
}, { timeout: 180_000 })

// ---- logrotate -----------------------------------------------------------------
test('logrotate, with the file that is installed: all processes write on in new files, and no line is lost', async () => {
	const logs = path.join(stack.dir, 'log'), rotate = rotation(stack)
	const read = name => fs.readdirSync(logs).filter(n => n.startsWith(`${name}`))
		.map(n => n.endsWith('.gz') ? null : fs.readFileSync(path.join(logs, n), 'utf8')).filter(text => text !== null).join('')
	let on = true, sent = 0
	const load = Array.from({ length: 4 }, async () => {
		while (on) {
			eq((await request(`${stack.url}/api/orders?pageSize=1`, 'GET', { headers: { 'X-Request-Id': `rotate-${sent++}` } })).status, 200)
			await sleep(5)
		}
	})
	await sleep(300)
	for (let round = 0; round < 2; round++) {
		await rotate()
		await sleep(700)
		const half = sent
		await until('new lines in new files', 10_000, () => ['orderdeck.log', 'nginx-access.log'].every(name =>
			fs.existsSync(path.join(logs, name)) && new RegExp(`rotate-${half}\\b`).test(stack.log(name))))
		if (round === 0) {
			// syncd and every worker
			const status = await stack.syncctl('status')
			eq(status.code, 0)
			ok(/^feed +webhook/m.test(status.stdout) && /^left +\d+ calls for changes/m.test(status.stdout), status.stdout)
			await request(`${stack.url}/api/orders/export.csv`)
			await until('syncd and the slow pool', 10_000, () => / prog=syncd .*status: ok/.test(stack.log()) && /export\.csv: 200/.test(stack.log()))
			ok(fs.existsSync(path.join(logs, 'orderdeck.log.1')))
		}
	}
	on = false
	await Promise.all(load)
	// nginx writes its lines by and by
	for (const [log, line] of [['nginx-access.log', 'request_id=rotate-'], ['orderdeck.log', 'req=rotate-.*GET /api/orders: 200']])
		await until(`each request is in ${log}`, 10_000, async () => {
			eq(Number((await execute('bash', ['-c', `zcat -f ${logs}/${log}* | grep -c '${line}'`])).stdout), sent)
			return true
		}, 200)
	ok(read('orderdeck.log') !== '')
	// a number that a killed process left is another's by now
	const stranger = launch('sleep', ['60'])
	fs.writeFileSync(path.join(rotate.runDir, 'nginx.pid'), `${stranger.pid}\n`)
	await rotate()
	eq(await Promise.race([stranger.ended, sleep(200).then(() => 'untouched')]), 'untouched')
	stranger.kill('SIGKILL')
	fs.writeFileSync(path.join(rotate.runDir, 'nginx.pid'), `${stack.pids().nginx}\n`)
	await until('the renamed files are let go', 10_000, () => {
		for (const pid of [stack.pids().syncd, stack.pids()['fcgi-api'], ...stack.children('fcgi-api')])
			for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
				let target = ''
				try { target = fs.readlinkSync(`/proc/${pid}/fd/${fd}`) } catch { continue }
				ok(!/\.log\.\d/.test(target), `${pid} holds ${target}`)
			}
		return true
	})
})

test('the stack ends undamaged', () => stack.down())

run()

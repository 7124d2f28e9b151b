// A store filled with orders, the workers over it, and nginx in front: as in
// an installation, but without syncd.  A second server in the same nginx gives
// what the API is compared with: the identical bytes from files, and by FastCGI
// from a worker that knows only these bytes (tests/bench/ceiling.c).
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { build, execute, freePort, request, root, until } from '../system/lib/stack.mjs'
import { children, end, start } from './processes.mjs'

export const program = name => path.join(build, 'tests/bench', name)

/** Make a store with this many orders below dir; returns what the loader printed. */
export async function load(dir, orders, programs = build) {
	// BENCH_AGAINST may name a version whose test programs lay in one folder
	const loader = ['tests/bench/load', 'tests/bench_load'].map(p => path.join(programs, p)).find(p => fs.existsSync(p))
	const done = await execute(loader ?? 'tests/bench/load', [dir, String(orders)], { timeoutMs: 600_000 })
	if (done.code !== 0) throw new Error(`bench/load: ${done.stderr}`)
	return JSON.parse(done.stdout)
}

/** A worker's answer without what nginx adds to it, for tests/bench/ceiling.c. */
export function keepAnswer(base, answer) {
	const own = /^(server|date|connection|keep-alive|transfer-encoding|content-length|vary|x-request-id|x-content-type-options|x-frame-options|cross-origin-resource-policy)$/
	const head = answer.status === 304 ? ['Status: 304 Not Modified'] : [`Content-Length: ${answer.raw.length}`]
	for (const [field, value] of Object.entries(answer.headers)) if (!own.test(field)) head.push(`${field}: ${value}`)
	fs.writeFileSync(`${base}.head`, `${head.join('\r\n')}\r\n\r\n`)
	fs.writeFileSync(`${base}.body`, answer.raw)
}

export class Desk {
	/** limits: that section of orders.conf; root and build: of another version of the project. */
	constructor(dir, options = {}) {
		this.dir = dir
		Object.assign(this, { root, build, limits: '[limits]\nenabled = false\n' }, options)
		this.bases = []
	}

	async up() {
		for (const name of ['log', 'run/events', 'tmp', 'same']) fs.mkdirSync(path.join(this.dir, name), { recursive: true })
		this.api = `http://127.0.0.1:${await freePort()}`
		this.beside = `http://127.0.0.1:${await freePort()}`
		this.conf = path.join(this.dir, 'orders.conf')
		fs.writeFileSync(this.conf, `${this.limits}[metrics]\nlisten =\n[store]\npath = ${this.dir}/store\n[run]\ndir = ${this.dir}/run\n` +
			`[http]\nlisten = ${new URL(this.api).host}\n[api]\nshare = ${this.build}/share\n` +
			`[log]\nfile = ${this.dir}/log/orderdeck.log\n`)
		const env = Object.fromEntries(Object.keys(process.env).filter(name => /^(ORDERS|AIRTABLE|RATE_LIMIT)_/.test(name)).map(name => [name, '']))
		this.workersMaster = start(path.join(this.build, 'fcgi-api/fcgi-api'), ['-c', this.conf], { log: `${this.dir}/log/fcgi-api.out`, env })
		this.template = this.render()
		await this.nginxUp(this.template)
		await until('the API answers', 10_000, async () => (await request(`${this.api}/api/orders/summary`)).status === 200)
		// each worker logs its pid
		this.workers = [...fs.readFileSync(`${this.dir}/log/orderdeck.log`, 'utf8').matchAll(/ pid=(\d+) .*msg="worker \d+ serves"/g)].map(m => Number(m[1]))
		if (this.workers.length === 0) throw new Error('no worker says that it serves')
	}

	render() {
		const config = execFileSync(path.join(this.build, 'syncd/syncctl'), ['-c', this.conf, 'print-config'])
		return execFileSync(path.join(this.root, 'nginx/render'), ['--config', '--dir', this.dir, '--web', path.join(this.build, 'web'),
			'--user', process.getuid() === 0 ? 'root' : ''], { input: config }).toString()
	}

	async nginxUp(config) {
		fs.writeFileSync(`${this.dir}/nginx.conf`, config)
		const log = `${this.dir}/log/nginx-error.log`
		this.nginx = start('nginx', ['-p', this.dir, '-e', log, '-c', `${this.dir}/nginx.conf`], { log: `${this.dir}/log/nginx.out`,
			env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` } })
		await until('nginx answers', 10_000, async () => {
			if (this.nginx.exitCode !== null || this.nginx.failure) throw new Error(`nginx ended: ${fs.readFileSync(log, 'utf8').slice(-500)}`)
			return (await request(`${this.api}/favicon.ico`, 'GET', { fresh: true })).status === 200
		})
		this.nginxWorkers = children(this.nginx.pid)
	}

	/** Keep an answer of the API, for a file and for the constant worker to give again. */
	keep(name, answer) {
		keepAnswer(`${this.dir}/same/${name}`, answer)
		this.bases.push(name)
	}

	/** Start as many constant workers as the API has, and restart nginx with all of it. */
	async comparable() {
		const files = this.bases.map(name => `${this.dir}/same/${name}`)
		this.ceilings = this.workers.map((_, i) => start(program('ceiling'), [String(i), ...files], { log: `${this.dir}/log/ceiling.out` }))
		await until('the constant workers listen', 10_000, () => files.every(f => this.workers.every((_, i) => fs.existsSync(`${f}-${i}.sock`))))
		await end(this.nginx)
		await this.nginxUp(this.template.replace(/\}\s*$/, `${this.secondServer()}}\n`))
	}

	secondServer() {
		const upstreams = this.bases.map(name => `	upstream same_${name} {
${this.workers.map((_, i) => `		server unix:${this.dir}/same/${name}-${i}.sock max_fails=0;`).join('\n')}
		keepalive 256;
		keepalive_requests 1000000;
	}
`).join('')
		const locations = this.bases.map(name => `		location = /ceiling/${name} {
			add_header X-Request-Id $rid always;
			add_header X-Content-Type-Options nosniff always;
			add_header X-Frame-Options DENY always;
			add_header Cross-Origin-Resource-Policy same-origin always;
			add_header Vary Accept-Encoding always;
			fastcgi_pass same_${name};
		}
		location = /file/${name} {
			alias ${this.dir}/same/${name}.body;
			gzip off;
			types { }
			default_type application/json;
			add_header X-Content-Type-Options nosniff always;
			${name.endsWith('gzip') ? 'add_header Content-Encoding gzip always;' : ''}
		}
`).join('')
		return `${upstreams}	server {
		listen ${new URL(this.beside).host} backlog=4096 reuseport;
${locations}	}
`
	}

	async down() {
		await end(this.nginx)
		for (const c of this.ceilings ?? []) await end(c)
		await end(this.workersMaster)
	}
}

/** The machine it ran on, without names. */
export function machine() {
	return { cores: os.cpus().length, processor: os.cpus()[0]?.model.trim() ?? 'unknown', kernel: os.release().replace(/^(\d+\.\d+).*/, '$1'),
		memoryGiB: Math.round(os.totalmem() / 2 ** 30) }
}

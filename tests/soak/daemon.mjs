// syncd as a child of the test, so that it can be killed and started again
// within milliseconds.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { cleanUp } from '../system/lib/harness.mjs'
import { build, until } from '../system/lib/stack.mjs'

export const FAULT_POINTS = ['before-outbox-commit', 'after-outbox-commit', 'after-send', 'before-confirm-commit',
	'after-confirm-commit', 'before-answer', 'after-answer']

export class Daemon {
	constructor(stack) {
		this.stack = stack
		this.program = path.join(build, 'syncd/syncd')
		cleanUp(() => this.kill())	// when it was interrupted
		this.hasPoints = fs.readFileSync(this.program).includes(FAULT_POINTS[0])
		const clean = Object.entries(process.env).filter(([name]) => !/^(ORDERS_|AIRTABLE_|RATE_LIMIT_|ORDERDECK_FAULT)/.test(name))
		this.env = { ...Object.fromEntries(clean), AIRTABLE_API_KEY: fs.readFileSync(path.join(stack.dir, 'token'), 'utf8').trim() }
	}

	/** fault: "point:n", where it is to die. */
	start(fault = null) {
		const out = fs.openSync(path.join(this.stack.dir, 'log/syncd.out'), 'a')
		const child = spawn(this.program, ['-c', path.join(this.stack.dir, 'orders.conf')], {
			stdio: ['ignore', out, out], env: fault === null ? this.env : { ...this.env, ORDERDECK_FAULT: fault },
		})
		fs.closeSync(out)
		this.child = child
		this.fault = fault
		this.ended = new Promise(resolve => child.on('close', (code, signal) => {
			this.end = { code, signal }
			resolve(this.end)
		}))
		this.end = null
	}
	get alive() { return this.child !== undefined && this.end === null }
	kill(signal = 'SIGKILL') {
		if (this.alive) this.child.kill(signal)
		return this.ended
	}
	/** Wait until it answers, or has ended. */
	up(ms = 20_000) {
		return until('syncd answers', ms, async () => !this.alive || (await this.stack.json('/api/health')).syncd.up)
	}
}

// One attack on a stack from the outside, and how its processes bear it.
import { fork } from 'node:child_process'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cleanUp } from '../system/lib/harness.mjs'

const PROGRAM = fileURLToPath(new URL('attacker.mjs', import.meta.url))
const ATTACKER = '127.0.0.66'

/**
 * Begin: .ready when it has begun (what it takes to start a process is not
 * part of it); .stop() ends it and gives what came of it, as .done does when it
 * ends by itself.
 */
export function attack(stack, options) {
	const { hostname, port } = new URL(stack.url)
	const child = fork(PROGRAM, { serialization: 'advanced' })
	cleanUp(() => { if (child.exitCode === null) child.kill('SIGKILL') })
	let begun
	const ready = new Promise(resolve => { begun = resolve })
	const done = new Promise((resolve, reject) => {
		child.on('message', message => message === 'ready' ? begun() : resolve(message))
		child.once('exit', code => reject(new Error(`the attacker ended with ${code}`)))
		child.once('error', reject)
	})
	done.catch(() => {})
	child.send({ where: { host: hostname, port: Number(port), from: ATTACKER }, ...options })
	return { ready: Promise.race([ready, done]), done, stop: () => { if (child.connected) child.send('stop'); return done } }
}

/** The processes that a request passes through: name -> pids, nginx's workers and ours. */
export function processes(stack) {
	return { nginx: stack.children('nginx').sort(), workers: stack.children('fcgi-api').sort(), syncd: [stack.pids().syncd] }
}

/**
 * Bytes that a process has to itself (not the store's map), and its
 * descriptors; null of one that has ended, waited for or not (then it has no
 * memory to tell of).
 */
export function use(pid) {
	try {
		const rss = /^RssAnon:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
		return rss && { bytes: Number(rss[1]) * 1024, fds: fs.readdirSync(`/proc/${pid}/fd`).length }
	} catch (error) {
		if (['ENOENT', 'ESRCH', 'EACCES'].includes(error.code)) return null
		throw error
	}
}

/** name -> {bytes, fds} summed over its processes that live. */
export function uses(stack) {
	return Object.fromEntries(Object.entries(processes(stack)).map(([name, pids]) => {
		const all = pids.map(use).filter(one => one !== null)
		return [name, { bytes: all.reduce((sum, one) => sum + one.bytes, 0), fds: all.reduce((sum, one) => sum + one.fds, 0) }]
	}))
}

export const median = numbers => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

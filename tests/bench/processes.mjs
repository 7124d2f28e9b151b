// Programs that the bench starts, and what /proc says about them.
import { spawn } from 'node:child_process'
import fs from 'node:fs'

const running = new Set()

/** Start a program that runs until end(); its output goes to a file. */
export function start(file, args, { log, env = {} }) {
	const out = fs.openSync(log, 'a')
	const child = spawn(file, args, { stdio: ['ignore', out, out], env: { ...process.env, ...env } })
	fs.closeSync(out)
	child.over = new Promise(resolve => {
		child.once('exit', resolve)
		child.once('error', error => { child.failure = error; resolve() })
	})
	running.add(child)
	child.over.then(() => running.delete(child))
	return child
}

/** SIGTERM, and SIGKILL when that does not help. */
export async function end(child) {
	if (!child || !running.has(child)) return
	child.kill('SIGTERM')
	const force = setTimeout(() => child.kill('SIGKILL'), 10_000)
	await child.over
	clearTimeout(force)
}

export async function endAll() {
	for (const child of [...running].reverse()) await end(child)
}

const read = file => {
	try {
		return fs.readFileSync(file, 'utf8')
	} catch {
		return ''
	}
}

export const children = pid => read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)

/** CPU time of these single-threaded processes since they began, in microseconds. */
export function cpu(pids) {
	let sum = 0
	for (const pid of pids) {
		const exact = Number(read(`/proc/${pid}/schedstat`).split(' ')[0])	// ns
		if (exact > 0) {
			sum += exact / 1000
		} else {	// a kernel without it: hundredths of a second
			const fields = read(`/proc/${pid}/stat`).split(') ').pop().split(' ')
			sum += (Number(fields[11]) + Number(fields[12])) * 10_000
		}
	}
	return sum
}

/** CPU time used on the whole machine, in microseconds; time stolen by a hypervisor counts as used. */
export function cpuOfAll() {
	const [user, nice, system, , , irq, softirq, steal] = read('/proc/stat').split('\n')[0].split(/\s+/).slice(1).map(Number)
	return (user + nice + system + irq + softirq + steal) * 10_000
}

/** Bytes that a process shares with no other, without those of the store's file. */
export function privateBytes(pid) {
	let sum = 0, counts = true
	for (const line of read(`/proc/${pid}/smaps`).split('\n')) {
		if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) counts = !line.endsWith('/data.mdb')
		const private_ = /^Private_(?:Clean|Dirty): +(\d+) kB/.exec(line)
		if (private_ && counts) sum += Number(private_[1]) * 1024
	}
	return sum
}

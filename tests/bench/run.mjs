// "make bench": what reads cost, as ratios that mean something on any machine.
//
// usage: node tests/bench/run.mjs
//
//   BENCH_SIZES    numbers of orders (10000 100000)
//   BENCH_ROUNDS   how often everything is measured, in turn; medians count (3)
//   BENCH_SECONDS  how long each measurement takes (1)
//   BENCH_CLIENTS  clients of live events, beside which reads are measured too (1000; 0: none)
//   BENCH_SVG      where the picture goes (build/bench/bench.svg)
//
// Prints tables and which limits are met, and writes them to
// build/bench/bench.json.  Fails only when an answer was wrong or missing: a
// limit may be missed because of the machine.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { badUsage } from '../system/lib/about.mjs'
import { root } from '../system/lib/stack.mjs'
import { machine } from './desk.mjs'
import { measureEvents } from './events.mjs'
import { faultsOf, faultsOfEvents, limitsAcross, limitsOf, limitsOfEvents, verdict } from './limits.mjs'
import { measure } from './measure.mjs'
import { plot } from './plot.mjs'
import { endAll } from './processes.mjs'
import { eventsText, textOf } from './report.mjs'

if (process.argv.length > 2) badUsage(`'${process.argv[2]}' is not understood`)

function whole(name, fallback, low, high) {
	const text = process.env[name] || fallback
	const list = text.trim().split(/\s+/).map(Number)
	if (list.some(n => !Number.isInteger(n) || n < low || n > high)) throw new Error(`${name}: '${text}' is not between ${low} and ${high}`)
	return list
}

async function main() {
	const sizes = whole('BENCH_SIZES', '10000 100000', 1000, 5_000_000).sort((a, b) => a - b)
	const options = { rounds: whole('BENCH_ROUNDS', '3', 1, 50)[0], seconds: whole('BENCH_SECONDS', '1', 1, 60)[0] }
	const result = { machine: machine(), date: new Date().toISOString(), loadBefore: Number(os.loadavg()[0].toFixed(1)), ...options, sizes: [] }
	const count = whole('BENCH_CLIENTS', '1000', 0, 10_000)[0]
	const m = result.machine
	console.log(`${m.cores} cores (${m.processor}), Linux ${m.kernel}; shared by clients, nginx and workers; load before ${result.loadBefore}; medians of ${options.rounds} rounds of ${options.seconds} s\n`)
	for (const orders of sizes) {
		const size = await measure(orders, options)
		size.limits = limitsOf(size)
		result.sizes.push(size)
		console.log(textOf(size, size.limits))
	}
	result.limits = limitsAcross(result.sizes)
	for (const l of result.limits) console.log(`${verdict(l)}  ${l.name}  ${l.measured}`)
	if (count > 0) {
		result.events = await measureEvents(sizes[0], { ...options, count })
		result.events.limits = limitsOfEvents(result.events)
		console.log(eventsText(result.events, result.events.limits))
	}
	const out = path.join(root, 'build/bench')
	fs.mkdirSync(out, { recursive: true })
	fs.writeFileSync(path.join(out, 'bench.json'), `${JSON.stringify(result, null, 1)}\n`)
	fs.writeFileSync(process.env.BENCH_SVG || path.join(out, 'bench.svg'), plot(result.sizes))
	return [...result.sizes.flatMap(faultsOf), ...count > 0 ? faultsOfEvents(result.events) : []]
}

let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, async () => {
	if (interrupted) return
	interrupted = true
	await endAll()
	process.exit(130)
})
try {
	const faults = await main()
	for (const f of faults) console.error(`bench: ${f}`)
	process.exitCode = faults.length === 0 ? 0 : 1
} catch (error) {
	console.error(`bench: ${error.stack}`)
	process.exitCode = 1
} finally {
	await endAll()
}
process.exit()

// The measurements as text.
import { verdict } from './limits.mjs'

const number = (x, digits = 0) => x === null || x === undefined ? '-' : x.toFixed(digits)

const range = list => `${Math.min(...list).toFixed(2)}-${Math.max(...list).toFixed(2)}`

function columns(rows, left = 1) {
	const widths = rows[0].map((_, i) => Math.max(...rows.map(r => r[i].length)))
	return rows.map(r => r.map((cell, i) => i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join('  ').trimEnd())
}

function tableOf(size) {
	const rows = [['', 'bytes', 'to ceiling', '(rounds)', 'by CPU', '(rounds)', 'to file', 'p50 us', 'p99 us', 'worker us', 'ceiling us', 'nginx us', 'others %', '256: ceiling', 'by CPU', 'p50', 'p99']]
	for (const c of size.cases) {
		const a = c.at64, b = c.at256, comparable = c.same && !c.scan
		rows.push([c.label, String(c.bytes), comparable ? number(a.toCeiling, 2) : '-',
			comparable ? range(a.ratios) : '', comparable ? number(a.byCpu, 2) : '-', comparable ? range(a.byCpuRounds) : '',
			comparable ? number(a.toFile, 2) : '-',
			number(a.p50), number(a.p99), number(a.workerCpu, 1), number(a.ceilingCpu, 1), number(a.nginxCpu, 1), number(a.others * 100),
			b && comparable ? number(b.toCeiling, 2) : '-', b && comparable ? number(b.byCpu, 2) : '-', number(b?.p50), number(b?.p99)])
	}
	return columns(rows)
}

function engineOf(size) {
	const rows = [['list engine alone', 'us', 'instructions', 'found']]
	for (const [query, r] of Object.entries(size.engine))
		rows.push([query === '-' ? '(no parameters)' : query, number(r.microseconds, 1), r.instructions ? number(r.instructions) : '-', String(r.total)])
	return columns(rows)
}

const freshOf = f => `${f.asked}, median ${number(f.p50Ms, 1)} ms, slowest ${number(f.slowestMs, 1)} ms, ${f.failed} without answer`

export function textOf(size, limits) {
	const { store, mixed } = size
	const held = size.cases.filter(c => !c.scan).flatMap(c => [c.at64, c.at256]).filter(Boolean).map(r => r.held)
	const c = mixed.checked
	return [
		`== ${size.orders} orders, ${size.workers} workers; 64 connections, then 256; CPU time per request`,
		...tableOf(size),
		'',
		...engineOf(size),
		'',
		`beside ${number(mixed.writesPerSecond, 1)} writes/s: p50 ${number(mixed.busy.p50)} us, p99 ${number(mixed.busy.p99)} us; ` +
			`without: ${number(mixed.quiet.p50)} and ${number(mixed.quiet.p99)} us; rate ${number(mixed.busy.rate / mixed.quiet.rate, 2)} of it; ` +
			`commit p50 ${number(mixed.commitP50Ms, 1)} ms, slowest ${number(mixed.commitMaxMs, 1)} ms`,
		`checked beside writes: ${c.bodies} bodies, ${c.rows} rows in order, ${c.generations} generations, ${c.totalsCompared} totals against the summary, ` +
			`${c.walks} walks over ${c.walkedRows} rows; ${c.faults.length} faults`,
		`fresh connections beside the load: ${freshOf(size.fresh)}; beside filters and searches: ${freshOf(size.freshBesideScans)}; ` +
			`connections with a request in work all along: ${(Math.min(...held) * 100).toFixed(0)} % at least`,
		`store: ${number((store.storeBytes - store.freeBytes) / size.orders)} bytes an order, of them ${number(store.jsonBytes / size.orders)} JSON ` +
			`(and ${number(store.freeBytes / size.orders)} to be used again); loaded in ${number(store.loadMs / 1000, 1)} s`,
		'',
		...columns(limits.map(l => [verdict(l), l.name, l.measured]), 2),
		'',
	].join('\n')
}

export function eventsText(result, limits) {
	const rows = [[`reads beside ${result.count} clients`, 'without/s', 'with/s', 'kept', 'CPU us without', 'with', 'kept by CPU', 'events/s', 'told p50 ms', 'p99', 'most', 'others %']]
	for (const b of result.beside)
		rows.push([`${b.perSecond} changes/s`, number(b.rate), number(b.rateWith), number(b.share, 2), number(b.cpu, 1), number(b.cpuWith, 1), number(b.byCpu, 2),
			number(b.eventsPerSecond, 1), number(b.p50Ms), number(b.p99Ms), number(b.maxMs), number(b.others * 100)])
	return ['== live events', ...columns(rows), '', ...columns(limits.map(l => [verdict(l), l.name, l.measured]), 2), ''].join('\n')
}

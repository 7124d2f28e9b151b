// The limits on what reads may cost, and whether they are met.
/*
 * A rate means little while others use the machine.  The CPU time of a request,
 * all processes together, still means something: the load keeps every core busy,
 * so that on a machine without others both ratios are about the same.
 */
const QUIET = 0.05	// the share of the machine that others may use

const percent = x => `${(x * 100).toFixed(1)} %`

function limit(name, met, measured) {
	return { name, met, measured }
}

/** A limit that a busy machine can miss: there it counts neither as met nor as missed. */
function quietLimit(name, met, measured, others) {
	return met || others <= QUIET ? limit(name, met, measured)
		: limit(name, null, `${measured}, while others used ${percent(others)} of the machine`)
}

export const verdict = l => l.met === null ? 'unclear' : l.met ? 'met' : 'NOT MET'

/** Largest and smallest, as a share above 1. */
const spread = numbers => Math.max(...numbers) / Math.min(...numbers) - 1

export function limitsOf(size) {
	const by = Object.fromEntries(size.cases.map(c => [c.id, c]))
	const atBoth = ids => ids.flatMap(id => [by[id].at64, by[id].at256]).filter(Boolean)
	const list = []
	const ratio = (name, ids, least) => {
		const rate = Math.min(...atBoth(ids).map(r => r.toCeiling)), byCpu = Math.min(...atBoth(ids).map(r => r.byCpu))
		const others = Math.max(...atBoth(ids).map(r => r.others)), quiet = others <= QUIET
		list.push(quietLimit(name, (quiet ? rate : byCpu) >= least, quiet ? `${rate.toFixed(2)} (by CPU ${byCpu.toFixed(2)})`
			: `${byCpu.toFixed(2)} by CPU (rate ${rate.toFixed(2)}, others were busy)`, others))
	}
	ratio('summary at least 0.90 of the constant worker', ['summary'], 0.9)
	ratio('first, last and random pages at least 0.75 of it', ['page-1', 'page-last', 'page-first-200', 'page-last-200', 'page-random'], 0.75)
	ratio('random pages of scattered rows at least 0.75 of it', ['page-scattered'], 0.75)
	for (const [first, last, name] of [['page-1', 'page-last', 'page 1 and the last'], ['page-first-200', 'page-last-200', 'the first and the last 200 pages']]) {
		const ends = Math.max(...['at64', 'at256'].map(at => spread([by[first][at].byCpu, by[last][at].byCpu])))
		list.push(quietLimit(`${name} within 10 %, by CPU`, ends <= 0.1, percent(ends),
			Math.max(...atBoth([first, last]).map(r => r.others))))
	}
	if (size.orders === 100_000) {
		const filter = by.filters.at64.workerCpu
		list.push(limit('status and priority at most 300 us of the worker', filter <= 300, `${filter.toFixed(0)} us`))
		const [query, slowest] = Object.entries(size.engine).filter(([q, r]) => !r.instructions && !/^(bound|search)/.test(q))
			.sort((a, b) => b[1].microseconds - a[1].microseconds)[0]
		list.push(limit('any filter at most 300 us in the list engine', slowest.microseconds <= 300, `${slowest.microseconds.toFixed(0)} us: ${query}`))
		const search = Math.max(...['search-much', 'search-little', 'search-none'].map(id => by[id].at64.workerCpu))
		list.push(limit('search at most 2000 us of the worker', search <= 2000, `${search.toFixed(0)} us`))
	}
	for (const [id, full] of [['page-304', 'page-1'], ['summary-304', 'summary']]) {
		const a = by[id].at64.allCpu, b = by[full].at64.allCpu
		list.push(limit(`${by[id].label}: cheaper than the body`, a < b, `${a.toFixed(1)} of ${b.toFixed(1)} us, all processes`))
	}
	list.push(quietLimit('p99 beside 45 writes/s at most 1.5 times p99 without', size.mixed.p99Ratio <= 1.5,
		size.mixed.p99Ratio.toFixed(2), size.mixed.others))
	const pages = Object.entries(size.engine).filter(([q, r]) => r.instructions && /^page=(\d+|random)$/.test(q)).map(([, r]) => r.instructions)
	const growth = Math.max(...pages) / size.engine['page=1'].instructions - 1
	list.push(limit('no page needs 5 % more instructions than page 1', growth <= 0.05, percent(growth)))
	list.push(limit('a worker at most 8 MiB private', size.workerPrivateBytes <= 8 << 20, `${(size.workerPrivateBytes / 2 ** 20).toFixed(1)} MiB`))
	const beyond = (size.store.storeBytes - size.store.freeBytes - size.store.jsonBytes) / size.orders
	list.push(limit('store at most 400 bytes an order beyond its JSON', beyond <= 400, beyond.toFixed(0)))
	return list
}

/** Over all sizes: does a page cost more with more orders? */
export function limitsAcross(sizes) {
	if (sizes.length < 2) return []
	const of = query => sizes.map(s => s.engine[query]?.instructions).filter(Boolean)
	const worst = Math.max(...['page=1', 'page=random'].map(q => spread(of(q))))
	return [limit(`instructions of a page within 5 % from ${sizes[0].orders} to ${sizes.at(-1).orders} orders`, worst <= 0.05, percent(worst))]
}

/** Live events: what they leave for reads, and how soon they arrive. */
export function limitsOfEvents(result) {
	const list = []
	for (const b of result.beside) {
		const quiet = b.others <= QUIET
		list.push(quietLimit(`reads beside ${result.count} clients and ${b.perSecond} changes/s keep 90 % of their rate`, (quiet ? b.share : b.byCpu) >= 0.9,
			quiet ? `${percent(b.share)} (by CPU ${percent(b.byCpu)})` : `${percent(b.byCpu)} by CPU (rate ${percent(b.share)}, others were busy)`, b.others))
		if (b.perSecond > 0) list.push(quietLimit(`p99 from a change to each of them within 500 ms, at ${b.perSecond}/s`, b.p99Ms !== null && b.p99Ms <= 500,
			`${b.p99Ms?.toFixed(0)} ms`, b.others))
	}
	const used = result.idle.workersUs - result.idle.workersUsWithout
	list.push(limit(`${result.count} clients that come and are idle cost the workers nothing`, used <= 20_000, `${(used / 1000).toFixed(1)} ms of CPU`))
	return list
}

export function faultsOfEvents(result) {
	return result.beside.flatMap(b => [
		...b.missed > 0 ? [`live events: ${b.missed} of ${b.changes} changes were not told`] : [],
		...b.failed > 0 ? [`live events: ${b.failed} reads failed`] : [],
		...b.perSecond > 0 && b.changes === 0 ? ['live events: nothing was changed'] : []])
}

/** What must never happen, however noisy the machine is. */
export function faultsOf(size) {
	const faults = size.mixed.checked.faults.map(f => `${size.orders} orders: ${f}`)
	const failed = size.mixed.failed + size.cases.reduce((n, c) => n + c.at64.failed + (c.at256?.failed ?? 0), 0)
	if (failed > 0) faults.push(`${size.orders} orders: ${failed} requests failed`)
	const unanswered = size.fresh.failed + size.freshBesideScans.failed
	if (unanswered > 0) faults.push(`${size.orders} orders: ${unanswered} fresh connections got no answer`)
	if (size.mixed.checked.totalsCompared === 0) faults.push(`${size.orders} orders: no total was compared`)
	return faults
}

// usage: node tests/soak/soak.mjs [--rounds=N] [--lanes=N] [--seed=N] [kill|crash|airtable|map|disk]...
//
// The long form of tests/system/50-crash.mjs: "make soak".  The rounds are
// those of each part that is named; by default of "kill", and fewer of others.
import { badUsage } from '../system/lib/about.mjs'
import { test, run, ok } from '../system/lib/harness.mjs'
import { kills, crashes, badCalls, mapFull, diskFull } from './run.mjs'

const PARTS = {
	kill: { run: kills, share: 1 },
	crash: { run: crashes, share: 0.5 },
	airtable: { run: badCalls, share: 0.3 },
	map: { run: mapFull, share: 0.02, lanes: 1 },
	disk: { run: diskFull, share: 0.02, lanes: 1 },
}
const LONGEST_MS = 4 * 3600_000
const options = { rounds: 1000, lanes: 4, seed: Date.now() % 1e6 }
const named = []
for (const argument of process.argv.slice(2)) {
	const match = /^--(rounds|lanes|seed)=(\d+)$/.exec(argument)
	if (match !== null) options[match[1]] = Number(match[2])
	else if (argument in PARTS) named.push(argument)
	else badUsage(`'${argument}' is not understood`)
}
for (const name of named.length > 0 ? named : Object.keys(PARTS)) {
	const part = PARTS[name]
	const rounds = named.length > 0 ? options.rounds : Math.ceil(options.rounds * part.share)
	test(`${name}: ${rounds} rounds`, async () => {
		const figures = await part.run({ rounds, lanes: part.lanes ?? options.lanes, seed: options.seed })
		if (figures.why) console.log(`# skipped: ${name}: ${figures.why}`)
		else ok(figures.faults.length === 0, `${figures.faults.length} faults in ${figures.faulty} of ${figures.rounds} rounds`)
	}, { timeout: LONGEST_MS })
}
run()

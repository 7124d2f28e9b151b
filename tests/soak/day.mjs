// usage: node tests/soak/day.mjs [--minutes=N] [--seed=N]
//
// The long form of tests/system/73-soak.mjs: "make soak-stack".  What is in
// the middle is judged for growth, so that longer tells more.
import { badUsage } from '../system/lib/about.mjs'
import { test, run } from '../system/lib/harness.mjs'
import { Whole } from './whole.mjs'

const options = { minutes: 120, seed: Date.now() % 1e6 }
for (const argument of process.argv.slice(2)) {
	const match = /^--(minutes|seed)=(\d+)$/.exec(argument)
	if (match === null) badUsage(`'${argument}' is not understood`)
	options[match[1]] = Number(match[2])
}
test(`${options.minutes} minutes of work, reloads, rotated logs and deaths`, async () => {
	await new Whole({ seconds: options.minutes * 60, seed: options.seed }).run()
}, { timeout: (options.minutes + 15) * 60_000 })
run()

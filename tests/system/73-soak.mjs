// build: release
// A day at work in a minute and a half: tests/soak/whole.mjs tells what there
// is.  "make soak-stack" has the long form.
import { test, run } from './lib/harness.mjs'
import { Whole } from '../soak/whole.mjs'

const SECONDS = 80

test('reads, changes, exports and events go on through reloads, rotated logs and deaths, and nothing grows', async () => {
	await new Whole({ seconds: SECONDS, seed: Date.now() % 1e6 }).run()
}, { timeout: 400_000 })

run()

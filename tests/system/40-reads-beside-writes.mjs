// build: release
// alone
// What many readers see while orders change 45 times a second: every body is
// of one generation, rows are in order, totals agree, no walk meets an order
// twice.  The store is filled and changed through syncd's own door, without
// syncd (tests/bench/load.c, bench/write.c).
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Checker } from '../bench/checker.mjs'
import { Desk, load, program } from '../bench/desk.mjs'
import { endAll } from '../bench/processes.mjs'
import { test, run, eq, ok } from './lib/harness.mjs'
import { execute } from './lib/stack.mjs'

const ORDERS = 20_000, SECONDS = 4

test('no reader sees a mixture of generations while orders change 45 times a second', async () => {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'orderdeck-test-'))
	const desk = new Desk(dir)
	try {
		await load(dir, ORDERS)
		await desk.up()
		const writer = execute(program('write'), [dir, '45', String(SECONDS)], { timeoutMs: 60_000 })
		const checked = await new Checker(desk.api, ORDERS).run(SECONDS * 1000)
		const wrote = await writer
		eq(wrote.code, 0, wrote.stderr)
		eq(checked.faults, [])
		ok(checked.generations > SECONDS * 5, `${checked.generations} generations were read`)
		ok(checked.totalsCompared > 0, `${checked.totalsCompared} totals were compared with the summary`)
		ok(checked.walks > 0 && checked.walkedRows > ORDERS / 10, `${checked.walks} walks met ${checked.walkedRows} orders`)
	} finally {
		await desk.down()
		await endAll()
		fs.rmSync(dir, { recursive: true, force: true })
	}
})

await run()

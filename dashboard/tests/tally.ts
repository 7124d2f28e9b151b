import type { Reporter, TestModule } from 'vitest/node'

/** The line that tests/run counts by. */
export default class Tally implements Reporter {
	onTestRunEnd(modules: readonly TestModule[]) {
		let passed = 0,
			failed = 0
		for (const module of modules) {
			if (module.errors().length > 0) failed++
			for (const test of module.children.allTests()) {
				const { state } = test.result()
				if (state === 'passed') passed++
				else if (state === 'failed') failed++
			}
		}
		process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
	}
}

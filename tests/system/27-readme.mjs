// Every "$ curl" example of README.md is run against a stack like the demo's
// and prints what the README says.  Times, generations and the like are
// compared by their shape.
//
// usage: node tests/system/27-readme.mjs [--write]
//
// --write puts what is printed now into the README instead.
import fs from 'node:fs'
import path from 'node:path'
import { badUsage } from './lib/about.mjs'
import { test, run, eq, ok } from './lib/harness.mjs'
import { startStack, execute, fast, root } from './lib/stack.mjs'

const file = path.join(root, 'README.md')
const ADDRESS = 'http://127.0.0.1:8080'
const strange = process.argv.slice(2).find(argument => argument !== '--write')
if (strange !== undefined) badUsage(`'${strange}' is not understood`)
const write = process.argv.includes('--write')
let stack, text = fs.readFileSync(file, 'utf8')

/** [{ command, shown, start, end }] of all console blocks, in order; start and end enclose what is shown. */
function examples(text) {
	const found = []
	for (const block of text.matchAll(/^```console\n([\s\S]*?)^```$/gm)) {
		const begin = block.index + '```console\n'.length
		for (const one of block[1].matchAll(/^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)/gm)) {
			const start = begin + one.index + one[0].length - one[2].length
			found.push({ command: one[1].replaceAll('\\\n', ' '), shown: one[2], start, end: start + one[2].length })
		}
	}
	return found.filter(({ command }) => /^curl /.test(command))
}

const volatile = text => text
	.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
	.replace(/\d{4}-\d\d-\d\d/g, 'DATE')
	.replace(/("(?:generation|version|stalenessSeconds|pid|usedBytes|mapBytes|used|requests|ms)": ?)\d+/g, '$1N')
	.replace(/"[vg]\d+"/g, '"vN"')
	.replace(/^(x-generation: )\d+/gim, '$1N')
	.replace(/("nextCursor": ?)"[^"]+"/g, '$1"CURSOR"')
	.replace(/^(date|x-request-id|etag|content-length): .*$/gim, '$1: ...')
	.replace(/\r/g, '')

test('the README has examples', async () => {
	ok(examples(text).length >= 6, 'a tour of some length')
	// the day for which its orders were made, so that figures can be compared
	stack = await startStack(fast({ sim: 2000, simArgs: ['--now=2026-11-20T10:00:00Z'] }))
	await stack.synced()
})

const count = examples(text).length
for (let i = 0; i < count; i++) {
	const { command } = examples(text)[i]
	test(`$ ${command.length > 90 ? `${command.slice(0, 90)}...` : command}`, async () => {
		const { shown, start, end } = examples(text)[i]
		const { code, stdout, stderr } = await execute('bash', ['-o', 'pipefail', '-c', command.replaceAll(ADDRESS, stack.url)])
		eq(code, 0, stderr)
		let printed = stdout.replaceAll('\r', '').replaceAll(stack.url, ADDRESS)
		if (!printed.endsWith('\n')) printed += '\n'
		if (write) text = text.slice(0, start) + printed + text.slice(end)
		else eq(volatile(printed), volatile(shown))
	})
}

test('the stack ends undamaged', async () => {
	await stack.down()
	if (write) fs.writeFileSync(file, text)
})

run()

import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { ESLint } from 'eslint'
import { expect, test } from 'vitest'
import { FEATURES, FOLDERS, outside } from '../eslint.layers.js'

const root = path.resolve(import.meta.dirname, '..')
const source = path.join(root, 'src')
const entries = (folder: string) => readdirSync(path.join(source, folder))
const folders = entries('.').filter(name => statSync(path.join(source, name)).isDirectory())

test('each folder has its place among the layers, and each layer is a folder with files', () => {
	expect(folders.toSorted()).toEqual(FOLDERS.toSorted())
	for (const folder of FOLDERS)
		expect([folder, entries(folder).some(name => /\.tsx?$/.test(name))]).toEqual([folder, true])
})

test('no folder has more than 40 entries', () => {
	for (const folder of folders) expect([folder, entries(folder).length <= 40]).toEqual([folder, true])
})

test('every forbidden import is refused, in every spelling', async () => {
	const eslint = new ESLint({ cwd: root })
	const faults = async (folder: string, line: string) => {
		const [result] = await eslint.lintText(`${line}\n`, { filePath: path.join(source, folder, 'probe.ts') })
		return result!.messages.filter(({ ruleId }) => ruleId === 'no-restricted-imports').length
	}
	const arrows = Object.entries(outside).flatMap(([folder, others]) => others.map(other => [folder, other] as const))
	expect(arrows.length).toBeGreaterThan(FEATURES.length * FEATURES.length)
	for (const [folder, other] of arrows)
		for (const from of [`@/${other}/a`, `@/${other}/a/b`, `../${other}/a`, `../../src/${other}/a`])
			expect([folder, from, await faults(folder, `export * from '${from}'`)]).toEqual([folder, from, 1])
	for (const below of ['@/ui/button', '@/lib/format', './store', '../../tests/orders'])
		expect([below, await faults('tables', `export * from '${below}'`)]).toEqual([below, 0])
}, 60_000)

test('the engine of tables names no table and no field of one', () => {
	const words =
		/\b(orderId|customer|orderTotal|createdAt|updatedAt|minTotal|maxTotal|'status'|'priority'|OrderChange)\b|'\/orders'/
	for (const name of entries('tables').filter(name => !name.includes('.test.'))) {
		const code = readFileSync(path.join(source, 'tables', name), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*/g, '')
		expect([name, words.exec(code)?.[0]]).toEqual([name, undefined])
	}
})

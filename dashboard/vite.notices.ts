import fs from 'node:fs'
import path from 'node:path'
import type { Plugin } from 'vite'

/*
 * The built files contain third-party code, whose licences require their notice in every
 * copy. assets/notices-*.txt names each package that contributed a file, as stanzas of
 * Debian's machine-readable copyright format, which the Debian package uses as they are.
 * A package without a licence text fails the build.
 */
interface Package {
	name: string
	version: string
	license: string
	author?: string | { name: string }
	folder: string
}

const MODULE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//
const TEXT = /^(licen[cs]e|copying)(\.(md|txt))?$/i
const HOLDER = /^\s*(?:copyright|©|\(c\))\s.*$/gim

function packageOf(file: string): Package | null {
	const folder = MODULE.exec(file)?.[1]
	if (folder === undefined || !fs.existsSync(path.join(folder, 'package.json'))) return null
	return { ...(JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as Package), folder }
}

/** Imports of our own style sheets are inlined before modules are counted. */
function sheetsOf(file: string): string[] {
	if (!file.endsWith('.css') || MODULE.test(file)) return []
	const names = [...fs.readFileSync(file, 'utf8').matchAll(/^@import '([^.'][^']*)'/gm)].map(match => match[1])
	return names.map(name => path.resolve(import.meta.dirname, 'node_modules', `${name}/`, 'sheet'))
}

/** The package's own text, or that of the MIT License with its author. */
function textOf({ name, version, license, author, folder }: Package): string {
	const file = fs.readdirSync(folder).find(entry => TEXT.test(entry))
	if (file !== undefined) return fs.readFileSync(path.join(folder, file), 'utf8')
	if (license !== 'MIT') throw new Error(`${name} ${version} has no text of its licence`)
	const mit = fs.readFileSync(path.resolve(import.meta.dirname, '../LICENSE'), 'utf8')
	const holder = typeof author === 'string' ? author : (author?.name ?? `the authors of ${name}`)
	return mit.replace(/^Copyright .*$/m, `Copyright (c) ${holder}`)
}

function stanza(used: Package): string {
	const { name, version, license } = used
	const text = textOf(used)
		.trim()
		.split(/\r?\n/)
		.map(line => line.trimEnd())
	const holders = [
		...new Set(
			text
				.join('\n')
				.match(HOLDER)
				?.map(line => line.trim().replace(/^copyright(\s*(©|\(c\)))?\s*/i, '')),
		),
	]
	return [
		`Files: dashboard/node_modules/${name}/*`,
		`Comment: ${name} ${version}`,
		`Copyright: ${holders.length > 0 ? holders.join('\n ') : `the authors of ${name}`}`,
		`License: ${[license === 'MIT' ? 'Expat' : license, name.replace(/^@/, '')].join('-').replace(/[ /]/g, '-')}`,
		...text.map(line => (line === '' ? ' .' : ` ${line}`)),
		'',
	].join('\n')
}

export function notices(): Plugin {
	return {
		name: 'notices',
		apply: 'build',
		generateBundle() {
			const modules = [...this.getModuleIds()].map(id => id.replace(/^\0/, '').replace(/\?.*$/, ''))
			const files = modules.flatMap(file => [file, ...sheetsOf(file)])
			const found = new Map<string, Package>()
			for (const file of files) {
				const known = packageOf(file)
				if (known !== null) found.set(known.folder, known)
			}
			const packages = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
			if (packages.length === 0) this.error('nothing of other people is in it?')
			this.emitFile({ type: 'asset', name: 'notices.txt', source: packages.map(stanza).join('\n') })
		},
	}
}

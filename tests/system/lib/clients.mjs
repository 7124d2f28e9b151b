// Packages that stories use, from the folders below tests that name them.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from './harness.mjs'

/** Packages of a folder below tests, fetched where nobody has done it; the folder. */
export function fetched(name, packages) {
	const folder = path.join(root, 'tests', name)
	if (!packages.every(one => fs.existsSync(path.join(folder, 'node_modules', one)))) {
		console.log(`# tests/${name}/node_modules is missing: running npm ci there`)
		execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], timeout: 180_000 })
	}
	return folder
}

/** What require(name) gives in tests/clients. */
export function client(name) {
	return createRequire(path.join(fetched('clients', [name.split('/')[0]]), 'package.json'))(name)
}

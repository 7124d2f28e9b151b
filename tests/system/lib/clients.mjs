// Packages that stories use, from tests/clients.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from './harness.mjs'

const folder = path.join(root, 'tests/clients')

/** What require(name) gives there; fetched first where nobody has done it. */
export function client(name) {
	if (!fs.existsSync(path.join(folder, 'node_modules', name.split('/')[0]))) {
		console.log('# tests/clients/node_modules is missing: running npm ci there')
		execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' })
	}
	return createRequire(path.join(folder, 'package.json'))(name)
}

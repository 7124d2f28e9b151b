// A file system with little room.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { cleanUp } from '../system/lib/harness.mjs'
import { temporaryFolder } from '../system/lib/stack.mjs'

/** A small file system of its own; null with the reason where that is not allowed. */
export function smallDisk(bytes) {
	const dir = temporaryFolder()
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', dir], { stdio: 'pipe' })
	} catch (error) {
		fs.rmSync(dir, { recursive: true, force: true })
		return { why: `no file system can be mounted here (${String(error.stderr ?? error.message).trim()})` }
	}
	let there = true
	const gone = () => {
		if (there) execFileSync('umount', [dir])
		there = false
		fs.rmSync(dir, { recursive: true, force: true })
	}
	cleanUp(gone)	// when it was interrupted
	return { dir, gone }
}

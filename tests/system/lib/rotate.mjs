// logrotate with the file that is installed, on a stack's folder.
import fs from 'node:fs'
import path from 'node:path'
import { tempDir } from './harness.mjs'
import { execute, root } from './stack.mjs'

/** Once for a stack: what rotates its logs each time it is called. */
export function rotation(stack) {
	const dir = tempDir('logrotate'), file = path.join(dir, 'orderdeck')
	const runDir = /^\[run\]\ndir = (.+)$/m.exec(fs.readFileSync(path.join(stack.dir, 'orders.conf'), 'utf8'))[1]
	fs.writeFileSync(file, fs.readFileSync(path.join(root, 'etc/logrotate/orderdeck'), 'utf8')
		.replaceAll('/var/log/orderdeck', path.join(stack.dir, 'log')).replaceAll('/run/orderdeck', runDir)
		// its user is not made here, and these processes are not systemd's
		.replace(/^\tsu .*\n/m, '').replaceAll('/run/systemd/system', path.join(dir, 'systemd')))
	const rotate = async () => {
		const { code, stderr } = await execute('logrotate', ['--force', '--state', path.join(dir, 'state'), file], { env: { PATH: `${process.env.PATH}:/usr/sbin` } })
		if (code !== 0 || stderr !== '') throw new Error(`logrotate: ${code} ${stderr}`)
	}
	return Object.assign(rotate, { runDir })
}

// What a story or a program of the tests says to -h, --help and --version,
// before it does anything else: the comment at its top is its manual.  A story
// whose comment has no line "usage:" takes no arguments.
import fs from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../..')
const file = process.argv[1] ?? ''
const asked = process.argv.slice(2)

function manual() {
	const lines = fs.readFileSync(file, 'utf8').split('\n')
	const end = lines.findIndex(line => !line.startsWith('//'))
	const text = lines.slice(0, end).map(line => line.replace(/^\/\/ ?/, ''))
	return text.some(line => line.startsWith('usage: ')) ? text : [...text, '', `usage: node ${path.relative(root, file)}`]
}

/** Say what is wrong and how it is right, and end. */
export function badUsage(why) {
	const text = manual()
	const from = text.findIndex(line => line.startsWith('usage: '))
	const length = text.slice(from).findIndex(line => line === '')
	console.error([`${path.basename(file)}: ${why}`, ...text.slice(from, length < 0 ? undefined : from + length)].join('\n'))
	process.exit(2)
}

if (asked.some(word => word === '-h' || word === '--help')) {
	console.log(manual().join('\n'))
	process.exit(0)
}
if (asked.includes('--version')) {
	const version = /ORDERDECK_VERSION\s+"(.*)"/.exec(fs.readFileSync(path.join(root, 'common/base/version.h'), 'utf8'))[1]
	console.log(`${path.basename(file)} ${version}`)
	process.exit(0)
}
if (asked.length > 0 && /\/tests\/(system|browser)\/\d\d-[^/]*$/.test(file) && !fs.readFileSync(file, 'utf8').includes('\n// usage: '))
	badUsage(`'${asked[0]}' is not understood`)

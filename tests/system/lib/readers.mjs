// Exports as other programs read them: each tells the same figures of a file,
//
//   {count, cents, byStatus: {status: count}, first, last, named}
//
// the sum of the totals in cents, the orders of each status ('' are those
// without one), the first and the last creation time in ms since 1970, and how
// many orders are of the customer that was asked for.  An amount that was read
// as a text, or as anything but whole cents, and a time that was read as a text
// are errors.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { cleanUp, ok, PATIENCE, root } from './harness.mjs'
import { client } from './clients.mjs'
import { execute } from './stack.mjs'
import { plain } from './xlsx.mjs'

process.env.TZ = 'UTC'	// SheetJS and exceljs make times of the machine's zone
const SPREADSHEET_EPOCH_DAYS = 25569
const LATE_MS = 40_000
const ofSerial = days => Math.round((days - SPREADSHEET_EPOCH_DAYS) * 86400_000)

/** Figures of rows {customer, status, total, created}; null where there is nothing. */
function figuresOf(rows, customer) {
	const byStatus = {}
	let cents = 0, named = 0, first = Infinity, last = -Infinity
	for (const row of rows) {
		byStatus[row.status ?? ''] = (byStatus[row.status ?? ''] ?? 0) + 1
		if (row.customer === customer) named++
		if (row.total !== null) {
			const own = row.total * 100
			ok(typeof row.total === 'number' && Math.abs(own - Math.round(own)) < 1e-4, `${row.total} is no amount`)
			cents += Math.round(own)
		}
		if (row.created !== null) {
			ok(Number.isFinite(row.created), 'a creation time was read as a text')
			first = Math.min(first, row.created)
			last = Math.max(last, row.created)
		}
	}
	return { count: rows.length, cents, byStatus, first, last, named }
}

export function sheetjs(file, customer) {
	const XLSX = client('xlsx'), book = XLSX.read(fs.readFileSync(file), { type: 'buffer', cellDates: false })
	const rows = XLSX.utils.sheet_to_json(book.Sheets[book.SheetNames[0]], { defval: null })
	return figuresOf(rows.map(row => ({
		customer: row.customer, status: row.status || null, total: row.orderTotal,
		created: row.createdAt === null ? null : typeof row.createdAt === 'number' ? ofSerial(row.createdAt) : NaN,
	})), customer)
}

/** It knows times of CSV when it is told how they are written. */
export async function exceljs(file, customer) {
	const book = new (client('exceljs').Workbook)()
	if (file.endsWith('.csv')) await book.csv.readFile(file, { dateFormats: ['YYYY-MM-DD[T]HH:mm:ss.SSS[Z]'] })
	else await book.xlsx.readFile(file)
	const [[, ...head], ...rows] = book.worksheets[0].getSheetValues().slice(1)
	const place = Object.fromEntries(head.map((name, i) => [name, i + 1]))
	return figuresOf(rows.map(row => {
		const [name, status, total, created] = ['customer', 'status', 'orderTotal', 'createdAt'].map(column => row[place[column]] ?? null)
		return { customer: name, status, total, created: created && (created instanceof Date ? created.getTime() : NaN) }
	}), customer)
}

/** openpyxl is Debian's, and so is the Python that has it; workbooks only. */
export async function openpyxl(file, customer) {
	const { code, stdout, stderr } = await execute('/usr/bin/python3', ['-I', path.join(root, 'tests/system/lib/figures.py'), file, customer])
	ok(code === 0, stderr)
	return JSON.parse(stdout)
}

/** Types are what DuckDB finds by itself, but for a decimal comma; CSV only, as its reader of workbooks is a download. */
export async function duckdb(file, customer) {
	const { DuckDBInstance } = client('@duckdb/node-api')
	const db = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false', threads: '1' })
	const connection = await db.connect()
	const source = `read_csv('${file}'${file.includes('semicolon') ? ", decimal_separator = ','" : ''})`
	const ask = async sql => (await connection.runAndReadAll(sql, { customer })).getRowObjectsJson()
	try {
		const [all] = await ask(`SELECT count(*) AS count, sum(orderTotal::DECIMAL(18, 4)) * 100 AS cents, any_value(typeof(orderTotal)) AS type,
			epoch_ms(min(createdAt)) AS first, epoch_ms(max(createdAt)) AS last, count(*) FILTER (customer = $customer) AS named FROM ${source}`)
		ok(all.type === 'DOUBLE', `amounts are ${all.type}`)
		const statuses = (await connection.runAndReadAll(`SELECT coalesce(status, '') AS status, count(*) AS n FROM ${source} GROUP BY ALL`)).getRowObjectsJson()
		return {
			...Object.fromEntries(['count', 'cents', 'first', 'last', 'named'].map(name => [name, Number(all[name])])),
			byStatus: Object.fromEntries(statuses.map(({ status, n }) => [status, Number(n)])),
		}
	} finally {
		connection.closeSync()
		db.closeSync()
	}
}

/** Run LibreOffice without its window, with a profile below dir; over when all that it starts is. */
async function soffice(dir, ...args) {
	const child = spawn('soffice', [`-env:UserInstallation=file://${dir}/profile`, '--headless', ...args],
		{ detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: dir } })
	let output = '', over = false, killed = false
	for (const stream of [child.stdout, child.stderr]) stream.on('data', part => { output += part })
	const kill = () => {
		if (over || child.pid === undefined) return
		killed = true
		process.kill(-child.pid, 'SIGKILL')
	}
	const late = setTimeout(kill, LATE_MS * PATIENCE)
	cleanUp(kill)
	const code = await new Promise((resolve, reject) => {
		child.on('error', reject)
		child.on('close', resolve)	// nobody is left who could write
	}).finally(() => { over = true; clearTimeout(late) })
	ok(code === 0, `soffice ${killed ? `has not ended in ${LATE_MS * PATIENCE} ms` : `ended with ${code}`}: ${output}`)
}

/** Rows of cells of a flat ODF sheet: a text, a number, {time}, or null; what is empty at the end is left out. */
function rowsOfFods(xml) {
	return [...xml.matchAll(/<table:table-row([^>]*)>(.*?)<\/table:table-row>/gs)].flatMap(([, attributes, row]) => {
		const cells = []
		for (const [, about, , content] of row.matchAll(/<table:table-cell([^>]*?)(\/>|>(.*?)<\/table:table-cell>)/gs)) {
			const of = name => new RegExp(` ${name}="([^"]*)"`).exec(about)?.[1]
			const type = of('office:value-type'), text = /<text:p>(.*)<\/text:p>/s.exec(content ?? '')?.[1]
			ok(of('table:formula') === undefined, `a formula: ${about}`)
			const cell = type === 'float' || type === 'currency' ? Number(of('office:value'))
				: type === 'date' ? { time: Date.parse(`${of('office:date-value')}Z`) }
				: type === undefined ? null : plain(text)
			for (let n = Math.min(Number(of('table:number-columns-repeated') ?? 1), 8); n > 0; n--) cells.push(cell)
		}
		const repeated = Number(/ table:number-rows-repeated="(\d+)"/.exec(attributes)?.[1] ?? 1)
		return cells.every(cell => cell === null) ? [] : Array(repeated).fill(cells)
	})
}

/**
 * It tells times in hundredths of a second.  A CSV that it opens without its
 * window it takes for Latin-1, whatever the file begins with, so it is told
 * what its dialog finds by itself: comma, quote, UTF-8, from the first line.
 */
export async function libreoffice(file, customer) {
	const dir = path.dirname(file), csv = file.endsWith('.csv') ? ['--infilter=Text - txt - csv (StarCalc):44,34,76,1'] : []
	await soffice(dir, ...csv, '--convert-to', 'fods', '--outdir', dir, file)
	const [head, ...rows] = rowsOfFods(fs.readFileSync(path.join(dir, `${path.parse(file).name}.fods`), 'utf8'))
	const place = Object.fromEntries(head.map((name, i) => [name, i]))
	return figuresOf(rows.map(row => {
		const [name, status, total, created] = ['customer', 'status', 'orderTotal', 'createdAt'].map(column => row[place[column]] ?? null)
		return { customer: name, status, total, created: created && (created.time ?? NaN) }
	}), customer)
}

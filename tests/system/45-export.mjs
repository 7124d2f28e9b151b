// Exports: every match at one generation, as CSV and as a workbook, and a
// client that does not read holds nobody up.
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test, run, eq, ok, tempDir } from './lib/harness.mjs'
import { duckdb, exceljs, libreoffice, openpyxl, sheetjs } from './lib/readers.mjs'
import { startStack, execute, fast, until } from './lib/stack.mjs'
import { unzip, rowsOf } from './lib/xlsx.mjs'

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const COLUMNS = ['id', 'orderId', 'customer', 'status', 'priority', 'orderTotal', 'createdAt', 'updatedAt']
const ODD_CUSTOMER = 'Müller; "Söhne" & <Co>'
let stack, spool

/** Everything the list has, page by page. */
async function listed(query) {
	const orders = []
	for (let page = 1; ; page++) {
		const body = await stack.json(`/api/orders?pageSize=500&page=${page}&${query}`)
		orders.push(...body.orders)
		if (page >= body.totalPages) return orders
	}
}

test('a base of 12,000 is served', async () => {
	spool = tempDir('spool')
	stack = await startStack(fast({ sim: 12_000, set: { 'api.workers': 2, 'api.slow_threads': 2, 'api.spool': spool, 'log.level': 'debug' }, wait: 60 }))
	await stack.synced(60_000)
	const odd = (await stack.json('/api/orders?pageSize=3&sort=orderId')).orders
	const edits = [{ Customer: '=HYPERLINK("http://x","y")' }, { Customer: '-2+3', 'Order Total': -12.5 }, { Customer: ODD_CUSTOMER }]
	for (const [i, fields] of edits.entries())
		await stack.sim('POST', '/_sim/edit', { id: odd[i].id, fields })
	eq((await stack.sync()).status, 200)
})

test('export.csv has as many rows as it says, in the list’s order, and negative numbers are numbers', async () => {
	for (const query of ['sort=orderId', 'status=Pending,Shipped&sort=-orderTotal', 'search=zzzzzzzz']) {
		const answer = await stack.get(`/api/orders/export.csv?${query}`), expected = await listed(query)
		eq(answer.status, 200, answer.text.slice(0, 200))
		const rows = answer.text.split('\r\n').slice(1, -1)
		eq([Number(answer.headers['x-total-count']), rows.length], [expected.length, expected.length])
		eq(rows.map(row => row.split(',')[0]), expected.map(order => order.id))
	}
	const { text } = await stack.get('/api/orders/export.csv?sort=orderId')
	ok(text.includes(`"'=HYPERLINK(""http://x"",""y"")"`), text.slice(0, 400))
	ok(/,'-2\+3,[^,]*,[^,]*,-12\.50,/.test(text), text.slice(0, 400))
})

test('export.xlsx holds the same orders, as numbers and dates, below a frozen header', async () => {
	for (const query of ['sort=orderId', 'priority=High&sort=-createdAt', 'search=zzzzzzzz']) {
		const answer = await stack.get(`/api/orders/export.xlsx?${query}`), expected = await listed(query)
		eq([answer.status, answer.headers['content-type']], [200, XLSX])
		eq(Number(answer.headers['x-total-count']), expected.length)
		ok(/^attachment; filename="orders-\d{4}-\d\d-\d\d\.xlsx"$/.test(answer.headers['content-disposition']))
		const parts = unzip(answer.raw), xml = parts['xl/worksheets/sheet1.xml'].toString()
		ok(/<pane ySplit="1" [^>]*state="frozen"/.test(xml))
		ok(!xml.includes('<f>'), 'no formula')
		const [head, ...rows] = rowsOf(xml, COLUMNS.length)
		eq(head, COLUMNS)
		eq(rows.map(row => row[0]), expected.map(order => order.id))
		for (const [i, order] of expected.entries()) {
			const [, orderId, customer, status, priority, total, created, updated] = rows[i]
			eq([orderId, customer, status, priority], [order.orderId, order.customer, order.status, order.priority])
			eq(total?.number ?? null, order.orderTotal)
			for (const [cell, name] of [[created, 'createdAt'], [updated, 'updatedAt']]) {
				if (order[name] === null) eq(cell, null)
				else eq(Math.round((cell.number - 25569) * 86400_000), Date.parse(order[name]), `${name} of ${order.id}`)
			}
		}
		const dates = new Set(rows.map(row => row[6]?.style).filter(Boolean)), money = new Set(rows.map(row => row[5]?.style).filter(Boolean))
		ok(dates.size <= 1 && money.size <= 1 && ![...dates].some(style => money.has(style)))
		if (rows.length > 0) ok(/formatCode="yyyy-mm-dd hh:mm:ss"/.test(parts['xl/styles.xml'].toString()))
	}
})

const FORMATS = {
	excel: { between: ',', point: '.', time: text => text.slice(0, 19).replace('T', ' ') },
	'excel-semicolon': { between: ';', point: ',', time: text => text.slice(0, 19).replace('T', ' ') },
	libreoffice: { between: ',', point: '.', time: text => text.slice(0, 19) },
}

test('export.csv?format= is the same orders, as each spreadsheet takes amounts and times for what they are', async () => {
	const plain = (await stack.get('/api/orders/export.csv?sort=orderId')).raw
	eq((await stack.get('/api/orders/export.csv?sort=orderId&format=plain')).raw, plain)
	eq(plain.subarray(0, 2).toString(), 'id')
	const expected = await listed('sort=orderId')
	for (const [format, { between, point, time }] of Object.entries(FORMATS)) {
		const { raw, headers } = await stack.get(`/api/orders/export.csv?format=${format}&sort=orderId`)
		eq([...raw.subarray(0, 3)], [0xef, 0xbb, 0xbf])
		eq(headers['x-total-count'], String(expected.length))
		const [head, ...rows] = raw.toString().slice(1).split('\r\n').slice(0, -1)
		eq(head, COLUMNS.join(between))
		eq(rows.length, expected.length)
		for (const [i, order] of expected.entries()) {
			const amount = order.orderTotal === null ? '' : order.orderTotal.toFixed(2).replace('.', point)
			const tail = [amount, ...[order.createdAt, order.updatedAt].map(at => at === null ? '' : time(at))].join(between)
			ok(rows[i].startsWith(`${order.id}${between}`) && rows[i].endsWith(`${between}${tail}`), `${rows[i]} is not of ${JSON.stringify(order)}`)
		}
		// formulas are defused, and no text makes a cell of its own
		ok(/["']=HYPERLINK/.test(rows[0]) && !rows.some(row => row.split(/[,;]/).some(cell => /^"?[=@]/.test(cell))), rows[0])
		ok(rows.some(row => row.includes('"Müller; ""Söhne"" & <Co>"')))
	}
	for (const bad of ['format=', 'format=Excel', 'format=xls', 'format=excel&format=excel', 'format[]=excel'])
		eq((await stack.get(`/api/orders/export.csv?${bad}`)).status, 400, bad)
	eq((await stack.get('/api/orders/export.xlsx?format=excel')).status, 400)
})

/** What readers.mjs tells of a file, by the API; times of CSV for spreadsheets are cut to seconds. */
async function figures(format) {
	const { total, byStatus } = await stack.json('/api/orders/summary')
	const [first, last] = await Promise.all(['createdAt', '-createdAt'].map(async sort => {
		const at = Date.parse((await stack.json(`/api/orders?pageSize=1&createdFrom=2000-01-01&sort=${sort}`)).orders[0].createdAt)
		return format in FORMATS ? at - at % 1000 : at
	}))
	return {
		count: total.count, cents: Math.round(total.orderTotal * 100),
		byStatus: Object.fromEntries(byStatus.filter(({ count }) => count > 0).map(({ status, count }) => [status ?? '', count])), first, last, named: 1,
	}
}

const READERS = [
	['SheetJS', sheetjs, ['excel', 'xlsx']],
	['exceljs', exceljs, ['plain', 'xlsx']],
	['openpyxl', openpyxl, ['xlsx']],
	['DuckDB', duckdb, ['plain', ...Object.keys(FORMATS)]],
	['LibreOffice', libreoffice, ['libreoffice', 'xlsx'], 10],
]

for (const [program, read, formats, roundedToMs = 0] of READERS) {
	test(`${program} reads ${formats.join(', ')} of the whole base: counts, sums, times and letters are the API’s`, async () => {
		const dir = tempDir('exports')
		for (const format of formats) {
			const file = path.join(dir, `${format}.${format === 'xlsx' ? 'xlsx' : 'csv'}`)
			fs.writeFileSync(file, (await stack.get(`/api/orders/export.${format === 'xlsx' ? 'xlsx' : `csv?format=${format}`}`)).raw)
			const told = await read(file, ODD_CUSTOMER), expected = await figures(format)
			for (const time of ['first', 'last'])
				if (Math.abs(told[time] - expected[time]) < roundedToMs) told[time] = expected[time]
			eq(told, expected, `${program}, ${format}`)
		}
	})
}

test('HEAD tells the count, a known ETag is a 304, a bad parameter is told', async () => {
	for (const suffix of ['csv', 'xlsx']) {
		const head = await stack.call('HEAD', `/api/orders/export.${suffix}`)
		eq([head.status, head.headers['x-total-count'], head.raw.length], [200, '12000', 0])
		eq((await stack.get(`/api/orders/export.${suffix}`, { 'If-None-Match': head.headers.etag })).status, 304)
		eq((await stack.get(`/api/orders/export.${suffix}?page=1`)).status, 400)
		eq((await stack.call('POST', `/api/orders/export.${suffix}`)).status, 405)
	}
})

test('clients that do not read hold no snapshot and no thread, and leave no file', async () => {
	const { hostname, port } = new URL(stack.url)
	const idle = [], made = () => stack.log().split('msg="GET /api/orders/export.').length, before = made()
	for (let i = 0; i < 8; i++) {	// four times the threads
		const socket = net.connect(Number(port), hostname, () => socket.write(`GET /api/orders/export.${i % 2 ? 'csv' : 'xlsx'} HTTP/1.1\r\nHost: localhost\r\n\r\n`))
		socket.pause()
		socket.on('error', () => {})
		idle.push(socket)
	}
	await until('all are made', 60_000, () => made() === before + 8)
	eq((await stack.get('/api/orders/export.csv')).status, 200)
	const { stdout } = await execute('mdb_stat', ['-r', path.join(stack.dir, 'store')])
	const readers = stdout.split('\n').filter(line => /^\s*\d+ [0-9a-f]+ /.test(line))
	ok(readers.length >= 3, stdout)
	for (const line of readers) ok(/ -$/.test(line), `a snapshot is held:\n${stdout}`)
	for (const socket of idle) socket.destroy()
	eq(fs.readdirSync(spool), [])
})

test('a folder that can’t be written is a problem document, and all else goes on', async () => {
	await stack.down()
	stack = await startStack(fast({ sim: 20, set: { 'api.spool': '/nonexistent' } }))
	for (const suffix of ['csv', 'xlsx']) {
		const answer = await stack.get(`/api/orders/export.${suffix}`)
		eq([answer.status, answer.headers['content-type']], [500, 'application/problem+json'], answer.text)
		eq(answer.headers['content-disposition'], undefined)
	}
	eq((await stack.json('/api/orders')).total, 20)
	await stack.down()
})

run()

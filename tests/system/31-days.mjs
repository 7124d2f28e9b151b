// Dates without a time: each is its day in every zone, whichever way it came
// and wherever it is read.
import { test, run, eq, ok } from './lib/harness.mjs'
import { withStack, startStack, fast, until } from './lib/stack.mjs'
import { order, day, fetchAll, summary, summaryNumbers, withoutVersion } from './lib/orders.mjs'
import { settled } from './lib/feed.mjs'
import { unzip, rowsOf } from './lib/xlsx.mjs'

const ZONE = 'America/New_York', FAR = 'Pacific/Kiritimati'	// UTC+14
const addDays = (date, days) => new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
const base = (set = {}) => fast({ sim: 300, wait: 60, set: { 'summary.time_zone': ZONE, 'sync.feed': 'auto', 'sync.feed_interval': '200ms', ...set } })
let stack, date, ids

const shows = (id, createdAt) => until(`${id} was created ${createdAt}`, 15_000, async () => (await stack.json(`/api/orders/${id}`)).createdAt === createdAt)
const found = async query => (await stack.json(`/api/orders?pageSize=500&${query}`)).orders.map(o => o.id)

/** List, filters, order, summary and exports of all records, by a recomputation that knows dates. */
async function agrees(zone) {
	const orders = (await stack.dump()).map(order)
	const got = await fetchAll(stack, '&sort=createdAt')
	eq(new Map(got.map(o => [o.id, withoutVersion(o)])), new Map(orders.map(o => [o.id, o])))
	const body = await stack.json('/api/orders/summary')
	eq(body.timeZone, zone)
	eq(summaryNumbers(body), summary(orders, day(Date.now(), zone), zone))
	const days = got.map(o => o.createdAt).filter(Boolean).map(at => day(at, zone))
	eq(days, [...days].sort(), 'the list is sorted by days')
	for (const of of [date, addDays(date, -1), addDays(date, 1)]) {
		const expected = orders.filter(o => o.createdAt !== null && day(o.createdAt, zone) === of).map(o => o.id).sort()
		const range = `createdFrom=${of}&createdTo=${addDays(of, 1)}`
		eq((await found(range)).sort(), expected, `${range} in ${zone}`)
		const counted = body.daily.find(entry => entry.date === of)
		if (counted) eq(counted.count, expected.length)	// tomorrow is not among them
		const csv = (await stack.get(`/api/orders/export.csv?${range}`)).text.split('\r\n').slice(1, -1)
		eq(csv.map(line => line.split(',')[0]).sort(), expected)
	}
}

test('a stack whose zone is west of UTC', async () => {
	stack = await startStack(base())
	await stack.synced()
	await settled(stack)
	// a column of texts holds dates and instants beside each other
	for (const field of ['Created At', 'Updated At']) await stack.sim('POST', '/_sim/schema', { retype: { field, type: 'singleLineText' } })
	eq((await stack.sync()).status, 200)
	date = addDays(day(Date.now(), ZONE), -3)
	ids = (await stack.dump()).map(record => record.id)
	// the last moment of the day before, the first of the day, its last, and the first of the next
	const begin = await until('the day begins', 1, () => [4, 5].map(hours => Date.parse(`${date}T0${hours}:00:00Z`)).find(at => day(at, ZONE) === date && day(at - 1, ZONE) !== date))
	for (const [i, at] of [begin - 1, begin].entries())
		await stack.sim('POST', '/_sim/edit', { id: ids[20 + i], fields: { 'Created At': new Date(at).toISOString() } })
})

test('a date comes through the feed, and stays that day', async () => {
	await stack.sim('POST', '/_sim/edit', { raw: true, records: ids.slice(0, 3).map(id => ({ id, fields: { 'Created At': date, 'Updated At': date } })) })
	for (const id of ids.slice(0, 3)) await shows(id, date)
	await agrees(ZONE)
	const { updatedAt } = await stack.json(`/api/orders/${ids[0]}`)
	ok(updatedAt === date || updatedAt.length > 10, updatedAt)
})

test('and through a full sync', async () => {
	await stack.sim('POST', '/_sim/edit', { raw: true, silent: true, records: ids.slice(3, 6).map(id => ({ id, fields: { 'Created At': date } })) })
	await stack.sim('POST', '/_sim/edit', { raw: true, id: ids[6], fields: { 'Created At': '2024-02-29' } })
	eq((await stack.sync()).status, 200)
	await shows(ids[5], date)
	await shows(ids[6], '2024-02-29')
	await agrees(ZONE)
	eq(await found('createdFrom=2024-02-29&createdTo=2024-03-01'), [ids[6]])
	// nothing has changed since: an echo of a date is not news
	const { generation } = await stack.json('/api/orders/summary')
	eq((await stack.sync()).status, 200)
	eq((await stack.json('/api/orders/summary')).generation, generation)
})

test('and when Airtable answers a change with it', async () => {
	const before = await stack.json(`/api/orders/${ids[0]}`)
	const status = before.status === 'Shipped' ? 'Cancelled' : 'Shipped'
	const answer = await stack.patch(ids[0], { status })
	eq([answer.status, answer.json().createdAt, answer.json().status], [200, date, status])
	const [last] = (await stack.json(`/api/orders/${ids[0]}/history`)).changes
	eq(last.fields.map(f => f.field), ['status'])
	await agrees(ZONE)
})

test('a date and the moment at which it begins are different values', async () => {
	const instant = `${date}T12:00:00.000Z`
	await stack.sim('POST', '/_sim/edit', { raw: true, id: ids[1], fields: { 'Created At': instant } })
	await shows(ids[1], instant)
	await stack.sim('POST', '/_sim/edit', { raw: true, id: ids[1], fields: { 'Created At': date } })
	await shows(ids[1], date)
	const [last] = (await stack.json(`/api/orders/${ids[1]}/history`)).changes
	eq(last.fields.filter(f => f.field === 'createdAt'), [{ field: 'createdAt', from: instant, to: date }])
})

test('exports write the date alone', async () => {
	const { text } = await stack.get('/api/orders/export.csv')
	eq(text.split('\r\n').find(line => line.startsWith(ids[1])).split(',').at(-2), date)
	const parts = unzip((await stack.get('/api/orders/export.xlsx')).raw), rows = rowsOf(parts['xl/worksheets/sheet1.xml'].toString(), 8)
	const cell = rows.find(row => row[0] === ids[1])[6], other = rows.find(row => row[0] === ids[21])[6]
	eq(cell.number, Date.parse(`${date}T00:00:00Z`) / 86_400_000 + 25569)
	const formats = Object.fromEntries([...parts['xl/styles.xml'].toString().matchAll(/numFmtId="(\d+)" formatCode="([^"]+)"/g)].map(([, id, code]) => [id, code]))
	const styles = [...parts['xl/styles.xml'].toString().split('<cellXfs')[1].matchAll(/<xf numFmtId="(\d+)"/g)].map(([, id]) => formats[id])
	eq([styles[cell.style], styles[other.style]], ['yyyy-mm-dd', 'yyyy-mm-dd hh:mm:ss'])
})

test('against a full instant it counts as the moment at which its day begins at the desk', async () => {
	const { orders } = await stack.json(`/api/orders?pageSize=500&createdFrom=${date}&createdTo=${addDays(date, 1)}`)
	const begin = [4, 5].map(hours => `${date}T0${hours}:00:00Z`).find(at => day(at, ZONE) === date && day(Date.parse(at) - 1, ZONE) !== date)
	const dates = orders.filter(o => o.createdAt === date).map(o => o.id).sort()
	ok(dates.length >= 6)
	eq((await found(`createdFrom=${begin}&createdTo=${new Date(Date.parse(begin) + 1).toISOString()}`)).sort(), [...dates, ids[21]].sort())
	eq((await found(`createdFrom=${new Date(Date.parse(begin) + 1).toISOString()}&createdTo=${addDays(date, 1)}`)).filter(id => dates.includes(id)), [])
})

test('another zone counts instants anew and moves no date, and no kept answer outlives it', async () => {
	const before = await stack.get('/api/orders/summary'), list = await stack.get('/api/orders?sort=createdAt')
	await stack.stop('syncd')
	stack.configure('summary.time_zone', FAR)
	await stack.start('syncd')
	await until('the new zone counts', 10_000, async () => (await stack.json('/api/orders/summary')).timeZone === FAR)
	eq((await stack.get('/api/orders/summary', { 'If-None-Match': before.headers.etag })).status, 200)
	eq((await stack.get('/api/orders?sort=createdAt', { 'If-None-Match': list.headers.etag })).status, 200)
	await agrees(FAR)
	const checked = await stack.syncctl('verify')
	eq(checked.code, 0, checked.stdout + checked.stderr)
	await shows(ids[1], date)
})

test('the stack ends undamaged', () => stack.down())

test('an order that is created is given its date by Airtable', async () => {
	await withStack(base({ 'write.create': 'on', 'airtable.create_key': 'Notes' }), async created => {
		stack = created
		await stack.synced()
		await stack.sim('POST', '/_sim/schema', { formula: { field: 'Created At', formula: "DATETIME_FORMAT(CREATED_TIME(), 'YYYY-MM-DD')" } })
		eq((await stack.sync()).status, 200)
		const answer = await stack.call('POST', '/api/orders', { headers: { 'Content-Type': 'application/json' }, body: { orderId: 'NEW-1', status: 'Pending' } })
		eq(answer.status, 201, answer.text)
		const { id, createdAt } = answer.json()
		ok(/^\d{4}-\d\d-\d\d$/.test(createdAt), createdAt)
		ok((await found(`createdFrom=${createdAt}&createdTo=${addDays(createdAt, 1)}`)).includes(id))
		date = createdAt
		await agrees(ZONE)
	})
})

run()

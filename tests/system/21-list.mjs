// GET /api/orders against the plain recomputation, and everything one can
// get wrong in its parameters.
import { test, run, eq, ok } from './lib/harness.mjs'
import { startStack, fast } from './lib/stack.mjs'
import { order, matching, sorted, fold, fetchAll, withoutVersion } from './lib/orders.mjs'

const SORTS = ['createdAt', 'updatedAt', 'orderId', 'customer', 'status', 'priority', 'orderTotal']
let stack, all

const encode = query => Object.entries(query).map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&')

async function agrees(query) {
	const expected = matching(all, query)
	const page = await stack.json(`/api/orders?pageSize=100&${encode(query)}`)
	eq(page.total, expected.length, JSON.stringify(query))
	eq(page.totalPages, Math.ceil(expected.length / 100))
	eq(page.orders.map(withoutVersion), expected.slice(0, 100), JSON.stringify(query))
	const last = Math.max(1, page.totalPages)
	const end = await stack.json(`/api/orders?pageSize=100&page=${last}&${encode(query)}`)
	eq(end.orders.map(o => o.id), expected.slice((last - 1) * 100).map(o => o.id), `last page of ${JSON.stringify(query)}`)
	return expected.length
}

async function refused(query, ...names) {
	const answer = await stack.get(`/api/orders?${query}`)
	eq(answer.status, 400, `${query.slice(0, 100)}: ${answer.text.slice(0, 200)}`)
	eq(answer.headers['content-type'], 'application/problem+json')
	const problem = answer.json()
	eq(problem.status, 400)
	eq(problem.code, 'invalid_parameter')
	eq(problem.errors.map(e => e.field).sort(), names.sort(), query.slice(0, 100))
	for (const e of problem.errors) ok(e.message.length > 0)
}

test('a base with ties, empty cells and awkward texts is served', async () => {
	stack = await startStack(fast({ sim: 2_000 }))
	const records = await stack.dump()
	for (let i = 0; i < 60; i++) {
		await stack.sim('POST', '/_sim/edit', { id: records[i].id, fields: {
			'Created At': '2026-03-29T01:00:00.000Z', 'Order Total': 42.5,
			Customer: ['STRASSE', 'Straße', 'straße 2', 'Ærø', 'ærø', null][i % 6],
		} })
	}
	await stack.sim('POST', '/_sim/create', { count: 20, fields: {} })
	await stack.synced()
	eq((await stack.sync()).status, 200)
	all = (await stack.dump()).map(order)
	eq((await stack.json('/api/orders')).total, all.length)
})

test('without parameters: the newest fifty', async () => {
	const page = await stack.json('/api/orders')
	eq(Object.keys(page).sort(), ['generation', 'nextCursor', 'orders', 'page', 'pageSize', 'total', 'totalPages'])
	eq([page.page, page.pageSize], [1, 50])
	eq(page.orders.map(withoutVersion), sorted(all).slice(0, 50))
})

for (const field of SORTS) {
	test(`sorted by ${field}, both ways, every page`, async () => {
		for (const sort of [field, `-${field}`]) {
			const expected = sorted(all, sort).map(o => o.id)
			const got = []
			for (let page = 1; got.length < expected.length; page++) {
				const { orders } = await stack.json(`/api/orders?sort=${sort}&pageSize=500&page=${page}`)
				ok(orders.length > 0, `page ${page}`)
				got.push(...orders.map(o => o.id))
			}
			eq(got, expected, sort)
		}
	})
}

test('a cursor walks through all orders once, whatever the sort', async () => {
	for (const sort of ['-createdAt', 'customer', '-status', 'orderTotal', '-orderTotal']) {
		const got = await fetchAll(stack, `&sort=${sort}`)
		eq(got.map(o => o.id), sorted(all, sort).map(o => o.id), sort)
	}
})

test('status and priority, with none for empty', async () => {
	for (const query of [{ status: 'Pending' }, { status: 'Pending,Shipped' }, { status: 'none' }, { status: 'none,Cancelled' },
		{ priority: 'High' }, { priority: 'none,Low' }, { status: 'Delivered', priority: 'High,Medium' }])
		ok(await agrees(query) > 0, `${JSON.stringify(query)} matches something`)
})

test('search, whatever the case and the script', async () => {
	const some = [...new Set(all.map(o => o.customer).filter(Boolean))].slice(0, 40)
	for (const search of ['ORD-0001', 'ord-000', 'STRASSE', 'strasse', 'ÆRØ', 'müller', 'a', '%', '_', '\'', '"', 'no such thing', ...some])
		await agrees({ search })
	for (const search of some) await agrees({ search: fold(search).slice(0, 6), sort: '-orderTotal' })
})

test('one customer exactly', async () => {
	for (const customer of ['Straße', 'STRASSE', 'straße', ...new Set(all.slice(0, 40).map(o => o.customer).filter(Boolean))])
		await agrees({ customer })
})

test('ranges of time and money', async () => {
	const times = all.map(o => o.createdAt).filter(Boolean).sort()
	const middle = times[times.length >> 1], late = times[Math.floor(times.length * 0.9)]
	for (const query of [
		{ createdFrom: middle }, { createdTo: middle }, { createdFrom: middle, createdTo: late },
		{ createdFrom: middle.slice(0, 10) }, { createdTo: late.slice(0, 10), sort: 'createdAt' },
		{ updatedFrom: middle }, { updatedTo: late, sort: '-updatedAt' },
		{ minTotal: '42.5' }, { maxTotal: '42.5' }, { minTotal: '42.5', maxTotal: '42.5' }, { minTotal: '42.51' }, { maxTotal: '0' },
		{ createdFrom: middle, minTotal: '10', maxTotal: '500', status: 'Pending,Delivered', search: 'a', sort: 'orderTotal' },
	]) await agrees(query)
	await agrees({ createdFrom: '2026-03-29T01:00:00.000Z', createdTo: '2026-03-29T01:00:00.001Z' })
	eq((await stack.json('/api/orders?createdFrom=2026-03-29T02:00:00%2B01:00&createdTo=2026-03-29T02:00:00.001%2B01:00')).total, 60)
})

test('pages beyond the last, and sizes at their limits', async () => {
	const beyond = await stack.json('/api/orders?page=1000000')
	eq([beyond.orders, beyond.total, beyond.page], [[], all.length, 1000000])
	eq((await stack.json('/api/orders?pageSize=1')).orders.length, 1)
	eq((await stack.json('/api/orders?pageSize=500')).orders.length, 500)
	eq((await stack.json('/api/orders?search=no%20such%20thing')).totalPages, 0)
})

test('unknown, repeated and senseless parameters are refused, all at once', async () => {
	await refused('pageSise=10', 'pageSise')
	await refused('page=1&page=2', 'page')
	await refused('page=0&pageSize=501&sort=banana&nope=1', 'nope', 'page', 'pageSize', 'sort')
	for (const bad of ['page=', 'page=-1', 'page=1.5', 'page=abc', 'page=99999999999999999999', 'page=0x10', 'page=1e3']) await refused(bad, 'page')
	for (const bad of ['pageSize=0', 'pageSize=100000', 'pageSize=ten']) await refused(bad, 'pageSize')
	for (const bad of ['sort=', 'sort=-', 'sort=--createdAt', 'sort=createdat', 'sort=id,orderId']) await refused(bad, 'sort')
	for (const bad of ['createdFrom=yesterday', 'createdFrom=2026-02-30', 'createdTo=2026-13-01', 'updatedFrom=1', 'updatedTo=2026-01-01T25:00:00Z'])
		await refused(bad, bad.split('=')[0])
	for (const bad of ['minTotal=abc', 'maxTotal=1,5', 'minTotal=', 'maxTotal=NaN', 'minTotal=1e999']) await refused(bad, bad.split('=')[0])
	await refused('after=garbage', 'after')
	await refused('status=Nope', 'status')
})

test('huge and broken parameters are refused, and the worker lives on', async () => {
	await refused(`search=${'a'.repeat(5000)}`, 'search')
	await refused('search=%ff%fe', 'search')
	await refused('search=%C3', 'search')
	await refused('search=a%00b', 'search')
	await refused('customer=%80', 'customer')
	await refused('search=%zz', 'search')
	await refused('search=%', 'search')
	await refused(`after=${'A'.repeat(3000)}`, 'after')
	const many = await stack.get(`/api/orders?${Array.from({ length: 600 }, (_, i) => `p${i}=1`).join('&')}`)
	eq(many.status, 400)
	const huge = await stack.get(`/api/orders?search=${'a'.repeat(100_000)}`, {}, { fresh: true })
	eq([huge.status, huge.json().code], [414, 'uri_too_long'])
	for (const odd of ['&&&', '=', '=1', '&=&']) {
		const answer = await stack.get(`/api/orders?${odd}`)
		ok([200, 400].includes(answer.status), `${odd}: ${answer.status}`)
	}
	eq((await stack.get('/api/orders')).status, 200)
})

test('a page is of one generation, and its ETag is good for nothing else', async () => {
	const first = await stack.get('/api/orders?pageSize=3')
	eq(Number(first.headers['x-generation']), first.json().generation)
	eq((await stack.get('/api/orders?pageSize=3', { 'If-None-Match': first.headers.etag })).status, 304)
	await stack.sim('POST', '/_sim/edit', { id: all[0].id, fields: { Customer: 'Someone else' } })
	eq((await stack.sync()).status, 200)
	const next = await stack.get('/api/orders?pageSize=3', { 'If-None-Match': first.headers.etag })
	eq(next.status, 200)
	ok(next.json().generation > first.json().generation)
})

// text as it is stored, and what somebody types who sees it
const SEEN = [
	['İSTANBUL Ltd', 'istanbul', 'İstanbul', 'ıstanbul', 'ISTANBUL LTD'], ['IŞIK A.Ş.', 'ışık', 'işik', 'IŞIK'],
	['Acme\u00a0GmbH', 'acme gmbh'], ['Thin\u2009Space  Co', 'thin space co'], ['tab\tand\nline', 'tab and line'],
	['Zero\u200bWidth', 'zerowidth'], ['Soft\u00adHyphen', 'softhyphen'], ['\ufeffByte Order', 'byte order'], ['Join\u200d\u200cers', 'joiners'],
	['ＦＵＬＬ ｗｉｄｔｈ', 'full width', 'ＦＵＬＬ'], ['Smith\u2011Jones', 'smith-jones'], ['O\u2019Brien \u2013 \u201cPub\u201d', "o'brien - \"pub\""],
	['E\u0301cole', 'école', 'ÉCOLE'], ['ﬁne №5', 'fine no5'],
]

test('what is seen is found, in customers and Order IDs alike', async () => {
	const before = all.slice(0, 2 * SEEN.length)
	for (const [i, [text]] of SEEN.entries()) {
		await stack.sim('POST', '/_sim/edit', { id: before[2 * i].id, fields: { Customer: text } })
		await stack.sim('POST', '/_sim/edit', { id: before[2 * i + 1].id, fields: { 'Order ID': `${text} 1` } })
	}
	eq((await stack.sync()).status, 200)
	all = (await stack.dump()).map(order)
	for (const [text, ...typed] of SEEN) {
		for (const search of [text, ...typed]) eq(await agrees({ search }), 2, JSON.stringify([text, search]))
		// what asks for one thing exactly takes it byte for byte
		eq(await agrees({ customer: text }), 1)
		for (const customer of typed) await agrees({ customer })
		eq((await stack.get(`/api/orders/${encodeURIComponent(`${text} 1`)}`)).status, 200)
		for (const other of typed) eq((await stack.get(`/api/orders/${encodeURIComponent(`${other} 1`)}`)).status, 404)
	}
	eq(await agrees({ search: 'ecole' }), 0)
	await agrees({ sort: 'customer' })
	await agrees({ sort: '-orderId' })
})

// each kind of name that a list or an address could take for something else; as they are
// stored, since what people type is trimmed
const OPTIONS = ['On hold, customer', 'none', 'None', 'Pending,Shipped', 'shipped', '100 % + a&b=c#d', '"quoted"', 'it’s 🚚', ' begins with a space', 'x'.repeat(300)]
const without = orders => orders.filter(o => o.status === null).map(o => o.id).sort()

test('an option of any name is filtered, exported and linked', async () => {
	for (const [i, Status] of OPTIONS.entries())
		for (const record of all.slice(2 * i, 2 * i + 2)) await stack.sim('POST', '/_sim/edit', { id: record.id, raw: true, fields: { Status } })
	eq((await stack.sync()).status, 200)
	all = (await stack.dump()).map(order)
	const groups = new Map((await stack.json('/api/orders/summary')).byStatus.map(group => [group.status, group.count]))
	const ids = async query => (await stack.json(`/api/orders?pageSize=500&${query}`)).orders.map(o => o.id).sort()
	for (const option of OPTIONS) {
		const own = all.filter(o => o.status === option).map(o => o.id).sort(), text = encodeURIComponent(option)
		eq([own.length, groups.get(option)], [2, 2], option)
		for (const query of [`status=${text}`, `status[]=${text}`, `status%5B%5D=${text}`, `status[0]=${text}&status%5B1%5D=${text}`, `status=${text.replaceAll('%20', '+')}`, `status=${text}&status=${text}`, `status=${text}&filled=status`])
			eq(await ids(query), own, query)
		eq((await ids(`status=${text}&status=Cancelled`)).length, 2 + groups.get('Cancelled'))
		eq((await ids(`status=${text}&empty=status`)).length, 2 + groups.get(null))
		for (const format of ['csv', 'xlsx'])
			eq((await stack.get(`/api/orders/export.${format}?status=${text}`)).headers['x-total-count'], '2')
		const { text: csv } = await stack.get(`/api/orders/export.csv?status=${text}`)
		eq(csv.split('\r\n').slice(1, -1).map(line => line.split(',')[0]).sort(), own)
	}
	eq(await ids('empty=status'), without(all))
	eq((await ids('status=none')).length, 2, 'the option of that name')
	eq((await stack.json('/api/orders?filled=status')).total, all.length - without(all).length)
	eq(await ids('priority=none'), await ids('empty=priority'))
	eq((await ids('status=Pending,Cancelled')).length, groups.get('Pending') + groups.get('Cancelled'))
})

test('what of a filter means nothing is refused', async () => {
	for (const bad of ['status=Pending&status=Nope', 'status[]=Pending,Cancelled', 'status=', 'status[]=', 'status=PENDING'])
		await refused(bad, 'status')
	await refused('empty=colour', 'empty')
	await refused('empty=', 'empty')
	await refused('empty=status&filled=status', 'filled')
	await refused('customer=a&customer=b', 'customer')
	await refused('customer[]=a', 'customer[]')
	await refused('status[a]=Pending', 'status[a]')
	for (const [once, name] of [['page=1&page=1', 'page'], ['search=a&search=b', 'search'], ['minTotal=1&minTotal=2', 'minTotal'], ['sort=status&sort=-status', 'sort']])
		await refused(once, name)
	eq((await stack.get('/api/audit?limit=1&limit=2')).status, 400)
	eq((await stack.call('POST', '/api/orders/sync?mode=auto&mode=full')).status, 400)
})

test('the stack ends undamaged', () => stack.down())

run()

// Clients that people write against the desk: openapi-fetch, made of its
// description, and axios, each as it sends arrays and shows errors by itself.
import { client } from './lib/clients.mjs'
import { test, run, eq, ok } from './lib/harness.mjs'
import { startStack, fast } from './lib/stack.mjs'

const createClient = client('openapi-fetch').default ?? client('openapi-fetch')
const axios = client('axios')
let stack, api, http, two

test('a desk is up', async () => {
	stack = await startStack(fast({ sim: 200 }))
	await stack.synced()
	api = createClient({ baseUrl: stack.url })
	http = axios.create({ baseURL: stack.url })
	const { byStatus } = await stack.json('/api/orders/summary')
	two = byStatus.filter(({ status }) => ['Pending', 'Shipped'].includes(status)).reduce((n, { count }) => n + count, 0)
	ok(two > 0)
})

test('openapi-fetch: arrays by name again and again, answers and problems as they are', async () => {
	const query = { status: ['Pending', 'Shipped'], empty: ['priority', 'customer'] }
	const { data, response } = await api.GET('/api/orders', { params: { query: { status: query.status } } })
	eq([response.status, data.total], [200, two])
	eq((await api.GET('/api/orders', { params: { query } })).response.status, 200)
	const file = await api.GET('/api/orders/export.csv', { params: { query: { status: query.status } }, parseAs: 'text' })
	eq(file.data.split('\r\n').length - 2, two)
	const { error, response: refused } = await api.GET('/api/orders', { params: { query: { pageSize: 0 } } })
	eq([refused.status, error.code, error.errors[0].field], [400, 'invalid_parameter', 'pageSize'])
	const [{ id, version }] = data.orders
	const changed = await api.PATCH('/api/orders/{id}', { params: { path: { id }, header: { 'If-Match': `"v${version}"` } }, body: { status: 'Delivered' } })
	eq([changed.response.status, changed.data.status], [200, 'Delivered'])
	const late = await api.PATCH('/api/orders/{id}', { params: { path: { id }, header: { 'If-Match': `"v${version}"` } }, body: { status: 'Pending' } })
	eq([late.response.status, late.error.code], [412, 'precondition_failed'])
	two--
})

test('openapi-fetch: other styles of arrays', async () => {
	for (const array of [{ style: 'form', explode: false }, { style: 'form', explode: true }]) {
		const other = createClient({ baseUrl: stack.url, querySerializer: { array } })
		eq((await other.GET('/api/orders', { params: { query: { status: ['Pending', 'Shipped'] } } })).data.total, two, JSON.stringify(array))
	}
})

test('axios: arrays with brackets, with numbers, and without', async () => {
	for (const indexes of [undefined, false, true, null]) {
		const { data } = await http.get('/api/orders', { params: { status: ['Pending', 'Shipped'], pageSize: 500 }, ...indexes !== undefined && { paramsSerializer: { indexes } } })
		eq([data.total, data.orders.length], [two, two], `indexes: ${indexes}`)
		eq((await http.get('/api/orders/export.csv', { params: { status: ['Pending', 'Shipped'] }, ...indexes !== undefined && { paramsSerializer: { indexes } } })).data.split('\r\n').length - 2, two)
	}
	const refused = await http.get('/api/orders', { params: { sort: ['status', 'customer'] } }).catch(error => error)
	eq([refused.response.status, refused.response.data.code], [400, 'invalid_parameter'])
	eq((await http.get('/api/orders', { params: { status: [] } })).data.total, 200)
	const { headers } = await http.get('/api/orders')
	eq((await http.get('/api/orders', { headers: { 'If-None-Match': `"x", ${headers.etag}` }, validateStatus: status => status === 304 })).status, 304)
})

test('the desk is unharmed', () => stack.down())

run()

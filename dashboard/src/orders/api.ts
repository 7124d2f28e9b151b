import { queryOptions } from '@tanstack/react-query'
import {
	api,
	type BulkResults,
	generationOf,
	newKey,
	type NewOrder,
	type Order,
	type OrderChange,
	WHAT_THERE_IS,
} from '@/api/client'
import { untilItPasses } from '@/api/query-client'
import type { paths } from '@/api/schema'
import { type BulkAnswer, type Filter, type Page, PAGE_SIZE, type Requests } from '@/tables/descriptor'
import { orderStore } from './store'

type ListQuery = NonNullable<paths['/api/orders']['get']['parameters']['query']>

/** The largest page of the API. */
const PART_MAX = 500

/** The filter as parameters of the API. */
const listParameters = (filter: Filter) => filter as ListQuery

/** A key for the request, and no waiting for Airtable while it is away. */
const asked = (key: string) => ({ 'Idempotency-Key': key, Prefer: 'respond-async' }) as const
/** Only if the order still has this version. */
const ifMatch = (version: number | null) => (version === null ? {} : { 'If-Match': `"v${version}"` })

const answerOf = ({ bulk, results }: BulkResults, response: Response): BulkAnswer<Order> => ({
	bulk,
	results: results.map(result => (result.ok ? { id: result.id, ok: true, row: result.order } : result)),
	generation: generationOf(response),
})

/** The answer to our own change. */
function ours(order: Order, response: Response): Order {
	orderStore.put([order], generationOf(response), 'us')
	return order
}

export const requests: Requests<Order> = {
	page: (filter, page) =>
		queryOptions({
			queryKey: ['orders', 'page', filter, page] as readonly unknown[],
			queryFn: async ({ signal }): Promise<Page<Order>> => {
				const query = { ...listParameters(filter), page, pageSize: PAGE_SIZE }
				const { data } = await api.GET('/api/orders', { params: { header: WHAT_THERE_IS, query }, signal })
				const { orders: rows, total, generation } = data!
				orderStore.put(rows, generation)
				return { rows, total, generation }
			},
			staleTime: Infinity, // live events say when it is old
			refetchInterval: untilItPasses,
			gcTime: 60_000,
		}),

	one: async (id, signal) => {
		const { data, response } = await api.GET('/api/orders/{id}', { params: { path: { id } }, signal })
		orderStore.put([data!], generationOf(response))
		return data!
	},

	part: async (filter, after, signal) => {
		const query = { ...listParameters(filter), pageSize: PART_MAX, ...(after !== null && { after }) }
		const { data } = await api.GET('/api/orders', { params: { query }, signal })
		orderStore.put(data!.orders, data!.generation)
		return { rows: data!.orders, next: data!.nextCursor }
	},

	history: async (id, after, signal) => {
		const query = { limit: 20, ...(after !== null && { after }) }
		return (await api.GET('/api/orders/{id}/history', { params: { path: { id }, query }, signal })).data!
	},

	patch: async (id, change, version, key) => {
		const { data, response } = await api.PATCH('/api/orders/{id}', {
			params: { path: { id }, header: { ...asked(key), ...ifMatch(version) } },
			body: change as OrderChange,
		})
		return ours(data!, response)
	},

	/** Undoes the last change through the API, if the order is still as that left it. */
	undo: async (id, version, change) => {
		const { data, response } = await api.POST('/api/orders/{id}/undo', {
			params: { path: { id }, header: { ...asked(newKey()), ...ifMatch(version) } },
			body: change === undefined ? {} : { change },
		})
		return ours(data!, response)
	},

	patchMany: async (ids, change, key) => {
		const { data, response } = await api.PATCH('/api/orders', {
			params: { header: asked(key) },
			body: { updates: ids.map(id => ({ id, ...(change as OrderChange) })) },
		})
		return answerOf(data!, response)
	},

	undoMany: async (bulk, key) => {
		const { data, response } = await api.POST('/api/orders/undo', {
			params: { header: asked(key) },
			body: { bulk },
		})
		return answerOf(data!, response)
	},
}

/** A new order; null: it waits for Airtable and has no id yet. */
export async function createOrder(order: NewOrder, key: string): Promise<Order | null> {
	const { data, response } = await api.POST('/api/orders', { params: { header: asked(key) }, body: order })
	return response.status === 202 ? null : ours(data as Order, response)
}

/** Delete an order, only if it still has this version. */
export async function deleteOrder(id: string, version: number): Promise<'gone' | 'queued'> {
	const { response } = await api.DELETE('/api/orders/{id}', {
		params: { path: { id }, header: { ...asked(newKey()), ...ifMatch(version) } },
	})
	if (response.status === 202) return 'queued'
	orderStore.drop(id, generationOf(response))
	return 'gone'
}

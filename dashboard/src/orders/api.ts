import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import {
	api,
	type ChangePage,
	generationOf,
	newKey,
	type NewOrder,
	type Order,
	type OrderChange,
	type OrderPage,
	WHAT_THERE_IS,
} from '@/api/client'
import { untilItPasses } from '@/api/query-client'
import type { paths } from '@/api/schema'
import { orderStore } from '@/tables/store'
import type { Filter } from './search'

export const PAGE_SIZE = 100

type ListQuery = NonNullable<paths['/api/orders']['get']['parameters']['query']>

/** The filter as parameters of the API. */
export const listParameters = (filter: Filter) => filter as ListQuery

export const pageQuery = (filter: Filter, page: number) =>
	queryOptions({
		queryKey: ['orders', 'page', filter, page],
		queryFn: async ({ signal }): Promise<OrderPage> => {
			const { data } = await api.GET('/api/orders', {
				params: { header: WHAT_THERE_IS, query: { ...listParameters(filter), page, pageSize: PAGE_SIZE } },
				signal,
			})
			orderStore.put(data!.orders, data!.generation)
			return data!
		},
		staleTime: Infinity, // live changes say when it is old
		refetchInterval: untilItPasses,
		gcTime: 60_000,
	})

export async function fetchOrder(id: string, signal?: AbortSignal): Promise<Order> {
	const { data, response } = await api.GET('/api/orders/{id}', { params: { path: { id } }, signal })
	orderStore.put([data!], generationOf(response))
	return data!
}

export const orderQuery = (id: string) =>
	queryOptions({
		queryKey: ['orders', 'one', id],
		queryFn: ({ signal }) => fetchOrder(id, signal),
		staleTime: Infinity,
	})

export const historyQuery = (id: string) =>
	infiniteQueryOptions({
		queryKey: ['orders', 'history', id],
		queryFn: async ({ signal, pageParam }): Promise<ChangePage> => {
			const after = pageParam === null ? {} : { after: pageParam }
			return (
				await api.GET('/api/orders/{id}/history', {
					params: { path: { id }, query: { limit: 20, ...after } },
					signal,
				})
			).data!
		},
		initialPageParam: null as string | null,
		getNextPageParam: page => page.nextCursor,
	})

/** One change of one order, only if it still has this version. */
export async function patchOrder(
	id: string,
	change: OrderChange,
	version: number | null,
	key = newKey(),
): Promise<Order> {
	const { data, response } = await api.PATCH('/api/orders/{id}', {
		params: {
			path: { id },
			header: {
				'Idempotency-Key': key,
				Prefer: 'respond-async',
				...(version !== null && { 'If-Match': `"v${version}"` }),
			},
		},
		body: change,
	})
	orderStore.put([data!], generationOf(response), 'us')
	return data!
}

/** Take the last change through the API back, if the order is as it left it. */
export async function undoChange(id: string, version: number | null, change?: string): Promise<Order> {
	const { data, response } = await api.POST('/api/orders/{id}/undo', {
		params: {
			path: { id },
			header: {
				'Idempotency-Key': newKey(),
				Prefer: 'respond-async',
				...(version !== null && { 'If-Match': `"v${version}"` }),
			},
		},
		body: change === undefined ? {} : { change },
	})
	orderStore.put([data!], generationOf(response), 'us')
	return data!
}

/** A new order; null: it waits for Airtable and has no id yet. */
export async function createOrder(order: NewOrder, key: string): Promise<Order | null> {
	const { data, response } = await api.POST('/api/orders', {
		params: { header: { 'Idempotency-Key': key, Prefer: 'respond-async' } },
		body: order,
	})
	if (response.status === 202) return null
	const made = data as Order
	orderStore.put([made], generationOf(response), 'us')
	return made
}

/** Delete an order, only if it still has this version. */
export async function deleteOrder(id: string, version: number): Promise<'gone' | 'queued'> {
	const { response } = await api.DELETE('/api/orders/{id}', {
		params: {
			path: { id },
			header: { 'Idempotency-Key': newKey(), Prefer: 'respond-async', 'If-Match': `"v${version}"` },
		},
	})
	if (response.status === 202) return 'queued'
	orderStore.drop(id, generationOf(response))
	return 'gone'
}

/** As what the export is to be read. */
export const EXPORTS = {
	plain: 'CSV',
	excel: 'CSV for Excel',
	libreoffice: 'CSV for LibreOffice',
	xlsx: 'Workbook (XLSX)',
} as const

/** Excel takes a comma for the decimal mark where people write it so, and then wants semicolons between cells. */
const decimalComma = () => (1.5).toLocaleString().includes(',')

/** Where the browser downloads what is in the table. */
export function exportUrl(filter: Filter, as: keyof typeof EXPORTS = 'plain'): string {
	const query = new URLSearchParams(
		Object.entries(filter).flatMap(([name, value]) => [value].flat().map(one => [name, one])),
	)
	if (as === 'excel' && decimalComma()) query.set('format', 'excel-semicolon')
	else if (as === 'excel' || as === 'libreoffice') query.set('format', as)
	const text = query.toString()
	return `/api/orders/export.${as === 'xlsx' ? 'xlsx' : 'csv'}${text && `?${text}`}`
}

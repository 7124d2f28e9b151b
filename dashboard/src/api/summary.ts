import { queryOptions, useQuery } from '@tanstack/react-query'
import { noteCurrency } from '@/lib/money'
import { useObservable } from '@/lib/observable'
import { api, type Summary, WHAT_THERE_IS } from './client'
import { liveState, noteGeneration, POLL_BESIDE_STREAM_MS, POLL_MS } from './live'

export const summaryQuery = queryOptions({
	queryKey: ['summary'],
	queryFn: async ({ signal }): Promise<Summary> => {
		const { data } = await api.GET('/api/orders/summary', { params: { header: WHAT_THERE_IS }, signal })
		noteGeneration(data!.generation)
		noteCurrency(data!.currency)
		return data!
	},
})

export function useSummary() {
	const state = useObservable(liveState)
	return useQuery({ ...summaryQuery, refetchInterval: state === 'live' ? POLL_BESIDE_STREAM_MS : POLL_MS })
}

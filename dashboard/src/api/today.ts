import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, type Today, WHAT_THERE_IS } from './client'

/** The answer holds for a minute. */
const MINUTE_MS = 60_000

/** Today so far, and the same part of other days. */
export const todayQuery = queryOptions({
	queryKey: ['today'],
	queryFn: async ({ signal }): Promise<Today> =>
		(await api.GET('/api/orders/summary/today', { params: { header: WHAT_THERE_IS }, signal })).data!,
})

export const useToday = () => useQuery({ ...todayQuery, refetchInterval: MINUTE_MS })

import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, type SyncProgress } from './client'

export const syncQuery = queryOptions({
	queryKey: ['sync'],
	queryFn: async ({ signal }): Promise<SyncProgress> => (await api.GET('/api/sync', { signal })).data!,
})

/** Polls once a second while it runs. */
export const useSync = () =>
	useQuery({ ...syncQuery, refetchInterval: query => (query.state.data?.state === 'running' ? 700 : 4000) })

export type SyncMode = 'auto' | 'full'

/** Start a sync, or join the one that runs. When the answer arrives it is over, or it goes on without us. */
export function useStartSync() {
	const client = useQueryClient()
	return useMutation({
		mutationKey: ['start-sync'],
		mutationFn: async (mode: SyncMode) => {
			const soon = setTimeout(() => void client.invalidateQueries(syncQuery), 120)
			try {
				const { data, response } = await api.POST('/api/orders/sync', { params: { query: { mode } } })
				return { goesOn: response.status === 202, data }
			} finally {
				clearTimeout(soon)
				void client.invalidateQueries()
			}
		},
	})
}

import { useQuery } from '@tanstack/react-query'
import { api } from './client'

/** What people call an order that is known by its record id only; the id itself while that is not known, or when it has gone. */
export function useOrderName(id: string): string {
	const { data } = useQuery({
		queryKey: ['order-name', id],
		queryFn: async ({ signal }) => {
			const { data: order } = await api.GET('/api/orders/{id}', { params: { path: { id } }, signal })
			return order!.orderId ?? order!.customer ?? id
		},
		staleTime: Infinity,
		retry: false,
	})
	return data ?? id
}

import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect } from 'react'
import { queryClient } from '@/api/query-client'
import { followChanges, onChange } from '@/api/live'
import { pause, type Policy } from '@/api/pace'
import { router } from './router'

const PAUSE_MS = 400

/** Figures, histories and the audit follow every change, each within its limit; the table of orders does so itself. */
const FOLLOWING: { queryKey: string[]; policy: Policy }[] = [
	{ queryKey: ['summary'], policy: 'orders_summary' },
	{ queryKey: ['audit'], policy: 'orders_list' },
	{ queryKey: ['orders', 'history'], policy: 'get_order' },
]

/** How many requests it takes to read the screen's data again: one for each page of a long list. */
function requestsFor(queryKey: string[]): number {
	const shown = queryClient.getQueryCache().findAll({ queryKey, type: 'active' })
	return shown.reduce(
		(n, { state }) => n + ((state.data as { pages?: unknown[] } | undefined)?.pages?.length ?? 1),
		0,
	)
}

function follow({ queryKey, policy }: (typeof FOLLOWING)[number]) {
	let due: ReturnType<typeof setTimeout> | undefined
	const later = () => {
		due ??= setTimeout(
			() => {
				due = undefined
				// a request under way may be the user's own, for older entries say: it is not cancelled
				if (queryClient.isFetching({ queryKey }) > 0) later()
				else void queryClient.invalidateQueries({ queryKey })
			},
			pause(policy, PAUSE_MS, requestsFor(queryKey)),
		)
	}
	const stop = onChange(later)
	return () => {
		stop()
		clearTimeout(due)
	}
}

export function App() {
	useEffect(() => {
		const stops = [...FOLLOWING.map(follow), followChanges()]
		return () => stops.forEach(stop => stop())
	}, [])
	return (
		<QueryClientProvider client={queryClient}>
			<RouterProvider router={router} />
		</QueryClientProvider>
	)
}

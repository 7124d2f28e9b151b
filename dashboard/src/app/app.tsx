import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect } from 'react'
import { queryClient } from '@/api/query-client'
import { followChanges, onChange } from '@/api/live'
import { pause } from '@/api/pace'
import { router } from './router'

const SUMMARY_PAUSE_MS = 400

/** Figures, histories and the audit follow every change; the table of orders listens for itself. */
function followFigures() {
	let due: ReturnType<typeof setTimeout> | undefined
	const stop = onChange(() => {
		due ??= setTimeout(() => {
			due = undefined
			for (const queryKey of [['summary'], ['audit'], ['orders', 'history']]) void queryClient.invalidateQueries({ queryKey })
		}, pause('orders_summary', SUMMARY_PAUSE_MS))
	})
	return () => {
		stop()
		clearTimeout(due)
	}
}

export function App() {
	useEffect(() => {
		const stops = [followFigures(), followChanges()]
		return () => stops.forEach(stop => stop())
	}, [])
	return (
		<QueryClientProvider client={queryClient}>
			<RouterProvider router={router} />
		</QueryClientProvider>
	)
}

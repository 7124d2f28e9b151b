import { QueryClient } from '@tanstack/react-query'
import { Problem } from './problem'

/** Only what may pass by itself is asked for again; a refusal stays one. */
function mayPass(error: unknown) {
	return !(error instanceof Problem) || error.status === 0 || error.status === 429 || error.status >= 500
}

/** Soon, or when the server says. */
function delay(attempt: number, error: unknown) {
	const soon = Math.min(4000, 400 * 2 ** attempt)
	return error instanceof Problem && error.status === 429 ? Math.max(soon, error.retryAfterMs ?? 0) : soon
}

export const queryClient = new QueryClient({
	defaultOptions: {
		queries: {
			networkMode: 'always',	// an intranet may work without what the browser takes for the network
			retry: (failures, error) => failures < 2 && mayPass(error),
			retryDelay: delay,
			refetchOnWindowFocus: false,
			staleTime: 1000,
		},
		mutations: { networkMode: 'always', retry: false },
	},
})

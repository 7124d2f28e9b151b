import { QueryClient } from '@tanstack/react-query'
import { Problem } from './problem'

/** Only what may pass by itself is asked for again; a refusal stays one. */
function mayPass(error: unknown) {
	return !(error instanceof Problem) || error.status === 0 || error.status >= 500
}

export const queryClient = new QueryClient({
	defaultOptions: {
		queries: {
			networkMode: 'always',	// an intranet may work without what the browser takes for the network
			retry: (failures, error) => failures < 2 && mayPass(error),
			retryDelay: attempt => Math.min(4000, 400 * 2 ** attempt),
			refetchOnWindowFocus: false,
			staleTime: 1000,
		},
		mutations: { networkMode: 'always', retry: false },
	},
})

import { QueryClient } from '@tanstack/react-query'
import { Problem } from './problem'

/** Only temporary failures are retried; a refusal stays one. */
export function mayPass(error: unknown) {
	return !(error instanceof Problem) || error.status === 0 || error.status === 429 || error.status >= 500
}

const AGAIN_MS = 5000

/** Retries a query until a temporary failure has passed; for refetchInterval. */
export const untilItPasses = ({ state }: { state: { error: unknown } }) =>
	state.error !== null && mayPass(state.error) ? AGAIN_MS : false

/** Changes of the data do not affect a final refusal. */
export const mayBeNews = ({ state }: { state: { error: unknown } }) => state.error === null || mayPass(state.error)

/** Soon, or when the server says. */
function delay(attempt: number, error: unknown) {
	const soon = Math.min(4000, 400 * 2 ** attempt)
	return error instanceof Problem && error.status === 429 ? Math.max(soon, error.retryAfterMs ?? 0) : soon
}

export const queryClient = new QueryClient({
	defaultOptions: {
		queries: {
			networkMode: 'always', // an intranet may work while the browser believes it is offline
			retry: (failures, error) => failures < 2 && mayPass(error),
			retryDelay: delay,
			refetchOnWindowFocus: false,
			staleTime: 1000,
		},
		mutations: { networkMode: 'always', retry: false },
	},
})

import { queryOptions, useQuery } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { noteAge } from './age'
import { api, type Health } from './client'

/** What the daemon says about Airtable, which the API's description leaves open. */
const airtable = z.object({
	circuit: z.optional(z.enum(['closed', 'open', 'halfOpen'])),
	lastSuccessAt: z.nullish(z.string()),
	lastError: z.nullish(
		z.object({ code: z.optional(z.string()), detail: z.optional(z.string()), at: z.nullish(z.string()) }),
	),
	rateLimit: z.optional(
		z.object({
			perSecond: z.optional(z.number()),
			lockedForMs: z.optional(z.number()),
			quotaUsedUp: z.optional(z.boolean()),
		}),
	),
	createKeyProblem: z.nullish(z.string()),
	monthlyCalls: z.optional(z.object({ used: z.number(), budget: z.nullish(z.number()) })),
})
export type Airtable = z.infer<typeof airtable>
export type Wellbeing = Omit<Health, 'airtable'> & { airtable: Airtable | null; readAt: number }

export const healthQuery = queryOptions({
	queryKey: ['health'],
	queryFn: async ({ signal }): Promise<Wellbeing> => {
		const { data, error } = await api.GET('/api/health', { signal })
		const health = (data ?? error) as Health
		noteAge(health.stalenessSeconds)
		const parsed = airtable.safeParse(health.airtable)
		return { ...health, airtable: parsed.success ? parsed.data : null, readAt: Date.now() }
	},
})

export const useHealth = () =>
	useQuery({ ...healthQuery, refetchInterval: query => (query.state.data?.status === 'ok' ? 5000 : 2000) })

import type { Summary } from '@/api/client'
import type { Grouped } from '@/lib/grouped'
import { PRIORITIES, STATUSES } from '@/orders/search'

const OTHERS = '(other)' // options that are only counted together

export type Counted = { value: string | null; count: number }

/** The options of a field as the summary counts them. */
export const countedOf = (summary: Summary | undefined, field: Grouped): Counted[] =>
	(field === 'status'
		? summary?.byStatus.map(({ status, count }) => ({ value: status, count }))
		: summary?.byPriority.map(({ priority, count }) => ({ value: priority, count }))) ?? []

const own = (field: Grouped): readonly string[] => (field === 'status' ? STATUSES : PRIORITIES)

/** What a field can be set to: what Airtable offers; while that is not known, what we know and what orders have. */
export function choicesOf(summary: Summary | undefined, field: Grouped): readonly string[] {
	const offered = summary?.offered?.[field]
	if (offered) return offered
	const known = own(field),
		seen = countedOf(summary, field).map(({ value }) => value)
	return [
		...known,
		...(seen.filter(value => value !== null && value !== OTHERS && !known.includes(value)) as string[]),
	]
}

/**
 * What a field can be filtered by: what Airtable offers, in its order, and what
 * else orders have; also what is chosen already, so that it can be let go.
 */
export function filtersOf(summary: Summary | undefined, field: Grouped, chosen: readonly string[]): readonly string[] {
	const names = countedOf(summary, field)
		.map(({ value }) => value)
		.filter(value => value !== null)
	const offered = summary?.offered?.[field]
	const listed = offered ? names : [...own(field), ...names.filter(name => !own(field).includes(name))]
	return [...listed, ...chosen.filter(name => !listed.includes(name))]
}

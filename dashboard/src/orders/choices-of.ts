import type { Summary } from '@/api/client'
import type { Grouped } from '@/lib/grouped'
import { PRIORITIES, STATUSES } from './search'

/** What a field can be set to: what Airtable offers; while that is not known, what we know and what orders have. */
export function choicesOf(summary: Summary | undefined, field: Grouped): readonly string[] {
	const offered = summary?.offered?.[field]
	if (offered) return offered
	const known: readonly string[] = field === 'status' ? STATUSES : PRIORITIES
	const seen = field === 'status' ? summary?.byStatus.map(({ status }) => status) : summary?.byPriority.map(({ priority }) => priority)
	return [...known, ...(seen ?? []).filter(value => value !== null && value !== '(other)' && !known.includes(value)) as string[]]
}

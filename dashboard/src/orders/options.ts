import type { Summary } from '@/api/client'
import type { Options } from '@/tables/descriptor'

/** What the summary says about the options of orders. */
export const optionsIn = ({ offered, several, byStatus, byPriority, timeZone }: Summary): Options => ({
	offered: offered ?? {},
	several: several ?? [],
	counted: {
		status: byStatus.map(({ status, count }) => ({ value: status, count })),
		priority: byPriority.map(({ priority, count }) => ({ value: priority, count })),
	},
	timeZone,
})

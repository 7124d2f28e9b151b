import { useEffect, useState } from 'react'
import ActivityPage, { type BulkEdit } from '@/activity/page'
import { useObservable } from '@/lib/observable'
import { undoBulkEdits } from '@/tables/bulk'
import { bulkJob, isUnderWay } from '@/tables/bulk-job'
import { bulkOf, bulkRecords, lookAgain } from '@/tables/bulk-records'
import { orders } from '@/orders/table'

/** The Activity page, together with undoing bulk edits, which only orders have. */
export default function Activity() {
	const records = useObservable(bulkRecords)
	const busy = isUnderWay(useObservable(bulkJob))
	const [stands] = useState(() => Date.now())
	useEffect(lookAgain, [stands])
	const whole = (bulk: string): BulkEdit => {
		const record = bulkOf(records, bulk)
		return record ? { ...record, name: record.what } : { name: `Bulk edit ${bulk}`, bulks: [bulk] }
	}
	return (
		<ActivityPage
			table={orders}
			whole={whole}
			busy={busy}
			undo={({ name, bulks, changed }) =>
				void undoBulkEdits(orders, { what: name, bulks, ...(changed !== undefined && { changed }) })
			}
			recent={records.map(record => ({ ...record, name: record.what }))}
		/>
	)
}

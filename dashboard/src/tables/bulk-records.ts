/*
 * The bulk edits made in this browser, so that one can be undone as a whole
 * after the page was closed: to the API each part is a separate edit.
 */
import * as z from 'zod/mini'
import { Observable } from '@/lib/observable'
import { recall, remember } from '@/lib/storage'

const KEPT = 20

const record = z.object({
	key: z.string(),
	what: z.string(),
	at: z.number(),
	changed: z.number(),
	total: z.number(),
	bulks: z.array(z.string()),
})
export type BulkRecord = z.infer<typeof record>

function stored(): BulkRecord[] {
	const parsed = z.array(record).safeParse(recall('bulks'))
	return parsed.success ? parsed.data : []
}

export const bulkRecords = new Observable<BulkRecord[]>(stored())

function keep(records: BulkRecord[]) {
	bulkRecords.set(records.slice(0, KEPT))
	remember('bulks', bulkRecords.get())
}

/** The bulk edits so far; another tab of this browser may have added some meanwhile. */
export function noteBulk(next: BulkRecord) {
	keep([next, ...stored().filter(({ key }) => key !== next.key)].sort((a, b) => b.at - a.at))
}

/** The bulk edit has been undone. */
export const forgetBulk = (bulks: readonly string[]) =>
	keep(stored().filter(other => !other.bulks.some(bulk => bulks.includes(bulk))))

/** The bulk edit that a part belongs to. */
export const bulkOf = (records: readonly BulkRecord[], part: string) =>
	records.find(({ bulks }) => bulks.includes(part))

/** Another tab may have made some. */
export const lookAgain = () => bulkRecords.set(stored())

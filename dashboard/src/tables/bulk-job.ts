/*
 * The bulk edit that is running or has just ended. It lives as long as the document,
 * whichever page is shown; this file is small, because every page loads it first.
 */
import { Observable } from '@/lib/observable'
import type { AnyTable, Filter } from './descriptor'

export type Failure = { id: string; name: string; why: string }
export type BulkState = {
	done: number
	total: number
	pending: number
	failures: Failure[]
	/** The parts that the API accepted: each can be undone by its id. */
	bulks: string[]
}
export type Job = BulkState & {
	table: AnyTable
	kind: 'edit' | 'undo'
	/** What happens to the rows, in words. */
	what: string
	/** asking: another number of rows matches now than was selected. waiting: rate limited, it goes on at until. */
	phase: 'gathering' | 'asking' | 'running' | 'waiting' | 'done' | 'stopped'
	until?: number | undefined
	/** How many rows matched when they were selected. */
	counted?: number | undefined
	/** Where the rows were selected. */
	filter?: Filter | undefined
	error?: string | undefined
}

export const bulkJob = new Observable<Job | null>(null)

export const isUnderWay = (job: Job | null) => job !== null && job.phase !== 'done' && job.phase !== 'stopped'

/** The rows of an ended bulk edit that the table should select. */
export const toBeChosen = new Observable<string[] | null>(null)

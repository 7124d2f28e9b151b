/*
 * The bulk edit that is under way, or has just ended. It lives as long as the
 * page, whichever part of it is shown; this file is small, since every page
 * begins with it.
 */
import { Observable } from '@/lib/observable'
import type { AnyTable, Filter } from './descriptor'

export type Failure = { id: string; name: string; why: string }
export type BulkState = {
	done: number
	total: number
	pending: number
	failures: Failure[]
	/** The parts that were taken: each can be undone by its name. */
	bulks: string[]
}
export type Job = BulkState & {
	table: AnyTable
	kind: 'edit' | 'undo'
	/** What is done to the rows, in words. */
	what: string
	/** asking: other rows match now than were counted. waiting: asked too often, it goes on at until. */
	phase: 'gathering' | 'asking' | 'running' | 'waiting' | 'done' | 'stopped'
	until?: number | undefined
	/** How many were counted when they were chosen. */
	counted?: number | undefined
	/** Where the rows were chosen. */
	filter?: Filter | undefined
	error?: string | undefined
}

export const bulkJob = new Observable<Job | null>(null)

export const isUnderWay = (job: Job | null) => job !== null && job.phase !== 'done' && job.phase !== 'stopped'

/** The rows of an ended bulk edit that are to be chosen in the table. */
export const toBeChosen = new Observable<string[] | null>(null)

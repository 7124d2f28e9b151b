import createClient, { type Middleware } from 'openapi-fetch'
import { noteAgeOf } from './age'
import { notePace } from './pace'
import { noAnswer, Problem, problemOf } from './problem'
import { noteAnswer, noteFailure } from './reach'
import type { components, paths } from './schema'

export type Order = components['schemas']['Order']
export type OrderPage = components['schemas']['OrderPage']
export type NewOrder = components['schemas']['NewOrder']
export type OrderChange = components['schemas']['OrderChange']
export type Summary = components['schemas']['Summary']
export type Today = components['schemas']['Today']
export type SyncProgress = components['schemas']['Sync']
export type Health = components['schemas']['Health']
export type Change = components['schemas']['Change']
export type ChangePage = components['schemas']['ChangePage']
export type BulkResults = components['schemas']['BulkResults']

const PATIENCE_MS = 15_000
/** Writes and syncs wait for Airtable. */
export const WRITE_PATIENCE_MS = 60_000

/** The given signal, if any, and a time limit; running out of time counts as "no answer". */
async function send(request: Request): Promise<Response> {
	const patience = request.method === 'GET' ? PATIENCE_MS : WRITE_PATIENCE_MS
	const signal = AbortSignal.any([request.signal, AbortSignal.timeout(patience)])
	try {
		const response = await globalThis.fetch(request, { signal })
		notePace(response)
		noteAgeOf(response)
		if (response.status === 502 || response.status === 504) noteFailureOf(await problemOf(response))
		else noteAnswer()
		return response
	} catch (error) {
		if (request.signal.aborted) throw error
		noteFailure('offline')
		throw noAnswer()
	}
}

function noteFailureOf(problem: Problem) {
	if (problem.code === 'api_unavailable' || problem.code === 'api_timeout') noteFailure('away')
	else noteAnswer()
}

const refusals: Middleware = {
	async onResponse({ response, schemaPath }) {
		// an unwell system's health is an answer, not a failure
		if (
			schemaPath === '/api/health' &&
			response.status === 503 &&
			response.headers.get('Content-Type')?.startsWith('application/json')
		)
			return undefined
		if (!response.ok) throw await problemOf(response)
		return undefined
	},
}

export const api = createClient<paths>({
	baseUrl: typeof location === 'undefined' ? 'http://localhost' : location.origin,
	fetch: send,
	querySerializer: { array: { style: 'form', explode: true } },
})
api.use(refusals)

/** During the first copy, asks for the orders that have arrived so far; the page marks them as incomplete. */
export const WHAT_THERE_IS = { Prefer: 'partial' } as const

/** The store's commit number that an answer was read at. */
export const generationOf = (response: Response) => Number(response.headers.get('X-Generation') ?? 0)

/** A key for one request, so that repeating it has no second effect. (crypto.randomUUID needs HTTPS.) */
export function newKey(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}

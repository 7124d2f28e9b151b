import type { components } from './schema'

export type ProblemDocument = components['schemas']['Problem']

/** A refusal by the API (RFC 9457), or no answer at all (status 0). */
export class Problem extends Error {
	readonly status: number
	readonly code: string
	readonly errors: NonNullable<ProblemDocument['errors']>
	readonly retryAfterMs: number | null

	constructor(document: ProblemDocument, retryAfterMs: number | null = null) {
		super(document.detail || document.title)
		this.name = 'Problem'
		this.status = document.status
		this.code = document.code
		this.errors = document.errors ?? []
		this.retryAfterMs = retryAfterMs
	}
}

const local = (status: number, code: string, detail: string): ProblemDocument => ({
	type: 'about:blank',
	title: detail,
	status,
	detail,
	code,
})

export function noAnswer(): Problem {
	return new Problem(local(0, 'no_connection', 'Orderdeck does not answer.'))
}

export async function problemOf(response: Response): Promise<Problem> {
	const after = Number(response.headers.get('Retry-After'))
	const retry = after > 0 ? after * 1000 : null
	try {
		const document = (await response.clone().json()) as ProblemDocument
		if (typeof document.code === 'string') return new Problem({ ...document, status: response.status }, retry)
	} catch {
		// not even a problem document: something between us and the API answered
	}
	return new Problem(
		local(response.status, 'unexpected_answer', `The server answered with status ${response.status}.`),
		retry,
	)
}

/** Texts for codes; for other codes the API's own detail is good enough. */
const WORDS: Record<string, string> = {
	no_connection: 'There is no connection to Orderdeck.',
	api_unavailable: 'Orderdeck is restarting or unavailable.',
	api_timeout: 'Orderdeck did not answer in time.',
	airtable_unavailable: 'Airtable can’t be reached at the moment. Nothing was changed.',
	airtable_rate_limited: 'Airtable is limiting requests. Nothing was changed.',
	airtable_quota_exceeded: 'This month’s calls to Airtable are used up. Nothing was changed.',
	airtable_timeout: 'Airtable did not answer in time.',
	airtable_unauthorized: 'Airtable no longer accepts the access token.',
	syncd_unavailable: 'The sync service is unavailable. Nothing was changed; orders can still be read.',
	store_unavailable: 'The local store can’t be read at the moment.',
	outcome_unknown: 'Airtable has not confirmed the change. Orderdeck is checking it.',
	rate_limited: 'Too many requests. Try again in a moment.',
	overloaded: 'The server is busy. Try again in a moment.',
	not_found: 'This order is no longer there.',
	forbidden: 'This is not allowed here.',
}

export function explain(error: unknown): string {
	if (error instanceof Problem && error.code === 'airtable_rejected')
		return `Airtable rejected it: ${sentence(error.message.replace(/^[A-Z_]+: /, ''))}`
	if (error instanceof Problem) return WORDS[error.code] ?? sentence(error.message)
	return error instanceof Error ? error.message : String(error)
}

/** What is wrong with a filter, parameter by parameter; []: the problem is another. */
export const wrongFilters = (error: unknown) =>
	error instanceof Problem && error.status === 400 && error.code === 'invalid_parameter' ? error.errors : []

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')

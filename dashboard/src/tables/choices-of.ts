import type { Counted, OptionField, Options } from './descriptor'

const OTHERS = '(other)' // options that are only counted together

/** The options of a field as they are counted. */
export const countedOf = (options: Options | undefined, field: string): readonly Counted[] =>
	options?.counted[field] ?? []

type Own = Pick<OptionField, 'own'>

/** What a field can be set to: what Airtable offers; while that is not known, what we know and what rows have. */
export function choicesOf(options: Options | undefined, field: string, { own }: Own): readonly string[] {
	const offered = options?.offered[field]
	if (offered) return offered
	const seen = countedOf(options, field).map(({ value }) => value)
	const further = (value: string | null): value is string =>
		value !== null && value !== OTHERS && !own.includes(value)
	return [...own, ...seen.filter(further)]
}

/**
 * What a field can be filtered by: what Airtable offers, in its order, and what
 * else rows have; also what is chosen already, so that it can be let go.
 */
export function filtersOf(
	options: Options | undefined,
	field: string,
	{ own }: Own,
	chosen: readonly string[],
): readonly string[] {
	const names = countedOf(options, field)
		.map(({ value }) => value)
		.filter(value => value !== null)
	const listed = options?.offered[field] ? names : [...own, ...names.filter(name => !own.includes(name))]
	return [...listed, ...chosen.filter(name => !listed.includes(name))]
}

import type { Counted, OptionField, Options } from './descriptor'

const OTHERS = '(other)' // options that are counted only together

/** The options of a field with their counts. */
export const countedOf = (options: Options | undefined, field: string): readonly Counted[] =>
	options?.counted[field] ?? []

type Own = Pick<OptionField, 'own'>

/** What a field can be set to: what Airtable offers, or, if that is not known, the known options and those of rows. */
export function choicesOf(options: Options | undefined, field: string, { own }: Own): readonly string[] {
	const offered = options?.offered[field]
	if (offered) return offered
	const seen = countedOf(options, field).map(({ value }) => value)
	const further = (value: string | null): value is string =>
		value !== null && value !== OTHERS && !own.includes(value)
	return [...own, ...seen.filter(further)]
}

/**
 * What a field can be filtered by: what Airtable offers, in its order, and the other
 * options that rows have; also what is already chosen, so that it can be removed.
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

/** The filter for rows without an option: a word, unless it is the name of one of the options. */
export const withoutOne = (field: string, options: readonly (string | null)[]): Record<string, string[]> =>
	options.includes('none') ? { empty: [field] } : { [field]: ['none'] }

/** The filter for rows without an option: a word, unless ${options} has it as a name. */
export const withoutOne = (field: string, options: readonly (string | null)[]): Record<string, string[]> =>
	options.includes('none') ? { empty: [field] } : { [field]: ['none'] }

/* Fields by whose options orders are counted and filtered. */
export const GROUPED = ['status', 'priority'] as const
export type Grouped = (typeof GROUPED)[number]

/** The filter for orders without one: a word, unless ${options} has it as a name. */
export const withoutOne = (
	field: Grouped,
	options: readonly (string | null)[],
): { [field in Grouped]?: string[] } & { empty?: Grouped[] } =>
	options.includes('none') ? { empty: [field] } : { [field]: ['none'] }

/*
 * The value of a field that takes several options is their names, joined by ", ".
 * Names may contain commas, so a value can be read only with the names that are
 * offered, and sometimes in two ways.
 */
const JOINT = ', '

/** The names in the value; null: one of them is not offered, or the value can be read in two ways. */
export function namesIn(value: string | null, offered: readonly string[]): string[] | null {
	if (value === null) return []
	// how the rest can be read from each position on, two ways at most
	const readings = new Map<number, string[][]>([[value.length, [[]]]])
	for (let at = value.length - 1; at >= 0; at--) {
		const found: string[][] = []
		for (const name of new Set(offered)) {
			if (name === '' || !value.startsWith(name, at)) continue
			const end = at + name.length,
				next = end === value.length ? end : end + JOINT.length
			if (next !== end && (next >= value.length || !value.startsWith(JOINT, end))) continue
			for (const rest of readings.get(next) ?? []) found.push([name, ...rest])
		}
		if (found.length > 0) readings.set(at, found.slice(0, 2))
	}
	const all = value === '' ? [] : (readings.get(0) ?? [])
	return all.length === 1 && new Set(all[0]).size === all[0]!.length ? all[0]! : null
}

/** The value with these names; undefined: it could be read in another way, so it can be set only in Airtable. */
export function valueOf(names: readonly string[], offered: readonly string[]): string | null | undefined {
	if (names.length === 0) return null
	const value = names.join(JOINT)
	return namesIn(value, offered)?.join('\n') === names.join('\n') ? value : undefined
}

import { useCallback, useState } from 'react'

/**
 * Which rows are selected, of those that match one filter; another filter starts with
 * none.  all: how many matched when all of them were selected; ids are then those that
 * were deselected again.
 */
export type Selection = { of: string; ids: ReadonlySet<string>; all: number | null }

export const nothingOf = (of: string): Selection => ({ of, ids: new Set(), all: null })
export const isChosen = ({ ids, all }: Selection, id: string | undefined) =>
	id !== undefined && ids.has(id) !== (all !== null)
/** As counted when they were selected. */
export const chosenOf = ({ ids, all }: Selection) => (all === null ? ids.size : Math.max(0, all - ids.size))

/** Select these, or deselect a selected one. */
export function toggled(now: Selection, ids: readonly string[], extend: boolean): Selection {
	const next = new Set(now.ids)
	const choose = extend || !isChosen(now, ids[0])
	for (const id of ids) {
		if (choose === (now.all === null)) next.add(id)
		else next.delete(id)
	}
	return { ...now, ids: next }
}

/** A row that is no longer in the list can't be seen, so it is not selected. */
export function without(now: Selection, gone: readonly string[]): Selection {
	if (now.all !== null || !gone.some(id => now.ids.has(id))) return now
	return { ...now, ids: new Set([...now.ids].filter(id => !gone.includes(id))) }
}

/** of: the filter, without the order of the rows. */
export function useSelection(of: string, idAt: (index: number) => string | undefined) {
	const [stored, setSelection] = useState<Selection>(nothingOf(of))
	const [anchor, setAnchor] = useState<{ index: number; id: string } | null>(null)
	const selection = stored.of === of ? stored : nothingOf(of)
	if (stored !== selection) setSelection(selection)

	/** extend: all rows from the last one that was toggled up to this one. */
	const toggle = useCallback(
		(index: number, extend: boolean) => {
			const id = idAt(index)
			if (id === undefined) return
			setAnchor({ index, id })
			// the sorting may have changed since
			const from = extend && anchor !== null && idAt(anchor.index) === anchor.id ? anchor.index : null
			const between =
				from === null
					? [id]
					: Array.from({ length: Math.abs(index - from) + 1 }, (_, i) =>
							idAt(Math.min(from, index) + i),
						).filter(one => one !== undefined)
			setSelection(now => toggled(now, between, from !== null))
		},
		[anchor, idAt],
	)

	const clear = useCallback(() => {
		setSelection(now => nothingOf(now.of))
		setAnchor(null)
	}, [])
	const setIds = useCallback(
		(ids: Iterable<string>) => setSelection(now => ({ of: now.of, ids: new Set(ids), all: null })),
		[],
	)
	const selectAll = useCallback(
		(count: number) => setSelection(now => ({ of: now.of, ids: new Set(), all: count })),
		[],
	)
	const letGo = useCallback((gone: readonly string[]) => setSelection(now => without(now, gone)), [])
	return { selection, toggle, clear, setIds, selectAll, letGo }
}

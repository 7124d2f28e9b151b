import { useCallback, useState } from 'react'

/** Which orders are chosen: some by their ids, or all that match the filter. */
export type Selection = { ids: ReadonlySet<string>; all: boolean }
const NOTHING: Selection = { ids: new Set(), all: false }

export function useSelection(idAt: (index: number) => string | undefined) {
	const [selection, setSelection] = useState<Selection>(NOTHING)
	const [anchor, setAnchor] = useState<number | null>(null)

	/** extend: all rows from the last one that was toggled up to this one. */
	const toggle = useCallback((index: number, extend: boolean) => {
		const id = idAt(index)
		if (id === undefined) return
		setAnchor(index)
		setSelection(now => {
			const ids = new Set(now.all ? [] : now.ids)
			if (extend && anchor !== null) {
				for (let i = Math.min(anchor, index); i <= Math.max(anchor, index); i++) {
					const between = idAt(i)
					if (between !== undefined) ids.add(between)
				}
			} else if (!ids.delete(id)) ids.add(id)
			return { ids, all: false }
		})
	}, [anchor, idAt])

	const clear = useCallback(() => { setSelection(NOTHING); setAnchor(null) }, [])
	const setIds = useCallback((ids: Iterable<string>) => setSelection({ ids: new Set(ids), all: false }), [])
	const selectAll = useCallback(() => setSelection({ ids: new Set(), all: true }), [])
	return { selection, toggle, clear, setIds, selectAll }
}

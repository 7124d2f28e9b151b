/* What Ctrl-Z does: it undoes the last edit, of any table, of one row or many. */
let lastUndo: (() => void) | null = null

export const rememberUndo = (undo: () => void) => {
	lastUndo = undo
}

/** It was undone in another way. */
export const forgetUndo = (undo: () => void) => {
	if (lastUndo === undo) lastUndo = null
}

/** Undo the last edit, once. */
export function undoLast() {
	const undo = lastUndo
	lastUndo = null
	undo?.()
}

/* What Ctrl-Z does: it takes the last edit back, of whichever table, one row or many. */
let lastUndo: (() => void) | null = null

export const rememberUndo = (undo: () => void) => {
	lastUndo = undo
}

/** It has been taken back otherwise. */
export const forgetUndo = (undo: () => void) => {
	if (lastUndo === undo) lastUndo = null
}

/** Take the last edit back, once. */
export function undoLast() {
	const undo = lastUndo
	lastUndo = null
	undo?.()
}

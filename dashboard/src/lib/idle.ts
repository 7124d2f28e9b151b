/* Work that can wait until the page is drawn and idle. */

const LONGEST_MS = 1000

const idle = () =>
	new Promise<void>(resolve => {
		if (typeof requestIdleCallback === 'undefined')
			setTimeout(resolve, LONGEST_MS / 4) // Safari
		else requestIdleCallback(() => resolve(), { timeout: LONGEST_MS })
	})

let last: Promise<unknown> = Promise.resolve()

/** Starts each task when the page is idle, one after another. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
	const turn = last.then(idle).then(work)
	last = turn.catch(() => {})
	return turn
}

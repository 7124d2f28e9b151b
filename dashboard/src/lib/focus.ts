/*
 * Where the focus goes when a page has taken another's place: to its heading,
 * so that keys go on from there and a screen reader reads what it is.
 */

let wanted: string | null = null

/** What gets the focus on the next page instead of its heading. */
export const focusNext = (selector: string) => {
	wanted = selector
}

/** The page is drawn. A dialog over it keeps the focus. */
export function focusPage() {
	const target =
		(wanted === null ? null : document.querySelector<HTMLElement>(wanted)) ??
		document.querySelector<HTMLElement>('main h1') ??
		document.querySelector<HTMLElement>('main')
	wanted = null
	if (document.querySelector('[role="dialog"]') === null) target?.focus({ preventScroll: true })
}

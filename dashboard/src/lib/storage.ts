/* What this browser remembers. Without storage (private windows) it forgets. */

export function remember(name: string, value: unknown) {
	try {
		localStorage.setItem(`orderdeck.${name}`, JSON.stringify(value))
	} catch {
		// full or forbidden: the choice holds until the page is left
	}
}

export function recall(name: string): unknown {
	try {
		const text = localStorage.getItem(`orderdeck.${name}`)
		return text === null ? undefined : JSON.parse(text)
	} catch {
		return undefined
	}
}

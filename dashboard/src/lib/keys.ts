/** Is the key meant for an input, or for a dialog over the page? */
export function isTyping(event: KeyboardEvent): boolean {
	const target = event.target as HTMLElement | null
	if (document.querySelector('[role="dialog"]') && !target?.closest('[role="dialog"]')) return true
	if (!target || target.isContentEditable) return target !== null
	if (/^(TEXTAREA|SELECT)$/.test(target.tagName)) return true
	if (target.tagName === 'INPUT') return (target as HTMLInputElement).type !== 'checkbox'
	return target.closest('[role="dialog"],[role="menu"],[role="listbox"]') !== null
}

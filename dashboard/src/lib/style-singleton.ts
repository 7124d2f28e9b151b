/*
 * Stands in for react-style-singleton (vite.config.ts): the same contract, with
 * a constructed style sheet, which a strict content security policy allows.
 */
import { useEffect } from 'react'

export function stylesheetSingleton() {
	let users = 0
	let sheet: CSSStyleSheet | null = null
	return {
		add(styles: string) {
			if (users++ > 0) return
			sheet = new CSSStyleSheet()
			sheet.replaceSync(styles)
			document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
		},
		remove() {
			if (--users > 0) return
			document.adoptedStyleSheets = document.adoptedStyleSheets.filter(other => other !== sheet)
			sheet = null
		},
	}
}

export function styleHookSingleton() {
	const sheet = stylesheetSingleton()
	return (styles: string, dynamic?: boolean) => {
		useEffect(() => {
			sheet.add(styles)
			return () => sheet.remove()
			// eslint-disable-next-line react-hooks/exhaustive-deps -- as the original: only a dynamic sheet follows its text
		}, [styles && dynamic])
	}
}

export function styleSingleton() {
	const useStyle = styleHookSingleton()
	return function Sheet({ styles, dynamic }: { styles: string; dynamic?: boolean }) {
		useStyle(styles, dynamic)
		return null
	}
}

import { Observable } from './observable'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'orderdeck.theme' // read by public/theme.js before the first paint, as plain text

function stored(): Theme {
	try {
		const value = localStorage.getItem(KEY)
		return value === 'light' || value === 'dark' ? value : 'system'
	} catch {
		return 'system'
	}
}

export const theme = new Observable<Theme>(stored())

export function chooseTheme(next: Theme) {
	theme.set(next)
	if (next === 'system') delete document.documentElement.dataset.theme
	else document.documentElement.dataset.theme = next
	try {
		if (next === 'system') localStorage.removeItem(KEY)
		else localStorage.setItem(KEY, next)
	} catch {
		// it holds until the page is left
	}
}

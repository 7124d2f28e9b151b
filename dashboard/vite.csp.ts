import type { Plugin } from 'vite'

/*
 * The content security policy allows no inline style. Two libraries put
 * <style> elements into the page: sonner, whose sheet is imported as a file instead
 * (app/app.css), and react-style-singleton, which keeps the page below a dialog from
 * scrolling and is replaced by a constructed sheet. A new version that no longer matches
 * fails the build.
 */
export function stylesWithinPolicy(): Plugin {
	return {
		name: 'styles-within-policy',
		enforce: 'pre',
		transform(code, id) {
			if (!/\/sonner\/dist\/index\.mjs/.test(id)) return null
			const without = code.replace(/^__insertCSS\(.*\);$/m, '')
			if (without === code) this.error('sonner inserts its styles in another way than known')
			return { code: without, map: null }
		},
	}
}

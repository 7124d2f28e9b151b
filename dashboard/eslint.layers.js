/*
 * Who may import whom: app -> features -> tables -> ui -> api -> lib; features
 * never import each other, and the table engine imports no table.
 */
export const FEATURES = ['overview', 'orders', 'sync', 'system', 'activity']
const BELOW = ['tables', 'ui', 'api', 'lib']
export const FOLDERS = ['app', ...FEATURES, ...BELOW]

/** The folders that each folder may not import. */
/** @type {Record<string, string[]>} */
export const outside = {
	...Object.fromEntries(FEATURES.map(name => [name, ['app', ...FEATURES.filter(other => other !== name)]])),
	...Object.fromEntries(BELOW.map((name, i) => [name, ['app', ...FEATURES, ...BELOW.slice(0, i)]])),
}

export const layers = Object.entries(outside).map(([folder, others]) => ({
	files: [`src/${folder}/**`],
	rules: {
		'no-restricted-imports': [
			'error',
			{
				patterns: [
					{ group: others.map(other => `@/${other}/*`), message: `${folder}/ may not know it` },
					{ regex: '^\\.\\./(?!\\.\\./tests/)', message: 'Imports name the folder: @/lib/...' },
				],
			},
		],
	},
}))

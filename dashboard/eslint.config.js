import a11y from 'eslint-plugin-jsx-a11y'
import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'
import { layers } from './eslint.layers.js'

export default ts.config(
	{ ignores: ['dist', 'public', 'node_modules', 'src/api/schema.d.ts'] },
	...ts.configs.recommended,
	a11y.flatConfigs.recommended,
	{
		plugins: { 'react-hooks': hooks },
		rules: {
			'react-hooks/rules-of-hooks': 'error',
			'react-hooks/exhaustive-deps': 'error',
			'max-lines': ['error', 400],
			// Prettier does not wrap texts and class names
			'max-len': ['error', { code: 140, tabWidth: 4 }],
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
			'@typescript-eslint/no-non-null-assertion': 'off',
			'no-console': 'error',
			// the first field of a dialog that the user opened is where typing should go
			'jsx-a11y/no-autofocus': 'off',
			// regions that scroll must be reachable by keyboard
			'jsx-a11y/no-noninteractive-tabindex': ['error', { roles: ['region', 'row'], tags: ['tr', 'main'] }],
			'jsx-a11y/no-noninteractive-element-to-interactive-role': ['error', { table: ['grid'], tr: ['row'] }],
			// the keys of rows are those of the whole table (tables/table-keys.ts)
			'jsx-a11y/click-events-have-key-events': 'off',
			'jsx-a11y/no-noninteractive-element-interactions': 'off',
			'jsx-a11y/no-static-element-interactions': 'off',
			'jsx-a11y/role-supports-aria-props': 'off',
			// the options have the focus, one after another
			'jsx-a11y/interactive-supports-focus': 'off',
		},
	},
	...layers,
)

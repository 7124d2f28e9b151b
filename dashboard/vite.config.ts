import path from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { stylesWithinPolicy } from './vite.csp.ts'
import { notices } from './vite.notices.ts'

const source = path.resolve(import.meta.dirname, 'src')

export default defineConfig({
	plugins: [stylesWithinPolicy(), react(), tailwindcss(), notices()],
	resolve: {
		alias: {
			'@': source,
			'react-style-singleton': path.join(source, 'lib/style-singleton.ts'),
		},
	},
	build: {
		target: 'es2022',
		outDir: process.env.ORDERDECK_WEB_OUT ?? 'dist',
		emptyOutDir: true,
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		chunkSizeWarningLimit: 700,
		// what every page needs is one file: a dozen small ones cost a slow computer more than they save
		rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] } } },
	},
	server: { proxy: { '/api': process.env.ORDERDECK_URL ?? 'http://127.0.0.1:8080' } },
	test: {
		environment: 'jsdom',
		setupFiles: ['tests/setup.ts'],
		include: ['src/**/*.test.{ts,tsx}', 'tests/**/*.test.{ts,tsx}'],
		restoreMocks: true,
	},
})

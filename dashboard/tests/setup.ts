import { cleanup } from '@testing-library/react'
import { afterEach, vi } from 'vitest'

// what jsdom has not
vi.stubGlobal('matchMedia', (query: string) => ({
	matches: false,
	media: query,
	addEventListener: () => {},
	removeEventListener: () => {},
}))
Element.prototype.scrollIntoView = () => {}

afterEach(cleanup)

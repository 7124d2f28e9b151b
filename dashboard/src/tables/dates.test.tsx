import { act, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DateField } from './dates'

beforeEach(() => {
	vi.useFakeTimers()
})
afterEach(() => {
	vi.useRealTimers()
})

function field(value = '') {
	const told: string[] = []
	const { rerender, unmount } = render(
		<DateField label="Created from" value={value} onChange={day => told.push(day)} />,
	)
	const input = screen.getByLabelText<HTMLInputElement>('Created from')
	const show = (next: string) =>
		rerender(<DateField label="Created from" value={next} onChange={day => told.push(day)} />)
	return { told, input, show, unmount, type: (text: string) => fireEvent.change(input, { target: { value: text } }) }
}
const pause = () => act(() => vi.advanceTimersByTime(5000))

test('a year typed digit by digit stays in the field, and takes effect when complete', () => {
	const { told, input, type } = field('2025-11-20')
	for (const date of ['0002-11-20', '0020-11-20', '0202-11-20']) {
		type(date)
		pause()
		expect(input.value).toBe(date)
	}
	expect(told).toEqual([])
	type('2026-11-20')
	pause()
	expect(told).toEqual(['2026-11-20'])
})

test('Enter, leaving the field and closing the filter apply it at once, an early year too', () => {
	const { told, input, type, unmount } = field()
	type('0026-01-31')
	fireEvent.keyDown(input, { key: 'Enter' })
	type('2026-01-31')
	fireEvent.blur(input)
	type('2026-02-01')
	unmount()
	pause()
	expect(told).toEqual(['0026-01-31', '2026-01-31', '2026-02-01'])
})

test('part of a date removes no filter, and is reported when the field is left; an empty field is no filter', () => {
	const { told, input, type } = field('2026-11-20')
	Object.defineProperty(input, 'validity', { configurable: true, value: { badInput: true } })
	type('')
	pause()
	fireEvent.blur(input)
	expect(told).toEqual([])
	expect(screen.getByText('This day does not exist')).toBeTruthy()
	Object.defineProperty(input, 'validity', { configurable: true, value: { badInput: false } })
	type('2026-11-21')
	expect(screen.queryByText('This day does not exist')).toBeNull()
	type('')
	expect(told).toEqual([''])
})

test('a value chosen elsewhere shows; a typed value coming back does not undo typing', () => {
	const { told, input, type, show } = field()
	type('2026-11-20')
	pause()
	type('2026-11-21')
	show('2026-11-20')
	expect(input.value).toBe('2026-11-21')
	show('2026-10-01')
	expect(input.value).toBe('2026-10-01')
	pause()
	expect(told).toEqual(['2026-11-20'])
})

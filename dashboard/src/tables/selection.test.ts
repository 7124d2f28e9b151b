import { act, renderHook } from '@testing-library/react'
import { expect, test } from 'vitest'
import { chosenOf, isChosen, nothingOf, toggled, useSelection, without } from './selection'

const ids = ['recA', 'recB', 'recC', 'recD']
const idAt = (index: number) => ids[index]

test('a selection belongs to its filter: another filter has none, and it does not come back', () => {
	const { result, rerender } = renderHook(({ of }) => useSelection(of, idAt), { initialProps: { of: 'pending' } })
	act(() => result.current.selectAll(72))
	expect(chosenOf(result.current.selection)).toBe(72)
	rerender({ of: '' })
	expect(result.current.selection).toEqual(nothingOf(''))
	rerender({ of: 'pending' })
	expect(chosenOf(result.current.selection)).toBe(0)
	act(() => result.current.toggle(1, false))
	rerender({ of: 'search' })
	expect(isChosen(result.current.selection, 'recB')).toBe(false)
})

test('all means the rows counted then, whatever matches now; single ones can be deselected', () => {
	const all = { of: '', ids: new Set<string>(), all: 72 }
	const some = toggled(all, ['recB'], false)
	expect([chosenOf(some), isChosen(some, 'recA'), isChosen(some, 'recB')]).toEqual([71, true, false])
	expect(chosenOf(toggled(some, ['recB'], false))).toBe(72)
	expect(chosenOf(toggled(some, ['recA', 'recB', 'recC'], true))).toBe(72)
})

test('Shift selects the rows between, but only while the first is where it was', () => {
	let order = ids
	const { result } = renderHook(() => useSelection('', index => order[index]))
	act(() => result.current.toggle(0, false))
	act(() => result.current.toggle(2, true))
	expect([...result.current.selection.ids]).toEqual(['recA', 'recB', 'recC'])
	order = ['recD', 'recC', 'recB', 'recA']
	act(() => result.current.toggle(0, true))
	expect([...result.current.selection.ids].sort()).toEqual(ids)
	act(() => result.current.clear())
	order = ids
	act(() => result.current.toggle(3, true))
	expect([...result.current.selection.ids]).toEqual(['recD'])
})

test('a row that left the list is no longer selected', () => {
	const some = toggled(nothingOf(''), ['recA', 'recB'], true)
	expect([...without(some, ['recA']).ids]).toEqual(['recB'])
	expect(without(some, ['recX'])).toBe(some)
})

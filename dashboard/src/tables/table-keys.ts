import { type RefObject, useEffect } from 'react'
import { tinykeys } from 'tinykeys'
import { useLatest } from '@/lib/hooks'
import { isTyping } from '@/lib/keys'
import { type Fields, optionsOf } from './descriptor'
import { undoLast } from './undo'

type Props = {
	fields: Fields
	total: number
	active: number
	setActive: (index: number) => void
	focusRow: RefObject<((index: number) => void) | null>
	onOpen: (index: number) => void
	onToggle: (index: number, extend: boolean) => void
	clear: () => void
	edit: (index: number, field: string) => void
	/** Are rows selected? Then editing keys need no active row. */
	chosen: boolean
	/** null: not allowed here. */
	create: (() => void) | null
	remove: ((index: number) => void) | null
}

/** The table by keyboard alone; help.tsx lists the keys. */
export function useTableKeys(props: Props) {
	const latest = useLatest(props)
	const { fields } = props
	useEffect(() => {
		const act = (f: (p: Props) => void) => (event: KeyboardEvent) => {
			if (isTyping(event)) return
			event.preventDefault()
			f(latest.current)
		}
		const step = (by: number) =>
			act(p => {
				const next = Math.max(0, Math.min(p.total - 1, p.active + by))
				p.focusRow.current?.(next)
				p.setActive(next)
			})
		const onRow = (f: (p: Props) => void) =>
			act(p => {
				if (p.active >= 0) f(p)
			})
		const onChosen = (f: (p: Props) => void) =>
			act(p => {
				if (p.active >= 0 || p.chosen) f(p)
			})
		return tinykeys(window, {
			j: step(1),
			ArrowDown: step(1),
			k: step(-1),
			ArrowUp: step(-1),
			Home: step(-Infinity),
			End: step(Infinity),
			PageDown: step(15),
			PageUp: step(-15),
			x: onRow(p => p.onToggle(p.active, false)),
			'Shift+X': onRow(p => p.onToggle(p.active, true)),
			...Object.fromEntries(
				optionsOf(fields).map(([field, { shortcut }]) => [shortcut, onChosen(p => p.edit(p.active, field))]),
			),
			'$mod+z': act(undoLast),
			n: act(p => p.create?.()),
			Delete: onChosen(p => p.remove?.(p.active)),
			Enter: event => {
				// on a button or a link the key is a click
				if (
					isTyping(event) ||
					(event.target as HTMLElement | null)?.closest('button, a, input') ||
					latest.current.active < 0
				)
					return
				event.preventDefault() // otherwise the dialog that opens gets the click: its first button has the focus by then
				latest.current.onOpen(latest.current.active)
			},
			Escape: event => {
				if (!isTyping(event)) latest.current.clear()
			},
			'/': act(() => document.getElementById('search')?.focus()),
		})
	}, [latest, fields])
}

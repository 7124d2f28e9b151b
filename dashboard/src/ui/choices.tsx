import clsx from 'clsx'
import { Check } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'

/** A short list of options in a popover: arrows move, Enter or Space takes, letters jump. */
type Props<T> = {
	label: string
	options: { value: T; text: string; content: ReactNode; hint?: string }[]
	chosen: (value: T) => boolean
	onChoose: (value: T) => void
	multiple?: boolean
}

export function Choices<T extends string | null>({ label, options, chosen, onChoose, multiple }: Props<T>) {
	const list = useRef<HTMLDivElement>(null)
	const at = Math.max(
		0,
		options.findIndex(option => chosen(option.value)),
	)

	useEffect(() => {
		;(list.current?.children[at] as HTMLElement | undefined)?.focus()
		// only when it opens: choosing must not move the focus
		// eslint-disable-next-line react-hooks/exhaustive-deps
	}, [])

	function move(event: React.KeyboardEvent) {
		const items = [...(list.current?.children ?? [])] as HTMLElement[]
		const now = items.indexOf(document.activeElement as HTMLElement)
		const steps: Record<string, number> = {
			ArrowDown: now + 1,
			j: now + 1,
			ArrowUp: now - 1,
			k: now - 1,
			Home: 0,
			End: items.length - 1,
		}
		let next = steps[event.key]
		if (next === undefined && /^[a-z]$/i.test(event.key))
			next = options.findIndex(option => option.text.toLowerCase().startsWith(event.key.toLowerCase()))
		if (next === undefined || (next < 0 && !/^Arrow|k/.test(event.key))) return
		event.preventDefault()
		event.stopPropagation()
		items[(next + items.length) % items.length]?.focus()
	}

	return (
		<div
			ref={list}
			role="listbox"
			aria-label={label}
			aria-multiselectable={multiple || undefined}
			onKeyDown={move}
			className="min-w-44 p-1"
		>
			{options.map((option, index) => (
				<div
					key={option.value ?? ''}
					role="option"
					aria-selected={chosen(option.value)}
					tabIndex={index === at ? 0 : -1}
					onClick={() => onChoose(option.value)}
					onKeyDown={event => {
						if (event.key !== 'Enter' && event.key !== ' ') return
						event.preventDefault()
						onChoose(option.value)
					}}
					className="flex h-9 items-center gap-2 rounded-lg px-2 -outline-offset-2 hover:bg-hover focus:bg-hover"
				>
					<span className="min-w-0 flex-1 truncate">{option.content}</span>
					{option.hint !== undefined && <span className="tnum text-xs text-ink-3">{option.hint}</span>}
					<Check
						aria-hidden
						className={clsx('size-4 shrink-0 text-accent-ink', !chosen(option.value) && 'invisible')}
					/>
				</div>
			))}
		</div>
	)
}

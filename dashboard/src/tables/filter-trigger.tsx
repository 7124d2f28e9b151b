import clsx from 'clsx'
import { ChevronDown } from 'lucide-react'
import type { ComponentType, ReactNode } from 'react'
import { buttonClass } from '@/ui/button'

/** The button that opens a filter and shows its setting. */
export function Trigger({
	icon: Icon,
	text,
	on,
	...rest
}: {
	icon: ComponentType<{ className?: string }>
	text: ReactNode
	on: boolean
}) {
	return (
		<button
			type="button"
			{...rest}
			className={clsx(
				buttonClass('plain', 'bar'),
				'font-normal',
				on && 'border-accent! bg-accent-soft! text-accent-ink!',
			)}
		>
			<Icon aria-hidden className="size-3.5" />
			<span className="max-w-40 truncate">{text}</span>
			<ChevronDown aria-hidden className="size-3.5 opacity-60" />
		</button>
	)
}

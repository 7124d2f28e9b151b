import clsx from 'clsx'
import { useState } from 'react'

/**
 * A number that is shown rounded, and exactly when it is pressed, because touch and
 * keyboard have no hover. A screen reader always gets it exactly.
 */
export function Exact({ short, exact, className }: { short: string; exact: string; className?: string }) {
	const [open, setOpen] = useState(false)
	if (short === exact) return <span className={className}>{exact}</span>
	return (
		<button
			type="button"
			aria-label={open ? exact : `${short}, exactly ${exact}`}
			aria-pressed={open}
			title={exact}
			data-exact={exact}
			onClick={event => {
				event.stopPropagation()
				setOpen(!open)
			}}
			className={clsx(
				'relative z-10 cursor-help rounded decoration-dotted underline-offset-4 hover:underline focus-visible:underline',
				className,
			)}
		>
			{open ? exact : short}
		</button>
	)
}

import clsx from 'clsx'
import { Popover as Radix } from 'radix-ui'
import type { ReactNode, RefObject } from 'react'

const PANEL = 'z-50 rounded-xl bg-raised shadow-pop animate-in outline-none max-w-[calc(100vw-1rem)]'

type Props = {
	children: ReactNode
	label: string
	trigger?: ReactNode
	open?: boolean
	defaultOpen?: boolean
	onOpenChange?: (open: boolean) => void
	/** Where to place it if it has no trigger of its own. */
	anchor?: RefObject<HTMLElement | null>
	align?: 'start' | 'center' | 'end'
	className?: string
	onClosed?: () => void
}

export function Popover({
	children,
	label,
	trigger,
	open,
	defaultOpen,
	onOpenChange,
	anchor,
	align = 'start',
	className,
	onClosed,
}: Props) {
	return (
		<Radix.Root open={open} defaultOpen={defaultOpen} onOpenChange={onOpenChange}>
			{trigger !== undefined && <Radix.Trigger asChild>{trigger}</Radix.Trigger>}
			{anchor !== undefined && <Radix.Anchor virtualRef={anchor as RefObject<HTMLElement>} />}
			<Radix.Portal>
				<Radix.Content
					align={align}
					sideOffset={6}
					collisionPadding={8}
					aria-label={label}
					className={clsx(PANEL, className)}
					onCloseAutoFocus={
						onClosed &&
						(event => {
							event.preventDefault()
							onClosed()
						})
					}
				>
					{children}
				</Radix.Content>
			</Radix.Portal>
		</Radix.Root>
	)
}
export const PopoverClose = Radix.Close

import clsx from 'clsx'
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { type ReactNode, useRef } from 'react'
import { focusPage } from '@/lib/focus'
import { buttonClass } from './button'

type Props = {
	open: boolean
	onClose: () => void
	title: string
	description?: ReactNode
	children: ReactNode
	/** centre: a question; side: details beside the page. */
	place?: 'centre' | 'side'
	className?: string
	hideTitle?: boolean
}

/*
 * Where the focus is while the dialog is open, and afterwards. The element with
 * data-first gets it first; React's own autoFocus would move it before we note where it
 * was. On closing it returns there, unless another element has it by then.
 */
function useFocus() {
	const before = useRef<Element | null>(null)
	return {
		onOpenAutoFocus(event: Event) {
			before.current = document.activeElement
			const first = (event.currentTarget as HTMLElement).querySelector<HTMLElement>('[data-first]')
			if (first === null) return
			event.preventDefault()
			first.focus()
		},
		onCloseAutoFocus(event: Event) {
			event.preventDefault()
			if (document.activeElement !== document.body) return
			// the element that had it may be gone with its page
			if (before.current instanceof HTMLElement && before.current.isConnected && before.current !== document.body)
				before.current.focus({ preventScroll: true })
			else focusPage()
		},
	}
}

export function Dialog({ open, onClose, title, description, children, place = 'centre', className, hideTitle }: Props) {
	const focus = useFocus()
	return (
		<Radix.Root
			open={open}
			onOpenChange={next => {
				if (!next) onClose()
			}}
		>
			<Radix.Portal>
				<Radix.Overlay className="fixed inset-0 z-50 animate-fade bg-black/35 dark:bg-black/60" />
				<Radix.Content
					{...focus}
					{...(description === undefined && { 'aria-describedby': undefined })}
					className={clsx(
						'fixed z-50 flex flex-col overflow-hidden bg-raised shadow-pop outline-none',
						place === 'centre' &&
							'animate-in inset-x-3 top-[12vh] mx-auto max-h-[76vh] max-w-md rounded-2xl',
						place === 'side' && 'animate-slide inset-y-0 right-0 w-full max-w-lg sm:rounded-l-2xl',
						className,
					)}
				>
					<div className={clsx('flex items-start gap-3 px-5 pt-4 pb-3', hideTitle && 'sr-only')}>
						<div className="min-w-0 flex-1">
							<Radix.Title className="text-base leading-6 font-semibold">{title}</Radix.Title>
							{description !== undefined && (
								<Radix.Description className="mt-0.5 text-ink-2">{description}</Radix.Description>
							)}
						</div>
						<Radix.Close className={clsx(buttonClass('quiet', 'icon'), '-mt-1 -mr-2')} aria-label="Close">
							<X aria-hidden className="size-4" />
						</Radix.Close>
					</div>
					{children}
				</Radix.Content>
			</Radix.Portal>
		</Radix.Root>
	)
}

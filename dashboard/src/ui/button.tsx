import clsx from 'clsx'
import type { ComponentProps } from 'react'

const LOOKS = {
	primary: 'bg-accent text-on-accent hover:brightness-110 active:brightness-95 shadow-sm',
	plain: 'border border-line-strong bg-surface text-ink hover:bg-hover shadow-card',
	quiet: 'text-ink-2 hover:bg-hover hover:text-ink',
	danger: 'bg-bad-soft text-bad hover:brightness-95',
} as const

const SIZES = {
	small: 'h-7 px-2 text-xs',
	bar: 'h-8 px-2.5 text-[0.8125rem]',
	normal: 'h-9 px-3 text-[0.8125rem]',
	icon: 'size-9',
	'bar-icon': 'size-8',
	'small-icon': 'size-7',
} as const

export type ButtonLook = keyof typeof LOOKS
export type ButtonSize = keyof typeof SIZES

export function buttonClass(look: ButtonLook = 'plain', size: ButtonSize = 'normal') {
	return clsx(
		'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-lg font-medium',
		'whitespace-nowrap transition-colors select-none disabled:pointer-events-none',
		'disabled:opacity-50',
		LOOKS[look],
		SIZES[size],
	)
}

export function Button({
	look,
	size,
	className,
	type = 'button',
	...rest
}: ComponentProps<'button'> & { look?: ButtonLook; size?: ButtonSize }) {
	return <button type={type} className={clsx(buttonClass(look, size), className)} {...rest} />
}

import clsx from 'clsx'
import type { ComponentType, ReactNode } from 'react'

export function Card({
	title,
	aside,
	children,
	className,
	label,
}: {
	title?: ReactNode
	aside?: ReactNode
	children: ReactNode
	className?: string
	label?: string
}) {
	return (
		<section className={clsx('card flex min-w-0 flex-col', className)} aria-label={label}>
			{title !== undefined && (
				<div className="flex min-h-12 items-center gap-3 px-4 pt-3 sm:px-5">
					<h2 className="min-w-0 flex-1 text-[0.9375rem] font-semibold">{title}</h2>
					{aside}
				</div>
			)}
			{children}
		</section>
	)
}

/** A placeholder for content that is loading. */
export const Bone = ({ className }: { className?: string }) => (
	<span aria-hidden className={clsx('block animate-bone rounded-md bg-line', className)} />
)

export const Key = ({ children }: { children: ReactNode }) => (
	<kbd
		className={clsx(
			'inline-flex h-5 min-w-5 items-center justify-center rounded border border-line-strong',
			'bg-surface px-1 font-sans text-2xs font-medium text-ink-2',
		)}
	>
		{children}
	</kbd>
)

/** A state that is not an error: what it is, why, and what the user can do. */
export function Blank({
	icon: Icon,
	title,
	children,
	action,
}: {
	icon: ComponentType<{ className?: string; strokeWidth?: number }>
	title: string
	children?: ReactNode
	action?: ReactNode
}) {
	return (
		<div className="flex flex-col items-center px-6 py-14 text-center">
			<span
				aria-hidden
				className="mb-4 grid size-14 place-items-center rounded-2xl border border-line bg-sunken text-ink-3"
			>
				<Icon className="size-6" strokeWidth={1.6} />
			</span>
			<h3 className="text-base font-semibold">{title}</h3>
			{children !== undefined && <p className="mt-1 max-w-sm text-ink-2 text-pretty">{children}</p>}
			{action !== undefined && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
		</div>
	)
}

export function Progress({ value, max, label }: { value: number | null; max: number | null; label: string }) {
	const known = value !== null && max !== null && max > 0
	const share = known ? Math.min(1, value / max) : 0
	return (
		<div
			role="progressbar"
			aria-label={label}
			aria-valuemin={0}
			aria-valuemax={100}
			aria-valuenow={known ? Math.round(share * 100) : undefined}
			className="h-2 overflow-hidden rounded-full bg-line"
		>
			<div
				className={clsx(
					'h-full origin-left rounded-full bg-accent transition-transform duration-300',
					!known && 'animate-bone',
				)}
				style={{ transform: `scaleX(${known ? Math.max(0.02, share) : 1})` }}
			/>
		</div>
	)
}

export const PageTitle = ({ children, aside }: { children: ReactNode; aside?: ReactNode }) => (
	<div className="mb-4 flex flex-wrap items-end gap-x-4 gap-y-2 sm:mb-5">
		<h1 tabIndex={-1} className="grow text-xl leading-7 font-semibold tracking-tight outline-none">
			{children}
		</h1>
		{aside}
	</div>
)

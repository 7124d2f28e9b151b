import clsx from 'clsx'
import { type ComponentProps, useId } from 'react'

/** A labelled input, with the fault of its content. */
export function Field({
	label,
	error,
	...rest
}: { label: string; error?: string | undefined } & ComponentProps<'input'>) {
	const id = useId()
	return (
		<div className="flex flex-col gap-1">
			<label className="flex flex-col gap-1 text-xs font-medium text-ink-2">
				{label}
				<input
					aria-invalid={error !== undefined || undefined}
					aria-describedby={error === undefined ? undefined : id}
					{...rest}
					className={clsx(
						'tnum h-9 w-full rounded-lg border border-line-strong bg-surface px-2.5 text-sm',
						'font-normal text-ink placeholder:text-ink-3 aria-invalid:border-bad',
					)}
				/>
			</label>
			{error !== undefined && (
				<p id={id} className="text-xs text-bad">
					{error}
				</p>
			)}
		</div>
	)
}

/** A typed amount: a comma counts as a point. */
export const AMOUNT = /^-?\d{1,11}([.,]\d{1,4})?$/
export const amountOf = (text: string) => text.replace(',', '.')

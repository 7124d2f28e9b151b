import clsx from 'clsx'
import { DropdownMenu as Radix } from 'radix-ui'
import type { ComponentType, ReactNode } from 'react'

const PANEL = 'z-50 min-w-52 rounded-xl bg-raised p-1 shadow-pop animate-in outline-none'
const ITEM =
	'flex h-9 items-center gap-2.5 rounded-lg px-2.5 outline-none select-none data-[disabled]:opacity-45 data-[highlighted]:bg-hover'

export function Menu({
	trigger,
	children,
	align = 'end',
	defaultOpen,
}: {
	trigger: ReactNode
	children: ReactNode
	align?: 'start' | 'end'
	defaultOpen?: boolean
}) {
	return (
		<Radix.Root modal={false} defaultOpen={defaultOpen}>
			<Radix.Trigger asChild>{trigger}</Radix.Trigger>
			<Radix.Portal>
				<Radix.Content align={align} sideOffset={6} collisionPadding={8} className={PANEL}>
					{children}
				</Radix.Content>
			</Radix.Portal>
		</Radix.Root>
	)
}

export function MenuItem({
	icon: Icon,
	children,
	hint,
	onSelect,
	disabled,
	danger,
	checked,
}: {
	icon?: ComponentType<{ className?: string }>
	children: ReactNode
	hint?: ReactNode
	onSelect: () => void
	disabled?: boolean
	danger?: boolean
	checked?: boolean
}) {
	const inner = (
		<>
			{Icon && <Icon className="size-4 text-ink-3" />}
			<span className="min-w-0 flex-1 truncate">{children}</span>
			{hint !== undefined && <span className="text-xs text-ink-3">{hint}</span>}
		</>
	)
	if (checked === undefined)
		return (
			<Radix.Item disabled={disabled} onSelect={onSelect} className={clsx(ITEM, danger && 'text-bad')}>
				{inner}
			</Radix.Item>
		)
	return (
		<Radix.CheckboxItem
			checked={checked}
			onSelect={event => {
				event.preventDefault()
				onSelect()
			}}
			disabled={disabled}
			className={ITEM}
		>
			{inner}
			<Radix.ItemIndicator className="text-accent-ink">✓</Radix.ItemIndicator>
		</Radix.CheckboxItem>
	)
}

export const MenuLine = () => <Radix.Separator className="my-1 h-px bg-line" />
export const MenuTitle = ({ children }: { children: ReactNode }) => (
	<Radix.Label className="px-2.5 pt-2 pb-1 text-2xs font-semibold tracking-wide text-ink-3 uppercase">
		{children}
	</Radix.Label>
)

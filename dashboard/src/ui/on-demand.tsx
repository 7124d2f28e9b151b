import { cloneElement, type ComponentProps, type ComponentType, type ReactElement, useState } from 'react'

export type Opened = { button: ReactElement<ComponentProps<'button'>> }
type Props = Opened & { load: () => Promise<{ default: ComponentType<Opened> }> }

/**
 * A button whose popover or menu is loaded when it is about to be used, so it costs
 * nothing before.  The loaded component replaces the button and is open.
 */
export function OnDemand({ load, button }: Props) {
	const [loaded, setLoaded] = useState<{ Component: ComponentType<Opened> } | null>(null)
	if (loaded) return <loaded.Component button={button} />
	const soon = () => void load()
	return cloneElement(button, {
		onPointerEnter: soon,
		onFocus: soon,
		'aria-expanded': false,
		onClick: () => void load().then(module => setLoaded({ Component: module.default })),
	})
}

import { Monitor, Moon, Sun } from 'lucide-react'
import { useObservable } from '@/lib/observable'
import { chooseTheme, theme } from '@/lib/theme'
import { Menu, MenuItem, MenuLine, MenuTitle } from '@/ui/menu'
import type { Opened } from '@/ui/on-demand'
import { overlay } from './overlay'

const THEMES = [
	['system', 'Like the system', Monitor],
	['light', 'Light', Sun],
	['dark', 'Dark', Moon],
] as const

export default function MainMenu({ button }: Opened) {
	const chosen = useObservable(theme)
	return (
		<Menu defaultOpen trigger={button}>
			<MenuTitle>Theme</MenuTitle>
			{THEMES.map(([value, text, Icon]) => (
				<MenuItem key={value} icon={Icon} checked={chosen === value} onSelect={() => chooseTheme(value)}>
					{text}
				</MenuItem>
			))}
			<MenuLine />
			<MenuItem onSelect={() => overlay.set('help')} hint="?">
				Keyboard shortcuts
			</MenuItem>
			<MenuItem onSelect={() => location.assign('/docs')}>HTTP API</MenuItem>
		</Menu>
	)
}

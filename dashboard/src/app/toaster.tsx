import { useEffect } from 'react'
import { Toaster as Sonner } from 'sonner'
import { useObservable } from '@/lib/observable'
import { theme } from '@/lib/theme'
import { toasterStands } from '@/ui/notify'

export default function Toaster() {
	const chosen = useObservable(theme)
	useEffect(toasterStands, [])
	return <Sonner theme={chosen} position="bottom-right" visibleToasts={4} offset={20} mobileOffset={{ bottom: 68 }} />
}

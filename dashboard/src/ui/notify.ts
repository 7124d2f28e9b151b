import { Observable } from '@/lib/observable'

/** Short messages at the edge; those with a button stay longer. */
type Extra = { description?: string; action?: { label: string; onClick: () => void } }
type Kind = 'success' | 'info' | 'error'

/** The first message loads the toaster (app/toaster.tsx) and waits for it. */
export const toasterWanted = new Observable(false)
let stands: () => void
const standing = new Promise<void>(resolve => {
	stands = resolve
})
export const toasterStands = () => stands()

async function show(kind: Kind, text: string, extra: Extra = {}) {
	toasterWanted.set(true)
	const [{ toast }] = await Promise.all([import('sonner'), standing])
	toast[kind](text, { duration: kind === 'error' ? 12_000 : extra.action ? 8000 : 4500, ...extra })
}

export const notify = {
	success: (text: string, extra?: Extra) => void show('success', text, extra),
	info: (text: string, extra?: Extra) => void show('info', text, extra),
	error: (text: string, extra?: Extra) => void show('error', text, extra),
}

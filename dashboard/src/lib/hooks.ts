import { useEffect, useRef, useState, useSyncExternalStore } from 'react'

export function useMedia(query: string): boolean {
	return useSyncExternalStore(
		listener => {
			const media = matchMedia(query)
			media.addEventListener('change', listener)
			return () => media.removeEventListener('change', listener)
		},
		() => matchMedia(query).matches,
		() => false,
	)
}

/** The current time, updated at an interval: for "12 seconds ago". */
export function useNow(everyMs = 1000): number {
	const [now, setNow] = useState(Date.now)
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), everyMs)
		return () => clearInterval(timer)
	}, [everyMs])
	return now
}

/** The value of the newest render, for callbacks that outlive a render. */
export function useLatest<T>(value: T) {
	const ref = useRef(value)
	useEffect(() => {
		ref.current = value
	})
	return ref
}

export function useTitle(title: string) {
	useEffect(() => {
		document.title = `${title} · Orderdeck`
	}, [title])
}

import { useSyncExternalStore } from 'react'

/** A value outside of React that components can follow. */
export class Observable<T> {
	private listeners = new Set<() => void>()
	constructor(private value: T) {}

	get = () => this.value

	set(value: T) {
		if (Object.is(value, this.value)) return
		this.value = value
		for (const listener of [...this.listeners]) listener()
	}

	subscribe = (listener: () => void) => {
		this.listeners.add(listener)
		return () => void this.listeners.delete(listener)
	}
}

export function useObservable<T>(observable: Observable<T>): T {
	return useSyncExternalStore(observable.subscribe, observable.get, observable.get)
}

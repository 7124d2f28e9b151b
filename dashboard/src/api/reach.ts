import { Observable } from '@/lib/observable'

/** Can the API be reached? offline: the network is gone; away: the web server answers, the API behind it does not. */
export type Reach = 'ok' | 'offline' | 'away'

export const reach = new Observable<Reach>('ok')
let failures = 0

/** Two failures in a row: a single one may be a restart, which is not worth reporting. */
export function noteFailure(kind: 'offline' | 'away') {
	failures++
	if (failures >= 2 || !navigator.onLine) reach.set(kind)
}

export function noteAnswer() {
	failures = 0
	reach.set('ok')
}

import { freshAt, isCurrent } from '@/api/age'
import { useHealth } from '@/api/health'
import { refusedUntil } from '@/api/pace'
import { reach } from '@/api/reach'
import { useSync } from '@/api/sync'
import { formatAgo } from '@/lib/format'
import { useNow } from '@/lib/hooks'
import { useObservable } from '@/lib/observable'
import { condition } from './condition'

export function useCondition() {
	const health = useHealth().data
	const sync = useSync().data
	const at = useObservable(freshAt),
		now = useNow(5000)
	const behind = at === null || isCurrent(at, now) ? null : `As of ${formatAgo(at, now)}`
	return {
		health,
		sync,
		at,
		condition: condition({
			behind,
			reach: useObservable(reach),
			refusedUntil: useObservable(refusedUntil),
			health,
			sync,
		}),
	}
}

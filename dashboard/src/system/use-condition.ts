import { useHealth } from '@/api/health'
import { refusedUntil } from '@/api/pace'
import { reach } from '@/api/reach'
import { useSync } from '@/api/sync'
import { useObservable } from '@/lib/observable'
import { condition } from './condition'

export function useCondition() {
	const health = useHealth().data
	const sync = useSync().data
	return { health, sync, condition: condition({ reach: useObservable(reach), refusedUntil: useObservable(refusedUntil), health, sync }) }
}

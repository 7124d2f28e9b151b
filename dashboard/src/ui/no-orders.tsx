import { Inbox } from 'lucide-react'
import { useSync } from '@/api/sync'
import { Blank } from './parts'

/** There are no orders: none exist, they are still being copied, or copying fails. */
export function NoOrders({ complete }: { complete: boolean }) {
	const failed = useSync().data?.state === 'failed'
	if (complete)
		return (
			<Blank icon={Inbox} title="No orders yet">
				The table in Airtable is empty. New orders appear here automatically.
			</Blank>
		)
	if (failed)
		return (
			<Blank icon={Inbox} title="The orders could not be copied">
				They appear here as soon as Airtable lets Orderdeck read them.
			</Blank>
		)
	return (
		<Blank icon={Inbox} title="The first orders are on their way">
			They appear here as soon as Airtable sends them.
		</Blank>
	)
}

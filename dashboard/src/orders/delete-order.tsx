import { useState } from 'react'
import type { Order } from '@/api/client'
import { useMoney } from '@/lib/money'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { removeOrder } from './creating'
import { nameOf } from '@/tables/descriptor'
import { orders } from './table'

/** Deleting can't be undone here, so the user must confirm it. */
export function DeleteOrder({
	order,
	onClose,
	onGone,
}: {
	order: Order
	onClose: () => void
	onGone?: (() => void) | undefined
}) {
	const [busy, setBusy] = useState(false)
	const money = useMoney()
	const facts = [order.customer, order.orderTotal === null ? null : money.exact(order.orderTotal)]
		.filter(Boolean)
		.join(', ')
	async function remove() {
		setBusy(true)
		const gone = await removeOrder(order)
		onClose()
		if (gone) onGone?.()
	}
	return (
		<Dialog
			open
			onClose={onClose}
			title={`Delete ${nameOf(orders, order)}?`}
			description={
				<>
					{facts && <>{facts}. </>}This also deletes it in Airtable, where it can be restored from the trash.
					Its history stays here.
				</>
			}
		>
			<div className="flex justify-end gap-2 border-t border-line px-5 py-3">
				<Button look="quiet" onClick={onClose} data-first>
					Cancel
				</Button>
				<Button look="danger" disabled={busy} onClick={() => void remove()}>
					{busy ? 'Deleting' : 'Delete order'}
				</Button>
			</div>
		</Dialog>
	)
}

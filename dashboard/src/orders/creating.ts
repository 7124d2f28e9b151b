/*
 * Creating and deleting orders, where the settings allow it.  The user sees what the
 * API answered: done, waiting for Airtable, or refused and why.
 */
import type { NewOrder, Order } from '@/api/client'
import { explain, Problem } from '@/api/problem'
import { queryClient } from '@/api/query-client'
import { Observable } from '@/lib/observable'
import { notify } from '@/ui/notify'
import { createOrder, deleteOrder } from './api'
import { nameOf as nameIn } from '@/tables/descriptor'
import { orders } from './table'

const nameOf = (order: Order) => nameIn(orders, order)

/** Is the form for a new order open? The command palette opens it from any page. */
export const writingNew = new Observable(false)

function follow() {
	for (const queryKey of [['summary'], ['audit'], ['orders', 'page'], ['orders', 'history']])
		void queryClient.invalidateQueries({ queryKey })
}

/** Create an order. Repeated with the same key, it never creates a second one. Throws a Problem. */
export async function makeOrder(order: NewOrder, key: string, show: (id: string) => void): Promise<void> {
	const made = await createOrder(order, key)
	follow()
	if (made === null)
		notify.info(`${order.orderId ?? order.customer ?? 'The order'} is queued`, {
			description: 'Airtable can’t be reached. Orderdeck creates it as soon as Airtable is back.',
		})
	else notify.success(`${nameOf(made)} created`, { action: { label: 'Show', onClick: () => show(made.id) } })
}

/** Delete an order, if it is as the user saw it. Returns whether it is or will be; if not, a message says why. */
export async function removeOrder(order: Order): Promise<boolean> {
	try {
		if ((await deleteOrder(order.id, order.version)) === 'queued')
			notify.info(`${nameOf(order)} will be deleted`, {
				description: 'Airtable can’t be reached. Orderdeck deletes it as soon as Airtable is back.',
			})
		else notify.success(`${nameOf(order)} deleted`)
		return true
	} catch (error) {
		const moved = error instanceof Problem && error.status === 412
		notify.error(`${nameOf(order)} was not deleted`, {
			description: moved ? 'Someone has changed it in the meantime. Look at it again first.' : explain(error),
		})
		return false
	} finally {
		follow()
	}
}

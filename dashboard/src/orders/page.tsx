import { getRouteApi } from '@tanstack/react-router'
import { Trash2 } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import { useHealth } from '@/api/health'
import { useTitle } from '@/lib/hooks'
import { useObservable } from '@/lib/observable'
import { isLook } from '@/tables/address'
import type { Search } from '@/tables/descriptor'
import { TablePage } from '@/tables/page'
import { useRow } from '@/tables/store'
import { Button } from '@/ui/button'
import { NoOrders } from '@/ui/no-orders'
import { writingNew } from './creating'
import { DeleteOrder } from './delete-order'
import { NewOrder } from './new-order'
import { takeLeftOut } from './search'
import { orders } from './table'

const route = getRouteApi('/orders')

function useAddress() {
	const search = route.useSearch()
	const navigate = route.useNavigate()
	const set = useCallback(
		(next: Search, replace = false) => {
			// another filter or sorting starts at the top
			const looks = Object.keys(next).every(name => isLook(orders, name))
			void navigate({
				search: now => ({ ...now, ...(looks ? {} : { page: undefined }), ...next }),
				replace,
				resetScroll: false,
			})
		},
		[navigate],
	)
	return { search, set }
}

const write = () => writingNew.set(true)

export default function OrdersPage() {
	useTitle('Orders')
	const { search, set } = useAddress()
	const health = useHealth().data
	const may = health?.writes
	const writing = useObservable(writingNew)
	/** then: closes what shows the order, once it is deleted. */
	const [deleting, setDeleting] = useState<{ id: string; then?: () => void } | null>(null)
	useEffect(() => () => writingNew.set(false), [])
	const deleted = useRow(orders, deleting?.id ?? '')?.row
	return (
		<>
			<TablePage
				table={orders}
				{...{ search, set }}
				dropped={takeLeftOut}
				create={may?.create ? write : null}
				remove={may?.delete ? id => setDeleting({ id }) : null}
				empty={<NoOrders complete={health?.syncedAt != null} />}
				detailFoot={({ row, gone }, then) =>
					may?.delete &&
					!gone && (
						<div className="flex justify-end border-t border-line px-5 py-3">
							<Button
								look="quiet"
								className="text-bad!"
								onClick={() => setDeleting({ id: row.id, then })}
							>
								<Trash2 aria-hidden className="size-4" />
								Delete order
							</Button>
						</div>
					)
				}
			/>
			{writing && may?.create && (
				<NewOrder onClose={() => writingNew.set(false)} onShow={id => set({ order: id })} />
			)}
			{deleted && <DeleteOrder order={deleted} onClose={() => setDeleting(null)} onGone={deleting?.then} />}
		</>
	)
}

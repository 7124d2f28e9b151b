import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Copy, History, PackageX, Trash2, Undo2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Change, OrderChange } from '@/api/client'
import { useHealth } from '@/api/health'
import { explain, Problem } from '@/api/problem'
import { formatAgo, formatInstant, formatInstantExact, isDate } from '@/lib/format'
import { useMoney } from '@/lib/money'
import { Button, buttonClass } from '@/ui/button'
import { ChangeList } from '@/tables/changes'
import { Dialog } from '@/ui/dialog'
import { notify } from '@/ui/notify'
import { Blank, Bone } from '@/ui/parts'
import { historyQuery, orderQuery, undoChange } from './api'
import { State } from '@/tables/cells'
import { DeleteOrder } from './delete-order'
import { editOrder } from '@/tables/edits'
import { FieldButton } from '@/tables/field-editor'
import { useOrder } from '@/tables/store'

export function Detail({
	id,
	onClose,
	onCustomer,
}: {
	id: string
	onClose: () => void
	onCustomer: (customer: string) => void
}) {
	const [deleting, setDeleting] = useState(false)
	const money = useMoney()
	const mayDelete = useHealth().data?.writes.delete ?? false
	const query = useQuery(orderQuery(id))
	const entry = useOrder(query.data?.id ?? id)
	const order = entry?.shown
	if (!entry || !order) {
		const gone = query.error instanceof Problem && query.error.status === 404
		return (
			<Dialog open onClose={onClose} place="side" title={id}>
				{query.error ? (
					<Blank
						icon={PackageX}
						title={gone ? 'This order is not there' : 'The order can’t be read'}
						action={!gone && <Button onClick={() => void query.refetch()}>Try again</Button>}
					>
						{gone ? 'It may have been deleted in Airtable.' : explain(query.error)}
					</Blank>
				) : (
					<div className="flex flex-col gap-3 p-5">
						<Bone className="h-6 w-1/2" />
						<Bone className="h-24" />
					</div>
				)}
			</Dialog>
		)
	}
	const rows: [string, ReactNode][] = [
		[
			'Customer',
			order.customer === null ? (
				'–'
			) : (
				<button
					key="customer"
					type="button"
					className="text-right text-accent-ink underline-offset-2 hover:underline"
					onClick={() => onCustomer(order.customer!)}
					title="All orders of this customer"
				>
					{order.customer}
				</button>
			),
		],
		['Created', <Instant key="created" at={order.createdAt} />],
		['Updated', <Instant key="updated" at={order.updatedAt} />],
		['Record', <CopyId key="id" id={order.id} />],
	]
	return (
		<Dialog
			open
			onClose={onClose}
			place="side"
			title={order.orderId ?? order.id}
			description={order.customer ?? undefined}
		>
			<div className="min-h-0 flex-1 overflow-y-auto" tabIndex={0} role="region" aria-label="Details">
				<div className="flex items-end justify-between gap-4 px-5 pb-4">
					<p className="tnum text-3xl font-semibold tracking-tight">
						{order.orderTotal === null ? '–' : money.exact(order.orderTotal)}
					</p>
					<State entry={entry} />
				</div>
				<div className="grid grid-cols-2 gap-3 px-5 pb-4">
					{(['status', 'priority'] as const).map(field => (
						<FieldButton
							key={field}
							field={field}
							value={order[field]}
							onChoose={chosen => void editOrder(order.id, { [field]: chosen } as OrderChange)}
						/>
					))}
				</div>
				<dl className="mx-5 border-t border-line">
					{rows.map(([name, value]) => (
						<div key={name} className="flex justify-between gap-6 border-b border-line py-2.5">
							<dt className="text-ink-2">{name}</dt>
							<dd className="min-w-0 text-right break-words">{value}</dd>
						</div>
					))}
				</dl>
				<OrderHistory id={order.id} version={entry.order.version} />
			</div>
			{mayDelete && !entry.gone && (
				<div className="flex justify-end border-t border-line px-5 py-3">
					<Button look="quiet" className="text-bad!" onClick={() => setDeleting(true)}>
						<Trash2 aria-hidden className="size-4" />
						Delete order
					</Button>
				</div>
			)}
			{deleting && <DeleteOrder order={entry.order} onClose={() => setDeleting(false)} onGone={onClose} />}
		</Dialog>
	)
}

const Instant = ({ at }: { at: string | null }) =>
	at === null ? (
		<>–</>
	) : (
		<time dateTime={at} title={formatInstantExact(at)} className="tnum">
			{formatInstant(at)}
			{!isDate(at) && (
				<>
					{' '}
					<span className="text-ink-3">({formatAgo(at)})</span>
				</>
			)}
		</time>
	)

function CopyId({ id }: { id: string }) {
	const copy = () => {
		// the clipboard needs HTTPS
		void (navigator.clipboard?.writeText(id) ?? Promise.reject(new Error())).then(
			() => notify.success('Copied'),
			() => notify.error('It could not be copied', { description: id }),
		)
	}
	return (
		<button
			type="button"
			onClick={copy}
			aria-label={`Copy ${id}`}
			className="inline-flex items-center gap-1.5 font-mono text-xs text-ink-2 hover:text-ink"
		>
			{id}
			<Copy aria-hidden className="size-3.5" />
		</button>
	)
}

function OrderHistory({ id, version }: { id: string; version: number }) {
	const { data, error, fetchNextPage, hasNextPage, refetch } = useInfiniteQuery(historyQuery(id))
	const changes = data?.pages.flatMap(page => page.changes)
	const undo = async (change: Change) => {
		try {
			await undoChange(id, version, change.change)
			notify.success('Taken back')
		} catch (fault) {
			notify.error('Not taken back', {
				description:
					fault instanceof Problem && fault.status === 409
						? 'The order has been changed since in the same field.'
						: explain(fault),
			})
		}
		void refetch()
	}
	return (
		<section className="px-5 pt-5 pb-8" aria-label="History">
			<h3 className="flex items-center gap-2 font-semibold">
				<History aria-hidden className="size-4 text-ink-3" />
				History
			</h3>
			{changes === undefined ? (
				error ? (
					<p className="mt-2 text-ink-2">{explain(error)}</p>
				) : (
					<div className="mt-3 flex flex-col gap-3" role="status" aria-label="Loading the history">
						<Bone className="h-9" />
						<Bone className="h-9" />
					</div>
				)
			) : changes.length === 0 ? (
				<p className="mt-2 text-ink-2">Nothing has changed since the first sync.</p>
			) : (
				<ChangeList
					changes={changes}
					action={change =>
						change.action === 'changed' &&
						change.source === 'api' && (
							<button
								type="button"
								onClick={() => void undo(change)}
								className={buttonClass('quiet', 'small')}
							>
								<Undo2 aria-hidden className="size-3.5" />
								Undo
							</button>
						)
					}
				/>
			)}
			{hasNextPage && (
				<Button look="quiet" className="mt-2 w-full" onClick={() => void fetchNextPage()}>
					Older changes
				</Button>
			)}
		</section>
	)
}

import clsx from 'clsx'
import { ChevronDown, X } from 'lucide-react'
import { formatCount, plural } from '@/lib/format'
import { useObservable } from '@/lib/observable'
import { Button } from '@/ui/button'
import { Popover } from '@/ui/popover'
import { startBulk } from './bulk'
import { bulkJob, isUnderWay } from './bulk-job'
import { type AnyTable, type Filter, optionsOf, wordFor } from './descriptor'
import { FieldChoices } from './field-editor'
import { chosenOf, type Selection } from './selection'

type Props = {
	table: AnyTable
	selection: Selection
	total: number
	filter: Filter
	onClear: () => void
	onAll: () => void
	/** Which list is open. */
	picking: string | null
	setPicking: (field: string | null) => void
}

export function BulkBar({ table, selection, total, filter, onClear, onAll, picking, setPicking }: Props) {
	const busy = isUnderWay(useObservable(bulkJob))
	const chosen = chosenOf(selection)
	if (chosen === 0) return null
	const run = async (change: object) => {
		const wanted = selection.all === null ? { ids: [...selection.ids] } : { except: selection.ids, counted: chosen }
		if (await startBulk(table, wanted, change, filter)) onClear()
	}
	const now = selection.all === null ? chosen : total - selection.ids.size
	return (
		<div
			role="toolbar"
			aria-label={`Selected ${table.many}`}
			className={clsx(
				'animate-in absolute inset-x-3 bottom-3 z-20 mx-auto flex w-fit max-w-[calc(100%-1.5rem)]',
				'flex-wrap items-center justify-center gap-1.5 rounded-xl bg-raised p-1.5 shadow-pop',
			)}
		>
			<span className="tnum px-2 font-medium" role="status">
				{plural(chosen, table.one, table.many)}
				{now !== chosen && <span className="font-normal text-ink-2">, {formatCount(now)} match now</span>}
			</span>
			{selection.all === null && total > chosen && (
				<Button look="quiet" size="small" onClick={onAll}>
					Select all {formatCount(total)}
				</Button>
			)}
			{optionsOf(table.fields).map(([field]) => (
				<Popover
					key={field}
					label={`Set the ${wordFor(table.fields, field)}`}
					open={picking === field}
					onOpenChange={open => setPicking(open ? field : null)}
					onClosed={toTable}
					trigger={
						<Button size="small" disabled={busy} title={busy ? 'Another bulk edit is running' : undefined}>
							Set {wordFor(table.fields, field)}
							<ChevronDown aria-hidden className="size-3.5" />
						</Button>
					}
				>
					<FieldChoices
						table={table}
						field={field}
						value={undefined}
						onChoose={value => {
							setPicking(null)
							void run({ [field]: value })
						}}
					/>
				</Popover>
			))}
			<Button
				look="quiet"
				size="small-icon"
				aria-label="Clear the selection"
				onClick={() => {
					onClear()
					toTable()
				}}
			>
				<X aria-hidden className="size-4" />
			</Button>
		</div>
	)
}

/** The bar may be gone by then: the focus goes to the table. */
const toTable = () =>
	document.querySelector<HTMLElement>('tr[data-index][tabindex="0"]')?.focus({ preventScroll: true })

import { ChevronDown, Undo2, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { OrderChange } from '@/api/client'
import { explain } from '@/api/problem'
import { queryClient } from '@/api/query-client'
import { formatCount, plural } from '@/lib/format'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Progress } from '@/ui/parts'
import { Popover } from '@/ui/popover'
import { notify } from '@/ui/notify'
import { type BulkState, matchingIds, runBulk, undoBulks } from './bulk'
import { FieldChoices } from './field-editor'
import type { Filter } from './search'
import type { Selection } from './selection'
import type { Field } from './store'

type Props = {
	selection: Selection
	total: number
	filter: Filter
	onClear: () => void
	onAll: () => void
	onKeep: (ids: string[]) => void
}

export function BulkBar({ selection, total, filter, onClear, onAll, onKeep }: Props) {
	const [state, setState] = useState<BulkState | null>(null)
	const stop = useRef<AbortController | null>(null)
	useEffect(() => () => stop.current?.abort(), [])
	const chosen = selection.all ? total : selection.ids.size

	async function run(change: OrderChange, only?: string[]) {
		const control = new AbortController()
		stop.current = control
		try {
			let ids = only ?? [...selection.ids]
			if (selection.all && only === undefined) {
				ids = []
				for await (const some of matchingIds(filter, control.signal)) {
					ids.push(...some)
					setState({ phase: 'gathering', done: ids.length, total, pending: 0, failures: [], bulks: [] })
				}
			}
			setState(await runBulk(ids, change, setState, control.signal))
		} catch (error) {
			setState(null)
			if (!control.signal.aborted) notify.error('The orders could not be read', { description: explain(error) })
		}
		follow()
	}

	async function undo(bulks: string[]) {
		setState(await undoBulks(bulks, setState))
		follow()
	}

	if (chosen === 0 && state === null) return null
	return (
		<>
			{chosen > 0 && (
				<div role="toolbar" aria-label="Chosen orders" className="animate-in absolute inset-x-3 bottom-3 z-20 mx-auto flex w-fit max-w-[calc(100%-1.5rem)] flex-wrap items-center justify-center gap-1.5 rounded-xl bg-raised p-1.5 shadow-pop">
					<span className="tnum px-2 font-medium" role="status">{plural(chosen, 'order')}</span>
					{!selection.all && total > chosen && <Button look="quiet" size="small" onClick={onAll}>All {formatCount(total)} matching</Button>}
					<Pick field="status" onPick={change => void run(change)} />
					<Pick field="priority" onPick={change => void run(change)} />
					<Button look="quiet" size="small-icon" aria-label="Clear the selection" onClick={onClear}><X aria-hidden className="size-4" /></Button>
				</div>
			)}
			{state !== null && (
				<Report
					state={state} onStop={() => stop.current?.abort()} onUndo={() => void undo(state.bulks)}
					onClose={() => {
						if (state.failures.length > 0) onKeep(state.failures.map(({ id }) => id).filter(Boolean))
						else onClear()
						setState(null)
					}}
				/>
			)}
		</>
	)
}

function follow() {
	for (const queryKey of [['summary'], ['audit'], ['orders', 'page'], ['orders', 'history']]) void queryClient.invalidateQueries({ queryKey })
}

function Pick({ field, onPick }: { field: Field; onPick: (change: OrderChange) => void }) {
	const [open, setOpen] = useState(false)
	const name = field === 'status' ? 'Status' : 'Priority'
	return (
		<Popover label={`Set the ${field}`} open={open} onOpenChange={setOpen} trigger={<Button size="small">Set {name.toLowerCase()}<ChevronDown aria-hidden className="size-3.5" /></Button>}>
			<FieldChoices field={field} value={undefined} onChoose={value => { setOpen(false); onPick({ [field]: value } as OrderChange) }} />
		</Popover>
	)
}

function Report({ state, onStop, onUndo, onClose }: { state: BulkState; onStop: () => void; onUndo: () => void; onClose: () => void }) {
	const busy = state.phase === 'gathering' || state.phase === 'running'
	const good = state.done - state.failures.length
	const title = state.phase === 'gathering' ? 'Looking up the orders' : busy ? 'Changing the orders' : state.failures.length > 0 ? `${plural(state.failures.length, 'order was', 'orders were')} not changed` : `${plural(good, 'order')} changed`
	return (
		<Dialog open onClose={() => { if (busy) onStop(); else onClose() }} title={title}>
			<div className="min-h-0 overflow-y-auto px-5 pb-4" tabIndex={0} role="region" aria-label="Progress">
				{busy && <Progress value={state.done} max={state.total} label={title} />}
				<p className="tnum mt-2 text-ink-2" role="status">
					{busy ? `${formatCount(state.done)} of ${formatCount(state.total)}` : `${formatCount(good)} of ${formatCount(state.total)} changed${state.phase === 'stopped' ? ', then stopped' : ''}`}
					{state.pending > 0 && `, ${formatCount(state.pending)} queued until Airtable is back`}
				</p>
				{state.failures.length > 0 && (
					<ul className="mt-3 rounded-lg border border-line" data-testid="failures">
						{state.failures.slice(0, 200).map(({ id, name, why }, i) => <li key={`${id} ${i}`} className="border-b border-line px-3 py-2 last:border-0"><span className="tnum font-medium">{name}</span><br /><span className="text-ink-2">{why}</span></li>)}
					</ul>
				)}
			</div>
			<div className="flex justify-end gap-2 border-t border-line px-5 py-3">
				{busy ? <Button onClick={onStop}>Stop</Button> : (
					<>
						{state.bulks.length > 0 && good > 0 && <Button onClick={onUndo}><Undo2 aria-hidden className="size-4" />Undo</Button>}
						<Button look="primary" onClick={onClose}>{state.failures.length > 0 ? 'Keep those selected' : 'Done'}</Button>
					</>
				)}
			</div>
		</Dialog>
	)
}

import { useObservable } from '@/lib/observable'
import { formatInstant } from '@/lib/format'
import { PriorityLabel, StatusBadge } from '@/ui/badges'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { conflicts, settleConflict } from './edits'
import { type Field, FIELDS } from './store'

/** Somebody else changed the same field: both values, and a choice. */
export function ConflictDialog() {
	const conflict = useObservable(conflicts)[0]
	if (!conflict) return null
	const { mine, theirs, base, name } = conflict
	const show = (field: Field, value: string | null) =>
		field === 'status' ? <StatusBadge status={value} /> : <PriorityLabel priority={value} />
	return (
		<Dialog
			open
			onClose={() => settleConflict(conflict, 'theirs')}
			title={`${name} has been changed meanwhile`}
			description={
				<>
					Somebody else changed it{theirs.updatedAt ? ` at ${formatInstant(theirs.updatedAt)}` : ''}, after
					you had opened it. Which value should it have?
				</>
			}
		>
			<table className="mx-5 mt-1 mb-5 text-left">
				<thead className="text-xs text-ink-3">
					<tr>
						<th scope="col" className="py-2 font-medium">
							<span className="sr-only">Field</span>
						</th>
						<th scope="col" className="py-2 font-medium">
							Was
						</th>
						<th scope="col" className="py-2 font-medium">
							Theirs
						</th>
						<th scope="col" className="py-2 font-medium">
							Yours
						</th>
					</tr>
				</thead>
				<tbody>
					{FIELDS.filter(field => mine[field] !== undefined).map(field => (
						<tr key={field} className="border-t border-line">
							<th scope="row" className="py-3 pr-3 font-medium">
								{field === 'status' ? 'Status' : 'Priority'}
							</th>
							<td className="py-3 pr-3">{show(field, base[field])}</td>
							<td className="py-3 pr-3" data-side="theirs">
								{show(field, theirs[field])}
							</td>
							<td className="py-3" data-side="mine">
								{show(field, mine[field] ?? null)}
							</td>
						</tr>
					))}
				</tbody>
			</table>
			<div className="flex justify-end gap-2 border-t border-line px-5 py-3">
				<Button onClick={() => settleConflict(conflict, 'theirs')}>Keep theirs</Button>
				<Button look="primary" onClick={() => settleConflict(conflict, 'mine')}>
					Use mine
				</Button>
			</div>
		</Dialog>
	)
}

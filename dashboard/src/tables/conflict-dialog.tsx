import { useObservable } from '@/lib/observable'
import { formatInstant } from '@/lib/format'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { type AnyTable, changedAt, nameOfField, optionsOf } from './descriptor'

/** Somebody else changed the same field: both values, and a choice. */
export function ConflictDialog({ table }: { table: AnyTable }) {
	const conflict = useObservable(table.edits.conflicts)[0]
	if (!conflict) return null
	const { mine, theirs, base, name } = conflict
	const at = changedAt(table.fields, theirs)
	return (
		<Dialog
			open
			onClose={() => table.edits.settle(conflict, 'theirs')}
			title={`${name} has changed in the meantime`}
			description={
				<>
					Someone else changed it{at === undefined ? '' : ` at ${formatInstant(at)}`}, after you opened it.
					Which value do you want to keep?
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
					{optionsOf(table.fields)
						.filter(([field]) => mine[field] !== undefined)
						.map(([field, { show }]) => (
							<tr key={field} className="border-t border-line">
								<th scope="row" className="py-3 pr-3 font-medium">
									{nameOfField(table.fields, field)}
								</th>
								<td className="py-3 pr-3">{show(base[field])}</td>
								<td className="py-3 pr-3" data-side="theirs">
									{show(theirs[field])}
								</td>
								<td className="py-3" data-side="mine">
									{show(mine[field] ?? null)}
								</td>
							</tr>
						))}
				</tbody>
			</table>
			<div className="flex justify-end gap-2 border-t border-line px-5 py-3">
				<Button onClick={() => table.edits.settle(conflict, 'theirs')}>Keep theirs</Button>
				<Button look="primary" onClick={() => table.edits.settle(conflict, 'mine')}>
					Use mine
				</Button>
			</div>
		</Dialog>
	)
}

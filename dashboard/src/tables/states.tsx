import { CloudOff, SearchX } from 'lucide-react'
import { explain, wrongFilters } from '@/api/problem'
import { mayPass } from '@/api/query-client'
import { Button } from '@/ui/button'
import { Blank } from '@/ui/parts'
import type { AnyTable } from './descriptor'

/** Why there are no rows: a filter that the API refuses, or a temporary failure. */
export function Unreadable({
	table,
	error,
	onRetry,
	onDrop,
	onClear,
}: {
	table: AnyTable
	error: Error
	onRetry: () => void
	onDrop: (names: string[]) => void
	onClear: () => void
}) {
	const wrong = wrongFilters(error)
	const names = Object.keys(table.filters).filter(name =>
		wrong.some(({ field }) => field.replace(/\[\]$/, '') === name),
	)
	return (
		<div className="grid flex-1 place-items-center">
			{wrong.length > 0 ? (
				<Blank
					icon={SearchX}
					title="This filter can’t be used"
					action={
						<>
							{names.length > 0 && (
								<Button look="primary" onClick={() => onDrop(names)}>
									Remove {names.map(name => table.filters[name]).join(', ')}
								</Button>
							)}
							<Button onClick={onClear}>Clear the filters</Button>
						</>
					}
				>
					{wrong.map(({ field, message }) => `${table.filters[field] ?? field}: ${message}`).join('. ')}.
				</Blank>
			) : (
				<Blank
					icon={CloudOff}
					title={`The ${table.many} can’t be read`}
					action={
						<>
							<Button onClick={onRetry}>Try again</Button>
							{!mayPass(error) && (
								<Button look="quiet" onClick={onClear}>
									Clear the filters
								</Button>
							)}
						</>
					}
				>
					{explain(error)}
					{mayPass(error) && ' Orderdeck keeps trying.'}
				</Blank>
			)}
		</div>
	)
}

/** Without this notice the user would take all rows for the filtered ones. */
export function LeftOut({ table, names, onSeen }: { table: AnyTable; names: string[]; onSeen: () => void }) {
	if (names.length === 0) return null
	return (
		<div
			role="status"
			data-testid="left-out"
			className="flex items-center gap-3 border-b border-line bg-warn-soft px-4 py-1.5 text-[0.8125rem]"
		>
			<span className="min-w-0 flex-1">
				These filters in the address are not valid and were ignored:{' '}
				<b className="font-medium">{names.map(name => table.filters[name]).join(', ')}</b>.
			</span>
			<Button look="quiet" size="small" onClick={onSeen}>
				Close
			</Button>
		</div>
	)
}

export const NoMatch = ({ table, onClear }: { table: AnyTable; onClear: () => void }) => (
	<div className="grid flex-1 place-items-center">
		<Blank
			icon={SearchX}
			title={`No ${table.one} matches`}
			action={<Button onClick={onClear}>Clear the filters</Button>}
		>
			Try fewer filters, or another spelling.
		</Blank>
	</div>
)

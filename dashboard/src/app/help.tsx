import { useHealth } from '@/api/health'
import { orders } from '@/orders/table'
import { optionsOf, wordFor } from '@/tables/descriptor'
import { Dialog } from '@/ui/dialog'
import { Key } from '@/ui/parts'

type Keys = [string[], string][]

const groups = (may: { create: boolean; delete: boolean }): [string, Keys][] => [
	[
		'Everywhere',
		[
			[['Ctrl', 'K'], 'Search and commands'],
			[['/'], 'Search orders'],
			[['g', 'h'], 'Overview'],
			[['g', 'o'], 'Orders'],
			[['g', 'a'], 'Activity'],
			[['g', 's'], 'Sync'],
			[['?'], 'This list'],
		],
	],
	[
		'In the table',
		[
			[['j'], 'Next order'],
			[['k'], 'Previous order'],
			[['Enter'], 'Details'],
			...optionsOf(orders.fields).map(([field, { shortcut }]): Keys[number] => [
				[shortcut],
				`Change the ${wordFor(orders.fields, field)} (of all selected orders)`,
			]),
			[['x'], 'Select'],
			[['Shift', 'x'], 'Select up to here'],
			[['Esc'], 'Clear the selection'],
			[['Ctrl', 'z'], 'Undo the last edit'],
			...(may.create ? ([[['n'], 'New order']] as Keys) : []),
			...(may.delete ? ([[['Del'], 'Delete']] as Keys) : []),
		],
	],
]

export default function Help({ onClose }: { onClose: () => void }) {
	const may = useHealth().data?.writes ?? { create: false, delete: false }
	return (
		<Dialog open onClose={onClose} title="Keyboard shortcuts" className="max-w-2xl!">
			<div className="grid gap-x-10 gap-y-5 overflow-y-auto px-5 pb-6 sm:grid-cols-2" tabIndex={-1}>
				{groups(may).map(([title, keys]) => (
					<section key={title}>
						<h3 className="mb-1 text-2xs font-semibold tracking-wide text-ink-3 uppercase">{title}</h3>
						<dl>
							{keys.map(([keys, text]) => (
								<div
									key={text}
									className="flex items-center justify-between border-b border-line py-2 last:border-0"
								>
									<dt>{text}</dt>
									<dd className="flex gap-1">
										{keys.map(key => (
											<Key key={key}>{key}</Key>
										))}
									</dd>
								</div>
							))}
						</dl>
					</section>
				))}
			</div>
		</Dialog>
	)
}

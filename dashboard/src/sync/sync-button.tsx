import clsx from 'clsx'
import { RefreshCw } from 'lucide-react'
import { explain } from '@/api/problem'
import { useStartSync, useSync } from '@/api/sync'
import { formatCount, formatPercent } from '@/lib/format'
import { Button } from '@/ui/button'
import { notify } from '@/ui/notify'

export function useSyncNow() {
	const start = useStartSync()
	const run = (mode: 'auto' | 'full' = 'auto') =>
		start.mutate(mode, {
			onSuccess: ({ goesOn }) =>
				goesOn
					? notify.info('The sync is still running', {
							description: 'The Sync page shows its progress.',
						})
					: notify.success('Up to date with Airtable'),
			onError: error =>
				notify.error('The sync failed', {
					description: explain(error),
					action: { label: 'Try again', onClick: () => run(mode) },
				}),
		})
	return { run, pending: start.isPending }
}

export function SyncButton() {
	const { run, pending } = useSyncNow()
	const sync = useSync().data
	const running = pending || sync?.state === 'running'
	const share =
		sync?.state === 'running' && sync.expectedRecords
			? Math.min(1, (sync.records ?? 0) / sync.expectedRecords)
			: null
	return (
		<Button
			look="primary"
			size="bar"
			onClick={() => run()}
			disabled={running}
			className="max-sm:w-8 max-sm:px-0"
			data-testid="sync"
			title={
				running && sync?.records
					? `${formatCount(sync.records)} orders read`
					: 'Bring the orders up to date with Airtable'
			}
		>
			<RefreshCw aria-hidden className={clsx('size-4', running && 'animate-spinner')} />
			<span className="max-sm:sr-only">
				{running ? (share === null ? 'Syncing' : formatPercent(Math.floor(share * 100) / 100)) : 'Sync'}
			</span>
		</Button>
	)
}

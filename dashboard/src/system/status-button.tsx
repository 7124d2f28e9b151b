import clsx from 'clsx'
import { Dot } from '@/ui/badges'
import { OnDemand } from '@/ui/on-demand'
import { useCondition } from './use-condition'

const load = () => import('./status-menu')

/** The pill in the header: the state in two or three words. */
export function StatusButton() {
	const { condition } = useCondition()
	return (
		<OnDemand
			load={load}
			button={
				<button
					type="button"
					data-testid="status"
					data-kind={condition.kind}
					aria-label={`State: ${condition.short}`}
					aria-haspopup="dialog"
					className={clsx(
						'flex h-8 items-center gap-2 rounded-lg border border-line-strong bg-surface px-2.5',
						'text-[0.8125rem] font-medium shadow-card hover:bg-hover',
					)}
				>
					<Dot tone={condition.tone} />
					<span className="max-sm:sr-only">{condition.short}</span>
				</button>
			}
		/>
	)
}

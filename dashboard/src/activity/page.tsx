import { useInfiniteQuery } from '@tanstack/react-query'
import { History, TriangleAlert } from 'lucide-react'
import { api, type ChangePage } from '@/api/client'
import { explain } from '@/api/problem'
import { useTitle } from '@/lib/hooks'
import { Button } from '@/ui/button'
import { ChangeList } from '@/ui/changes'
import { Blank, Bone, Card, PageTitle } from '@/ui/parts'

function useAudit() {
	return useInfiniteQuery({
		queryKey: ['audit'],
		queryFn: async ({ signal, pageParam }): Promise<ChangePage> => {
			const after = pageParam === null ? {} : { after: pageParam }
			return (await api.GET('/api/audit', { params: { query: { limit: 50, ...after } }, signal })).data!
		},
		initialPageParam: null as string | null,
		getNextPageParam: page => page.nextCursor,
		maxPages: 20,
	})
}

export default function ActivityPage() {
	useTitle('Activity')
	const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useAudit()
	const changes = data?.pages.flatMap(page => page.changes) ?? []
	return (
		<div className="mx-auto w-full max-w-4xl">
			<PageTitle>Activity</PageTitle>
			<Card label="Changes, newest first">
				{data === undefined
					? error
						? <Blank icon={TriangleAlert} title="The activity can’t be read" action={<Button onClick={() => void refetch()}>Try again</Button>}>{explain(error)}</Blank>
						: <div className="flex flex-col gap-4 p-5" role="status" aria-label="Loading the activity">{[1, 2, 3, 4, 5].map(n => <Bone key={n} className="h-10" />)}</div>
					: changes.length === 0
						? <Blank icon={History} title="Nothing has changed yet">Every change from now on is listed here: who made it, when, and through what.</Blank>
						: <div className="px-4 py-2 sm:px-5"><ChangeList changes={changes} withOrder /></div>}
				{hasNextPage && <div className="flex justify-center border-t border-line p-3"><Button look="quiet" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>Older changes</Button></div>}
			</Card>
		</div>
	)
}

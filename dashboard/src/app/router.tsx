import {
	createRootRoute,
	createRoute,
	createRouter,
	lazyRouteComponent,
	Link,
	type ErrorComponentProps,
} from '@tanstack/react-router'
import { Compass, TriangleAlert } from 'lucide-react'
import { summaryQuery } from '@/api/summary'
import { todayQuery } from '@/api/today'
import { queryClient } from '@/api/query-client'
import { useTitle } from '@/lib/hooks'
import { addressOf, ordersSearch, parseAddress } from '@/orders/search'
import OverviewPage from '@/overview/page'
import { Button, buttonClass } from '@/ui/button'
import { Blank, Bone, Card } from '@/ui/parts'
import { Shell } from './shell'

const root = createRootRoute({ component: Shell, notFoundComponent: Nowhere, errorComponent: Failed })

const overview = createRoute({
	getParentRoute: () => root,
	path: '/',
	component: OverviewPage,
	loader: () => {
		void queryClient.prefetchQuery(summaryQuery)
		void queryClient.prefetchQuery(todayQuery)
	},
})
const orders = createRoute({
	getParentRoute: () => root,
	path: '/orders',
	validateSearch: search => ordersSearch.parse(search),
	component: lazyRouteComponent(() => import('@/orders/page')),
})
const activity = createRoute({
	getParentRoute: () => root,
	path: '/activity',
	component: lazyRouteComponent(() => import('./activity')),
})
const sync = createRoute({
	getParentRoute: () => root,
	path: '/sync',
	component: lazyRouteComponent(() => import('@/sync/page')),
})

/* Plain texts in the address: ?status=Pending,Shipped, nothing quoted or encoded twice. */
export const router = createRouter({
	routeTree: root.addChildren([overview, orders, activity, sync]),
	parseSearch: parseAddress,
	stringifySearch: addressOf,
	defaultPreload: 'intent',
	defaultErrorComponent: Failed,
	defaultPendingComponent: Coming,
	defaultPendingMs: 300 /* sooner it would only flicker */,
	defaultPendingMinMs: 0,
	scrollRestoration: true,
})

declare module '@tanstack/react-router' {
	interface Register {
		router: typeof router
	}
}

/** Shown while a page's file is loading. */
function Coming() {
	return (
		<div role="status" aria-label="The page is loading" className="mx-auto w-full max-w-[150rem]">
			<Bone className="mb-5 h-7 w-40" />
			<Card className="min-h-[55dvh] gap-4 p-5">
				<Bone className="h-5 w-1/3" />
				<Bone className="h-5 w-2/3" />
				<Bone className="h-5 w-1/2" />
			</Card>
		</div>
	)
}

function Nowhere() {
	useTitle('No such page')
	return (
		<>
			<h1 tabIndex={-1} className="sr-only">
				No such page
			</h1>
			<Blank
				icon={Compass}
				title="This page does not exist"
				action={
					<Link to="/" className={buttonClass('plain')}>
						Go to the overview
					</Link>
				}
			>
				The address may be mistyped or from an older version.
			</Blank>
		</>
	)
}

function Failed({ error, reset }: ErrorComponentProps) {
	return (
		<Blank
			icon={TriangleAlert}
			title="This page could not be displayed"
			action={
				<>
					<Button onClick={reset}>Try again</Button>
					<Button look="quiet" onClick={() => location.reload()}>
						Reload
					</Button>
				</>
			}
		>
			{error instanceof Error ? error.message : 'Something unexpected happened.'}
		</Blank>
	)
}

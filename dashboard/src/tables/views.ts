import * as z from 'zod/mini'
import { Observable } from '@/lib/observable'
import { recall, remember } from '@/lib/storage'
import { ordersSearch, type OrdersSearch } from '@/orders/search'

export type View = { name: string; search: OrdersSearch; own?: boolean }

export const GIVEN_VIEWS: View[] = [
	{ name: 'All orders', search: {} },
	{ name: 'Open', search: { status: ['Pending', 'Processing'] } },
	{
		name: 'Open, high priority',
		search: { status: ['Pending', 'Processing'], priority: ['High'], sort: 'createdAt' },
	},
	{ name: 'Largest', search: { sort: '-orderTotal' } },
	{ name: 'Without a status', search: { empty: ['status'] } },
]

const stored = z.array(z.object({ name: z.string().check(z.minLength(1), z.maxLength(60)), search: ordersSearch }))

function own(): View[] {
	const parsed = stored.safeParse(recall('views'))
	return parsed.success ? parsed.data.map(view => ({ ...view, own: true })) : []
}

export const savedViews = new Observable<View[]>([...GIVEN_VIEWS, ...own()])

function keep(views: View[]) {
	savedViews.set([...GIVEN_VIEWS, ...views])
	remember(
		'views',
		views.map(({ name, search }) => ({ name, search })),
	)
}

/** The same name again replaces the view. */
export function saveView(name: string, search: OrdersSearch) {
	const { page: _page, order: _order, ...rest } = search
	keep([...savedViews.get().filter(view => view.own && view.name !== name), { name, search: rest, own: true }])
}

export const removeView = (name: string) => keep(savedViews.get().filter(view => view.own && view.name !== name))

const LOOKS = ['columns', 'density', 'page', 'order'] as const
const essence = (search: OrdersSearch) =>
	JSON.stringify(
		Object.entries(search)
			.filter(([name, value]) => value !== undefined && !LOOKS.includes(name as never))
			.sort(),
	)

/** The view that the table shows, if it is one. */
export const currentView = (views: View[], search: OrdersSearch) =>
	views.find(view => essence(view.search) === essence(search))

/*
 * The rows of a table: pages of ids as they are shown.  The store (store.ts) has
 * the rows' contents, which are drawn at once.  Which rows are shown, and in which
 * order, changes by itself only while no row can jump away from the pointer;
 * otherwise the change is held back and offered.  The user's own edits are never
 * held back: they change the list at once.
 */
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { onChange } from '@/api/live'
import { pause } from '@/api/pace'
import { Problem } from '@/api/problem'
import { mayBeNews } from '@/api/query-client'
import { type AnyTable, type Filter, type Page, PAGE_SIZE, type Row, type Table } from './descriptor'

/** generation: at which the order of the ids was read. */
type ShownPage = { ids: string[]; generation: number }
type Shown = { key: string; total: number; pages: Map<number, ShownPage> }
/** Rows that we changed after one generation and up to another. */
type Ours = (after: number, until: number) => ReadonlySet<string>
export type Rows = {
	total: number | null /* null: nothing has arrived yet */
	idAt: (index: number) => string | undefined
	/** Old rows of another filter, until the new ones arrive. */
	stale: boolean
	error: Error | null
	retry: () => void
	/** How many rows have moved, come or gone since; show() applies that. */
	held: number
	show: () => void
	/** Which rows are on the screen. */
	see: (first: number, last: number) => void
}

const REFRESH_PAUSE_MS = 700
const ALONE_MAX = 20

/** Ids that came, went or moved. */
export function moved(before: readonly string[], after: readonly string[]): number {
	const old = new Set(before),
		now = new Set(after)
	const gone = before.filter(id => !now.has(id)).length,
		come = after.filter(id => !old.has(id)).length
	if (gone + come > 0) return Math.max(gone, come)
	return before.filter((id, i) => after[i] !== id).length
}

/** Does a page differ only by our own changes? Rows that came or went on earlier pages shift the whole page. */
export function byUsAlone(before: readonly string[], after: readonly string[], ours: ReadonlySet<string>): boolean {
	const old = before.filter(id => !ours.has(id)),
		now = after.filter(id => !ours.has(id))
	const most = Math.min(ours.size, PAGE_SIZE)
	const follows = (long: string[], short: string[], by: number) =>
		long.slice(by, by + short.length).every((id, i) => id === short[i])
	for (let by = 0; by <= most; by++) {
		if (follows(old, now, by) && old.length - by - now.length <= most) return true
		if (follows(now, old, by) && old.length + by - now.length <= most) return true
	}
	return false
}

/** A page with our changed rows where they belong and all others where they were. elsewhere: shown on another page. */
export function withOurs(
	before: readonly string[],
	after: readonly string[],
	ours: ReadonlySet<string>,
	elsewhere: (id: string) => boolean,
): string[] {
	const ids = before.filter(id => !ours.has(id))
	after.forEach((id, i) => {
		if (!ours.has(id)) return
		const above = after.slice(0, i).findLast(one => ids.includes(one))
		ids.splice(above === undefined ? 0 : ids.indexOf(above) + 1, 0, id)
	})
	const others = after.filter(id => !ids.includes(id) && !elsewhere(id))
	return [...ids, ...others.slice(0, Math.max(0, before.length - ids.length))].slice(0, PAGE_SIZE)
}

/** Ids of pages that are still shown which are on none of the new pages. */
export function leftOf(before: Shown, after: Shown): string[] {
	if (before.key !== after.key) return []
	const now = new Set([...after.pages.values()].flatMap(page => page.ids))
	return [...before.pages]
		.filter(([number]) => after.pages.has(number))
		.flatMap(([, page]) => page.ids)
		.filter(id => !now.has(id))
}

/** onLeft: called with rows that have left the list. */
export function useRows<R extends Row>(
	table: Table<R>,
	filter: Filter,
	mayMove: () => boolean,
	firstPage: number,
	onLeft: (ids: string[]) => void,
): Rows {
	const client = useQueryClient()
	const key = JSON.stringify(filter)
	const [range, setRange] = useState<[number, number]>([firstPage, firstPage])
	const [shown, setShown] = useState<Shown | null>(null)
	const [held, setHeld] = useState(0)
	const [lastKey, setLastKey] = useState(key)
	if (lastKey !== key) {
		// another filter starts at its first page
		setLastKey(key)
		setRange([1, 1])
		setHeld(0)
	}

	const pages = useMemo(() => Array.from({ length: range[1] - range[0] + 1 }, (_, i) => range[0] + i), [range])
	const results = useQueries({ queries: pages.map(page => table.requests.page(filter, page)) })
	const arrived = results.map(result => result.data)

	useEffect(() => {
		const fresh = new Map<number, Page<R>>()
		pages.forEach((page, i) => {
			if (arrived[i]) fresh.set(page, arrived[i])
		})
		if (fresh.size === 0) return
		setShown(before => {
			const { next, held: waiting } = merge(table, before, key, fresh, mayMove(), (after, until) =>
				table.store.changedByUs(after, until),
			)
			setHeld(waiting)
			return next
		})
		// eslint-disable-next-line react-hooks/exhaustive-deps -- what arrived says when
	}, [key, ...arrived])

	const show = useCallback(() => {
		setHeld(0)
		void client.invalidateQueries({ queryKey: [table.id, 'page'] })
		setShown(() => {
			const fresh = new Map<number, Page<R>>()
			pages.forEach((page, i) => {
				if (arrived[i]) fresh.set(page, arrived[i])
			})
			return merge(table, null, key, fresh, true).next
		})
	}, [table, arrived, client, key, pages])

	const lastShown = useRef(shown)
	useEffect(() => {
		const left = lastShown.current && shown ? leftOf(lastShown.current, shown) : []
		lastShown.current = shown
		if (left.length > 0) onLeft(left)
	}, [shown, onLeft])

	useRefresh(table, range, setShown)

	const see = useCallback((first: number, last: number) => {
		const next: [number, number] = [
			Math.floor(Math.max(0, first) / PAGE_SIZE) + 1,
			Math.floor(Math.max(0, last) / PAGE_SIZE) + 1,
		]
		setRange(now => (now[0] === next[0] && now[1] === next[1] ? now : next))
	}, [])

	const current = shown?.key === key
	const failed = results.find(result => result.error !== null && result.data === undefined)
	return {
		total: shown?.total ?? null,
		idAt: index => shown?.pages.get(Math.floor(index / PAGE_SIZE) + 1)?.ids[index % PAGE_SIZE],
		stale: shown !== null && !current,
		error: failed?.error ?? null,
		retry: () => results.forEach(result => void result.refetch()),
		held,
		show,
		see,
	}
}

export function merge<R extends Row>(
	table: Pick<Table<R>, 'requests' | 'store'>,
	before: Shown | null,
	key: string,
	fresh: Map<number, Page<R>>,
	mayMove: boolean,
	ours: Ours = () => new Set(),
): { next: Shown; held: number } {
	const base = before?.key === key ? before : null
	const pages = new Map(base?.pages)
	let total = base?.total ?? 0,
		waiting = 0
	for (const [number, page] of fresh) {
		const ids = page.rows.map(row => row.id)
		const old = base?.pages.get(number)
		const mine = old === undefined || mayMove ? null : ours(old.generation, page.generation)
		if (
			old === undefined ||
			mine === null ||
			moved(old.ids, ids) === 0 ||
			(mine.size > 0 && byUsAlone(old.ids, ids, mine))
		) {
			pages.set(number, { ids, generation: page.generation })
			if (waiting === 0) total = page.total
			continue
		}
		const kept =
			mine.size === 0
				? old.ids
				: withOurs(old.ids, ids, mine, id =>
						[...pages].some(([other, shown]) => other !== number && shown.ids.includes(id)),
					)
		pages.set(number, { ids: kept, generation: old.generation })
		waiting += moved(kept, ids)
		total =
			(base?.total ?? total) +
			[...mine].filter(id => ids.includes(id)).length -
			old.ids.filter(id => mine.has(id)).length
		catchUp(table, kept, new Set(ids))
	}
	return { next: { key, total, pages }, held: waiting }
}

/** Rows that stay on the screen although they left the page are read one by one. */
function catchUp<R extends Row>(
	{ requests, store }: Pick<Table<R>, 'requests' | 'store'>,
	shownIds: readonly string[],
	now: Set<string>,
) {
	for (const id of shownIds.filter(id => !now.has(id)).slice(0, ALONE_MAX)) {
		void requests.one(id).catch(error => {
			if (error instanceof Problem && error.status === 404) store.drop(id)
		})
	}
}

/** After a change: read again what is on the screen, forget the rest. */
function useRefresh(
	table: AnyTable,
	range: [number, number],
	setShown: (f: (shown: Shown | null) => Shown | null) => void,
) {
	const client = useQueryClient()
	const now = useRef(range)
	useEffect(() => {
		now.current = range
	}, [range])
	useEffect(() => {
		let due: ReturnType<typeof setTimeout> | undefined
		const stop = onChange(() => {
			due ??= setTimeout(
				() => {
					due = undefined
					const [first, last] = now.current
					setShown(
						shown =>
							shown && {
								...shown,
								pages: new Map([...shown.pages].filter(([page]) => page >= first && page <= last)),
							},
					)
					client.removeQueries({ queryKey: [table.id, 'page'], type: 'inactive' })
					void client.invalidateQueries({ queryKey: [table.id, 'page'], predicate: mayBeNews })
					void client.invalidateQueries({ queryKey: [table.id, 'one'] })
				},
				pause(table.policy, REFRESH_PAUSE_MS, now.current[1] - now.current[0] + 1),
			)
		})
		return () => {
			stop()
			clearTimeout(due)
		}
	}, [table, client, setShown])
}

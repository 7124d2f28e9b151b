import * as z from 'zod/mini'
import { Observable } from '@/lib/observable'
import { recall, remember } from '@/lib/storage'
import { isLook } from './address'
import type { Search } from './descriptor'

export type View = { name: string; search: Search; own?: boolean }

type Of = {
	given: readonly View[]
	/** Parses an address of the table. */
	schema: z.core.$ZodType<Search>
	/** The name under which this browser remembers them. */
	storage: string
	rowParameter: string
}

/** Named combinations of filters, sorting and columns: the built-in ones, then the user's own. */
export class Views {
	readonly saved: Observable<View[]>
	private readonly of: Of

	constructor(of: Of) {
		this.of = of
		const name = z.string().check(z.minLength(1), z.maxLength(60))
		const parsed = z.safeParse(z.array(z.object({ name, search: of.schema })), recall(of.storage))
		const own = parsed.success ? parsed.data.map(view => ({ ...view, own: true })) : []
		this.saved = new Observable<View[]>([...of.given, ...own])
	}

	/** A view of the same name is replaced. */
	save(name: string, search: Search) {
		const { page: _page, [this.of.rowParameter]: _row, ...rest } = search
		this.keep([...this.own().filter(view => view.name !== name), { name, search: rest, own: true }])
	}

	remove(name: string) {
		this.keep(this.own().filter(view => view.name !== name))
	}

	/** The view that the table shows, if any. */
	current(search: Search): View | undefined {
		const shown = this.essence(search)
		return this.saved.get().find(view => this.essence(view.search) === shown)
	}

	private own() {
		return this.saved.get().filter(view => view.own)
	}

	private keep(views: View[]) {
		this.saved.set([...this.of.given, ...views])
		remember(
			this.of.storage,
			views.map(({ name, search }) => ({ name, search })),
		)
	}

	private essence(search: Search) {
		const parts = Object.entries(search).filter(([name, value]) => value !== undefined && !isLook(this.of, name))
		return JSON.stringify(parts.sort())
	}
}

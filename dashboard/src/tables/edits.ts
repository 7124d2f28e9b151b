/*
 * Edits that feel instant.  Each has a number; what it asks for is laid over
 * the row field by field and stays until this very edit is settled.  The
 * changes of one row are sent one after another, each naming a version.
 * Refused: it is taken off again and a toast says why.  Changed by somebody
 * else meanwhile: only if it was the same field the person is asked.
 */
import { newKey } from '@/api/client'
import { explain, Problem } from '@/api/problem'
import { queryClient } from '@/api/query-client'
import { Observable } from '@/lib/observable'
import { notify } from '@/ui/notify'
import { type Change, type FieldOf, nameOf, optionsOf, type Row, type Table, wordFor } from './descriptor'
import { forgetUndo, rememberUndo } from './undo'

/** Both sides of a conflict, until it is settled; mine: the fields that nobody here has edited since. */
export type Conflict<R extends Row> = { edit: number; id: string; name: string; mine: Change<R>; base: R; theirs: R }

const NETWORK_TRIES = 3
const VERSION_TRIES = 4
const NETWORK_PAUSE_MS = 500

let edits = 0

type Of<R extends Row> = Pick<Table<R>, 'id' | 'one' | 'fields' | 'names' | 'store' | 'requests'>

export class Edits<R extends Row> {
	readonly conflicts = new Observable<Conflict<R>[]>([])
	private readonly table: Of<R>
	private readonly editable: readonly FieldOf<R>[]
	/** The last edit of each row under way, and then the row as far as the person has seen it or we have made it. */
	private readonly tails = new Map<string, Promise<R>>()

	constructor(table: Of<R>) {
		this.table = table
		this.editable = optionsOf(table.fields).map(([field]) => field as FieldOf<R>)
	}

	/** Change a row, as it is known or as the person has seen it. Returns when it is settled one way or another; it never throws. */
	edit(id: string, change: Change<R>, seen?: R): Promise<void> {
		const { store } = this.table
		const entry = store.get(id)
		if (!entry || this.has(entry.shown, change)) return Promise.resolve()
		const edit = ++edits
		const before = this.tails.get(id)
		// of a field with an edit still on its way the person has seen what that one asked for
		const ours = before === undefined ? [] : this.editable.filter(field => entry.overlay?.[field] !== undefined)
		const known = seen ?? entry.row
		store.lay(id, change, edit, 'saving')
		this.forgetConflicts(id)
		const mine =
			before === undefined
				? this.deliver(id, edit, change, known)
				: before.then(left => this.deliver(id, edit, change, { ...known, ...pick(left, ours) }))
		this.tails.set(id, mine)
		return mine.then(() => {
			if (this.tails.get(id) === mine) this.tails.delete(id)
		})
	}

	/** What is asked for, in words: "status Shipped, priority none". */
	inWords(change: Change<R>): string {
		return this.asks(change)
			.map(field => `${wordFor(this.table.fields, field)} ${change[field] ?? 'none'}`)
			.join(', ')
	}

	settle(conflict: Conflict<R>, keep: 'mine' | 'theirs') {
		this.conflicts.set(this.conflicts.get().filter(other => other !== conflict))
		this.table.store.lift(conflict.id, conflict.edit)
		if (keep === 'mine') void this.edit(conflict.id, conflict.mine, conflict.theirs)
	}

	/** Figures and histories follow; the list does when the change is told of. */
	afterChange() {
		for (const queryKey of [['summary'], [this.table.id, 'history'], ['audit']])
			void queryClient.invalidateQueries({ queryKey })
	}

	private asks(change: Change<R>): FieldOf<R>[] {
		return this.editable.filter(field => change[field] !== undefined)
	}
	private has(row: R, change: Change<R>) {
		return this.asks(change).every(field => row[field] === change[field])
	}
	private clashes(seen: R, now: R, change: Change<R>) {
		return this.asks(change).some(field => seen[field] !== now[field])
	}
	private nameOf(row: R) {
		return nameOf(this.table, row)
	}

	/** Send it, and say how it ended. The row as it is then known to the person. */
	private async deliver(id: string, edit: number, change: Change<R>, seen: R): Promise<R> {
		const { store, requests } = this.table
		if (store.wishes(id, edit).length === 0) return seen // all of it has been asked for otherwise meanwhile
		const told = store.expect([id])
		try {
			const row = await this.send(id, edit, change, seen)
			if (row === null) return seen
			store.lift(id, edit)
			this.tellDone(row, change)
			return { ...seen, ...change }
		} catch (error) {
			const unknown = error instanceof Problem && error.code === 'outcome_unknown'
			if (unknown) await requests.one(id).catch(() => undefined) // it is shown as pending until that is settled
			store.lift(id, edit)
			this.tellRefused(id, change, seen, error, unknown)
			return seen
		} finally {
			told()
		}
	}

	/** The row as changed; null: a conflict that the person has to settle. */
	private async send(id: string, edit: number, change: Change<R>, seen: R): Promise<R | null> {
		let now = this.newest(id, seen)
		for (let i = 0; i < VERSION_TRIES; i++) {
			if (this.has(now, change)) return now
			if (this.clashes(seen, now, change)) {
				this.ask(id, edit, change, seen, now)
				return null
			}
			// the same fields as the person saw them: ours holds, whatever else was changed
			try {
				return await this.patchPatiently(id, change, now.version)
			} catch (error) {
				if (!(error instanceof Problem) || error.status !== 412) throw error
				now = await this.table.requests.one(id)
			}
		}
		throw new Error(`The ${this.table.one} changes too quickly to be edited.`)
	}

	private newest(id: string, seen: R): R {
		const known = this.table.store.get(id)?.row
		return known !== undefined && known.version >= seen.version ? known : seen
	}

	/** Ask the person, about what they have not asked for otherwise meanwhile. */
	private ask(id: string, edit: number, change: Change<R>, seen: R, theirs: R) {
		const { store } = this.table
		const mine = pick(
			change,
			this.asks(change).filter(field => store.wishes(id, edit).includes(field)),
		) as Change<R>
		if (this.asks(mine).length === 0) return
		store.lay(id, mine, edit, 'conflict')
		const conflict = { edit, id, name: this.nameOf(theirs), mine, base: seen, theirs }
		this.conflicts.set([...this.conflicts.get(), conflict])
	}

	/** What has been asked for otherwise is no question any more. */
	private forgetConflicts(id: string) {
		const all = this.conflicts.get()
		const kept = all.filter(conflict => conflict.id !== id || this.table.store.wishes(id, conflict.edit).length > 0)
		if (kept.length < all.length) this.conflicts.set(kept)
	}

	/** A lost connection is tried again with the same key, which never does it twice. */
	private async patchPatiently(id: string, change: Change<R>, version: number): Promise<R> {
		const key = newKey()
		for (let tries = 1; ; tries++) {
			try {
				return await this.table.requests.patch(id, change, version, key)
			} catch (error) {
				if (!(error instanceof Problem) || error.status !== 0 || tries >= NETWORK_TRIES) throw error
				await new Promise(resolve => setTimeout(resolve, NETWORK_PAUSE_MS * tries))
			}
		}
	}

	private tellDone(row: R, change: Change<R>) {
		const takeBack = () => {
			forgetUndo(takeBack)
			void this.undo(row)
		}
		rememberUndo(takeBack)
		const undo = { label: 'Undo', onClick: takeBack }
		const what = `${this.nameOf(row)}: ${this.inWords(change)}`
		if (row.pending)
			notify.info(`${what} is queued`, {
				description: 'Airtable can’t take it at the moment. Orderdeck delivers it as soon as it can.',
				action: undo,
			})
		else notify.success(what, { action: undo })
		this.afterChange()
	}

	private tellRefused(id: string, change: Change<R>, seen: R, error: unknown, unknown: boolean) {
		notify.error(unknown ? `${this.nameOf(seen)}: not confirmed yet` : `${this.nameOf(seen)} was not changed`, {
			description: explain(error),
			...(!unknown && { action: { label: 'Try again', onClick: () => void this.edit(id, change) } }),
		})
		this.afterChange()
	}

	private async undo(row: R) {
		const told = this.table.store.expect([row.id])
		try {
			const now = await this.table.requests.undo(row.id, row.version)
			notify.success(`${this.nameOf(now)}: change undone`)
		} catch (error) {
			const moved = error instanceof Problem && (error.status === 412 || error.status === 409)
			notify.error('The change was not undone', {
				description: moved ? `The ${this.table.one} has changed since.` : explain(error),
			})
		} finally {
			told()
		}
		this.afterChange()
	}
}

function pick<T extends object>(from: T, fields: readonly (keyof T)[]): Partial<T> {
	return Object.fromEntries(fields.map(field => [field, from[field]])) as Partial<T>
}

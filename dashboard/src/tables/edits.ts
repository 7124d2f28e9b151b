/*
 * Edits that feel instant.  Each has a number; its values are laid over the row field
 * by field and stay until this edit is settled.  The changes of one row are sent one
 * after another, each with a version.  If an edit is refused, it is taken off again
 * and a message says why.  If somebody else changed the row meanwhile, the user is
 * asked only if it was the same field.
 */
import { newKey } from '@/api/client'
import { explain, Problem } from '@/api/problem'
import { queryClient } from '@/api/query-client'
import { Observable } from '@/lib/observable'
import { notify } from '@/ui/notify'
import { type Change, type FieldOf, nameOf, optionsOf, type Row, type Table, wordFor } from './descriptor'
import { forgetUndo, rememberUndo } from './undo'

/** Both sides of a conflict, until it is settled; mine: the fields that the user has not edited since. */
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
	/** The last edit under way of each row; it resolves to the row as the user has seen it or we have made it. */
	private readonly tails = new Map<string, Promise<R>>()

	constructor(table: Of<R>) {
		this.table = table
		this.editable = optionsOf(table.fields).map(([field]) => field as FieldOf<R>)
	}

	/** Change a row, as it is known or as the user has seen it. Returns when the edit is settled; it never throws. */
	edit(id: string, change: Change<R>, seen?: R): Promise<void> {
		const { store } = this.table
		const entry = store.get(id)
		if (!entry || this.has(entry.shown, change)) return Promise.resolve()
		const edit = ++edits
		const before = this.tails.get(id)
		// for a field with an edit still under way, the user has seen that edit's value
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

	/** The edit, in words: "status Shipped, priority none". */
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

	/** Figures and histories follow; the list does at the live event. */
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

	/** Send it and report how it ended. Returns the row as the user then knows it. */
	private async deliver(id: string, edit: number, change: Change<R>, seen: R): Promise<R> {
		const { store, requests } = this.table
		if (store.wishes(id, edit).length === 0) return seen // later edits have replaced all of it
		const told = store.expect([id])
		try {
			const row = await this.send(id, edit, change, seen)
			if (row === null) return seen
			store.lift(id, edit)
			this.tellDone(row, change)
			return { ...seen, ...change }
		} catch (error) {
			const unknown = error instanceof Problem && error.code === 'outcome_unknown'
			if (unknown) await requests.one(id).catch(() => undefined) // it is shown as pending until the outcome is known
			store.lift(id, edit)
			this.tellRefused(id, change, seen, error, unknown)
			return seen
		} finally {
			told()
		}
	}

	/** The changed row; null: a conflict that the user has to settle. */
	private async send(id: string, edit: number, change: Change<R>, seen: R): Promise<R | null> {
		let now = this.newest(id, seen)
		for (let i = 0; i < VERSION_TRIES; i++) {
			if (this.has(now, change)) return now
			if (this.clashes(seen, now, change)) {
				this.ask(id, edit, change, seen, now)
				return null
			}
			// these fields are as the user saw them: our edit stands, whatever else changed
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

	/** Ask the user about the fields that they have not edited again meanwhile. */
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

	/** A field that was edited again is no longer in conflict. */
	private forgetConflicts(id: string) {
		const all = this.conflicts.get()
		const kept = all.filter(conflict => conflict.id !== id || this.table.store.wishes(id, conflict.edit).length > 0)
		if (kept.length < all.length) this.conflicts.set(kept)
	}

	/** After a lost connection it is sent again with the same key, so it never takes effect twice. */
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

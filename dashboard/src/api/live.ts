/*
 * Changes as they happen: a stream of server-sent events, and where there is
 * none (an older server, a proxy that holds streams back) polling of the
 * summary, whose ETag makes an unchanged answer nearly free.
 */
import * as z from 'zod/mini'
import { Observable } from '@/lib/observable'

export type LiveState = 'connecting' | 'live' | 'polling'
/** orders: record ids; null: which ones is not known. */
export type LiveChange = { generation: number; orders: string[] | null }

const PATH = '/api/events'
const AGAIN_MS = 30_000
const RECONNECT_PATIENCE_MS = 10_000
/** The server pings every 15 seconds if nothing else happens: a stream silent for longer than this is dead. */
const SILENCE_MS = 40_000
export const POLL_MS = 3000
export const POLL_BESIDE_STREAM_MS = 30_000

const message = z.object({ generation: z.number(), orders: z.nullable(z.array(z.string())) })

export const liveState = new Observable<LiveState>('connecting')
const listeners = new Set<(change: LiveChange) => void>()
let seen = 0 // the newest generation that listeners have heard of

export function onChange(listener: (change: LiveChange) => void) {
	listeners.add(listener)
	return () => void listeners.delete(listener)
}

function tell(change: LiveChange) {
	seen = Math.max(seen, change.generation)
	for (const listener of listeners) listener(change)
}

/**
 * The summary was read at a generation. If that is newer than the stream's, it is a
 * change like any other; a stream that stays behind is of no use.
 */
export function noteGeneration(generation: number) {
	if (generation <= seen) return
	const first = seen === 0
	seen = generation
	if (!first) tell({ generation, orders: null })
}

/** Follow the stream while the page exists. Returns a function that ends it. */
export function followChanges(): () => void {
	let source: EventSource | null = null
	let again: ReturnType<typeof setTimeout> | undefined
	let patience: ReturnType<typeof setTimeout> | undefined

	function giveUpForNow() {
		clearTimeout(patience)
		source?.close()
		source = null
		liveState.set('polling')
		clearTimeout(again)
		again = setTimeout(open, AGAIN_MS)
	}

	/** The stream must send something before this. */
	function expect(ms: number) {
		clearTimeout(patience)
		patience = setTimeout(giveUpForNow, ms)
	}

	function open() {
		if (typeof EventSource === 'undefined') return liveState.set('polling')
		const stream = new EventSource(PATH)
		source = stream
		expect(RECONNECT_PATIENCE_MS)
		stream.onopen = () => {
			expect(SILENCE_MS)
			liveState.set('live')
			// only the browser's own reconnect resumes where it was; otherwise everything is read again
			tell({ generation: seen, orders: null })
		}
		stream.onerror = () => {
			if (stream !== source) return
			if (stream.readyState === EventSource.CLOSED) return giveUpForNow()
			// the browser reconnects by itself and resumes by Last-Event-ID; polling helps out meanwhile
			liveState.set('polling')
			expect(RECONNECT_PATIENCE_MS)
		}
		stream.addEventListener('ping', () => expect(SILENCE_MS))
		stream.addEventListener('change', event => {
			expect(SILENCE_MS)
			const parsed = message.safeParse(parseJson(event.data as string))
			if (parsed.success) tell({ generation: parsed.data.generation, orders: parsed.data.orders })
		})
		// the server no longer knows what was missed
		stream.addEventListener('reset', () => tell({ generation: seen, orders: null }))
	}

	open()
	return () => {
		clearTimeout(again)
		clearTimeout(patience)
		source?.close()
		source = null
	}
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text)
	} catch {
		return undefined
	}
}

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { LiveChange } from './live'

class FakeSource extends EventTarget {
	static readonly CLOSED = 2
	static all: FakeSource[] = []
	readyState = 0
	onopen: (() => void) | null = null
	onerror: (() => void) | null = null
	constructor(readonly url: string) {
		super()
		FakeSource.all.push(this)
	}
	close() {
		this.readyState = 2
	}
	say(type: string, data: string) {
		this.dispatchEvent(new MessageEvent(type, { data }))
	}
	fail(state: 0 | 2) {
		this.readyState = state
		this.onerror?.()
	}
}

let live: typeof import('./live')
let heard: LiveChange[]
let stop: () => void

beforeEach(async () => {
	vi.useFakeTimers()
	vi.resetModules()
	vi.stubGlobal('EventSource', FakeSource)
	FakeSource.all = []
	heard = []
	live = await import('./live')
	live.onChange(change => heard.push(change))
	stop = live.followChanges()
})
afterEach(() => {
	stop()
	vi.useRealTimers()
})
const newest = () => FakeSource.all.at(-1)!

test('changes are reported as they come', () => {
	newest().onopen?.()
	expect(live.liveState.get()).toBe('live')
	heard = []
	newest().say('change', '{"generation":12,"orders":["rec1"],"summary":true}')
	newest().say('change', 'no JSON')
	newest().say('reset', '')
	newest().say('change', '{"generation":13,"orders":null,"summary":true}')
	expect(heard).toEqual([
		{ generation: 12, orders: ['rec1'] },
		{ generation: 12, orders: null },
		{ generation: 13, orders: null },
	])
})

test('everything is read again each time a stream opens', () => {
	newest().onopen?.()
	newest().say('change', '{"generation":12,"orders":["rec1"],"summary":true}')
	newest().fail(0)
	newest().onopen?.()
	expect(heard).toEqual([
		{ generation: 0, orders: null },
		{ generation: 12, orders: ['rec1'] },
		{ generation: 12, orders: null },
	])
})

test('without a stream it polls, and tries the stream again later', () => {
	newest().fail(2)
	expect(live.liveState.get()).toBe('polling')
	vi.advanceTimersByTime(30_000)
	expect(FakeSource.all.length).toBe(2)
	newest().onopen?.()
	expect(live.liveState.get()).toBe('live')
})

test('an interruption is bridged by polling; a stream that does not come back is reopened', () => {
	newest().onopen?.()
	newest().fail(0)
	expect(live.liveState.get()).toBe('polling')
	newest().onopen?.()
	expect(live.liveState.get()).toBe('live')
	newest().fail(0)
	vi.advanceTimersByTime(10_000)
	expect(newest().readyState).toBe(2)
	vi.advanceTimersByTime(30_000)
	expect(FakeSource.all.length).toBe(2)
})

test('a stream that never starts, or falls silent, is given up and reopened; pings keep it alive', () => {
	vi.advanceTimersByTime(10_000)
	expect(live.liveState.get()).toBe('polling')
	vi.advanceTimersByTime(30_000)
	expect(FakeSource.all.length).toBe(2)
	newest().onopen?.()
	for (let i = 0; i < 10; i++) {
		vi.advanceTimersByTime(15_000)
		newest().say('ping', '{}')
	}
	expect(live.liveState.get()).toBe('live')
	vi.advanceTimersByTime(40_000)
	expect(live.liveState.get()).toBe('polling')
	expect(newest().readyState).toBe(2)
})

test('what a poll finds is a change too, once', () => {
	live.noteGeneration(5)
	live.noteGeneration(5)
	expect(heard).toEqual([])
	live.noteGeneration(6)
	live.noteGeneration(6)
	newest().say('change', '{"generation":7,"orders":[]}')
	live.noteGeneration(7)
	expect(heard.map(({ generation }) => generation)).toEqual([6, 7])
})

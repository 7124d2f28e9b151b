// Repeatable chance: the same seed, the same choices.
export class Random {
	constructor(seed) { this.state = seed >>> 0 }
	/** 0 <= x < 1 (mulberry32) */
	next() {
		this.state = (this.state + 0x6d2b79f5) >>> 0
		let t = this.state
		t = Math.imul(t ^ (t >>> 15), t | 1)
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296
	}
	below(n) { return Math.floor(this.next() * n) }
	between(from, to) { return from + this.below(to - from + 1) }
	chance(p) { return this.next() < p }
	pick(list) { return list[this.below(list.length)] }
	shuffle(list) {
		const all = [...list]
		for (let i = all.length - 1; i > 0; i--) {
			const j = this.below(i + 1);
			[all[i], all[j]] = [all[j], all[i]]
		}
		return all
	}
	/** {a: 3, b: 1}: "a" three times out of four. */
	weighted(weights) {
		let at = this.next() * Object.values(weights).reduce((sum, w) => sum + w, 0)
		for (const [name, weight] of Object.entries(weights)) if ((at -= weight) < 0) return name
		return Object.keys(weights)[0]
	}
}

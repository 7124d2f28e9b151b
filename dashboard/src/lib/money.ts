/*
 * Amounts, as the base shows them: its symbol, its decimals, and the reader's
 * locale. The summary tells both (api/summary.ts); until it has, they are what
 * this browser was told last, so that amounts are drawn once.
 */
import { locale } from './format'
import { Observable, useObservable } from './observable'
import { recall, remember } from './storage'

export type Currency = { symbol: string | null; precision: number }
const UNKNOWN: Currency = { symbol: null, precision: 2 }
/** So many decimals an amount may have. */
const DECIMALS = 4

export type Money = {
	/** With the decimals of the base, and further ones where there are any: nothing is rounded away. */
	exact: (value: number) => string
	whole: (value: number) => string
	/** Whole below ten thousand, then "1.2M". */
	compact: (value: number) => string
}

/** Where a locale puts a currency it is asked of one that is written alike: a sign, or letters. */
function formatter({ symbol }: Currency, options: Intl.NumberFormatOptions): (value: number) => string {
	if (symbol === null) {
		const plain = new Intl.NumberFormat(locale, options)
		return value => plain.format(value)
	}
	const alike = new Intl.NumberFormat(locale, {
		...options,
		style: 'currency',
		currency: /^\p{L}+$/u.test(symbol) ? 'CHF' : 'USD',
		currencyDisplay: 'narrowSymbol',
	})
	return value =>
		alike
			.formatToParts(value)
			.map(part => (part.type === 'currency' ? symbol : part.value))
			.join('')
}

export function moneyOf(currency: Currency): Money {
	const { precision } = currency
	const whole = formatter(currency, { minimumFractionDigits: 0, maximumFractionDigits: 0 })
	const compact = formatter(currency, { notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 1 })
	return {
		exact: formatter(currency, {
			minimumFractionDigits: precision,
			maximumFractionDigits: Math.max(precision, DECIMALS),
		}),
		whole,
		compact: value => (Math.abs(value) < 10_000 ? whole : compact)(value),
	}
}

/** What was remembered, if it is a currency. */
export function asCurrency(value: unknown): Currency {
	const { symbol, precision } = (value ?? {}) as Partial<Currency>
	const whole = Number.isInteger(precision) && precision! >= 0 && precision! <= DECIMALS
	return whole && (symbol === null || (typeof symbol === 'string' && symbol !== ''))
		? { symbol, precision: precision! }
		: UNKNOWN
}

let shown = asCurrency(recall('currency'))
const money = new Observable(moneyOf(shown))

/** The summary has told it. */
export function noteCurrency(told: Currency) {
	const next = asCurrency(told)
	if (next.symbol === shown.symbol && next.precision === shown.precision) return
	shown = next
	remember('currency', next)
	money.set(moneyOf(next))
}

export const useMoney = () => useObservable(money)

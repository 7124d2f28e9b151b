/*
 * Amounts as the base shows them, with its symbol and decimals, in the user's locale.
 * The summary has both (api/summary.ts); until it arrives, the values that this browser
 * saw last are used, so that amounts are drawn once.
 */
import { locale } from './format'
import { Observable, useObservable } from './observable'
import { recall, remember } from './storage'

export type Currency = { symbol: string | null; precision: number }
const UNKNOWN: Currency = { symbol: null, precision: 2 }
/** The most decimals an amount may have. */
const DECIMALS = 4

export type Money = {
	/** With the decimals of the base, and more if the amount has them: nothing is rounded away. */
	exact: (value: number) => string
	whole: (value: number) => string
	/** Whole below ten thousand, then "1.2M". */
	compact: (value: number) => string
}

/** The position of the currency is taken from one that is written alike in the locale: a sign, or letters. */
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

/** The remembered currency, if it is valid. */
export function asCurrency(value: unknown): Currency {
	const { symbol, precision } = (value ?? {}) as Partial<Currency>
	const whole = Number.isInteger(precision) && precision! >= 0 && precision! <= DECIMALS
	return whole && (symbol === null || (typeof symbol === 'string' && symbol !== ''))
		? { symbol, precision: precision! }
		: UNKNOWN
}

let shown = asCurrency(recall('currency'))
const money = new Observable(moneyOf(shown))

/** Take it from the summary. */
export function noteCurrency(told: Currency) {
	const next = asCurrency(told)
	if (next.symbol === shown.symbol && next.precision === shown.precision) return
	shown = next
	remember('currency', next)
	money.set(moneyOf(next))
}

export const useMoney = () => useObservable(money)

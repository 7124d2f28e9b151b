import { expect, test } from 'vitest'
import { namesIn, valueOf } from './several'

const offered = ['Pending', 'Shipped', 'On hold, paid', 'On hold', 'A', 'B', 'A, B', 'none', 'Gift']

test('a value of several options is split into offered names, whatever commas they contain', () => {
	for (const [value, names] of [
		[null, []],
		['Pending', ['Pending']],
		['Shipped, Pending', ['Shipped', 'Pending']],
		['On hold, paid', ['On hold, paid']],
		['Gift, On hold, paid, Pending', ['Gift', 'On hold, paid', 'Pending']],
		['On hold, Gift', ['On hold', 'Gift']],
		['none, B', ['none', 'B']],
	] as const)
		expect(namesIn(value, offered), String(value)).toEqual(names)
})

test('a value with an unknown name, or with two readings, is not guessed at', () => {
	for (const value of [
		'',
		'Lost',
		'Pending, Lost',
		'Lost, Pending',
		'Pending,Shipped',
		'Pending, ',
		', Pending',
		'Pending, Pending',
		'A, B',
		'pending',
	])
		expect(namesIn(value, offered), value).toBeNull()
	expect(namesIn('A, B', ['A', 'B'])).toEqual(['A', 'B'])
	expect(namesIn('A, B', ['A, B'])).toEqual(['A, B'])
	expect(namesIn('A, '.repeat(330) + 'A', ['A', 'A, A', 'A, A, A'])).toBeNull() // it has more readings than could be counted one by one
})

test('the chosen options make a value that is read as exactly those', () => {
	expect(valueOf([], offered)).toBeNull()
	expect(valueOf(['Shipped', 'Pending'], offered)).toBe('Shipped, Pending')
	expect(valueOf(['On hold, paid', 'Gift'], offered)).toBe('On hold, paid, Gift')
	for (const names of [['A', 'B'], ['A, B'], ['Gift', 'A, B']])
		expect(valueOf(names, offered), names.join('|')).toBeUndefined()
})

import { QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { queryClient } from '@/api/query-client'
import { notify } from '@/ui/notify'
import { aProduct, productsTable } from '../../tests/products'
import { columnsOf, columnsParameter, filterOf, isFiltered, nextSort, withoutFilters } from './address'
import { keyOf, nameOf } from './descriptor'
import { Detail } from './detail'
import { exportUrl } from './export'
import { Filters } from './filters'
import { Row } from './row'

vi.mock('@/ui/notify', () => ({ notify: { success: vi.fn(), info: vi.fn(), error: vi.fn() } }))

test('another table has its own filters, columns, sorting, export and names in the address', () => {
	const table = productsTable()
	const search = { minPrice: '5', shelf: ['A1'], sort: '-price', density: 'compact', product: 'S-1' }
	expect(filterOf(table, search)).toEqual({ shelf: ['A1'], minPrice: '5', sort: '-price' })
	expect([isFiltered(table, search), isFiltered(table, { ...search, ...withoutFilters(table) })]).toEqual([
		true,
		false,
	])
	expect(columnsOf(table, {})).toEqual(['sku', 'label', 'shelf', 'price'])
	expect(columnsOf(table, { columns: 'countedAt' })).toEqual(['sku', 'countedAt'])
	expect(columnsParameter(table, ['price', 'shelf', 'label', 'sku'])).toBeUndefined()
	expect([nextSort(table, undefined, 'price'), nextSort(table, 'price', 'price')]).toEqual(['price', '-price'])
	expect(nextSort(table, undefined, 'sku')).toBe('-sku')
	expect(exportUrl(table, filterOf(table, search), 'xlsx')).toBe(
		'/api/products/export.xlsx?shelf=A1&minPrice=5&sort=-price',
	)
	expect([keyOf(table, aProduct()), nameOf(table, aProduct({ sku: null }))]).toEqual(['S-1', 'Lamp'])
	expect(nameOf(table, aProduct({ sku: null, label: null }))).toBe('recProduct')
})

test('the filters of another table are those of its fields, with what Airtable offers', async () => {
	const set = vi.fn()
	render(<Filters table={productsTable()} search={{ label: 'Lamp' }} set={set} />)
	await userEvent.click(screen.getByRole('button', { name: /^Only Lamp/ }))
	expect(set).toHaveBeenLastCalledWith({ label: undefined })
	expect(screen.getByRole('button', { name: 'Price' })).toBeDefined()
	await userEvent.click(screen.getByRole('button', { name: 'Shelf' }))
	expect(screen.getAllByRole('option').map(option => option.querySelector('b')?.textContent)).toEqual([
		'C3',
		'Nowhere',
	])
	await userEvent.click(screen.getByRole('option', { name: /C3/ }))
	expect(set).toHaveBeenLastCalledWith({ shelf: ['C3'] })
	await userEvent.click(screen.getByRole('option', { name: /Nowhere/ }))
	expect(set).toHaveBeenLastCalledWith({ shelf: ['none'] })
})

test('a row of another table, its detail, its history and an edit of it', async () => {
	const product = aProduct()
	const entry = {
		...{ id: product.id, orderId: null, customer: null, change: '1', bulk: null, undoes: null, by: null },
		...{ generation: 3, at: '2026-11-20T10:00:00.000Z', action: 'changed', source: 'airtable' },
		fields: [{ field: 'sku', from: 'S-0', to: 'S-1' }],
	} as const
	const table = productsTable({
		one: () => Promise.resolve(product),
		history: () => Promise.resolve({ changes: [entry as never], nextCursor: null, generation: 3 }),
		patch: (_id, change) => {
			const next = { ...product, ...change, version: 4 }
			table.store.put([next], 4, 'us')
			return Promise.resolve(next)
		},
	})
	const patch = vi.spyOn(table.requests, 'patch')
	table.store.put([product], 3)
	const row = {
		...{ id: product.id, index: 0, height: 40, columns: columnsOf(table, {}) },
		...{ small: false, selected: false, active: false, focusable: true },
		...{ onEdit: () => {}, onOpen: () => {}, onToggle: () => {} },
	}
	render(
		<table>
			<tbody>
				<Row table={table} {...row} />
			</tbody>
		</table>,
	)
	const cells = () => [...document.querySelectorAll('td')].map(cell => cell.textContent).slice(1)
	expect(cells()).toEqual(['S-1', 'Lamp', 'A1', '12.50'])
	render(
		<QueryClientProvider client={queryClient}>
			<Detail table={table} id={product.id} onClose={() => {}} onFilter={() => {}}>
				{() => null}
			</Detail>
		</QueryClientProvider>,
	)
	expect(await screen.findByText('Stock number')).toBeDefined()
	await table.edits.edit(product.id, { shelf: 'C3' })
	expect(patch).toHaveBeenCalledWith('recProduct', { shelf: 'C3' }, 3, expect.stringMatching(/^[0-9a-f]{32}$/))
	expect(notify.success).toHaveBeenCalledWith('S-1: shelf C3', expect.anything())
	await vi.waitFor(() => expect(cells()).toEqual(['S-1', 'Lamp', 'C3', '12.50']))
})

import type { Filter } from './descriptor'

/** As what the export is to be read. */
export const EXPORTS = {
	plain: 'CSV',
	excel: 'CSV for Excel',
	libreoffice: 'CSV for LibreOffice',
	xlsx: 'Workbook (XLSX)',
} as const

/** Excel takes a comma for the decimal mark where people write it so, and then wants semicolons between cells. */
const decimalComma = () => (1.5).toLocaleString().includes(',')

/** Where the browser downloads what is in the table. */
export function exportUrl(
	{ exportPath }: { exportPath: string },
	filter: Filter,
	as: keyof typeof EXPORTS = 'plain',
): string {
	const query = new URLSearchParams(
		Object.entries(filter).flatMap(([name, value]) => [value ?? []].flat().map(one => [name, one])),
	)
	if (as === 'excel' && decimalComma()) query.set('format', 'excel-semicolon')
	else if (as === 'excel' || as === 'libreoffice') query.set('format', as)
	const text = query.toString()
	return `${exportPath}.${as === 'xlsx' ? 'xlsx' : 'csv'}${text && `?${text}`}`
}

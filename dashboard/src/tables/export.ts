import type { Filter } from './descriptor'

/** The program that will read the export. */
export const EXPORTS = {
	plain: 'CSV',
	excel: 'CSV for Excel',
	libreoffice: 'CSV for LibreOffice',
	xlsx: 'Workbook (XLSX)',
} as const

/** In locales with a decimal comma Excel expects semicolons between cells. */
const decimalComma = () => (1.5).toLocaleString().includes(',')

/** The address at which the browser downloads the table's rows. */
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

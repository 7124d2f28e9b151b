// A workbook taken apart in the plainest way: the parts of its zip, and the
// cells of a sheet as they stand in its XML.
import zlib from 'node:zlib'

/** name -> Buffer, from the archive's central directory. */
export function unzip(bytes) {
	const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
	if (end < 0) throw new Error('no zip')
	const parts = {}
	let at = bytes.readUInt32LE(end + 16)
	for (let n = bytes.readUInt16LE(end + 10); n > 0; n--) {
		const [method, packed, size] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)]
		const [name, extra, comment] = [28, 30, 32].map(place => bytes.readUInt16LE(at + place))
		const local = bytes.readUInt32LE(at + 42)
		const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
		const data = bytes.subarray(from, from + packed)
		const part = method === 8 ? zlib.inflateRawSync(data) : data
		if (part.length !== size) throw new Error(`${part.length} bytes of ${size}`)
		parts[bytes.toString('utf8', at + 46, at + 46 + name)] = part
		at += 46 + name + extra + comment
	}
	return parts
}

export const plain = text => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&')

/** Rows of cells: a text, {number, style}, or null where there is none. */
export function rowsOf(xml, columns) {
	return [...xml.matchAll(/<row r="\d+"[^>]*>(.*?)<\/row>/gs)].map(([, row]) => {
		const cells = Array(columns).fill(null)
		for (const [, column, style, type, text] of row.matchAll(/<c r="([A-Z])\d+"(?: s="(\d+)")?(?: t="(\w+)")?>(.*?)<\/c>/gs)) {
			const place = column.charCodeAt(0) - 65
			if (type === 'inlineStr') cells[place] = plain(/<t[^>]*>(.*)<\/t>/s.exec(text)[1])
			else cells[place] = { number: Number(/<v>(.*)<\/v>/.exec(text)[1]), style: Number(style) }
		}
		return cells
	})
}

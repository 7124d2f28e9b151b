// Two pictures side by side as SVG: CPU time of a worker for one request
// against the number of orders, and what a page costs against its number.
const WIDTH = 460, HEIGHT = 330, LEFT = 62, TOP = 46, RIGHT = 18, BOTTOM = 50
const COLORS = ['#0b6e99', '#c2410c', '#15803d', '#7c3aed', '#b91c1c', '#a16207', '#475569']

const short = n => n >= 1e6 ? `${+(n / 1e6).toFixed(1)}M` : n >= 1e3 ? `${+(n / 1e3).toFixed(1)}k` : String(+n.toPrecision(3))
const escape = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')

/** The powers of ten around these numbers. */
function decades(numbers) {
	const low = Math.floor(Math.log10(Math.min(...numbers)) + 1e-9), high = Math.ceil(Math.log10(Math.max(...numbers)) - 1e-9)
	return Array.from({ length: Math.max(2, high - low + 1) }, (_, i) => 10 ** (low + i))
}

/** series: [{name, points: [[x, y]...]}], both axes logarithmic; linear: y from 0. */
function picture({ title, x, y, series, linear }, offset) {
	const xs = decades(series.flatMap(s => s.points.map(p => p[0])))
	const highest = Math.max(...series.flatMap(s => s.points.map(p => p[1])))
	const step = 10 ** Math.floor(Math.log10(highest)), top = Math.ceil(highest * 1.2 / step) * step
	const ys = linear ? Array.from({ length: 6 }, (_, i) => top * i / 5) : decades(series.flatMap(s => s.points.map(p => p[1])))
	const atX = v => LEFT + (Math.log10(v) - Math.log10(xs[0])) / (Math.log10(xs.at(-1)) - Math.log10(xs[0])) * (WIDTH - LEFT - RIGHT)
	const share = v => linear ? v / top : (Math.log10(v) - Math.log10(ys[0])) / (Math.log10(ys.at(-1)) - Math.log10(ys[0]))
	const atY = v => HEIGHT - BOTTOM - share(v) * (HEIGHT - TOP - BOTTOM)
	const out = [`<g transform="translate(${offset} 0)">`, `<text x="${LEFT}" y="22" class="title">${escape(title)}</text>`]
	for (const v of ys)
		out.push(`<path d="M${LEFT} ${atY(v).toFixed(1)}H${WIDTH - RIGHT}" class="grid"/><text x="${LEFT - 6}" y="${(atY(v) + 4).toFixed(1)}" class="end">${short(v)}</text>`)
	for (const v of xs)
		out.push(`<path d="M${atX(v).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}" class="grid"/><text x="${atX(v).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" class="middle">${short(v)}</text>`)
	out.push(`<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 14}" class="middle">${escape(x)}</text>`,
		`<text x="${LEFT}" y="38" class="unit">${escape(y)}</text>`)
	series.forEach((s, i) => {
		const points = s.points.map(([px, py]) => [atX(px).toFixed(1), atY(py).toFixed(1)])
		out.push(`<polyline points="${points.map(p => p.join(',')).join(' ')}" fill="none" stroke="${COLORS[i]}" stroke-width="2"/>`)
		for (const [px, py] of points) out.push(`<circle cx="${px}" cy="${py}" r="3.2" fill="${COLORS[i]}"/>`)
		out.push(`<g transform="translate(${LEFT + (i % 3) * 130} ${HEIGHT + 12 + Math.floor(i / 3) * 18})"><path d="M0 -4H18" stroke="${COLORS[i]}" stroke-width="3"/><text x="24">${escape(s.name)}</text></g>`)
	})
	return [...out, '</g>'].join('\n')
}

export function plot(sizes) {
	const cost = id => sizes.map(s => [s.orders, s.cases.find(c => c.id === id).at64.workerCpu])
	const left = {
		title: 'One request, by the number of orders', x: 'orders', y: 'microseconds of a worker’s CPU',
		series: [['summary', 'summary'], ['page-1', 'page 1'], ['page-last', 'last page'], ['page-random', 'random pages'],
			['filters', 'status, priority'], ['search-none', 'search, none found'], ['search-much', 'search, much found']]
			.map(([id, name]) => ({ name, points: cost(id) })),
	}
	const right = {
		title: 'One page of 50, by its number', x: 'page', y: 'instructions in the list engine', linear: true,
		series: sizes.map(s => ({ name: `${short(s.orders)} orders`, points: Object.entries(s.engine)
			.filter(([q, r]) => /^page=\d+$/.test(q) && r.instructions).map(([q, r]) => [Number(q.slice(5)), r.instructions]) })),
	}
	const width = WIDTH * 2 + 20, height = HEIGHT + 56
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="What reads cost">
<style>text{font:12px system-ui,sans-serif;fill:#334155}.title{font-size:14px;font-weight:600;fill:#0f172a}.unit{font-size:11px}.end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:#e2e8f0;fill:none}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
${picture(left, 0)}
${picture(right, WIDTH + 20)}
</svg>
`
}

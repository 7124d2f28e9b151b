// What the API has to say about a dump of Airtable's records, worked out in
// the plainest way there is: no code, no order of steps shared with the
// programs under test.

const STATUSES = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled']
const PRIORITIES = ['Low', 'Medium', 'High']

/** A date without a time. */
export const isDate = text => /^\d{4}-\d\d-\d\d$/.test(text)

/** One record as the API shows it, without its version. */
export function order({ id, fields }) {
	const instant = text => text === undefined ? null : isDate(text) ? text : new Date(text).toISOString()
	return {
		id,
		orderId: fields['Order ID'] ?? null,
		customer: fields.Customer ?? null,
		status: fields.Status ?? null,
		priority: fields.Priority ?? null,
		orderTotal: fields['Order Total'] === undefined ? null : Number(fields['Order Total'].toFixed(4)),
		createdAt: instant(fields['Created At']),
		updatedAt: instant(fields['Updated At']),
	}
}

/** Money as whole units of 1/10000. */
export const units = number => BigInt(Math.round(number * 10000))

function figures(orders) {
	let sum = 0n
	for (const { orderTotal } of orders) if (orderTotal !== null) sum += units(orderTotal)
	return { count: orders.length, orderTotal: sum }
}

function groups(orders, name, options) {
	const values = [...options]
	for (const o of orders) if (o[name] !== null && !values.includes(o[name])) values.push(o[name])
	const entries = values.map(value => ({ [name]: value, ...figures(orders.filter(o => o[name] === value)) }))
	const empty = orders.filter(o => o[name] === null)
	if (empty.length > 0) entries.push({ [name]: null, ...figures(empty) })
	return entries
}

/** The calendar day of an instant in a zone, "2026-11-20". */
export function day(instant, timeZone) {
	if (isDate(instant)) return instant
	// by parts: what a locale makes of a whole date differs between versions of its data
	const parts = new Intl.DateTimeFormat('en-US', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
		.formatToParts(new Date(instant))
	return ['year', 'month', 'day'].map(type => parts.find(part => part.type === type).value).join('-')
}

/** As summary.excluded is shipped. */
const bringsRevenue = order => order.status !== 'Cancelled'

/** The numbers of the summary, sums in units; today: "2026-11-20" in the zone; statuses: what Airtable offers, as far as it is known. */
export function summary(orders, today, timeZone = 'UTC', statuses = STATUSES) {
	const byDay = new Map()
	const dayOf = timeZone === 'UTC' ? instant => instant.slice(0, 10) : instant => day(instant, timeZone)
	for (const o of orders) {
		if (o.createdAt === null) continue
		const date = dayOf(o.createdAt)
		if (!byDay.has(date)) byDay.set(date, [])
		byDay.get(date).push(o)
	}
	const daily = []
	for (let back = 29; back >= 0; back--) {
		const date = new Date(Date.parse(`${today}T12:00:00Z`) - back * 86400_000).toISOString().slice(0, 10)
		daily.push({ date, ...figures(byDay.get(date) ?? []), revenue: figures((byDay.get(date) ?? []).filter(bringsRevenue)) })
	}
	return {
		total: figures(orders),
		revenue: { ...figures(orders.filter(bringsRevenue)), excludes: ['Cancelled'] },
		byStatus: groups(orders, 'status', statuses),
		byPriority: groups(orders, 'priority', PRIORITIES),
		daily,
	}
}

/** The same shape from an answer of GET /api/orders/summary. */
export function summaryNumbers(body) {
	const exact = entry => ({ ...entry, orderTotal: units(entry.orderTotal) })
	return {
		total: exact(body.total),
		revenue: exact(body.revenue),
		byStatus: body.byStatus.map(exact),
		byPriority: body.byPriority.map(exact),
		daily: body.daily.map(entry => ({ ...exact(entry), revenue: exact(entry.revenue) })),
	}
}

// ---- the list ---------------------------------------------------------------

/** What one sees of it in whatever case, as far as these texts need it. */
export const fold = text => text.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '').replace(/[\s\u0085]+/g, ' ').replace(/\p{Cc}/gu, '')
	.replace(/[\u2010-\u2015\u2212]/g, '-').replace(/[\u2018-\u201b\u02bc]/g, "'").replace(/[\u201c-\u201f]/g, '"')
	.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ').normalize('NFD').replaceAll('i\u0307', 'i').replaceAll('ı', 'i').normalize('NFC')

const bytes = text => Buffer.from(text)
const SORTED_BYTES = 128

function rank(o, field) {
	const value = o[field]
	if (value === null) return null
	switch (field) {
	case 'status': return STATUSES.indexOf(value)
	case 'priority': return PRIORITIES.indexOf(value)
	case 'orderTotal': return value
	case 'createdAt': case 'updatedAt': return Date.parse(value)
	default: return bytes(fold(value)).subarray(0, SORTED_BYTES)
	}
}

/** Sorted as the API says: empty last both ways, ties by record id ascending. */
export function sorted(orders, sort = '-createdAt') {
	const down = sort.startsWith('-')
	const field = down ? sort.slice(1) : sort
	const keyed = orders.map(o => ({ o, key: rank(o, field), id: bytes(o.id) }))
	keyed.sort((a, b) => {
		if ((a.key === null) !== (b.key === null)) return a.key === null ? 1 : -1
		if (a.key !== null) {
			const by = Buffer.isBuffer(a.key) ? Buffer.compare(a.key, b.key) : a.key - b.key
			if (by !== 0) return down ? -by : by
		}
		return Buffer.compare(a.id, b.id)
	})
	return keyed.map(({ o }) => o)
}

/** Those that match, in order; parameters as in the query string. */
export function matching(orders, query) {
	const among = (value, list) => list.split(',').some(item => item === 'none' ? value === null : value === item)
	const at = text => Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
	const kept = orders.filter(o => {
		if (query.search !== undefined) {
			const wanted = fold(query.search)
			if (![o.orderId, o.customer].some(text => text !== null && fold(text).includes(wanted))) return false
		}
		for (const name of ['status', 'priority'])
			if (query[name] !== undefined && !among(o[name], query[name])) return false
		if (query.customer !== undefined && o.customer !== query.customer) return false
		for (const name of ['created', 'updated']) {
			const value = o[`${name}At`]
			const from = query[`${name}From`], to = query[`${name}To`]
			if (from !== undefined && (value === null || Date.parse(value) < at(from))) return false
			if (to !== undefined && (value === null || Date.parse(value) >= at(to))) return false
		}
		if (query.minTotal !== undefined && (o.orderTotal === null || o.orderTotal < Number(query.minTotal))) return false
		if (query.maxTotal !== undefined && (o.orderTotal === null || o.orderTotal > Number(query.maxTotal))) return false
		return true
	})
	return sorted(kept, query.sort)
}

/** All orders through the API, page by page, as it sends them. */
export async function fetchAll(stack, query = '') {
	const orders = []
	let cursor = null
	do {
		const page = await stack.json(`/api/orders?pageSize=500${query}${cursor === null ? '' : `&after=${encodeURIComponent(cursor)}`}`)
		orders.push(...page.orders)
		cursor = page.nextCursor
	} while (cursor !== null)
	return orders
}

export const withoutVersion = ({ version, ...rest }) => rest

// Renders /api/openapi.json as a page.  Everything from the document goes through
// textContent; nothing is loaded from elsewhere.
'use strict'

const VERBS = ['get', 'post', 'put', 'patch', 'delete']
let api

// el('p', {class: 'x'}, 'text', child, ...): an element with its children
function el(name, attributes, ...children) {
	const e = document.createElement(name)
	for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value)
	for (const child of children.flat()) if (child !== null && child !== undefined) e.append(child)
	return e
}

// what a "$ref" points to, and its last name; a chain of them is bounded
function resolve(node) {
	let name = null
	for (let i = 0; i < 10 && node && node.$ref; i++) {
		const parts = node.$ref
			.replace(/^#\//, '')
			.split('/')
			.map(p => p.replaceAll('~1', '/').replaceAll('~0', '~'))
		name = parts.at(-1)
		node = parts.reduce((at, part) => (at ? at[part] : undefined), api)
	}
	return { node: node || {}, name }
}

// `code`, **bold** and line breaks of a line of text
function inline(text) {
	return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map(part => {
		if (part.startsWith('`') && part.length > 2) return el('code', {}, part.slice(1, -1))
		if (part.startsWith('**') && part.length > 4) return el('strong', {}, part.slice(2, -2))
		return part
	})
}

function prose(text) {
	return (text || '')
		.trim()
		.split(/\n\s*\n/)
		.filter(p => p !== '')
		.map(p => el('p', {}, inline(p.replaceAll('\n', ' '))))
}

function json(value) {
	return el(
		'pre',
		{ tabindex: '0' },
		el('code', {}, typeof value === 'string' ? value : JSON.stringify(value, null, 2)),
	)
}

function schemaLink(name) {
	return el('a', { href: `#schema-${name}` }, name)
}

// A type in a few words: "integer, 1 to 500, default 50"
function typeWords(raw) {
	const { node, name } = resolve(raw)
	if (name && raw.$ref && raw.$ref.includes('/schemas/')) return [schemaLink(name)]
	if (node.oneOf || node.allOf) {
		const list = node.oneOf || node.allOf
		return list.flatMap((s, i) => [i > 0 ? (node.oneOf ? ' or ' : ' and ') : '', ...typeWords(s)])
	}
	const words = []
	if (node.const !== undefined) words.push(`always ${JSON.stringify(node.const)}`)
	else if (node.type === 'array' || (node.items && !node.type)) words.push('list of ', ...typeWords(node.items || {}))
	else if (node.type) words.push([].concat(node.type).join(' or '))
	else words.push('any')
	if (node.format) words.push(` (${node.format})`)
	if (node.minimum !== undefined && node.maximum !== undefined) words.push(`, ${node.minimum} to ${node.maximum}`)
	else if (node.minimum !== undefined) words.push(`, at least ${node.minimum}`)
	if (node.maxLength !== undefined) words.push(`, at most ${node.maxLength} characters`)
	if (node.default !== undefined) words.push(`, default ${node.default}`)
	if (node.enum)
		words.push(
			el(
				'div',
				{ class: 'muted' },
				node.enum.map((v, i) => [i > 0 ? ', ' : '', el('code', {}, String(v))]).flat(),
			),
		)
	return words
}

function table(head, rows) {
	return el(
		'div',
		{ class: 'scroll' },
		el(
			'table',
			{},
			el(
				'thead',
				{},
				el(
					'tr',
					{},
					head.map(h => el('th', { scope: 'col' }, h)),
				),
			),
			el('tbody', {}, rows),
		),
	)
}

function parameterRows(parameters) {
	return parameters.map(raw => {
		const { node } = resolve(raw)
		return el(
			'tr',
			{},
			el('td', {}, el('code', {}, node.name), node.required ? ' *' : null),
			el('td', {}, node.in),
			el('td', {}, typeWords(node.schema || {})),
			el(
				'td',
				{},
				prose(node.description),
				node.example === undefined
					? null
					: el('p', { class: 'muted' }, 'Example: ', el('code', {}, [].concat(node.example).join(','))),
			),
		)
	})
}

function contentParts(content) {
	return Object.entries(content || {}).flatMap(([type, media]) => {
		const examples =
			media.example !== undefined
				? [['Example', media.example]]
				: Object.values(media.examples || {}).map(e => [
						resolve(e).node.summary || 'Example',
						resolve(e).node.value,
					])
		return [
			el('div', {}, el('code', {}, type), ' ', media.schema ? typeWords(media.schema) : null),
			...examples.map(([title, value]) => el('details', {}, el('summary', {}, title), json(value))),
		]
	})
}

function responseRow([status, raw]) {
	const { node } = resolve(raw)
	const headers = Object.keys(node.headers || {})
	return el(
		'tr',
		{},
		el('td', {}, el('strong', {}, status)),
		el(
			'td',
			{},
			prose(node.description),
			contentParts(node.content),
			headers.length === 0
				? null
				: el(
						'div',
						{ class: 'muted' },
						'Headers: ',
						headers.map((h, i) => [i > 0 ? ', ' : '', el('code', {}, h)]).flat(),
					),
		),
	)
}

function operation(path, verb, op, shared) {
	const parameters = [...(shared || []), ...(op.parameters || [])]
	const body = op.requestBody ? resolve(op.requestBody).node : null
	return el(
		'section',
		{ class: 'operation', id: op.operationId },
		el('h3', {}, el('span', { class: `verb ${verb}` }, verb.toUpperCase()), path),
		el('p', {}, el('strong', {}, op.summary || '')),
		prose(op.description),
		parameters.length === 0
			? null
			: [el('h4', {}, 'Parameters'), table(['Name', 'In', 'Type', 'Meaning'], parameterRows(parameters))],
		body === null ? null : [el('h4', {}, 'Body'), ...contentParts(body.content)],
		el('h4', {}, 'Answers'),
		table(['Status', 'Meaning'], Object.entries(op.responses || {}).map(responseRow)),
	)
}

function operations() {
	return Object.entries(api.paths).flatMap(([path, item]) =>
		VERBS.filter(v => item[v]).map(verb => ({ path, verb, op: item[verb], shared: item.parameters })),
	)
}

function schemaSection([name, schema]) {
	const rows = Object.entries(schema.properties || {}).map(([property, raw]) => {
		const { node } = resolve(raw)
		return el(
			'tr',
			{},
			el('td', {}, el('code', {}, property), (schema.required || []).includes(property) ? ' *' : null),
			el('td', {}, typeWords(raw)),
			el(
				'td',
				{},
				raw.$ref ? null : prose(node.description),
				node.examples ? el('p', { class: 'muted' }, node.examples.join(', ')) : null,
			),
		)
	})
	return el(
		'section',
		{ class: 'operation', id: `schema-${name}` },
		el('h3', {}, name),
		prose(schema.description),
		rows.length === 0 ? null : table(['Member', 'Type', 'Meaning'], rows),
	)
}

function draw() {
	const main = document.getElementById('main')
	const nav = document.getElementById('nav')
	const all = operations()
	document.title = `${api.info.title} API`
	main.replaceChildren(
		el('h1', {}, api.info.title),
		el('p', { class: 'muted' }, `Version ${api.info.version}. `, api.info.summary || ''),
		...prose(api.info.description),
		el('p', {}, 'The same for programs: ', el('a', { href: '/api/openapi.json' }, 'openapi.json'), '.'),
	)
	for (const tag of api.tags || []) {
		const mine = all.filter(o => (o.op.tags || []).includes(tag.name))
		main.append(
			el('h2', {}, tag.name),
			...prose(tag.description),
			...mine.map(o => operation(o.path, o.verb, o.op, o.shared)),
		)
		nav.append(
			el('strong', {}, tag.name),
			...mine.map(o =>
				el(
					'a',
					{ href: `#${o.op.operationId}` },
					el('span', { class: `verb ${o.verb}` }, o.verb.toUpperCase()),
					o.path,
				),
			),
		)
	}
	main.append(
		el('h2', {}, 'Schemas'),
		el('p', { class: 'muted' }, '* always there'),
		...Object.entries(api.components.schemas).map(schemaSection),
	)
	nav.append(el('strong', {}, 'Schemas'), ...Object.keys(api.components.schemas).map(schemaLink))
	if (location.hash.length > 1) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView()
}

async function load() {
	const answer = await fetch('/api/openapi.json')
	if (!answer.ok) throw new Error(`the server answers ${answer.status}`)
	api = await answer.json()
	draw()
}

load().catch(error => {
	const state = document.getElementById('state') || document.getElementById('main')
	state.className = 'error'
	state.textContent = `The description can't be shown: ${error.message}`
})

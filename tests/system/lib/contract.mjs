// Every answer that a story gets from the API is held against openapi.yaml: its
// status, type and headers are documented, its body is as described and has no
// member beyond that.
import fs from 'node:fs'
import path from 'node:path'
import { buildDir } from './harness.mjs'
import { client } from './clients.mjs'

// what the web server may say on any path, and what any path says of a wrong method
const ANYWHERE = new Set([400, 403, 404, 405, 408, 411, 413, 414, 421, 429, 431, 494, 500, 501, 502, 503, 504, 505])
// not part of what is described: HTTP's own, and the same on every answer
const PLAIN = new Set(['allow', 'cache-control', 'connection', 'content-encoding', 'content-length', 'content-security-policy', 'content-type', 'date', 'keep-alive',
	'referrer-policy', 'server', 'strict-transport-security', 'transfer-encoding', 'vary', 'x-content-type-options', 'x-frame-options', 'last-modified', 'accept-ranges',
	'cross-origin-opener-policy', 'cross-origin-resource-policy', 'access-control-allow-origin', 'access-control-expose-headers'])
const ALIASES = { '/health': '/api/health', '/docs': '/api/docs' }

let contract

function load() {
	const document = JSON.parse(fs.readFileSync(path.join(buildDir, 'share/openapi.json'), 'utf8'))
	const Ajv = client('ajv/dist/2020').default
	const ajv = new Ajv({ strict: false, allErrors: true })
	client('ajv-formats').default(ajv, ['date-time', 'date', 'uri-reference'])
	for (const format of ['int64', 'binary', 'double']) ajv.addFormat(format, true)
	ajv.addSchema({ $id: 'openapi', ...closed(document, partsOf(document)) })
	const routes = Object.keys(document.paths).map(name => ({ name, pattern: new RegExp(`^${name.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`) }))
		.sort((a, b) => a.name.includes('{') - b.name.includes('{'))
	return { document, ajv, routes, checks: new Map() }
}

/** Schemas of which others are made (allOf). */
function partsOf(node, parts = new Set()) {
	if (node === null || typeof node !== 'object') return parts
	for (const part of Array.isArray(node.allOf) ? node.allOf : []) if (part.$ref) parts.add(part.$ref.split('/').at(-1))
	for (const value of Object.values(node)) partsOf(value, parts)
	return parts
}

/** A copy in which an object may have no other members than those that are described. */
function closed(schema, parts, open = false) {
	if (Array.isArray(schema)) return schema.map(item => closed(item, parts, open))
	if (schema === null || typeof schema !== 'object') return schema
	const copy = {}
	for (const [name, value] of Object.entries(schema)) if (name !== 'example' && name !== 'examples') copy[name] = closed(value, parts, name === 'allOf' || parts.has(name))
	if (!open && schema.additionalProperties === undefined && (Array.isArray(schema.allOf) || (schema.type !== undefined && typeof schema.properties === 'object'))) copy.unevaluatedProperties = false
	return copy
}

const pointer = (...names) => names.map(name => `/${encodeURIComponent(String(name).replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')

function resolve(document, node, at) {
	while (node?.$ref) {
		at = node.$ref.slice(1)
		node = at.slice(1).split('/').reduce((object, name) => object[name.replaceAll('~1', '/').replaceAll('~0', '~')], document)
	}
	return [node, at]
}

function faultsOf(method, target, { status, headers, text }) {
	contract ??= load()
	const { document, ajv, routes, checks } = contract
	const plain = target.split('?')[0], name = ALIASES[plain] ?? plain
	const route = routes.find(({ pattern }) => pattern.test(name))
	const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
	const operation = route && document.paths[route.name][verb]
	let described = operation?.responses[status], at = operation && pointer('paths', route.name, verb, 'responses', status)
	if (described === undefined) {
		if (method === 'OPTIONS' && status === 204) return []
		if (!ANYWHERE.has(status) || (status === 404 && operation)) return [`${status} is not described`]
		described = { content: { 'application/problem+json': {} } }
		at = null
	} else {
		[described, at] = resolve(document, described, at)
	}
	const faults = []
	if (headers['x-request-id'] === undefined) faults.push('no X-Request-Id')
	const known = new Set(Object.keys(described.headers ?? {}).map(header => header.toLowerCase()))
	// the limits stand in the introduction, once for all; so do retries and ids
	for (const header of ['x-request-id', 'ratelimit', 'ratelimit-policy', 'retry-after']) known.add(header)
	if (at !== null) for (const header of Object.keys(headers)) if (!PLAIN.has(header) && !known.has(header)) faults.push(`header ${header} is not described`)
	if (method === 'HEAD' || status === 204 || status === 304) return text === '' ? faults : [...faults, 'a body where there is none']
	const type = (headers['content-type'] ?? '').split(';')[0], content = Object.keys(described.content ?? {})
	if (!content.includes(type)) return [...faults, `type ${type || 'none'} is not one of ${content.join(', ') || 'none'}`]
	if (!/json$/.test(type)) return faults
	const where = at !== null && resolve(document, described.content[type].schema)[0] ? `${at}${pointer('content', type, 'schema')}` : '/components/schemas/Problem'
	const check = checks.get(where) ?? ajv.compile({ $ref: `openapi#${where}` })
	checks.set(where, check)
	// the words that programs decide by are a list, and the operation says which of them it has
	const { code } = type === 'application/problem+json' ? JSON.parse(text) : {}
	if (code !== undefined && !document.components.schemas.Problem.properties.code.examples.includes(code)) faults.push(`the code ${code} is not listed`)
	if (!check(JSON.parse(text))) faults.push(...check.errors.map(({ instancePath, message, params }) => `${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`))
	return faults
}

/** Throws when the answer is not as described; the answer. */
export function asDescribed(method, target, answer) {
	const faults = faultsOf(method, target, answer)
	if (faults.length > 0) throw new Error(`${method} ${target.slice(0, 200)}: ${answer.status} is not as openapi.yaml says: ${faults.slice(0, 8).join('; ')}\n${answer.text.slice(0, 400)}`)
	return answer
}

// Every answer that a story gets from the API is held against openapi.yaml: its
// status, type and headers are documented, none of those that it must have is
// missing, its body is as described and has no member beyond that.
import fs from 'node:fs'
import path from 'node:path'
import { buildDir } from './harness.mjs'
import { client } from './clients.mjs'

// what the web server may say on any path, and what any path says of a wrong method
const ANYWHERE = new Set([400, 403, 404, 405, 408, 411, 413, 414, 421, 429, 431, 494, 500, 501, 502, 503, 504, 505])
// not part of what is described: HTTP's own, and the same on every answer
const PLAIN = new Set(['allow', 'connection', 'content-encoding', 'content-length', 'content-security-policy', 'content-type', 'date', 'keep-alive',
	'referrer-policy', 'server', 'strict-transport-security', 'transfer-encoding', 'vary', 'x-content-type-options', 'x-frame-options', 'last-modified', 'accept-ranges',
	'cross-origin-opener-policy', 'cross-origin-resource-policy', 'access-control-allow-origin', 'access-control-expose-headers'])
const ALIASES = { '/health': '/api/health', '/docs': '/api/docs' }

const PROBLEM = { $ref: '#/components/schemas/Problem' }
let contract

function load() {
	const document = JSON.parse(fs.readFileSync(path.join(buildDir, 'share/openapi.json'), 'utf8'))
	const Ajv = client('ajv/dist/2020').default
	const ajv = new Ajv({ strict: true, strictTypes: true, allowUnionTypes: true, allErrors: true })
	client('ajv-formats').default(ajv, ['date-time', 'date', 'uri-reference'])
	for (const format of ['int64', 'binary', 'double']) ajv.addFormat(format, true)
	const parts = partsOf(document)
	ajv.addSchema({ $id: 'openapi', $defs: closed(document.components.schemas, parts) })
	const routes = Object.keys(document.paths).map(name => ({ name, pattern: new RegExp(`^${name.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`) }))
		.sort((a, b) => a.name.includes('{') - b.name.includes('{'))
	return { document, ajv, parts, routes, checks: new Map() }
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
	for (const [name, value] of Object.entries(schema)) {
		if (name === '$ref') copy[name] = value.replace('#/components/schemas/', 'openapi#/$defs/')
		else if (name !== 'example' && name !== 'examples') copy[name] = closed(value, parts, name === 'allOf' || parts.has(name))
	}
	if (!open && schema.additionalProperties === undefined && (Array.isArray(schema.allOf) || (schema.type !== undefined && typeof schema.properties === 'object'))) {
		copy.type ??= 'object'
		copy.unevaluatedProperties = false
	}
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

/** Headers that are not described, are missing, or are not as they are described. */
function headerFaults(described, headers) {
	const { document, ajv, checks } = contract, faults = [], known = new Set()
	for (const [name, node] of Object.entries(described.headers ?? {})) {
		const [header, at] = resolve(document, node, ''), value = headers[name.toLowerCase()]
		known.add(name.toLowerCase())
		if (value === undefined) {
			if (header.required) faults.push(`no ${name}`)
			continue
		}
		const check = checks.get(node) ?? ajv.compile(header.schema)
		checks.set(node, check)
		if (!check(header.schema.type === 'integer' && /^\d+$/.test(value) ? Number(value) : value)) faults.push(`${name}: ${value}, at ${at}`)
	}
	for (const name of Object.keys(headers)) if (!PLAIN.has(name) && !known.has(name)) faults.push(`header ${name} is not described`)
	return faults
}

function faultsOf(method, target, { status, headers, text }) {
	contract ??= load()
	const { document, ajv, parts, routes, checks } = contract
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
	const faults = at === null ? [] : headerFaults(described, headers)
	if (headers['x-request-id'] === undefined) faults.push('no X-Request-Id')
	if (method === 'HEAD' || status === 204 || status === 304) return text === '' ? faults : [...faults, 'a body where there is none']
	const type = (headers['content-type'] ?? '').split(';')[0], content = Object.keys(described.content ?? {})
	if (!content.includes(type)) return [...faults, `type ${type || 'none'} is not one of ${content.join(', ') || 'none'}`]
	if (!/json$/.test(type)) return faults
	const { schema } = at === null ? { schema: PROBLEM } : described.content[type]
	const check = checks.get(schema) ?? ajv.compile(closed(schema, parts))
	checks.set(schema, check)
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

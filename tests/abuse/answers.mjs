// What a server sent on a connection, read as strictly as the grammar of
// HTTP/1.1 is: bytes in, answers or a reason why they are none out.
const HEAD_END = Buffer.from('\r\n\r\n')
const ONCE = ['content-length', 'content-type', 'transfer-encoding', 'etag', 'x-request-id', 'retry-after', 'x-generation', 'content-encoding']

function readHead(text) {
	const [first, ...lines] = text.split('\r\n')
	const line = /^HTTP\/1\.[01] (\d{3}) [\x20-\x7e]*$/.exec(first)
	if (line === null) throw new Error(`no status line: ${JSON.stringify(first.slice(0, 100))}`)
	const headers = {}
	for (const one of lines) {
		const field = /^([A-Za-z0-9-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)$/.exec(one)
		if (field === null) throw new Error(`no header: ${JSON.stringify(one.slice(0, 100))}`)
		const name = field[1].toLowerCase()
		if (name in headers && ONCE.includes(name)) throw new Error(`twice: ${one.slice(0, 100)}`)
		headers[name] = name in headers ? `${headers[name]}, ${field[2]}` : field[2]
	}
	if ('content-length' in headers && 'transfer-encoding' in headers) throw new Error('both a length and chunks')
	return { status: Number(line[1]), headers }
}

/** Chunks from there on: {body, end}, or null when more must come. */
function readChunks(bytes, at) {
	const parts = []
	for (;;) {
		const end = bytes.indexOf('\r\n', at)
		if (end < 0) return null
		const size = bytes.toString('latin1', at, end)
		if (!/^[0-9a-f]{1,8}$/i.test(size)) throw new Error(`no chunk size: ${JSON.stringify(size.slice(0, 40))}`)
		const from = end + 2, to = from + parseInt(size, 16)
		if (bytes.length < to + 2) return null
		if (bytes.toString('latin1', to, to + 2) !== '\r\n') throw new Error('a chunk without its end')
		if (to === from) return { body: Buffer.concat(parts), end: to + 2 }
		parts.push(bytes.subarray(from, to))
		at = to + 2
	}
}

/**
 * {answers: [{status, headers, body}], complete}.  complete: nothing is cut
 * short.  Throws when it is no HTTP.
 *	closed		the server has closed: what has no length ends there
 *	heads		so many answers from the first on are to HEAD
 * A line without a version is HTTP/0.9, and a problem without a head its answer.
 */
export function readAnswers(bytes, { closed, heads = 0 }) {
	const answers = []
	if (bytes[0] === 0x7b) return { answers: [{ status: 400, headers: { 'content-type': 'application/problem+json' }, body: bytes }], complete: closed }
	for (let at = 0; at < bytes.length;) {
		const end = bytes.indexOf(HEAD_END, at)
		if (end < 0) {
			if (!'HTTP/1.'.startsWith(bytes.toString('latin1', at, at + 7))) throw new Error(`no answer: ${JSON.stringify(bytes.toString('latin1', at, at + 100))}`)
			return { answers, complete: false }
		}
		const answer = readHead(bytes.toString('latin1', at, end))
		const { status, headers } = answer
		at = end + 4
		if (status >= 100 && status < 200) {
			if (status === 101) return { answers: [...answers, answer], complete: true }
			continue
		}
		answer.head = answers.length < heads
		answers.push(answer)
		answer.body = Buffer.alloc(0)
		if (status === 204 || status === 304 || answer.head) continue
		if ('transfer-encoding' in headers) {
			if (headers['transfer-encoding'] !== 'chunked') throw new Error(`coding ${headers['transfer-encoding']}`)
			const read = readChunks(bytes, at)
			if (read === null) return { answers, complete: false }
			answer.body = read.body
			at = read.end
		} else if ('content-length' in headers) {
			if (!/^\d{1,12}$/.test(headers['content-length'])) throw new Error(`length ${headers['content-length']}`)
			const to = at + Number(headers['content-length'])
			if (bytes.length < to) return { answers, complete: false }
			answer.body = bytes.subarray(at, to)
			at = to
		} else {
			answer.body = bytes.subarray(at)
			return { answers, complete: closed }
		}
	}
	return { answers, complete: true }
}

/** Of all there are, what nginx says to unknown codings and versions. */
const SERVER_ERRORS = [501, 505]

/** Why this is no answer for a client that may have sent anything; null: it is fine. */
export function complaint({ status, headers, body, head }) {
	if (status < 400) return null
	if (status >= 500 && !SERVER_ERRORS.includes(status)) return `${status}: ${body.toString().slice(0, 300)}`
	if (headers['content-type'] !== 'application/problem+json') return `${status} as ${headers['content-type']}: ${body.toString().slice(0, 200)}`
	if (head) return null
	let problem
	try {
		problem = JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(body))
	} catch (error) {
		return `${status}: ${error.message}: ${body.toString('latin1').slice(0, 200)}`
	}
	if (!(headers['content-length'] ? problem.status === status : problem.status >= 400) || !/^[a-z][a-z0-9_]*$/.test(problem.code) || typeof problem.title !== 'string') return `${status}: ${JSON.stringify(problem).slice(0, 200)}`
	return null
}

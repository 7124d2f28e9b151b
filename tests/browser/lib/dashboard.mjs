// Debian's Chromium on the dashboard of a running stack.  Whatever goes wrong in
// a page (an exception, something that the content policy refuses, a request to
// another server) is kept and fails the story at its end.
import fs from 'node:fs'
import path from 'node:path'
import { eq, ok, cleanUp } from '../../system/lib/harness.mjs'
import { fetched } from '../../system/lib/clients.mjs'
import { fast, root, startStack, temporaryFolder, until } from '../../system/lib/stack.mjs'

const here = path.join(root, 'tests/browser')
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(file => fs.existsSync(file))
export const screenshots = path.join(root, 'build/check/screenshots')
/** Long enough for any machine: what is waited for comes, or the story has found something. */
const PATIENCE_MS = 60_000
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/**
 * The desk with the limits that it is shipped with, as those who use it have them.  Each page
 * is a person with an address of their own, told by a header as behind a proxy; the story itself
 * asks more often than anybody and from many addresses.
 */
export async function startDesk({ set = {}, ...options } = {}) {
	const stack = await startStack(fast({ ...options, set: { 'limits.enabled': true, 'http.trusted_proxies': '127.0.0.1', ...set } }))
	let asked = 0
	return Object.defineProperty(stack, 'address', { get: () => `127.0.7.${1 + asked++ % 200}` })
}

let people = 0
const somebody = () => ({ 'X-Forwarded-For': `10.0.${people >> 8}.${people++ & 255}` })

/**
 * A browser: page(path, options) opens a page of its own in it, as another person would;
 * onPage is told of it before it asks for anything.
 * stranger(url, options): one of another site, of which nothing is expected.
 */
export async function openBrowser(stack, { args = [] } = {}) {
	ok(CHROMIUM, 'Chromium is installed (scripts/install-packages check)')
	fetched('browser', ['playwright-core', 'axe-core'])
	const { chromium } = await import('playwright-core')
	fs.mkdirSync(screenshots, { recursive: true })
	const profile = temporaryFolder()
	const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...ARGS, ...args] })
	cleanUp(async () => {
		await browser.close()
		fs.rmSync(profile, { recursive: true, force: true })
	})
	const faults = []
	return {
		faults,
		close: () => browser.close(),
		async stranger(url, { route } = {}) {
			const page = await (await browser.newContext()).newPage()
			page.setDefaultTimeout(PATIENCE_MS)
			if (route) await page.route(url, route)
			await page.goto(url)
			return page
		},
		async page(target = '/', { width = 1280, height = 860, onPage = () => {}, ...options } = {}) {
			const context = await browser.newContext({ viewport: { width, height }, locale: 'en-GB', timezoneId: 'UTC', colorScheme: 'light', extraHTTPHeaders: somebody(), ...options })
			const page = await context.newPage()
			page.setDefaultTimeout(PATIENCE_MS)
			page.on('pageerror', error => faults.push(String(error)))
			page.on('request', request => { if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(stack.url)) faults.push(`asked ${request.url()}`) })
			page.on('console', message => {
				// a refused request is part of many stories; what matters is what the page makes of it
				if (message.type() === 'error' && !/Failed to load resource|EventSource/.test(message.text())) faults.push(message.text())
			})
			onPage(page)
			await page.goto(new URL(target, stack.url).href)
			return page
		},
	}
}

export const shot = (page, name) => page.screenshot({ path: path.join(screenshots, `${name}.png`) })

/** What axe finds serious or critical: []. */
export async function axe(page, what) {
	await page.evaluate(fs.readFileSync(path.join(here, 'node_modules/axe-core/axe.min.js'), 'utf8'))
	// what moves has the colours of neither here nor there: it gets there at once, or is waited for
	const still = await page.evaluateHandle(() => {
		const sheet = new CSSStyleSheet()
		sheet.replaceSync('*, *::before, *::after { transition-duration: 0s !important; transition-delay: 0s !important; animation-duration: 0s !important; animation-delay: 0s !important }')
		document.adoptedStyleSheets.push(sheet)
		return sheet
	})
	await page.evaluate(() => Promise.all(document.getAnimations().filter(animation => animation.effect.getComputedTiming().endTime < Infinity).map(animation => animation.finished.catch(() => {}))))
	const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
	await page.evaluate(sheet => { document.adoptedStyleSheets = document.adoptedStyleSheets.filter(one => one !== sheet) }, still)
	const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
	const told = bad.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map(node => `${node.html.slice(0, 160)} (${node.failureSummary?.split('\n')[1]?.trim()})`).join(' | ')}`)
	eq(told, [], `${what}: ${told.join('; ')}`)
}

export async function noWider(page, what) {
	const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
	ok(overflow <= 0, `${what}: ${overflow} px too wide`)
}

/** Poll until it gives something true. */
export const soon = (what, probe) => until(what, PATIENCE_MS, probe)

/**
 * Requests of this method wait until what is returned is called: so there is time to look at
 * what the page shows before the answer.
 */
export async function hold(page, pattern, method = 'GET') {
	let release
	const released = new Promise(resolve => { release = resolve })
	await page.route(pattern, async route => {
		if (route.request().method() === method) await released
		await route.continue().catch(() => {})	// the page may have given it up
	})
	return async () => {
		release()
		await page.unroute(pattern)
	}
}

export const toast = (page, text) => page.locator('[data-sonner-toast]', { hasText: text }).first()
/** The same, once it stands still and with the pointer on it, so that it stays. */
export async function stayingToast(page, text) {
	const found = toast(page, text)
	await found.hover()
	return found
}
export const row = (page, orderId) => page.locator('tr[data-id]', { hasText: orderId })
/** Choose a value in the list behind a row's status or priority. */
export async function choose(page, orderId, field, value) {
	await row(page, orderId).locator(`[data-edit="${field}"]`).click()
	await page.getByRole('option', { name: value }).click()
}
export const plain = text => Number(text.replace(/[$,]/g, ''))

// A small test harness for the system stories: plain node, no dependencies.
//
//   import { test, run, startSim, waitFor, eq, ok } from './lib/harness.mjs';
//   test('a sentence', async () => { ... });
//   await run();          // "ok - a sentence" lines, "N passed, N failed", exit 1 on failures
//
// Programs come from $ORDERDECK_BUILD (default build/release).
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import './about.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const buildDir = path.resolve(root, process.env.ORDERDECK_BUILD || 'build/release');

export const eq = assert.deepStrictEqual;
export const ok = assert.ok;

const tests = [];
const atEnd = [];
const TEST_TIMEOUT_MS = 120000;
const BESIDE = 3;
// a slow machine, or a busy one, needs patience
export const PATIENCE = Number(process.env.TEST_PATIENCE ?? 1);
const DAY_MS = 86400000;
const DAY_END_MS = 20000;

/**
 * Add a test; options: {timeout: ms, skip: 'why not', beside: true}.  Neighbours that say beside
 * run at the same time, a few at once: they mostly wait, and measure no time.
 */
export function test(name, fn, options = {}) {
  tests.push({ name, fn, options });
}

/** Run fn when all tests are over (or the process is interrupted), newest first. */
export function cleanUp(fn) {
  atEnd.push(fn);
}

async function runCleanUps() {
  while (atEnd.length > 0) {
    try {
      await atEnd.pop()();
    } catch (error) {
      console.log(`# cleaning up: ${error.message}`);
    }
  }
}

/** What is counted by days of UTC is compared with it: no test begins in the last moments of one. */
async function clearOfMidnight() {
  const left = DAY_MS - Date.now() % DAY_MS;
  if (left < DAY_END_MS) await sleep(left + 1000);
}

function withTimeout(promise, ms) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Run all tests in order and end the process. */
export async function run() {
  let passed = 0;
  let failed = 0;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, async () => {
      await runCleanUps();
      process.exit(130);
    });
  }
  const one = async ({ name, fn, options }) => {
    if (options.skip) {
      console.log(`# skipped: ${name}: ${options.skip}`);
      return;
    }
    await clearOfMidnight();
    try {
      await withTimeout(fn(), (options.timeout ?? TEST_TIMEOUT_MS) * PATIENCE);
      console.log(`ok - ${name}`);
      passed++;
    } catch (error) {
      console.log(`not ok - ${name}`);
      console.log(String(error.stack ?? error).replace(/^/gm, '#   '));
      failed++;
    }
  };
  let next = 0;
  const neighbours = async () => {
    while (next < tests.length && tests[next].options.beside) await one(tests[next++]);
  };
  while (next < tests.length) {
    if (tests[next].options.beside) await Promise.all(Array.from({ length: BESIDE }, neighbours));
    else await one(tests[next++]);
  }
  await runCleanUps();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ask fn every few ms until it returns something truthy, which is returned. */
export async function waitFor(fn, ms, what) {
  const end = Date.now() + ms * PATIENCE;
  let last;
  for (;;) {
    try {
      const value = await fn();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${ms} ms for ${what}${last ? `: ${last.message}` : ''}`);
    }
    await sleep(20);
  }
}

const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 256 });

/**
 * One HTTP request over a kept connection: {status, headers, body (Buffer),
 * text, json}.  Rejects when the connection fails or the body is cut short.
 * options: method, headers, body (string, Buffer, or a value sent as JSON),
 * agent, timeout (ms).
 */
export function request(url, options = {}) {
  const { method = 'GET', body, agent = keepAlive, timeout = 60000 } = options;
  const headers = { ...options.headers };
  let payload = body;
  if (body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)) {
    payload = JSON.stringify(body);
    headers['content-type'] ??= 'application/json';
  }
  if (payload !== undefined) headers['content-length'] = Buffer.byteLength(payload);
  return new Promise((resolve, reject) => {
    const call = http.request(url, { method, headers, agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const whole = Buffer.concat(parts);
        resolve({
          status: answer.statusCode,
          headers: answer.headers,
          body: whole,
          get text() { return whole.toString('utf8'); },
          get json() { return JSON.parse(whole.toString('utf8')); },
        });
      });
    });
    call.on('error', reject);
    call.setTimeout(timeout, () => call.destroy(new Error(`no answer within ${timeout} ms`)));
    call.end(payload);
  });
}

/** A new folder that is removed at the end. */
export function tempDir(name = 'test') {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `orderdeck-${name}-`));
  cleanUp(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Resolves to {code, signal} once the child has ended. */
export function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  }
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/**
 * Start an airtable-sim; it ends with the tests.  options: orders, seed, now,
 * token, base, port, rate, penaltyMs, monthly, latencyMs, set: {name: value},
 * env.
 *
 *   sim.api(method, '/Orders?pageSize=1', body, headers)   below /v0/<base>
 *   sim.meta(method, '/whoami', body)                      below /v0/meta
 *   sim.door(method, 'settings', body)   -> JSON; throws unless 200
 *   sim.fault(rule), sim.log(since), sim.stats(), sim.dump(), sim.stop()
 */
export async function startSim(options = {}) {
  const token = options.token ?? 'patTestToken00001.secret';
  const portFile = path.join(tempDir('sim'), 'port');
  const args = ['--token', token, '--port', String(options.port ?? 0), '--port-file', portFile];
  const flags = { orders: 'orders', seed: 'seed', now: 'now', base: 'base', rate: 'rate',
    penaltyMs: 'penalty-ms', monthly: 'monthly', latencyMs: 'latency-ms' };
  for (const [name, flag] of Object.entries(flags)) {
    if (options[name] !== undefined) args.push(`--${flag}`, String(options[name]));
  }
  for (const [name, value] of Object.entries(options.set ?? {})) args.push('--set', `${name}=${value}`);
  const child = spawn(path.join(buildDir, 'airtable-sim/airtable-sim'), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  let output = '';
  child.stdout.on('data', (part) => { output += part; });
  child.stderr.on('data', (part) => { output += part; });
  let broken = false;
  child.on('error', (error) => { output += error.message; broken = true; });
  const stop = async () => {
    if (broken) return { code: null, signal: null };
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    return withTimeout(ended(child), 10000 * PATIENCE);
  };
  cleanUp(stop);
  await waitFor(() => broken || child.exitCode !== null || fs.existsSync(portFile), 30000,
    'airtable-sim to serve');
  if (broken || child.exitCode !== null) throw new Error(`airtable-sim did not start: ${output}`);

  const port = Number(fs.readFileSync(portFile, 'utf8'));
  const url = `http://127.0.0.1:${port}`;
  const authorization = { authorization: `Bearer ${token}` };
  const door = async (method, name, body) => {
    const answer = await request(`${url}/_sim/${name}`, { method, body });
    if (answer.status !== 200) throw new Error(`/_sim/${name}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  const stats = () => door('GET', 'stats');
  const { base, table } = await stats();
  const call = (prefix) => (method, target, body, headers = {}, more = {}) =>
    request(`${url}/v0/${prefix}${target}`,
      { method, body, headers: { ...authorization, ...headers }, ...more });
  return {
    url, port, token, base, table, child, door, stats, stop,
    get output() { return output; },
    api: call(base),
    meta: call('meta'),
    fault: (rule) => door('POST', 'faults', rule),
    log: (since = 0) => door('GET', `log?since=${since}`),
    dump: async (name = '') => {
      const answer = await request(`${url}/_sim/dump${name && `?table=${encodeURIComponent(name)}`}`);
      return answer.text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    },
  };
}

// airtable-sim over HTTP: what a client of Airtable may rely on, and every
// way in which the real one disappoints it.
import crypto from 'node:crypto';
import http from 'node:http';
import zlib from 'node:zlib';
import { test, run, startSim, request, waitFor, ended, sleep, cleanUp, eq, ok } from './lib/harness.mjs';

const now = '2026-11-20T12:00:00.000Z';
const sim = await startSim({ orders: 250, seed: 7, now, rate: 0 });
const settings = (values) => sim.door('POST', 'settings', values);
const reset = () => sim.door('POST', 'reset', {});
const type = (answer) => answer.json.error.type;
const query = (values) => `/Orders?${new URLSearchParams(values)}`;

async function listAll(target = '/Orders?') {
  const records = [];
  let offset = '';
  do {
    // of two offsets the last one counts
    const page = (await sim.api('GET', `${target}${offset && `&offset=${encodeURIComponent(offset)}`}`)).json;
    records.push(...page.records);
    offset = page.offset;
  } while (offset);
  return records;
}
const first = async () => (await sim.api('GET', '/Orders?pageSize=1&view=Grid%20view')).json.records[0];

test('the same seed and now make the same orders, another seed others', async () => {
  const again = await startSim({ orders: 250, seed: 7, now, rate: 0 });
  const other = await startSim({ orders: 250, seed: 8, now, rate: 0 });
  const dump = await sim.dump();
  eq(await again.dump(), dump);
  ok(JSON.stringify(await other.dump()) !== JSON.stringify(dump));
  await again.stop();
  await other.stop();
});

test('orders look real: all statuses, empty cells, unique ids, 45 days, cents', async () => {
  const orders = (await sim.dump()).map((r) => r.fields);
  eq(new Set(orders.map((o) => o['Order ID'])).size, 250);
  eq(new Set(orders.map((o) => o.Status)).size, 6);
  ok(orders.some((o) => o['Order Total'] === undefined) && orders.some((o) => o.Customer === undefined));
  ok(orders.every((o) => Math.abs((o['Order Total'] ?? 0) * 100 - Math.round((o['Order Total'] ?? 0) * 100)) < 1e-6));
  const times = orders.map((o) => Date.parse(o['Created At'])).filter(Boolean);
  ok(Math.min(...times) > Date.parse(now) - 45 * 86400000 && Math.max(...times) < Date.parse(now));
  ok(orders.every((o) => o['Updated At'].endsWith('.000Z')));
});

test('pages hold 100 records, the offset ends with the last one, nothing is lost or doubled', async () => {
  const page = (await sim.api('GET', '/Orders')).json;
  eq(page.records.length, 100);
  ok(/^itr[A-Za-z0-9]{14}\/rec[A-Za-z0-9]{14}$/.test(page.offset));
  const all = await listAll();
  eq(all.length, 250);
  eq(new Set(all.map((r) => r.id)).size, 250);
});

test('POST listRecords pages like GET and refuses a null offset', async () => {
  const body = { pageSize: 60, fields: ['Status'], sort: [{ field: 'Order ID', direction: 'desc' }] };
  const one = (await sim.api('POST', '/Orders/listRecords', body)).json;
  const two = (await sim.api('POST', '/Orders/listRecords', { ...body, offset: one.offset })).json;
  eq(new Set([...one.records, ...two.records].map((r) => r.id)).size, 120);
  ok(one.records.every((r) => Object.keys(r.fields).every((f) => f === 'Status')));
  eq((await sim.api('POST', '/Orders/listRecords', { offset: null })).status, 422);
});

test('tables and fields go by name or id, and answers can be keyed by id', async () => {
  const schema = (await sim.meta('GET', `/bases/${sim.base}/tables`)).json.tables[0];
  const status = schema.fields.find((f) => f.name === 'Status');
  eq(schema.id, sim.table);
  const target = `/${sim.table}/?fields%5B%5D=${status.id}&returnFieldsByFieldId=1&pageSize=100`;
  const page = (await sim.api('GET', target)).json;
  ok(page.records.some((r) => r.fields[status.id]));
  ok(page.records.every((r) => Object.keys(r.fields).every((f) => f === status.id)));
});

test('sorting puts empty cells first ascending and last descending, selects by option order', async () => {
  const up = (await listAll('/Orders?sort%5B0%5D%5Bfield%5D=Order+Total')).map((r) => r.fields['Order Total']);
  const down = (await listAll('/Orders?sort[0][field]=Order%20Total&sort[0][direction]=desc')).map((r) => r.fields['Order Total']);
  eq(up[0], undefined);
  eq(down.at(-1), undefined);
  const numbers = up.filter((t) => t !== undefined);
  eq(numbers, [...numbers].sort((a, b) => a - b));
  const order = ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled'];
  const places = (await listAll('/Orders?sort[0][field]=Status')).map((r) => order.indexOf(r.fields.Status));
  eq(places, [...places].sort((a, b) => a - b));
});

test('maxRecords counts over all pages', async () => {
  eq((await listAll('/Orders?maxRecords=130&pageSize=50')).length, 130);
});

test('membership is frozen at the first page while values are live', async () => {
  await reset();
  const page = (await sim.api('GET', '/Orders?pageSize=100')).json;
  const seen = new Set(page.records.map((r) => r.id));
  const later = (await sim.dump()).map((r) => r.id).filter((id) => !seen.has(id) && !page.offset.endsWith(id));
  await sim.door('POST', 'edit', { id: later[0], fields: { Customer: 'changed in between' } });
  await sim.door('POST', 'delete', { ids: [later[1]] });
  const created = (await sim.door('POST', 'create', { count: 1 })).ids[0];
  const rest = await listAll(`/Orders?offset=${encodeURIComponent(page.offset)}`);
  eq(rest.find((r) => r.id === later[0]).fields.Customer, 'changed in between');
  ok(!rest.some((r) => r.id === later[1]) && !rest.some((r) => r.id === created));
});

test('a listing dies with its iterator, by age and by force, and a bad offset is told apart', async () => {
  await reset();
  let offset = (await sim.api('GET', '/Orders')).json.offset;
  await sim.door('POST', 'clock', { advanceMs: 301000 });
  const old = await sim.api('GET', query({ offset }));
  eq([old.status, old.json], [422, { error: { type: 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE' } }]);
  offset = (await sim.api('GET', '/Orders')).json.offset;
  await sim.door('POST', 'expire-iterators');
  eq(type(await sim.api('GET', query({ offset }))), 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE');
  eq(type(await sim.api('GET', '/Orders?offset=nonsense')), 'INVALID_OFFSET_VALUE');
});

test('filters by modification time find exactly what was changed since', async () => {
  await reset();
  const { id, fields } = await first();
  const since = (await sim.door('GET', 'clock')).now.replace(/\.\d+Z/, '.000Z');
  await sim.api('PATCH', `/Orders/${id}`, { fields: { Priority: fields.Priority === 'High' ? 'Low' : 'High' } });
  const at = `DATETIME_PARSE('${since}')`;
  const filterByFormula = `OR(IS_SAME(LAST_MODIFIED_TIME(),${at},'second'),IS_AFTER(LAST_MODIFIED_TIME(),${at}))`;
  eq((await sim.api('GET', query({ filterByFormula }))).json.records.map((r) => r.id), [id]);
  const bare = query({ filterByFormula: `LAST_MODIFIED_TIME()>"${since}"`, pageSize: 100 });
  ok((await sim.api('GET', bare)).json.offset, 'a date against a bare text matches everything');
});

test('a broken formula and an unknown field in it are 422', async () => {
  const broken = await sim.api('GET', query({ filterByFormula: 'AND(' }));
  eq([broken.status, type(broken)], [422, 'INVALID_FILTER_BY_FORMULA']);
  const unknown = await sim.api('GET', query({ filterByFormula: '{Nope}=1' }));
  eq(unknown.json.error.message, 'The formula for filtering records is invalid: Unknown field names: nope');
});

test('a 17,000 character formula passes by POST, and a URL beyond 16,000 is refused', async () => {
  const filterByFormula = `OR(${Array.from({ length: 600 }, (_, i) => `RECORD_ID()='rec${String(i).padStart(14, '0')}'`).join(',')})`;
  ok(filterByFormula.length > 17000);
  eq((await sim.api('POST', '/Orders/listRecords', { filterByFormula })).json, { records: [] });
  eq((await sim.api('GET', query({ filterByFormula }))).status, 422);
});

test('unknown names, views and parameters are refused with their types', async () => {
  eq(type(await sim.api('GET', '/Orders?fields[]=Nope')), 'UNKNOWN_FIELD_NAME');
  eq(type(await sim.api('GET', '/Orders?view=Nope')), 'VIEW_NAME_NOT_FOUND');
  eq(type(await sim.api('GET', '/Orders?pageSize=101')), 'INVALID_REQUEST_UNKNOWN');
  eq(type(await sim.api('GET', '/Orders?what=1')), 'INVALID_REQUEST_UNKNOWN');
});

test('paths: unknown models 403, malformed ids 404 before the token, deleted records 404', async () => {
  const { id } = await first();
  eq((await sim.api('GET', '/Nope')).status, 403);
  eq(type(await sim.api('GET', '/Nope')), 'INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND');
  eq((await request(`${sim.url}/v0/app1/Orders`)).json, { error: 'NOT_FOUND' });
  eq((await sim.api('GET', '/Orders/recShort')).json, { error: 'NOT_FOUND' });
  eq((await sim.api('GET', `/Orders/${id.toLowerCase()}`)).status, 404);
  eq((await sim.api('DELETE', `/Orders/${id}`)).json, { id, deleted: true });
  const gone = await sim.api('GET', `/Orders/${id}`);
  eq([gone.status, type(gone)], [404, 'MODEL_ID_NOT_FOUND']);
});

test('tokens: none, wrong, without the scope, without the base', async () => {
  const as = (token) => sim.api('GET', '/Orders?pageSize=1', undefined, { authorization: token });
  eq(type(await as('')), 'AUTHENTICATION_REQUIRED');
  eq([(await as('Bearer wrong')).status, type(await as('Bearer wrong'))], [401, 'UNAUTHORIZED']);
  await sim.door('POST', 'tokens', { token: 'writer', scopes: ['data.records:write'] });
  await sim.door('POST', 'tokens', { token: 'stranger', bases: ['appAAAAAAAAAAAAAA'] });
  eq((await as('Bearer writer')).status, 403);
  const whoami = (headers) => sim.meta('GET', '/whoami', undefined, headers).then((a) => Object.keys(a.json));
  eq([await whoami({}), await whoami({ authorization: 'Bearer writer' })], [['id', 'email'], ['id']]);
  eq((await as('Bearer stranger')).status, 403);
});

test('PATCH merges, null clears, PUT clears what is not named, computed cells stay', async () => {
  await reset();
  const { id, fields } = await first();
  const patched = (await sim.api('PATCH', `/Orders/${id}`, { fields: { Status: 'Shipped', Notes: null } })).json;
  eq(patched.fields['Order ID'], fields['Order ID']);
  eq([patched.fields.Status, 'Notes' in patched.fields], ['Shipped', false]);
  const put = (await sim.api('PUT', '/Orders', { records: [{ id, fields: { 'Order ID': 'X-1' } }] })).json.records[0];
  eq(Object.keys(put.fields).sort(), ['Label', 'Order ID', 'Updated At']);
});

test('a batch with one bad record changes nothing', async () => {
  await reset();
  const before = await sim.dump();
  const bad = [{ Status: 'Nope' }, { 'Order Total': '12' }, { 'Updated At': now }, { Nope: 1 }, { 'Created At': 'soon' }];
  for (const fields of bad) {
    const records = [{ id: before[0].id, fields: { Customer: 'good' } }, { id: before[1].id, fields }];
    eq((await sim.api('PATCH', '/Orders', { records })).status, 422);
  }
  const records = [{ id: before[0].id, fields: { Customer: 'good' } }, { id: 'recAAAAAAAAAAAAAA', fields: {} }];
  eq(type(await sim.api('PATCH', '/Orders', { records })), 'ROW_DOES_NOT_EXIST');
  eq(await sim.dump(), before);
});

test('more than ten records are refused in the words Airtable uses', async () => {
  const eleven = (await sim.dump()).slice(0, 11);
  const create = await sim.api('POST', '/Orders', { records: eleven.map(() => ({ fields: {} })) });
  eq(create.json.error.message, 'A maximum of 10 records can be created per request but you have provided 11.');
  const update = await sim.api('PATCH', '/Orders', { records: eleven.map(({ id }) => ({ id, fields: {} })) });
  eq(type(update), 'INVALID_RECORDS');
  const remove = await sim.api('DELETE', `/Orders?${eleven.map(({ id }) => `records[]=${id}`).join('&')}`);
  eq(remove.json.error.message, '"records" must be an array of up to 10 record IDs.');
  eq(type(await sim.api('DELETE', `/Orders?records=${eleven[0].id}`)), 'INVALID_RECORDS');
});

test('typecast adds a choice, which the schema then shows', async () => {
  const created = await sim.api('POST', '/Orders', { typecast: true, fields: { Status: 'On hold', 'Order Total': '12.5' } });
  eq([created.json.fields.Status, created.json.fields['Order Total']], ['On hold', 12.5]);
  const fields = (await sim.meta('GET', `/bases/${sim.base}/tables`)).json.tables[0].fields;
  ok(fields.find((f) => f.name === 'Status').options.choices.some((c) => c.name === 'On hold'));
});

test('typecast reads amounts, days and lists as people write them; strings are what they see', async () => {
  const answer = await sim.api('POST', '/Orders', { typecast: true, fields: { 'Order Total': '$1,234.50', 'Created At': 'November 20, 2026 3:30pm', Status: 'Shipped' } });
  eq([answer.json.fields['Order Total'], answer.json.fields['Created At']], [1234.5, '2026-11-20T15:30:00.000Z']);
  const refused = await sim.api('POST', '/Orders', { fields: { 'Order Total': '$1,234.50' } });
  eq([refused.status, refused.json.error], [422, { type: 'INVALID_VALUE_FOR_COLUMN', message: 'Field "Order Total" cannot accept the provided value' }]);
  const shown = await sim.api('GET', `/Orders/${answer.json.id}?${new URLSearchParams({ cellFormat: 'string', timeZone: 'America/New_York', userLocale: 'en' })}`);
  eq([shown.json.fields['Order Total'], shown.json.fields['Created At']], ['$1,234.50', '2026-11-20 15:30']);
  eq(type(await sim.api('GET', '/Orders?cellFormat=string&timeZone=utc')), 'INVALID_REQUEST_UNKNOWN');
});

test('filters know texts, patterns and dates, and say what they do not know', async () => {
  const found = async (filterByFormula) => (await sim.api('GET', query({ filterByFormula }))).json;
  const { 'Order ID': id, Status } = (await first()).fields;
  eq((await found(`AND(LEFT({Order ID},4)='ORD-',{Order ID}='${id}',REGEX_MATCH({Order ID},'^ORD-\\\\d+$'))`)).records.length, 1);
  eq((await found(`AND(SWITCH(Status,'${Status}',1,0),{Order ID}='${id}',YEAR({Created At})>=2000)`)).records.length, 1);
  eq((await found('FOO({Nope})')).error.message, 'The formula for filtering records is invalid: Unknown function names: foo');
});

test('comments are made, listed, changed and deleted', async () => {
  const at = `/Orders/${(await first()).id}/comments`;
  const { json: made } = await sim.api('POST', at, { text: 'late?' });
  eq((await sim.api('PATCH', `${at}/${made.id}`, { text: 'late' })).json.text, 'late');
  eq((await sim.api('GET', at)).json.comments.map((c) => [c.id, c.text]), [[made.id, 'late']]);
  eq((await sim.api('DELETE', `${at}/${made.id}`)).json, { id: made.id, deleted: true });
  eq((await sim.api('GET', at)).json, { comments: [], offset: null });
});

test('browsers are told that pages may call, which is no call', async () => {
  await burst(700, { rate: 1 }, async () => {
    const asked = [];
    for (let i = 0; i < 4; i++) {
      asked.push(await request(`${sim.url}/v0/${sim.base}/Orders`, { method: 'OPTIONS', headers: {
        origin: 'https://elsewhere.example', 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization,content-type,x-airtable-user-agent',
      } }));
    }
    for (const { status, headers } of asked) {
      eq([status, headers['access-control-allow-origin']], [200, '*']);
      ok(/\bPATCH\b/.test(headers['access-control-allow-methods']));
      ok(/authorization.*content-type.*x-airtable-user-agent/.test(headers['access-control-allow-headers']));
    }
    return asked;
  });
  eq((await sim.stats()).requests, 0);
  eq((await request(`${sim.url}/v0/${sim.base}/Orders`)).headers['access-control-allow-origin'], '*');
  await reset();
});

test('upsert creates, updates, and refuses two matches', async () => {
  await reset();
  const upsert = (...keys) => sim.api('PATCH', '/Orders', {
    performUpsert: { fieldsToMergeOn: ['Order ID'] },
    records: keys.map((key) => ({ fields: { 'Order ID': key, Customer: 'upserted' } })),
  });
  const answer = (await upsert('ORD-000001', 'NEW-1')).json;
  eq([answer.createdRecords.length, answer.updatedRecords.length], [1, 1]);
  eq(answer.records.map((r) => r.fields['Order ID']), ['ORD-000001', 'NEW-1']);
  await sim.door('POST', 'create', { fields: { 'Order ID': 'NEW-1' } });
  eq((await upsert('NEW-1')).status, 422);
});

test('bodies that are not JSON, or not said to be, are refused', async () => {
  const type422 = async (body, contentType) => type(await sim.api('POST', '/Orders', body, { 'content-type': contentType }));
  eq(await type422('{"fields":', 'application/json'), 'INVALID_REQUEST_BODY');
  eq(await type422('{"fields":{}}', 'text/plain'), 'INVALID_REQUEST_BODY');
  eq(type(await sim.api('POST', '/Orders', {})), 'INVALID_REQUEST_MISSING_FIELDS');
  eq((await sim.api('POST', '/Orders', { fields: { Notes: 'x'.repeat(2 << 20) } })).status, 413);
});

test('gzip when asked, and a Date header from the simulated clock', async () => {
  await reset();
  const answer = await sim.api('GET', '/Orders', undefined, { 'accept-encoding': 'gzip' });
  eq(answer.headers['content-encoding'], 'gzip');
  eq(JSON.parse(zlib.gunzipSync(answer.body)).records.length, 100);
  await sim.door('POST', 'clock', { set: '2027-02-03T04:05:00.000Z' });
  ok((await sim.api('GET', '/Orders?pageSize=1')).headers.date.startsWith('Wed, 03 Feb 2027 04:05:'));
});

/** Answers to calls that arrive within ms; those that a busy machine spreads over more are made again. */
async function burst(ms, values, calls) {
  for (;;) {
    await reset();
    await settings(values);
    const answers = await calls();
    const times = (await sim.log()).entries.map((e) => e.arrivalMs);
    if (Math.max(...times) - Math.min(...times) < ms) return answers;
  }
}

test('the sixth call within a second gets 429, and so do all until the penalty is over', async () => {
  const [next, ...six] = await burst(700, { rate: 5, penaltyMs: 700 }, async () => {
    const together = await Promise.all(Array.from({ length: 6 }, () => sim.api('GET', '/Orders?pageSize=1')));
    return [await sim.api('GET', '/Orders?pageSize=1'), ...together];
  });
  eq(six.filter((a) => a.status === 200).length, 5);
  const refused = six.find((a) => a.status === 429);
  eq(refused.json.errors[0].error, 'RATE_LIMIT_REACHED');
  eq(refused.headers['retry-after'], undefined);
  eq(next.status, 429);
  await waitFor(async () => (await sim.api('GET', '/Orders?pageSize=1')).status === 200, 3000, 'the penalty to end');
  await settings({ rateShape: 'c', retryAfterOn429: 30 });
  const again = await waitFor(async () => {
    await sim.door('POST', 'consume', { calls: 5 });
    const answer = await sim.api('GET', '/Orders?pageSize=1');
    return answer.status !== 200 && answer;
  }, 3000, 'a call in the same second');
  eq([again.status, type(again), again.headers['retry-after']], [429, 'RATE_LIMIT_REACHED', '30']);
});

test('the window slides: five calls, and five more a second later, are never refused', async () => {
  await reset();
  await settings({ rate: 5, penaltyMs: 30000 });
  for (let round = 0; round < 2; round++) {
    const five = await Promise.all(Array.from({ length: 5 }, () => sim.api('GET', '/Orders?pageSize=1')));
    ok(five.every((a) => a.status === 200));
    const last = Math.max(...(await sim.log()).entries.map((e) => e.arrivalMs));
    await waitFor(async () => (await sim.door('GET', 'clock')).monotonicMs > last + 1000, 3000, 'a second');
  }
  eq((await sim.stats()).maxPerSecond, 5);
});

test('the monthly quota is another 429, and ends with the month; meta calls go on', async () => {
  await reset();
  await settings({ rate: 0, monthly: 2 });
  await sim.door('POST', 'clock', { set: '2026-11-30T23:59:00Z' });
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push(await sim.api('GET', '/Orders?pageSize=1'));
  eq(statuses.map((a) => a.status), [200, 200, 429]);
  eq(statuses[2].json.errors[0].error, 'PUBLIC_API_BILLING_LIMIT_EXCEEDED');
  eq((await sim.meta('GET', '/whoami')).status, 200);
  await sim.door('POST', 'clock', { set: '2026-12-01T00:00:01Z' });
  eq((await sim.api('GET', '/Orders?pageSize=1')).status, 200);
});

test('fault: a status with its own body, on the second matching call only', async () => {
  await reset();
  await sim.fault({ match: { method: 'GET', path: '/Orders', nth: 2 }, action: 'status', status: 503, retryAfter: 7 });
  const answers = [];
  for (let i = 0; i < 3; i++) answers.push(await sim.api('GET', '/Orders?pageSize=1'));
  eq(answers.map((a) => a.status), [200, 503, 200]);
  eq([type(answers[1]), answers[1].headers['retry-after']], ['RETRIABLE_ERROR', '7']);
});

test('fault: drop before and after applying', async () => {
  const { id } = await first();
  const customer = async () => (await sim.api('GET', `/Orders/${id}`)).json.fields.Customer;
  const patch = (Customer) => sim.api('PATCH', `/Orders/${id}`, { fields: { Customer } });
  await sim.fault({ match: { method: 'PATCH' }, action: 'drop_before' });
  await patch('before').then(() => ok(false), () => {});
  ok(await customer() !== 'before');
  await sim.fault({ match: { method: 'PATCH' }, action: 'drop_after' });
  await patch('after').then(() => ok(false), () => {});
  eq(await customer(), 'after');
  await sim.fault({ match: { method: 'PATCH' }, action: 'status', status: 503, apply: true });
  eq((await patch('applied, then 503')).status, 503);
  eq(await customer(), 'applied, then 503');
  eq((await sim.log()).entries.filter((e) => e.status === -1).length, 2);
});

test('fault: truncated, garbage, empty, HTML and wrong types', async () => {
  const get = () => sim.api('GET', '/Orders?pageSize=2');
  await sim.fault({ action: 'truncate' });
  await get().then(() => ok(false, 'the body was cut'), () => {});
  await sim.fault({ action: 'garbage' });
  const garbage = await get();
  eq(garbage.status, 200);
  let parsed = true;
  try { garbage.json; } catch { parsed = false; }
  ok(!parsed);
  await sim.fault({ action: 'empty' });
  eq((await get()).body.length, 0);
  await sim.fault({ action: 'html' });
  const html = await get();
  eq([html.status, html.headers['content-type']], [502, 'text/html']);
  await sim.fault({ action: 'wrong_types' });
  eq((await get()).json.records[0].id, 17);
  eq((await get()).status, 200);
});

test('fault: a slow body and a hanging call keep nobody else waiting', async () => {
  // a machine that stands still for so long is given another try
  for (let tries = 1, over = true; over; tries++) {
    ok(tries < 5, 'nobody else waits');
    await sim.fault({ match: { path: 'pageSize=3' }, action: 'slow', delayMs: 600 });
    await sim.fault({ match: { path: 'pageSize=4' }, action: 'hang', delayMs: 800 });
    const start = Date.now();
    over = false;
    const slow = sim.api('GET', '/Orders?pageSize=3').finally(() => { over = true; });
    const hang = sim.api('GET', '/Orders?pageSize=4').then(() => 'answered', () => 'cut');
    for (let i = 0; i < 20; i++) eq((await sim.api('GET', '/Orders?pageSize=1')).status, 200);
    const first = !over;
    eq((await slow).json.records.length, 3);
    ok(Date.now() - start >= 550);
    eq(await hang, 'cut');
    over = !first;
  }
});

test('latency is per call, not one call after the other', async () => {
  await settings({ latencyMs: 300, rate: 0 });
  const start = Date.now();
  await Promise.all(Array.from({ length: 100 }, () => sim.api('GET', '/Orders?pageSize=1')));
  const took = Date.now() - start;
  ok(took >= 300 && took < 15000, `${took} ms`);
  await settings({ latencyMs: 0 });
});

test('raw edits hold what no API lets through', async () => {
  await reset();
  const { id } = await first();
  const fields = { 'Order Total': 'twelve', 'Created At': { odd: 1 }, 'Order ID': null, 'Updated At': '9999-12-31', Status: 'Lost' };
  await sim.door('POST', 'edit', { id, raw: true, fields });
  const record = (await sim.api('GET', `/Orders/${id}`)).json.fields;
  eq([record['Order Total'], record['Created At'], record['Order ID'], record['Updated At'], record.Status],
    ['twelve', { odd: 1 }, undefined, '9999-12-31', 'Lost']);
});

test('foreign edits add options; fields can be renamed and removed', async () => {
  await reset();
  const { id } = await first();
  await sim.door('POST', 'edit', { id, fields: { Status: 'Returned' } });
  eq((await sim.api('GET', `/Orders/${id}`)).json.fields.Status, 'Returned');
  await sim.door('POST', 'schema', { rename: { field: 'Status', name: 'State' }, remove: { field: 'Priority' } });
  const renamed = (await sim.api('GET', `/Orders/${id}`)).json.fields;
  eq([renamed.State, 'Status' in renamed, 'Priority' in renamed], ['Returned', false, false]);
  eq(type(await sim.api('GET', '/Orders?fields[]=Priority')), 'UNKNOWN_FIELD_NAME');
});

test('a table and a field made through the schema routes work, computed ones are refused', async () => {
  await reset();
  const made = await sim.meta('POST', `/bases/${sim.base}/tables`, { name: 'Étagères', fields: [
    { name: 'Name', type: 'singleLineText' }, { name: 'Tags', type: 'multipleSelects', options: { choices: [{ name: 'a' }] } }] });
  eq(made.status, 200);
  const field = await sim.meta('POST', `/bases/${sim.base}/tables/${made.json.id}/fields`,
    { name: 'Done', type: 'checkbox', options: { icon: 'check', color: 'greenBright' } });
  eq(field.json.type, 'checkbox');
  const record = (await sim.api('POST', `/${encodeURIComponent('Étagères')}`,
    { fields: { Name: 'x', Tags: ['a'], Done: true } })).json;
  eq(record.fields, { Name: 'x', Tags: ['a'], Done: true });
  eq((await sim.meta('PATCH', `/bases/${sim.base}/tables/${made.json.id}/fields/${field.json.id}`, { name: 'Ready' })).json.name, 'Ready');
  eq((await sim.meta('POST', `/bases/${sim.base}/tables/${made.json.id}/fields`, { name: 'M', type: 'lastModifiedTime' })).status, 422);
});

// ---- webhooks: what needs HTTP, threads and time; tests/unit/airtable-sim/test_sim_{webhooks,payloads,pings}.c have the rest

const hooks = (method, rest = '', body) => request(`${sim.url}/v0/bases/${sim.base}/webhooks${rest}`,
  { method, body, headers: { authorization: `Bearer ${sim.token}` } });
const specification = { options: { filters: { dataTypes: ['tableData'] } } };
const door = (name, body) => sim.door('POST', name, body);
const doorHook = async () => (await sim.door('GET', 'webhooks')).webhooks[0];

/** Everything from the cursor on: [payloads, next cursor]. */
async function payloadsFrom(id, cursor = 1) {
  const all = [];
  for (;;) {
    const page = (await hooks('GET', `/${id}/payloads?cursor=${cursor}`)).json;
    all.push(...page.payloads);
    cursor = page.cursor;
    if (!page.mightHaveMore) return [all, cursor];
  }
}

/** A place that pings go to: {url, pings: [{body, mac, at}], answer: (response) => void}. */
async function startReceiver() {
  const receiver = { pings: [], answer: (response) => response.writeHead(204).end() };
  const server = http.createServer((q, response) => {
    const parts = [];
    q.on('data', (part) => parts.push(part));
    q.on('end', () => {
      receiver.pings.push({ body: Buffer.concat(parts), mac: q.headers['x-airtable-content-mac'], method: q.method });
      receiver.answer(response);
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const stop = () => { server.closeAllConnections(); server.close(); };
  cleanUp(stop);
  return Object.assign(receiver, { url: `http://127.0.0.1:${server.address().port}/hook`, stop });
}

test('webhook: made, listed, read, refreshed and deleted over HTTP', async () => {
  await reset();
  const made = await hooks('POST', '', { specification });
  eq(made.status, 200);
  const { id, macSecretBase64 } = made.json;
  eq(Buffer.from(macSecretBase64, 'base64').length, 32);
  eq((await hooks('GET')).json.webhooks.map((h) => [h.id, h.notificationUrl, h.isHookEnabled, h.specification]),
    [[id, null, true, specification]]);
  const { id: record } = await first();
  await sim.api('PATCH', '/Orders', { records: [{ id: record, fields: { Status: 'Shipped', Customer: 'Ä' } }] });
  await door('edit', { id: record, fields: { Customer: 'Ö' } });
  await door('delete', { ids: [record] });
  const [list, cursor] = await payloadsFrom(id);
  eq([list.map((p) => p.actionMetadata.source), cursor], [['publicApi', 'client', 'client'], 4]);
  eq(list[0].changedTablesById[sim.table].changedRecordsById[record].current.cellValuesByFieldId.fldStatus00000000,
    { id: 'selShipped0000000', name: 'Shipped' });
  eq(list[2].changedTablesById[sim.table], { destroyedRecordIds: [record] });
  ok((await hooks('POST', `/${id}/refresh`)).json.expirationTime > now, 'without a body');
  const gone = await hooks('DELETE', `/${id}`);
  eq([gone.status, gone.body.length, (await hooks('GET', `/${id}/payloads`)).status], [200, 0, 404]);
});

test('webhook: calls count to the rate of the base and to the quota, and are logged', async () => {
  const six = await burst(700, { rate: 5, penaltyMs: 300 }, () => Promise.all(Array.from({ length: 6 }, () => hooks('GET'))));
  eq(six.filter((a) => a.status === 429).length, 1);
  eq((await sim.stats()).callsThisMonth, 6);
  ok((await sim.log()).entries.every((e) => e.path.endsWith('/webhooks')));
});

test('webhook: faults hit payload calls, and what they spoil is not lost', async () => {
  await reset();
  const { id } = (await hooks('POST', '', { specification })).json;
  await door('create', { count: 1 });
  await sim.fault({ match: { path: '/payloads' }, action: 'wrong_types' });
  const odd = (await hooks('GET', `/${id}/payloads`)).json;
  eq([odd.cursor, odd.payloads[0].changedTablesById], [{}, []]);
  await sim.fault({ match: { path: '/payloads' }, action: 'drop_after' });
  await hooks('GET', `/${id}/payloads`).then(() => ok(false), () => {});
  eq((await payloadsFrom(id))[0].length, 1);
});

test('webhook: pings carry the MAC of their bytes; one more follows for what came meanwhile', async () => {
  await reset();
  const receiver = await startReceiver();
  const { id, macSecretBase64 } = (await hooks('POST', '', { notificationUrl: receiver.url, specification })).json;
  await door('create', { count: 1 });
  await waitFor(() => receiver.pings.length === 1, 5000, 'the ping');
  const { body, mac, method } = receiver.pings[0];
  const expected = crypto.createHmac('sha256', Buffer.from(macSecretBase64, 'base64')).update(body).digest('hex');
  eq([method, mac], ['POST', `hmac-sha256=${expected}`]);
  const ping = JSON.parse(body);
  eq([ping.base.id, ping.webhook.id, ping.timestamp.slice(0, 10)], [sim.base, id, '2026-11-20']);
  let release;
  receiver.answer = (response) => { release = () => response.writeHead(200).end(); };
  await door('create', { count: 1 });
  await waitFor(() => release, 5000, 'the second ping');
  for (let i = 0; i < 5; i++) await door('create', { count: 1 });
  await sleep(200);
  eq(receiver.pings.length, 2);
  receiver.answer = (response) => response.writeHead(204).end();
  release();
  await waitFor(() => receiver.pings.length === 3, 5000, 'the third ping');
  await waitFor(async () => (await doorHook()).pings.sent === 3, 5000, 'its result');
  eq((await hooks('GET')).json.webhooks[0].lastNotificationResult.success, true);
  await door('webhooks', { action: 'ping' });
  await waitFor(() => receiver.pings.length === 4, 5000, 'the spurious ping');
  receiver.stop();
});

test('webhook: failed pings are tried again by the simulated clock, and switched off at last', async () => {
  await reset();
  await settings({ pingRetries: 3, pingTimeoutMs: 10000 });
  const receiver = await startReceiver();
  const answers = [(r) => r.writeHead(500).end(), (r) => r.writeHead(200).end('body'), () => {}, (r) => r.destroy()];
  const why = [];
  receiver.answer = (response) => answers[receiver.pings.length - 1](response);
  const { id } = (await hooks('POST', '', { notificationUrl: receiver.url, specification })).json;
  await door('create', { count: 1 });
  for (let attempt = 1; attempt <= 4; attempt++) {
    await waitFor(async () => (await doorHook()).pings.failed === attempt, 5000, `failure ${attempt}`);
    eq(receiver.pings.length, attempt);
    why.push((await hooks('GET')).json.webhooks[0].lastNotificationResult);
    // the third is not answered, and only that one waits for it
    await settings({ pingTimeoutMs: attempt === 2 ? 200 : 10000 });
    await door('clock', { advanceMs: 10000 * 2 ** (attempt - 1) });
  }
  eq(why.map((w) => [w.success, w.retryNumber, w.willBeRetried]), [[false, 0, true], [false, 1, true], [false, 2, true], [false, 3, false]]);
  ok(why[0].error.message.includes('500') && why[1].error.message.includes('body'));
  eq((await hooks('GET')).json.webhooks[0].areNotificationsEnabled, false);
  await door('create', { count: 1 });
  eq((await payloadsFrom(id))[0].length, 2);
  receiver.answer = (response) => response.writeHead(204).end();
  eq((await hooks('POST', `/${id}/enableNotifications`, { enable: true })).status, 200);
  await waitFor(() => receiver.pings.length === 5, 5000, 'pings again');
  receiver.stop();
});

test('webhook: after eight days it is disabled, its payloads are gone, and it can not be revived', async () => {
  await reset();
  const { id } = (await hooks('POST', '', { specification })).json;
  await door('create', { count: 3 });
  await door('clock', { advanceMs: 8 * 86400000 });
  await door('create', { count: 1 });
  eq((await hooks('GET')).json.webhooks[0].isHookEnabled, false);
  const page = (await hooks('GET', `/${id}/payloads`)).json;
  eq([page.payloads, page.cursor, page.mightHaveMore], [[], 2, false]);
  eq((await hooks('POST', `/${id}/refresh`)).status, 422);
});

test('the foreign editor works by itself, and its payloads lead to exactly what is in the base', async () => {
  await reset();
  await door('create', { count: 2000 });
  const { id } = (await hooks('POST', '', { specification: { options: { filters: { dataTypes: ['tableData'] } } } })).json;
  const copy = new Map((await sim.dump()).map((r) => [r.id, true]));
  await settings({ splitEvery: 3 });
  await door('editor', { perSecond: 100, callsPerSecond: 20, paste: 20, schema: 20 });
  await waitFor(async () => (await sim.door('GET', 'editor')).last >= 150, 20000, '150 actions');
  const rested = await door('editor', { perSecond: 0, callsPerSecond: 0 });
  ok(rested.calls > 10 && rested.made.edit > 50 && rested.made.paste > 0 && rested.made.delete > 0);
  const [list, cursor] = await payloadsFrom(id);
  const values = new Map();
  for (const { changedTablesById: { [sim.table]: t } } of list) {
    for (const [record, { cellValuesByFieldId }] of Object.entries(t.createdRecordsById ?? {})) {
      copy.set(record, true);
      values.set(record, cellValuesByFieldId);
    }
    for (const [record, { current }] of Object.entries(t.changedRecordsById ?? {})) {
      values.set(record, { ...values.get(record), ...current.cellValuesByFieldId });
    }
    for (const record of t.destroyedRecordIds ?? []) { copy.delete(record); values.delete(record); }
  }
  const names = (await sim.meta('GET', `/bases/${sim.base}/tables`)).json.tables[0].fields;
  const name = Object.fromEntries(names.map((f) => [f.id, f.name]));
  const now2 = await sim.dump();
  eq([...copy.keys()].sort(), now2.map((r) => r.id).sort());
  const plain = (v) => v?.name ?? v ?? undefined;
  let compared = 0;
  for (const { id: record, fields } of now2) {
    for (const [field, v] of Object.entries(values.get(record) ?? {})) {
      eq(plain(v), fields[name[field]], `${record} ${name[field]}`);
      compared++;
    }
  }
  ok(compared > 300, `${compared} cells`);
  await sleep(100);
  eq((await payloadsFrom(id, cursor))[0], []);
  const { entries, last } = await sim.door('GET', 'editor?since=100');
  eq([entries[0].seq, entries.length], [101, last - 100]);
  ok(Math.abs(entries.at(-1).atMs - Date.now()) < 60000);
});

test('the log tells order, arrival, status and records; the door is not in it', async () => {
  await reset();
  await sim.api('GET', '/Orders?pageSize=7');
  await sim.api('GET', '/Nope');
  const { last, entries } = await sim.log();
  eq(entries.map((e) => [e.seq, e.method, e.status, e.records]), [[1, 'GET', 200, 7], [2, 'GET', 403, 0]]);
  eq((await sim.log(last)).entries, []);
});

test('SIGTERM ends it cleanly, even while a call hangs', async () => {
  const other = await startSim({ orders: 5 });
  await other.fault({ action: 'hang' });
  const hanging = other.api('GET', '/Orders').then(() => 'answered', () => 'cut');
  await waitFor(async () => (await other.stats()).requests === 1, 3000, 'the call');
  const start = Date.now();
  other.child.kill('SIGTERM');
  eq(await ended(other.child), { code: 0, signal: null });
  ok(Date.now() - start < 20000, 'not when the call ends');
  eq(await hanging, 'cut');
});

await run();

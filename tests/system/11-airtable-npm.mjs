// Airtable's own JavaScript client, unmodified, against airtable-sim.
import { client } from './lib/clients.mjs';
import { test, run, startSim, waitFor, eq, ok } from './lib/harness.mjs';

const Airtable = client('airtable');

const sim = await startSim({ orders: 230, seed: 3, rate: 0 });
// what is refused with 429 is ours to see
const desk = new Airtable({ apiKey: sim.token, endpointUrl: sim.url, noRetryIfRateLimited: true });
const orders = desk.base(sim.base)('Orders');
const rejected = (promise) => promise.then(() => { throw new Error('was not refused'); }, (error) => error);

test('eachPage walks through all records in pages of 100', async () => {
  const sizes = [];
  const ids = new Set();
  await orders.select().eachPage((records, next) => {
    sizes.push(records.length);
    for (const record of records) ids.add(record.id);
    next();
  });
  eq([sizes, ids.size], [[100, 100, 30], 230]);
});

test('select takes fields, sort, maxRecords, view and a formula', async () => {
  const records = await orders.select({
    fields: ['Order ID', 'Order Total'], sort: [{ field: 'Order Total', direction: 'desc' }],
    maxRecords: 120, view: 'Grid view', filterByFormula: "AND({Order Total} > 50, NOT({Status} = 'Cancelled'))",
  }).all();
  const expected = (await sim.dump()).map((r) => r.fields)
    .filter((f) => f['Order Total'] > 50 && f.Status !== 'Cancelled')
    .map((f) => f['Order Total']).sort((a, b) => b - a).slice(0, 120);
  eq(records.map((r) => r.get('Order Total')), expected);
  ok(records.every((r) => r.get('Status') === undefined));
});

test('a listing whose URL would be too long goes by POST', async () => {
  const ids = (await sim.dump()).slice(0, 90).map((r) => r.id);
  const terms = Array.from({ length: 600 }, (_, i) => `RECORD_ID()='${ids[i % ids.length]}'`);
  const before = (await sim.log()).last;
  eq((await orders.select({ filterByFormula: `OR(${terms.join(',')})` }).all()).length, 90);
  eq((await sim.log(before)).entries.map((e) => e.method), ['POST']);
});

test('find, update, replace and destroy one record', async () => {
  const [{ id, fields }] = await sim.dump();
  const found = await orders.find(id);
  eq(found.fields, fields);
  const updated = await orders.update(id, { Status: 'Shipped', Notes: 'a "quoted", text' });
  eq([updated.get('Status'), updated.get('Order ID')], ['Shipped', fields['Order ID']]);
  const replaced = await orders.replace(id, { 'Order ID': 'R-1', 'Order Total': 0 });
  eq(Object.keys(replaced.fields).sort(), ['Label', 'Order ID', 'Order Total', 'Updated At']);
  eq((await orders.destroy(id)).id, id);
  eq((await rejected(orders.find(id))).statusCode, 404);
});

test('create, update and destroy ten at once, in order', async () => {
  const names = Array.from({ length: 10 }, (_, i) => `株式会社 ${i} 🚀`);
  const created = await orders.create(names.map((Customer) => ({ fields: { Customer } })));
  eq(created.map((r) => r.get('Customer')), names);
  const updated = await orders.update(created.map(({ id }) => ({ id, fields: { Status: 'Pending' } })));
  eq(updated.map((r) => [r.id, r.get('Status')]), created.map((r) => [r.id, 'Pending']));
  eq((await orders.destroy(created.map((r) => r.id))).length, 10);
});

test('typecast and upsert pass through', async () => {
  const record = await orders.create({ 'Order ID': 'U-1', Status: 'Brand new' }, { typecast: true });
  eq(record.get('Status'), 'Brand new');
  const records = await orders.update([{ fields: { 'Order ID': 'U-1', Customer: 'once' } }, { fields: { 'Order ID': 'U-2' } }],
    { performUpsert: { fieldsToMergeOn: ['Order ID'] } });
  eq(records.map((r) => [r.get('Order ID'), r.get('Customer')]), [['U-1', 'once'], ['U-2', undefined]]);
  eq(records[0].id, record.id);
});

test('typecast, strings and comments counted come through it', async () => {
  const record = await orders.create({ 'Order ID': 'C-1', 'Order Total': '$1,234.50', Status: 'Shipped' }, { typecast: true });
  eq(record.get('Order Total'), 1234.5);
  const [shown] = await orders.select({ filterByFormula: "REGEX_MATCH({Order ID}, '^C-1$')", cellFormat: 'string', timeZone: 'utc', userLocale: 'en', recordMetadata: ['commentCount'] }).all();
  eq([shown.get('Order Total'), shown.commentCount], ['$1,234.50', 0]);
});

test('refusals arrive as its error objects', async () => {
  const unknown = await rejected(orders.create({ Nope: 1 }));
  eq([unknown.error, unknown.message, unknown.statusCode], ['UNKNOWN_FIELD_NAME', 'Unknown field name: "Nope"', 422]);
  eq((await rejected(orders.select({ filterByFormula: 'AND(' }).all())).error, 'INVALID_FILTER_BY_FORMULA');
  const foreign = new Airtable({ apiKey: 'wrong', endpointUrl: sim.url }).base(sim.base)('Orders');
  eq((await rejected(foreign.find('recAAAAAAAAAAAAAA'))).error, 'AUTHENTICATION_REQUIRED');
  eq((await rejected(desk.base(sim.base)('Nowhere').find('recAAAAAAAAAAAAAA'))).error, 'NOT_AUTHORIZED');
  await sim.fault({ action: 'status', status: 429 });
  eq((await rejected(orders.find('recAAAAAAAAAAAAAA'))).statusCode, 429);
  await sim.fault({ action: 'html' });
  ok((await rejected(orders.find('recAAAAAAAAAAAAAA'))).statusCode >= 500);
});

test('it waits out the rate limit by itself', async () => {
  await sim.door('POST', 'settings', { rate: 5, penaltyMs: 300 });
  const patient = new Airtable({ apiKey: sim.token, endpointUrl: sim.url }).base(sim.base)('Orders');
  const six = (await sim.dump()).slice(0, 6);
  // until they come within a second
  await waitFor(async () => {
    eq((await Promise.all(six.map(({ id }) => patient.find(id)))).length, 6);
    return (await sim.stats()).rejected429 > 0;
  }, 60000, 'a refusal');
});

await run();

#include <stdio.h>

#include "tests/lib/orders_made.h"
#include "tests/lib/support.h"

#define NOW_MS	INT64_C(1795255200000)	/* 2026-11-21T10:00:00Z */
#define DAY_MS	INT64_C(86400000)

static const char *const customers[] = {
	"Acme, Inc.", "acme, inc.", "M\xc3\xbcller GmbH", "m\xc3\x9cLLER gmbh", "Zo\xc3\xab \"Z\" Q",
	"=SUM(A1)", "\xe6\xa0\xaa\xe5\xbc\x8f", "O'Neil & Sons", "Stra\303\237e", "-5", "\xf0\x9f\x98\x80 Ltd"
};
static const char *const statuses[] = {
	"Pending", "Processing", "Shipped", "Delivered", "Cancelled", "On Hold"
};
static const char *const priorities[] = { "Low", "Medium", "High" };

uint64_t
made_random(uint64_t *seed, uint64_t below)
{
	/* splitmix64 */
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

static struct value
text(const char *s)
{
	return (struct value){ .present = true, .text = str_of(s) };
}

static struct value
number(int64_t n)
{
	return (struct value){ .present = true, .number = n };
}

void
made_order(struct made_order *m, unsigned n, uint64_t *seed)
{
	struct value *v = m->r.values;

	memset(m, 0, sizeof(*m));
	(void)snprintf(m->id, sizeof(m->id), "rec%014u", n * 7919u % 100000000u);
	(void)snprintf(m->order_id, sizeof(m->order_id), "ORD-%06u", n);
	(void)snprintf(m->customer, sizeof(m->customer), "%s", customers[made_random(seed, 11)]);
	m->r.id = str_of(m->id);
	m->r.known = schema_all(&orders_schema);
	if (made_random(seed, 20) != 0)
		v[ORDER_ORDER_ID] = text(m->order_id);
	if (made_random(seed, 20) != 0)
		v[ORDER_CUSTOMER] = text(m->customer);
	if (made_random(seed, 20) != 0)
		v[ORDER_STATUS] = text(statuses[made_random(seed, made_random(seed, 50) == 0 ? 6 : 5)]);
	if (made_random(seed, 20) != 0)
		v[ORDER_PRIORITY] = text(priorities[made_random(seed, 3)]);
	if (made_random(seed, 20) != 0)
		v[ORDER_TOTAL] = number((int64_t)made_random(seed, 100000000) - 1000000);
	if (made_random(seed, 20) != 0)
		v[ORDER_CREATED_AT] = number(NOW_MS - (int64_t)made_random(seed, 45 * DAY_MS));
	if (made_random(seed, 20) != 0)
		v[ORDER_UPDATED_AT] = number((NOW_MS - (int64_t)made_random(seed, 5 * DAY_MS)) / 60000 * 60000);
}

void
made_config(struct config *c, const char *dir)
{
	memset(c, 0, sizeof(*c));
	(void)snprintf(c->store.path, sizeof(c->store.path), "%s/store", dir);
	(void)strcpy(c->summary.time_zone, "UTC");
	(void)strcpy(c->summary.excluded, "Cancelled");
	c->store.map_size_bytes = 1 << 20;
	c->store.map_limit_bytes = INT64_C(1) << 32;
	c->store.changes_kept = 100;
	c->audit.retention_ms = 365 * DAY_MS;
}

struct apply_result
made_apply(struct apply *a, const struct change *changes, size_t n)
{
	struct apply_meta meta = { 0 };
	struct apply_result r;

	ck_assert_int_eq(apply_changes(a, changes, n, SOURCE_FULL_SYNC, &meta, NOW_MS, &r), ERR_OK);
	return r;
}

#include <stdlib.h>

#include "common/base/log.h"
#include "syncd/calls/budget.h"
#include "tests/lib/store_full.h"
#include "tests/lib/support.h"

#define BATCH	50u

static void
first_sync(struct apply *a, struct made_order *m, uint64_t *seed, int64_t now_ms)
{
	const struct budget_kept calls = { .format = BUDGET_FORMAT, .used = { 1, 2, 3 } };
	const struct apply_meta synced = {
		.table = &orders_schema, .synced_ms = now_ms, .last_sync = STR("{\"state\":\"idle\"}"),
		.feed = STR(FULL_FEED), .calls = { (const char *)&calls, sizeof(calls) }
	};
	struct change *c = calloc(FULL_ORDERS, sizeof(*c));
	struct apply_result r;

	ck_assert_ptr_nonnull(c);
	for (unsigned i = 0; i < FULL_ORDERS; i++) {
		made_order(&m[i], i, seed);
		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m[i].r, .base = CHANGE_ANY_BASE };
	}
	ck_assert_int_eq(apply_changes(a, c, FULL_ORDERS, SOURCE_FULL_SYNC, &synced, now_ms, &r), ERR_OK);
	free(c);
}

/* Some orders are deleted, some changed, some new. */
static void
news(struct apply *a, struct made_order *m, uint64_t *seed)
{
	struct change c[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		struct made_order *o = &m[100 + i * 7];
		bool gone = i % 5 == 0;

		made_order(o, i % 5 == 1 ? FULL_ORDERS + i : 100 + i * 7, seed);
		c[i] = (struct change){ .table = &orders_schema, .kind = gone ? CHANGE_GONE : CHANGE_UPSERT, .record = o->r,
		    .base = CHANGE_ANY_BASE };
	}
	(void)made_apply(a, c, BATCH);
}

/* A change through the API that Airtable has confirmed. */
static void
confirmed(struct apply *a, struct made_order *m, unsigned n, int64_t now_ms)
{
	const struct outbox_entry *list[1];
	struct made_entry e;
	struct record now = m[n].r;

	made_entry(&e, a, OUTBOX_UPDATE, m[n].id);
	made_ask(&e, ORDER_STATUS, "Cancelled");
	e.e.bulk = e.e.sequence;
	(void)made_store(a, &e, now_ms);
	now.values[ORDER_STATUS] = (struct value){ .present = true, .text = STR("Cancelled") };
	list[0] = &e.e;
	(void)made_confirm(a, &now, m[n].r.id, list, 1, now_ms);
}

static void
pending(struct apply *a, const struct made_order *m, int64_t now_ms)
{
	struct made_entry shown, quiet;

	made_entry(&shown, a, OUTBOX_UPDATE, m[7].id);
	made_ask(&shown, ORDER_PRIORITY, "High");
	shown.e.deferred = shown.e.shown = true;
	shown.e.answer_key = STR("unsettled");
	(void)made_store(a, &shown, now_ms);
	made_entry(&quiet, a, OUTBOX_UPDATE, m[8].id);
	made_ask(&quiet, ORDER_STATUS, "Shipped");
	quiet.e.state = OUTBOX_SENT;
	(void)made_store(a, &quiet, now_ms);
}

static void
answers(struct apply *a, int64_t now_ms)
{
	const struct answer_step steps[2] = {
		{ STR("settled"), { .at_ms = now_ms, .first = 1, .count = 1, .body = STR("{}") } },
		{ STR("unsettled"), { .at_ms = now_ms, .first = 2, .count = 1 } }
	};
	const struct apply_meta meta = { .answers = steps, .answer_count = 2 };
	struct apply_result r;

	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_WRITE, &meta, now_ms, &r), ERR_OK);
}

void
full_store(struct config *config, const char *dir, int64_t now_ms)
{
	struct made_order *m = calloc(FULL_ORDERS, sizeof(*m));
	struct apply *a;
	uint64_t seed = 11;

	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(config, dir);
	ck_assert_int_eq(apply_open(config, &tables_builtin, &a), ERR_OK);
	first_sync(a, m, &seed, now_ms);
	news(a, m, &seed);
	confirmed(a, m, 1, now_ms);
	confirmed(a, m, 2, now_ms);
	confirmed(a, m, 3, now_ms);
	pending(a, m, now_ms);
	answers(a, now_ms);
	made_check(a);
	apply_close(a);
	free(m);
}

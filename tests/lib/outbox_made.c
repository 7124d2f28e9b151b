#include <inttypes.h>
#include <stdio.h>

#include "common/base/log.h"
#include "common/store/row.h"
#include "tests/lib/outbox_made.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

#define NOW_MS	INT64_C(1795255200000)

struct apply *
made_synced(struct config *config, struct made_order *order)
{
	const struct apply_meta synced = { .table = &orders_schema, .synced_ms = NOW_MS };
	struct apply_result r;
	struct apply *a;
	uint64_t seed = 3;
	struct change c;

	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(config, tmpdir_new());
	ck_assert_int_eq(apply_open(config, &tables_builtin, &a), ERR_OK);
	made_order(order, 1, &seed);
	order->r.values[ORDER_STATUS] = (struct value){ .present = true, .text = STR("Pending") };
	order->r.values[ORDER_PRIORITY] = (struct value){ .present = true, .text = STR("Low") };
	order->r.values[ORDER_CUSTOMER] = (struct value){ .present = true, .text = STR("Acme \"Inc\"") };
	c = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = order->r, .base = CHANGE_ANY_BASE };
	ck_assert_int_eq(apply_changes(a, &c, 1, SOURCE_FULL_SYNC, &synced, NOW_MS, &r), ERR_OK);
	return a;
}

void
made_check(struct apply *a)
{
	struct store *st = apply_store(a);

	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	store_end(st);
}

void
made_entry(struct made_entry *m, struct apply *a, enum outbox_kind kind, const char *id)
{
	memset(m, 0, sizeof(*m));
	m->e.sequence = apply_sequence(a);
	m->e.kind = kind;
	m->e.table = &orders_schema;
	m->e.state = OUTBOX_ACCEPTED;
	m->e.accepted_ms = NOW_MS;
	(void)snprintf(m->request_id, sizeof(m->request_id), "req-%" PRIu64, m->e.sequence);
	m->e.request_id = str_of(m->request_id);
	if (id == NULL) {
		(void)snprintf(m->text[0], sizeof(m->text[0]), "od-%" PRIu64, m->e.sequence);
		m->e.create_key = str_of(m->text[0]);
		return;
	}
	(void)snprintf(m->id, sizeof(m->id), "%s", id);
	m->e.record.id = str_of(m->id);
}

void
made_ask(struct made_entry *m, unsigned field, const char *text)
{
	struct value *v = &m->e.record.values[field];

	m->e.record.known |= 1u << field;
	*v = (struct value){ .present = text != NULL };
	if (text == NULL)
		return;
	(void)snprintf(m->text[field], sizeof(m->text[field]), "%s", text);
	v->text = str_of(m->text[field]);
}

void
made_ask_all(struct made_entry *m, const struct record *r)
{
	m->e.record.known = r->known;
	for (unsigned f = 0; f < ORDER_FIELDS; f++)
		m->e.record.values[f] = r->values[f];
}

struct apply_result
made_steps(struct apply *a, const struct outbox_step *steps, size_t n, int64_t now_ms)
{
	struct apply_meta meta = { .outbox = steps, .outbox_count = n };
	struct apply_result r;

	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_WRITE, &meta, now_ms, &r), ERR_OK);
	return r;
}

struct apply_result
made_store(struct apply *a, const struct made_entry *m, int64_t now_ms)
{
	struct outbox_step step = { .verb = OUTBOX_STORE, .entry = &m->e };

	return made_steps(a, &step, 1, now_ms);
}

struct apply_result
made_confirm(struct apply *a, const struct record *now, struct str id,
    const struct outbox_entry *const *edits, size_t n, int64_t now_ms)
{
	struct change c = {
		.table = &orders_schema,
		.kind = now != NULL ? CHANGE_UPSERT : CHANGE_GONE,
		.base = CHANGE_ANY_BASE, .edits = edits, .edit_count = n
	};
	const struct apply_meta meta = { 0 };
	struct apply_result r;

	if (now != NULL)
		c.record = *now;
	c.record.id = id;
	ck_assert_int_eq(apply_changes(a, &c, 1, SOURCE_WRITE, &meta, now_ms, &r), ERR_OK);
	return r;
}

void
made_same(const struct outbox_entry *x, const struct outbox_entry *y)
{
	ck_assert_uint_eq(x->sequence, y->sequence);
	ck_assert_int_eq(x->kind, y->kind);
	ck_assert_int_eq(x->state, y->state);
	ck_assert_int_eq(x->deferred, y->deferred);
	ck_assert_int_eq(x->shown, y->shown);
	ck_assert_int_eq(x->seen, y->seen);
	ck_assert_int_eq(x->accepted_ms, y->accepted_ms);
	ck_assert_int_eq(x->sent_ms, y->sent_ms);
	ck_assert_uint_eq(x->version, y->version);
	ck_assert_uint_eq(x->bulk, y->bulk);
	ck_assert_uint_eq(x->undoes, y->undoes);
	ck_assert_uint_eq(x->undoes_index, y->undoes_index);
	ck_assert(str_eq(x->request_id, y->request_id));
	ck_assert(str_eq(x->by, y->by));
	ck_assert(str_eq(x->create_key, y->create_key));
	ck_assert(str_eq(x->answer_key, y->answer_key));
	ck_assert(str_eq(x->record.id, y->record.id));
	ck_assert_uint_eq(x->record.known, y->record.known);
	for (unsigned f = 0; f < ORDER_FIELDS; f++)
		ck_assert(value_equal(orders_schema.fields[f].kind, &x->record.values[f],
		    &y->record.values[f]));
}

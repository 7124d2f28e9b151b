#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/store/change_log.h"
#include "common/store/keys.h"
#include "tests/lib/outbox_fixture.h"

static uint64_t
generation(void)
{
	return apply_generation(a);
}

/* What readers see in a field of the order; NULL: nothing is pending. */
static const char *
overlay(const char *field, uint64_t *since)
{
	static char value[64];
	struct str json;
	cJSON *j;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	if (outbox_overlay(st, &orders_schema, order.r.id, &json, since) != ERR_OK) {
		store_end(st);
		return NULL;
	}
	ck_assert_ptr_nonnull(j = cJSON_ParseWithLength(json.ptr, json.len));
	ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(j, "pending")));
	(void)snprintf(value, sizeof(value), "%s", cJSON_IsNull(cJSON_GetObjectItem(j, field)) ?
	    "null" : cJSON_GetObjectItem(j, field)->valuestring);
	cJSON_Delete(j);
	store_end(st);
	return value;
}

static void
full_entry(struct made_entry *m)
{
	made_entry(m, a, OUTBOX_UPDATE, "recX");
	m->e.state = OUTBOX_SENT;
	m->e.deferred = true;
	m->e.sent_ms = NOW_MS + 5;
	m->e.version = 42;
	m->e.bulk = 17;
	m->e.undoes = 1042;
	m->e.undoes_index = 3;
	m->e.by = STR("J\xc3\xb6rg");
	m->e.answer_key = STR("a key");
	made_ask(m, ORDER_STATUS, "Shipped");
	made_ask(m, ORDER_PRIORITY, NULL);
	m->e.record.known |= 1u << ORDER_TOTAL;
	m->e.record.values[ORDER_TOTAL] = (struct value){ .present = true, .number = -12345 };
}

START_TEST(an_entry_is_read_as_it_was_written)
{
	struct buf b = { 0 };
	struct outbox_entry e;
	struct made_entry m;

	full_entry(&m);
	m.e.seen = true;
	outbox_encode(&b, &m.e);
	ck_assert_int_eq(outbox_decode(m.e.sequence, buf_str(&b), &tables_builtin, &e), ERR_OK);
	made_same(&m.e, &e);
	buf_clear(&b);
	made_entry(&m, a, OUTBOX_CREATE, NULL);
	outbox_encode(&b, &m.e);
	ck_assert_int_eq(outbox_decode(m.e.sequence, buf_str(&b), &tables_builtin, &e), ERR_OK);
	made_same(&m.e, &e);
	buf_free(&b);
}
END_TEST

START_TEST(damaged_entries_are_refused_or_read_within_their_bytes)
{
	struct buf b = { 0 };
	struct outbox_entry e;
	struct made_entry m;
	size_t refused = 0, len;
	char *bytes;

	full_entry(&m);
	outbox_encode(&b, &m.e);
	len = b.len;
	for (size_t n = 0; n < len; n++) {	/* a copy of that size: the sanitizer sees its end */
		ck_assert_ptr_nonnull(bytes = malloc(n + 1));
		memcpy(bytes, b.data, n);
		ck_assert_int_eq(outbox_decode(1, (struct str){ bytes, n }, &tables_builtin, &e),
		    ERR_STORE_CORRUPT);
		free(bytes);
	}
	for (size_t n = 0; n < len; n++)
		for (unsigned bit = 0; bit < 8; bit++) {
			ck_assert_ptr_nonnull(bytes = malloc(len));
			memcpy(bytes, b.data, len);
			bytes[n] = (char)(bytes[n] ^ 1 << bit);
			refused += outbox_decode(1, (struct str){ bytes, len }, &tables_builtin,
			    &e) != ERR_OK;
			free(bytes);
		}
	ck_assert_uint_gt(refused, 100);
	buf_free(&b);
}
END_TEST

static enum err
in_order(void *cookie, const struct outbox_entry *e)
{
	uint64_t *last = cookie;

	ck_assert_uint_gt(e->sequence, *last);
	*last = e->sequence;
	return ERR_OK;
}

static enum err
stop_at_once(void *cookie, const struct outbox_entry *e)
{
	++*(size_t *)cookie;
	(void)e;
	return ERR_CANCELLED;
}

START_TEST(entries_come_in_order_and_survive_a_restart)
{
	struct made_entry m[5];
	uint64_t last = 0;
	size_t n = 0;

	for (int i = 0; i < 5; i++) {
		made_entry(&m[i], a, OUTBOX_UPDATE, order.id);
		made_ask(&m[i], ORDER_STATUS, "Shipped");
	}
	for (int i = 4; i >= 0; i--)
		(void)made_store(a, &m[i], NOW_MS);
	outbox_reopen();
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(outbox_each(st, in_order, &last), ERR_OK);
	ck_assert_uint_eq(last, m[4].e.sequence);
	ck_assert_int_eq(outbox_each(st, stop_at_once, &n), ERR_CANCELLED);
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(no_sequence_number_is_assigned_twice)
{
	struct made_entry m;
	uint64_t last = 0;

	for (int i = 0; i < 3000; i++) {
		made_entry(&m, a, OUTBOX_UPDATE, order.id);
		ck_assert_uint_gt(m.e.sequence, last);
		last = m.e.sequence;
		(void)made_store(a, &m, NOW_MS);
		m.e.shown = false;
		(void)made_steps(a, &(struct outbox_step){ .verb = OUTBOX_DROP, .entry = &m.e }, 1, NOW_MS);
		if (i % 700 == 0)
			outbox_reopen();	/* with an empty outbox: nothing in it says where it was */
	}
	check();
}
END_TEST

START_TEST(a_store_knows_its_birth)
{
	uint64_t birth = apply_birth(a);

	ck_assert_uint_eq(birth, generation() - 1);
	outbox_reopen();
	ck_assert_uint_eq(apply_birth(a), birth);
}
END_TEST

START_TEST(what_readers_do_not_see_makes_no_generation)
{
	uint64_t before = generation();
	struct made_entry m;

	made_entry(&m, a, OUTBOX_UPDATE, order.id);
	made_ask(&m, ORDER_STATUS, "Shipped");
	ck_assert_uint_eq(made_store(a, &m, NOW_MS).generation, before);
	m.e.state = OUTBOX_SENT;
	ck_assert_uint_eq(made_store(a, &m, NOW_MS).generation, before);
	ck_assert_uint_eq(entries(), 1);
	ck_assert_ptr_null(overlay("status", NULL));
	ck_assert_uint_eq(pending(), 0);
	(void)made_steps(a, &(struct outbox_step){ .verb = OUTBOX_DROP, .entry = &m.e }, 1, NOW_MS);
	ck_assert_uint_eq(entries(), 0);
	ck_assert_uint_eq(generation(), before);
	check();
}
END_TEST

START_TEST(a_shown_entry_is_what_readers_see_until_it_ends)
{
	uint64_t before = generation(), since = 0;
	struct made_entry m;

	made_entry(&m, a, OUTBOX_UPDATE, order.id);
	made_ask(&m, ORDER_STATUS, "Shipped");
	made_ask(&m, ORDER_PRIORITY, NULL);
	m.e.deferred = m.e.shown = true;
	ck_assert_uint_eq(made_store(a, &m, NOW_MS).generation, before + 1);
	ck_assert_str_eq(overlay("status", &since), "Shipped");
	ck_assert_str_eq(overlay("priority", NULL), "null");
	ck_assert_uint_eq(since, before + 1);
	ck_assert_uint_eq(pending(), 1);
	check();
	/* readers are not notified that it is sent now */
	m.e.state = OUTBOX_SENT;
	ck_assert_uint_eq(made_store(a, &m, NOW_MS).generation, before + 1);
	m.e.shown = false;
	ck_assert_uint_eq(made_store(a, &m, NOW_MS).generation, before + 2);
	ck_assert_ptr_null(overlay("status", NULL));
	ck_assert_uint_eq(entries(), 1);
	m.e.shown = true;
	(void)made_store(a, &m, NOW_MS);
	(void)made_steps(a, &(struct outbox_step){ .verb = OUTBOX_DROP, .entry = &m.e }, 1, NOW_MS);
	ck_assert_ptr_null(overlay("status", NULL));
	ck_assert_uint_eq(pending(), 0);
	check();
}
END_TEST

/* What the change log says of the newest generation: "2:rec... 4:rec...". */
static const char *
logged(void)
{
	static char line[200];
	struct change_log_head head;
	struct change_logged entry;
	uint64_t newest = generation();
	struct str data;
	const unsigned char *p;

	line[0] = '\0';
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert(db_get(store_txn(st), store_databases(st)->changes, key_u64(&newest), &data));
	memcpy(&head, data.ptr, sizeof(head));
	p = (const unsigned char *)data.ptr + sizeof(head);
	for (uint32_t i = 0; i < head.count; i++, p += sizeof(entry) + entry.id_len) {
		memcpy(&entry, p, sizeof(entry));
		ck_assert_uint_eq(entry.table, orders_schema.number);
		(void)snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%d:%.*s",
		    i > 0 ? " " : "", entry.kind, entry.id_len, p + sizeof(entry));
	}
	ck_assert_ptr_eq(p, (const unsigned char *)data.ptr + data.len);
	store_end(st);
	return line;
}

START_TEST(the_change_log_names_orders_that_look_different)
{
	struct change c = { .table = &orders_schema, .kind = CHANGE_UPSERT, .record = order.r, .base = CHANGE_ANY_BASE };
	struct made_entry m, elsewhere;
	char expected[64];

	made_entry(&m, a, OUTBOX_UPDATE, order.id);
	made_ask(&m, ORDER_STATUS, "Shipped");
	m.e.shown = true;
	(void)made_store(a, &m, NOW_MS);
	(void)snprintf(expected, sizeof(expected), "%d:%s", LOGGED_PENDING, order.id);
	ck_assert_str_eq(logged(), expected);
	/* when the row itself changes, that says it all */
	c.record.values[ORDER_PRIORITY] = (struct value){ .present = true, .text = STR("High") };
	(void)made_apply(a, &c, 1);
	(void)snprintf(expected, sizeof(expected), "%d:%s", LOGGED_CHANGED, order.id);
	ck_assert_str_eq(logged(), expected);
	/* a change of a missing order is not visible to readers */
	made_entry(&elsewhere, a, OUTBOX_UPDATE, "recNowhere");
	made_ask(&elsewhere, ORDER_STATUS, "Shipped");
	elsewhere.e.shown = true;
	(void)made_store(a, &elsewhere, NOW_MS);
	ck_assert_str_eq(logged(), expected);
	check();
	(void)made_steps(a, &(struct outbox_step){ .verb = OUTBOX_NOT_APPLIED, .entry = &elsewhere.e },
	    1, NOW_MS);
	ck_assert_str_eq(logged(), "");
	check();
}
END_TEST

START_TEST(later_entries_lie_over_earlier_ones)
{
	struct made_entry first, second;
	uint64_t since, again;

	made_entry(&first, a, OUTBOX_UPDATE, order.id);
	made_entry(&second, a, OUTBOX_UPDATE, order.id);
	made_ask(&first, ORDER_STATUS, "Processing");
	made_ask(&first, ORDER_PRIORITY, "High");
	made_ask(&second, ORDER_STATUS, "Shipped");
	first.e.shown = second.e.shown = true;
	(void)made_store(a, &second, NOW_MS);
	(void)made_store(a, &first, NOW_MS);
	ck_assert_str_eq(overlay("status", NULL), "Shipped");
	ck_assert_str_eq(overlay("priority", &since), "High");
	ck_assert_uint_eq(pending(), 1);
	check();
	(void)made_steps(a, &(struct outbox_step){ .verb = OUTBOX_DROP, .entry = &second.e }, 1, NOW_MS);
	ck_assert_str_eq(overlay("status", &again), "Processing");
	ck_assert_uint_gt(again, since);
	check();
}
END_TEST

START_TEST(news_of_an_order_shows_through_pending_changes)
{
	struct change c = { .table = &orders_schema, .kind = CHANGE_UPSERT, .record = order.r, .base = CHANGE_ANY_BASE };
	struct made_entry m;
	uint64_t since, again;

	made_entry(&m, a, OUTBOX_UPDATE, order.id);
	made_ask(&m, ORDER_STATUS, "Shipped");
	m.e.shown = true;
	(void)made_store(a, &m, NOW_MS);
	(void)overlay("status", &since);
	c.record.values[ORDER_CUSTOMER] = (struct value){ .present = true, .text = STR("New Name") };
	c.record.values[ORDER_STATUS] = (struct value){ .present = true, .text = STR("Delivered") };
	(void)made_apply(a, &c, 1);
	ck_assert_str_eq(overlay("customer", NULL), "New Name");
	ck_assert_str_eq(overlay("status", &again), "Shipped");
	ck_assert_uint_gt(again, since);
	check();
	/* the order goes and comes back; the change is still wanted */
	c.kind = CHANGE_GONE;
	(void)made_apply(a, &c, 1);
	ck_assert_ptr_null(overlay("status", NULL));
	ck_assert_uint_eq(pending(), 0);
	check();
	c.kind = CHANGE_UPSERT;
	(void)made_apply(a, &c, 1);
	ck_assert_str_eq(overlay("status", NULL), "Shipped");
	ck_assert_uint_eq(pending(), 1);
	check();
}
END_TEST

START_TEST(waiting_creations_and_deletions_are_counted)
{
	struct made_entry create, delete;

	made_entry(&create, a, OUTBOX_CREATE, NULL);
	made_ask(&create, ORDER_CUSTOMER, "Somebody");
	made_entry(&delete, a, OUTBOX_DELETE, order.id);
	create.e.shown = delete.e.shown = true;
	(void)made_store(a, &create, NOW_MS);
	ck_assert_uint_eq(pending(), 1);
	(void)made_store(a, &delete, NOW_MS);
	ck_assert_uint_eq(pending(), 2);
	ck_assert_str_eq(overlay("status", NULL), "Pending");
	check();
	create.e.state = OUTBOX_SENT;
	(void)made_store(a, &create, NOW_MS);
	ck_assert_uint_eq(pending(), 2);
	(void)made_confirm(a, NULL, order.r.id, &(const struct outbox_entry *){ &delete.e }, 1, NOW_MS);
	ck_assert_uint_eq(pending(), 1);
	(void)made_confirm(a, &order.r, STR("recNew"), &(const struct outbox_entry *){ &create.e }, 1, NOW_MS);
	ck_assert_uint_eq(pending(), 0);
	ck_assert_uint_eq(entries(), 0);
	check();
}
END_TEST

START_TEST(a_confirmed_entry_leaves_with_its_change)
{
	const struct outbox_entry *edit;
	struct record r = order.r;
	struct made_entry m;
	uint64_t before;

	made_entry(&m, a, OUTBOX_UPDATE, order.id);
	made_ask(&m, ORDER_STATUS, "Shipped");
	m.e.shown = true;
	(void)made_store(a, &m, NOW_MS);
	before = generation();
	r.values[ORDER_STATUS] = m.e.record.values[ORDER_STATUS];
	edit = &m.e;
	ck_assert_uint_eq(made_confirm(a, &r, r.id, &edit, 1, NOW_MS).generation, before + 1);
	ck_assert_uint_eq(entries(), 0);
	ck_assert_ptr_null(overlay("status", NULL));
	check();
	/* also when the row has the values already */
	made_entry(&m, a, OUTBOX_UPDATE, order.id);
	made_ask(&m, ORDER_STATUS, "Shipped");
	(void)made_store(a, &m, NOW_MS);
	ck_assert_uint_eq(made_confirm(a, &r, r.id, &edit, 1, NOW_MS).generation, before + 1);
	ck_assert_uint_eq(entries(), 0);
	check();
}
END_TEST

START_TEST(an_entry_leaves_even_when_its_news_is_old)
{
	const struct outbox_entry *edit;
	struct made_entry m;
	struct change c = { .table = &orders_schema, .kind = CHANGE_UPSERT, .record = order.r, .base = 1, .edits = &edit, .edit_count = 1 };
	struct row_view view;
	uint32_t row;

	made_entry(&m, a, OUTBOX_UPDATE, order.id);
	made_ask(&m, ORDER_STATUS, "Shipped");
	(void)made_store(a, &m, NOW_MS);
	c.record.values[ORDER_STATUS] = m.e.record.values[ORDER_STATUS];
	edit = &m.e;
	ck_assert_uint_eq(made_apply(a, &c, 1).skipped, 1);
	ck_assert_uint_eq(entries(), 0);
	check();
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(store_find_record(st, &orders_schema, order.r.id, &row), ERR_OK);
	ck_assert_int_eq(store_row(st, &orders_schema, row, &view), ERR_OK);
	ck_assert_ptr_nonnull(memmem(view.json.ptr, view.json.len, "\"Pending\"", 9));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("outbox");
	TCase *t = tcase_create("outbox");

	tcase_add_checked_fixture(t, outbox_setup, outbox_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_entry_is_read_as_it_was_written);
	tcase_add_test(t, damaged_entries_are_refused_or_read_within_their_bytes);
	tcase_add_test(t, entries_come_in_order_and_survive_a_restart);
	tcase_add_test(t, no_sequence_number_is_assigned_twice);
	tcase_add_test(t, a_store_knows_its_birth);
	tcase_add_test(t, what_readers_do_not_see_makes_no_generation);
	tcase_add_test(t, a_shown_entry_is_what_readers_see_until_it_ends);
	tcase_add_test(t, the_change_log_names_orders_that_look_different);
	tcase_add_test(t, later_entries_lie_over_earlier_ones);
	tcase_add_test(t, news_of_an_order_shows_through_pending_changes);
	tcase_add_test(t, waiting_creations_and_deletions_are_counted);
	tcase_add_test(t, a_confirmed_entry_leaves_with_its_change);
	tcase_add_test(t, an_entry_leaves_even_when_its_news_is_old);
	suite_add_tcase(s, t);
	return run_suite(s);
}

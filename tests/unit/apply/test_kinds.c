#include <stdio.h>
#include <stdlib.h>

#include "common/base/fold.h"
#include "common/base/log.h"
#include "common/query/query.h"
#include "common/store/history.h"
#include "common/store/options.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "syncd/backup/backup.h"
#include "tests/lib/made_tables.h"
#include "tests/lib/outbox_made.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

/* A table with a field of every kind, beside the orders: through apply, lists, outbox and history. */
#define NOW_MS	INT64_C(1795255200000)
#define ROWS	300u

static struct config config;
static struct apply *a;
static struct store *st;
static struct made_row rows[ROWS];

static void
setup(void)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	ck_assert_int_eq(apply_open(&config, &made_kinds, &a), ERR_OK);
	st = apply_store(a);
}

static void
teardown(void)
{
	apply_close(a);
}

static void
begin(void)
{
	ck_assert_int_eq(store_begin(st), ERR_OK);
}

static struct change
upsert(const struct made_row *m)
{
	return (struct change){
		.table = &kinds_schema, .kind = CHANGE_UPSERT, .record = m->r, .base = CHANGE_ANY_BASE
	};
}

static struct apply_result
commit(const struct change *c, size_t n, enum change_source source)
{
	const struct apply_meta none = { 0 };
	struct apply_result r;

	ck_assert_int_eq(apply_changes(a, c, n, source, &none, NOW_MS, &r), ERR_OK);
	return r;
}

static void
fill(uint64_t seed)
{
	const struct apply_meta synced = { .table = &kinds_schema, .synced_ms = NOW_MS };
	struct change *c = calloc(ROWS, sizeof(*c));
	struct apply_result r;

	ck_assert_ptr_nonnull(c);
	for (unsigned i = 0; i < ROWS; i++) {
		made_row(&rows[i], &kinds_schema, i, &seed);
		c[i] = upsert(&rows[i]);
	}
	ck_assert_uint_eq(commit(c, ROWS, SOURCE_FULL_SYNC).created, ROWS);
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced, NOW_MS, &r), ERR_OK);
	free(c);
}

static struct record
stored(const char *id, struct row_view *view)
{
	struct record r;
	uint32_t row;

	ck_assert_int_eq(store_find_record(st, &kinds_schema, str_of(id), &row), ERR_OK);
	ck_assert_int_eq(store_row(st, &kinds_schema, row, view), ERR_OK);
	ck_assert_int_eq(row_values(view, &kinds_schema, &r), ERR_OK);
	return r;
}

static bool
shows(struct str json, const char *part)
{
	return memmem(json.ptr, json.len, part, strlen(part)) != NULL;
}

/* ---- the plain engine -------------------------------------------------------------- */
struct plain {
	uint32_t	row;
	struct record	r;
};

static unsigned plain_field;
static bool plain_descending;

static int
compare_texts(struct str x, struct str y)
{
	struct buf a1 = { 0 }, b1 = { 0 };
	int c;

	ck_assert_int_eq(fold_text(&a1, x), ERR_OK);
	ck_assert_int_eq(fold_text(&b1, y), ERR_OK);
	c = str_cmp(buf_str(&a1), buf_str(&b1));
	buf_free(&a1);
	buf_free(&b1);
	return c;
}

static int
compare_values(const struct field *f, const struct value *v, const struct value *w)
{
	/* "Lost, found" is none of the schema's own: it comes last */
	int first = (int)options_code(f, STR(""), v->text), second = (int)options_code(f, STR(""), w->text);

	switch (f->kind) {
	case FIELD_SELECT:
		return (first == 0 ? 99 : first) - (second == 0 ? 99 : second);
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
		return compare_texts(v->text, w->text);
	case FIELD_MONEY:
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
	case FIELD_BOOLEAN:
	case FIELD_DATE:
	case FIELD_INSTANT:
		break;
	}
	return (v->number > w->number) - (v->number < w->number);
}

static int
plain_cmp(const void *x, const void *y)
{
	const struct plain *p = x, *q = y;
	const struct value *v = &p->r.values[plain_field], *w = &q->r.values[plain_field];
	int c;

	if (v->present != w->present)
		return v->present ? -1 : 1;
	c = v->present ? compare_values(&kinds_schema.fields[plain_field], v, w) : 0;
	c = plain_descending ? -c : c;
	return c != 0 ? c : str_cmp(p->r.id, q->r.id);
}

struct wanted {
	const char	*params;
	unsigned	 field;
	bool		 by_text;
	int64_t		 low, high;		/* both inclusive */
	const char	*text;
};

static bool
matches(const struct record *r, const struct wanted *w)
{
	const struct value *v = &r->values[w->field];

	if (w->params[0] == '\0')
		return true;
	if (!v->present)
		return false;
	return w->by_text ? str_is(v->text, w->text) : v->number >= w->low && v->number <= w->high;
}

static size_t
plain_list(const struct wanted *w, struct plain *list)
{
	size_t n = 0;

	for (uint32_t row = 0; row < store_rows_end(st, &kinds_schema); row++) {
		struct row_view view;

		if (store_row(st, &kinds_schema, row, &view) != ERR_OK)
			continue;
		ck_assert_int_eq(row_values(&view, &kinds_schema, &list[n].r), ERR_OK);
		list[n].row = row;
		n += matches(&list[n].r, w);
	}
	qsort(list, n, sizeof(*list), plain_cmp);
	return n;
}

static struct query_page page;

/* Asks for "a=b&c=d"; NULL, or the first fault. */
static const char *
ask(const char *text)
{
	static char copy[800], fault[300];
	struct query *q = query_new(&kinds_schema);
	struct field_errors errors = { .count = 0 };
	struct param params[8];
	size_t n = 0;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (char *save, *p = strtok_r(copy, "&", &save); p != NULL; p = strtok_r(NULL, "&", &save)) {
		char *value = strchr(p, '=');

		*value = '\0';
		params[n++] = (struct param){ str_of(p), str_of(value + 1) };
	}
	if (query_parse(q, st, params, n, true, &errors) == ERR_OK) {
		ck_assert_int_eq(query_run(q, st, &page), ERR_OK);
		fault[0] = '\0';
	} else {
		(void)snprintf(fault, sizeof(fault), "%s: %s", errors.list[0].field, errors.list[0].message);
	}
	query_free(q);
	return fault[0] == '\0' ? NULL : fault;
}

#define UNIT8	INT64_C(100000000)
#define UNIT10	INT64_C(10000000000)

static const struct wanted filters[] = {
	{ .params = "" },
	{ "&notes=muller", KIND_NOTES, true, .text = "muller" },
	{ "&email=ada@example.com", KIND_EMAIL, true, .text = "ada@example.com" },
	{ "&site=https://example.org/\\", KIND_SITE, true, .text = "https://example.org/\\" },
	{ "&phone=+49 30 1234", KIND_PHONE, true, .text = "+49 30 1234" },
	{ "&colour=Sent", KIND_COLOUR, true, .text = "Sent" },
	{ "&minPrice=100&maxPrice=900.5", KIND_PRICE, .low = 1000000, .high = 9005000 },
	{ "&minPieces=-3&maxPieces=12", KIND_PIECES, .low = -3, .high = 12 },
	{ "&minPieces=9007199254740991", KIND_PIECES, .low = FIELD_INTEGER_MAX, .high = INT64_MAX },
	{ "&minWeight=-2.25&maxWeight=1.25000000", KIND_WEIGHT, .low = -225 * UNIT8 / 100, .high = 125 * UNIT8 / 100 },
	{ "&maxWeight=0.00000003", KIND_WEIGHT, .low = -INT64_MAX, .high = 3 },
	{ "&minDiscount=0.25", KIND_DISCOUNT, .low = UNIT10 / 4, .high = INT64_MAX },
	{ "&minTakes=60&maxTakes=315.0", KIND_TAKES, .low = 60000, .high = 315000 },
	{ "&ticked=true", KIND_TICKED, .low = 1, .high = 1 },
	{ "&ticked=false", KIND_TICKED, .low = 0, .high = 0 },
	{ "&dueFrom=2026-10-25&dueTo=2026-11-10", KIND_DUE, .low = 20751, .high = 20766 },
	{ "&madeFrom=2026-11-01T00:00:00Z", KIND_MADE_AT, .low = INT64_C(1793491200000), .high = INT64_MAX }
};

/* ---- tests ------------------------------------------------------------------------- */
START_TEST(every_kind_is_filtered_and_sorted_as_a_plain_engine_does)
{
	static struct plain list[ROWS];
	char text[700];

	plain_field = (unsigned)_i / 2;
	plain_descending = _i % 2;
	if (!(kinds_schema.fields[plain_field].flags & FIELD_SORT))
		return;
	ck_assert(kind_of(kinds_schema.fields[plain_field].kind)->sort);
	fill(7);
	begin();
	for (size_t f = 0; f < sizeof(filters) / sizeof(filters[0]); f++) {
		size_t n = plain_list(&filters[f], list);
		char after[QUERY_CURSOR_MAX + 1] = "";

		ck_assert_msg(n > 0 && (f == 0 || n < ROWS), "%s: %zu", filters[f].params, n);
		for (size_t first = 0; first < n; first += 41) {	/* page by page, by the cursor */
			(void)snprintf(text, sizeof(text), "pageSize=41&sort=%s%s%s%s%s", plain_descending ? "-" : "",
			    kinds_schema.fields[plain_field].name, after[0] == '\0' ? "" : "&after=", after,
			    filters[f].params);
			ck_assert_msg(ask(text) == NULL, "%s", text);
			ck_assert_uint_eq(page.total, n);
			ck_assert_uint_eq(page.count, n - first < 41 ? n - first : 41);
			for (size_t i = 0; i < page.count; i++)
				ck_assert_msg(page.rows[i] == list[first + i].row, "%s [%zu]", text, first + i);
			(void)snprintf(after, sizeof(after), "%s", page.next);
		}
		ck_assert_str_eq(after, "");
	}
	store_end(st);
}
END_TEST

START_TEST(search_finds_what_stands_in_the_kinds_that_are_searched)
{
	size_t notes = 0, mails = 0;

	fill(7);
	for (unsigned i = 0; i < ROWS; i++) {
		notes += str_is(rows[i].r.values[KIND_NOTES].text, "M\xc3\xbcller's");
		mails += str_is(rows[i].r.values[KIND_EMAIL].text, "Ada@Example.org");
	}
	begin();
	ck_assert_ptr_null(ask("search=M\xc3\x9cLLER'S"));
	ck_assert_uint_eq(page.total, notes);
	ck_assert_ptr_null(ask("search=example.ORG"));
	ck_assert_uint_eq(page.total, mails);
	ck_assert_uint_gt(mails, 10);
	store_end(st);
}
END_TEST

START_TEST(a_bound_that_its_kind_can_not_have_is_refused)
{
	static const char *const bad[][2] = {
		{ "minPieces=1.5", "minPieces: must be a whole number such as 12" },
		{ "minPieces=9007199254740992", "minPieces: must be a whole number such as 12" },
		{ "maxWeight=0.000000001", "maxWeight: must be a number such as 12.5, with at most eight decimals" },
		{ "maxWeight=1e-9", "maxWeight: must be a number such as 12.5, with at most eight decimals" },
		{ "minDiscount=25%", "minDiscount: must be a number such as 0.25 for 25 %, with at most ten decimals" },
		{ "minTakes=1:30", "minTakes: must be a number of seconds such as 90, with at most three decimals" },
		{ "ticked=yes", "ticked: must be true or false" },
		{ "dueFrom=2026-11-20T10:00:00Z", "dueFrom: must be a date (2026-11-20)" },
		{ "dueTo=2026-02-30", "dueTo: must be a date (2026-11-20)" },
		{ "sort=notes", "sort: must be one of code, email, site, phone, colour, price, pieces, weight, "
		    "discount, takes, ticked, due, madeAt, with a leading - for descending" }
	};

	fill(7);
	begin();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *fault = ask(bad[i][0]);

		ck_assert_ptr_nonnull(fault);
		ck_assert_str_eq(fault, bad[i][1]);
	}
	/* an unticked box is false, and never empty */
	ck_assert_ptr_null(ask("empty=ticked"));
	ck_assert_uint_eq(page.total, 0);
	ck_assert_ptr_null(ask("empty=due"));
	ck_assert_uint_gt(page.total, 5);
	store_end(st);
}
END_TEST

START_TEST(a_row_shows_each_kind_as_the_api_does)
{
	struct made_row m;
	struct row_view view;
	struct change c;
	uint64_t seed = 1;

	made_row(&m, &kinds_schema, 1, &seed);
	for (unsigned f = 0; f < KIND_FIELDS; f++)
		m.r.values[f] = (struct value){ .present = true, .text = STR("a\nb") };
	m.r.values[KIND_COLOUR].text = STR("Sent");
	m.r.values[KIND_PRICE].number = 123400;
	m.r.values[KIND_PIECES].number = -FIELD_INTEGER_MAX;
	m.r.values[KIND_WEIGHT].number = -125 * UNIT8 / 100;
	m.r.values[KIND_DISCOUNT].number = UNIT10 / 4;
	m.r.values[KIND_TAKES].number = 90500;
	m.r.values[KIND_TICKED].number = 1;
	m.r.values[KIND_DUE].number = -719528;
	m.r.values[KIND_MADE_AT] = (struct value){ .present = true, .number = NOW_MS };
	c = upsert(&m);
	ck_assert_uint_eq(commit(&c, 1, SOURCE_FEED).created, 1);
	begin();
	(void)stored(m.id, &view);
	ck_assert(shows(view.json, "\"notes\":\"a\\nb\","));
	ck_assert(shows(view.json, "\"colour\":\"Sent\",\"price\":12.34,"
	    "\"pieces\":-9007199254740991,\"weight\":-1.25,\"discount\":0.25,\"takes\":90.5,\"ticked\":true,"
	    "\"due\":\"0000-01-01\",\"madeAt\":\"2026-11-21T10:00:00.000Z\",\"version\":"));
	store_check(st);
	store_end(st);
	for (unsigned f = 0; f < KIND_FIELDS; f++)
		m.r.values[f] = (struct value){ .present = false };
	c = upsert(&m);
	ck_assert_uint_eq(commit(&c, 1, SOURCE_FEED).changed, 1);
	ck_assert_uint_eq(commit(&c, 1, SOURCE_FEED).unchanged, 1);
	begin();
	(void)stored(m.id, &view);
	ck_assert(shows(view.json, "\"takes\":null,\"ticked\":false,\"due\":null,"));
	store_check(st);
	store_end(st);
}
END_TEST

static void
random_changes(uint64_t *seed, bool there[ROWS])
{
	struct change c[12];
	size_t n = 1 + made_random(seed, 12);

	for (size_t i = 0; i < n; i++) {
		unsigned row = (unsigned)made_random(seed, ROWS);
		bool gone = made_random(seed, 5) == 0;

		made_row(&rows[row], &kinds_schema, row, seed);
		there[row] = !gone;
		c[i] = upsert(&rows[row]);
		c[i].kind = gone ? CHANGE_GONE : CHANGE_UPSERT;
	}
	(void)commit(c, n, made_random(seed, 3) == 0 ? SOURCE_FULL_SYNC : SOURCE_FEED);
}

START_TEST(random_edits_equal_a_recomputation)
{
	bool there[ROWS] = { false };
	uint64_t seed = 91 + (uint64_t)_i;

	fill(7);
	memset(there, true, sizeof(there));
	for (int i = 0; i < 40; i++) {
		random_changes(&seed, there);
		begin();
		for (unsigned row = 0; row < ROWS; row++) {
			struct row_view view;
			struct record now;
			uint32_t at;

			if (!there[row]) {
				ck_assert_int_eq(store_find_record(st, &kinds_schema, rows[row].r.id, &at), ERR_NOT_FOUND);
				continue;
			}
			now = stored(rows[row].id, &view);
			ck_assert(record_equal(&kinds_schema, &rows[row].r, &now));
		}
		store_check(st);
		store_end(st);
	}
}
END_TEST

static struct outbox_entry
entry_of(const char *id, const struct record *asked)
{
	struct outbox_entry e = {
		.sequence = apply_sequence(a), .kind = OUTBOX_UPDATE, .table = &kinds_schema, .state = OUTBOX_ACCEPTED,
		.deferred = true, .shown = true, .accepted_ms = NOW_MS, .request_id = STR("r1"), .record = *asked
	};

	e.record.id = str_of(id);
	for (unsigned f = 0; f < KIND_FIELDS; f++)
		if (!(kinds_schema.fields[f].flags & FIELD_WRITE))
			e.record.known &= ~(UINT32_C(1) << f);
	return e;
}

static enum err
same_entry(void *cookie, const struct outbox_entry *e)
{
	const struct outbox_entry *expected = cookie;

	ck_assert_ptr_eq(e->table, expected->table);
	ck_assert_uint_eq(e->record.known, expected->record.known);
	ck_assert(record_agrees(&kinds_schema, &e->record, &expected->record));
	return ERR_OK;
}

static enum err
same_history(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	const struct record *expected = cookie;
	cJSON *j = cJSON_ParseWithLength(json.ptr, json.len), *change;
	size_t n = 0;

	(void)place;
	ck_assert_ptr_nonnull(j);
	cJSON_ArrayForEach(change, cJSON_GetObjectItem(j, "fields")) {
		int f = schema_field(s, str_of(cJSON_GetObjectItem(change, "field")->valuestring));
		struct value v;

		ck_assert_int_ge(f, 0);
		ck_assert_ptr_null(kind_parse_json(s->fields[f].kind, cJSON_GetObjectItem(change, "to"), &v));
		ck_assert_msg(value_equal(s->fields[f].kind, &v, &expected->values[f]), "%s", s->fields[f].name);
		n++;
	}
	ck_assert_uint_gt(n, 3);
	cJSON_Delete(j);
	return ERR_OK;
}

START_TEST(an_edit_of_every_kind_waits_is_shown_and_enters_the_history)
{
	struct outbox_step store = { .verb = OUTBOX_STORE };
	struct apply_meta meta = { .outbox = &store, .outbox_count = 1 };
	const struct outbox_entry *edits[1];
	struct made_row asked;
	struct apply_result r;
	struct outbox_entry e;
	struct change c;
	uint64_t seed = 40 + (uint64_t)_i;
	struct str json;

	fill(7);
	made_row(&asked, &kinds_schema, 5, &seed);
	asked.r.values[KIND_CODE] = rows[5].r.values[KIND_CODE];
	if (_i % 2 == 1) {	/* an instant that is a date stays one */
		asked.r.values[KIND_MADE_AT].present = true;
		ck_assert_int_eq(moment_parse(STR("2026-11-20"), &asked.r.values[KIND_MADE_AT]), ERR_OK);
	}
	e = entry_of(rows[5].id, &asked.r);
	store.entry = &e;
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_WRITE, &meta, NOW_MS, &r), ERR_OK);
	begin();
	ck_assert_int_eq(outbox_each(st, same_entry, &e), ERR_OK);
	ck_assert_int_eq(outbox_overlay(st, &kinds_schema, rows[5].r.id, &json, NULL), ERR_OK);
	ck_assert(_i % 2 == 0 || shows(json, "\"madeAt\":\"2026-11-20\""));
	store_check(st);
	store_end(st);
	edits[0] = &e;
	c = upsert(&asked);
	c.edits = edits;
	c.edit_count = 1;
	ck_assert_uint_eq(commit(&c, 1, SOURCE_WRITE).changed, 1);
	begin();
	ck_assert_int_eq(history_of_record(st, &kinds_schema, rows[5].r.id, HISTORY_NEWEST, same_history,
	    &asked.r), ERR_OK);
	store_check(st);
	store_end(st);
}
END_TEST

START_TEST(a_rebuild_keeps_every_kind)
{
	struct backup_facts f;
	struct buf why = { 0 };
	struct row_view view;

	fill(7);
	apply_close(a);
	ck_assert_msg(backup_rebuild(&config, &made_kinds, &f, &why) == ERR_OK, "%s", buf_cstr(&why));
	ck_assert_uint_eq(f.rows, ROWS);
	buf_free(&why);
	ck_assert_int_eq(apply_open(&config, &made_kinds, &a), ERR_OK);
	st = apply_store(a);
	begin();
	for (unsigned i = 0; i < ROWS; i++) {
		struct record now = stored(rows[i].id, &view);

		ck_assert(record_equal(&kinds_schema, &rows[i].r, &now));
	}
	store_check(st);
	store_end(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kinds");
	TCase *t = tcase_create("kinds");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, every_kind_is_filtered_and_sorted_as_a_plain_engine_does, 0, 2 * KIND_FIELDS);
	tcase_add_test(t, search_finds_what_stands_in_the_kinds_that_are_searched);
	tcase_add_test(t, a_bound_that_its_kind_can_not_have_is_refused);
	tcase_add_test(t, a_row_shows_each_kind_as_the_api_does);
	tcase_add_loop_test(t, random_edits_equal_a_recomputation, 0, 3);
	tcase_add_loop_test(t, an_edit_of_every_kind_waits_is_shown_and_enters_the_history, 0, 4);
	tcase_add_test(t, a_rebuild_keeps_every_kind);
	suite_add_tcase(s, t);
	return run_suite(s);
}

#include <stdio.h>
#include <stdlib.h>

#include "common/base/fold.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/money.h"
#include "common/query/query.h"
#include "common/store/row.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/support.h"

/*
 * The list engine against the plainest possible one: look at every row, keep
 * what matches, sort, cut.  The plain one reads rows, not columns or
 * orderings, and knows nothing of the engine's own modules.
 */
#define ORDERS	5000
#define BASE_MS	INT64_C(1795255200000)	/* 2026-11-21T10:00:00Z, as in orders_made.c */

static struct config config;
static struct apply *a;
static struct store *st;
static struct query *q;
static struct query_page page;
static struct field_errors errors;

/* A store of many orders, with holes among its rows; made once for all tests that only read. */
static void
make_store(void)
{
	struct made_order *m = calloc(ORDERS, sizeof(*m));
	struct change *c = calloc(ORDERS, sizeof(*c));
	uint64_t seed = 42;

	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	for (unsigned i = 0; i < ORDERS; i++) {
		made_order(&m[i], i, &seed);
		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m[i].r, .base = CHANGE_ANY_BASE };
	}
	(void)made_apply(a, c, ORDERS);
	for (unsigned i = 0; i < ORDERS; i += 7)
		c[i / 7] = (struct change){ .table = &orders_schema, .kind = CHANGE_GONE, .record = m[i].r, .base = CHANGE_ANY_BASE };
	(void)made_apply(a, c, ORDERS / 7);
	apply_close(a);
	free(m);
	free(c);
}

static void
open_store(void)
{
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_ptr_nonnull(q = query_new(&orders_schema));
}

static void
make_and_open_store(void)
{
	make_store();
	open_store();
}

static void
teardown(void)
{
	query_free(q);
	apply_close(a);
}

/* "name=value&..." without any decoding. */
static enum err
parse(const char *text)
{
	static char copy[4096];
	struct param params[80];
	size_t n = 0;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	memset(&errors, 0, sizeof(errors));
	for (char *p = strtok(copy, "&"); p != NULL; p = strtok(NULL, "&")) {
		char *eq = strchr(p, '=');

		params[n].name = (struct str){ p, (size_t)(eq - p) };
		params[n++].value = str_of(eq + 1);
	}
	return query_parse(q, st, params, n, true, &errors);
}

static void
run(const char *text)
{
	ck_assert_msg(parse(text) == ERR_OK, "%s: %s", text, errors.list[0].message);
	ck_assert_int_eq(query_run(q, st, &page), ERR_OK);
}

/* ---- the plain engine ---------------------------------------------------- */

struct plain {
	uint32_t	row;
	struct record	r;
};

static int plain_field;
static bool plain_descending;

static struct str
folded(struct str s)
{
	static struct buf pool[4];	/* as many as are in use at once, and one */
	static int turn;
	struct buf *b = &pool[turn++ % 4];

	buf_clear(b);
	ck_assert_int_eq(fold_text(b, s), ERR_OK);
	return buf_str(b);
}

static int
option_rank(const struct field *f, struct str s)
{
	for (size_t i = 0; i < f->option_count; i++)
		if (str_is(s, f->options[i]))
			return (int)i;
	return 99;
}

static int
plain_cmp(const void *x, const void *y)
{
	const struct plain *p = x, *r = y;
	const struct value *v = &p->r.values[plain_field], *w = &r->r.values[plain_field];
	const struct field *f = &orders_schema.fields[plain_field];
	int c = 0;

	if (v->present != w->present)
		return v->present ? -1 : 1;
	if (v->present && f->kind == FIELD_TEXT)
		c = str_cmp(folded(v->text), folded(w->text));
	else if (v->present && f->kind == FIELD_SELECT)
		c = option_rank(f, v->text) - option_rank(f, w->text);
	else if (v->present)
		c = (v->number > w->number) - (v->number < w->number);
	c = plain_descending ? -c : c;
	return c != 0 ? c : str_cmp(p->r.id, r->r.id);
}

struct wanted {
	const char	*status;	/* one option or "none" */
	const char	*search;
	const char	*customer;
	int64_t		 created_from, created_to;	/* 0: none */
	int64_t		 min_total, max_total;		/* 0: none */
};

static bool
plain_matches(const struct record *r, const struct wanted *w)
{
	const struct value *v = r->values;

	if (w->status != NULL && (strcmp(w->status, "none") == 0 ? v[ORDER_STATUS].present :
	    !v[ORDER_STATUS].present || !str_is(v[ORDER_STATUS].text, w->status)))
		return false;
	if (w->customer != NULL && !str_is(v[ORDER_CUSTOMER].text, w->customer))
		return false;
	if (w->created_from != 0 && (!v[ORDER_CREATED_AT].present ||
	    v[ORDER_CREATED_AT].number < w->created_from))
		return false;
	if (w->created_to != 0 && (!v[ORDER_CREATED_AT].present ||
	    v[ORDER_CREATED_AT].number >= w->created_to))
		return false;
	if (w->min_total != 0 && (!v[ORDER_TOTAL].present || v[ORDER_TOTAL].number < w->min_total))
		return false;
	if (w->max_total != 0 && (!v[ORDER_TOTAL].present || v[ORDER_TOTAL].number > w->max_total))
		return false;
	if (w->search != NULL) {
		struct str term = folded(str_of(w->search)), s = folded(v[ORDER_CUSTOMER].text);

		if (s.len > 0 && memmem(s.ptr, s.len, term.ptr, term.len) != NULL)
			return true;
		s = folded(v[ORDER_ORDER_ID].text);
		return s.len > 0 && memmem(s.ptr, s.len, term.ptr, term.len) != NULL;
	}
	return true;
}

static size_t
plain_list(const struct wanted *w, struct plain *list)
{
	size_t n = 0;

	for (uint32_t row = 0; row < store_rows_end(st, &orders_schema); row++) {
		struct row_view view;

		if (store_row(st, &orders_schema, row, &view) != ERR_OK)
			continue;
		ck_assert_int_eq(row_values(&view, &orders_schema, &list[n].r), ERR_OK);
		list[n].row = row;
		n += plain_matches(&list[n].r, w);
	}
	qsort(list, n, sizeof(*list), plain_cmp);
	return n;
}

/* ---- tests --------------------------------------------------------------- */

START_TEST(every_combination_agrees_with_the_plain_engine)
{
	static const struct {
		const char	*params;
		struct wanted	 wanted;
	} filters[] = {
		{ "", { 0 } },
		{ "&status=Shipped", { .status = "Shipped" } },
		{ "&status=none", { .status = "none" } },
		{ "&status=On Hold", { .status = "On Hold" } },
		{ "&search=m\xc3\x9cller", { .search = "M\xc3\xbcLLER" } },
		{ "&search=STRASSE", { .search = "stra\xc3\x9f""e" } },
		{ "&search=ord-00012", { .search = "ORD-00012" } },
		{ "&search=nothing like it", { .search = "nothing like it" } },
		{ "&customer=Acme, Inc.", { .customer = "Acme, Inc." } },
		{ "&customer=acme", { .customer = "acme" } },
		{ "&createdFrom=2026-11-01&createdTo=2026-11-10",
		    { .created_from = BASE_MS - 20 * 86400000ll - 36000000,
		      .created_to = BASE_MS - 11 * 86400000ll - 36000000 } },
		{ "&minTotal=1000.5&maxTotal=5000", { .min_total = 10005000, .max_total = 50000000 } },
		{ "&status=Pending&search=gmbh&minTotal=-50", { .status = "Pending", .search = "gmbh",
		    .min_total = -500000 } }
	};
	static struct plain list[ORDERS];
	char text[300];

	plain_field = _i / 2;
	plain_descending = _i % 2;
	for (size_t f = 0; f < sizeof(filters) / sizeof(filters[0]); f++) {
		size_t n = plain_list(&filters[f].wanted, list), sizes[] = { 1, 7, 50, 500 };

		for (size_t s = 0; s < 4; s++) {
			size_t pages = (n + sizes[s] - 1) / sizes[s];
			size_t asked[] = { 1, 2, pages / 2 + 1, pages, pages + 1 };

			for (size_t p = 0; p < 5; p++) {
				size_t first = (asked[p] - 1) * sizes[s];

				if (asked[p] == 0)
					continue;
				(void)snprintf(text, sizeof(text), "sort=%s%s&pageSize=%zu&page=%zu%s",
				    plain_descending ? "-" : "", orders_schema.fields[plain_field].name,
				    sizes[s], asked[p], filters[f].params);
				run(text);
				ck_assert_uint_eq(page.total, n);
				ck_assert_uint_eq(page.total_pages, pages);
				ck_assert_uint_eq(page.count, first >= n ? 0 :
				    n - first < sizes[s] ? n - first : sizes[s]);
				for (size_t i = 0; i < page.count; i++)
					ck_assert_msg(page.rows[i] == list[first + i].row, "%s [%zu]", text, i);
			}
		}
	}
}
END_TEST

START_TEST(a_cursor_walk_meets_every_order_once_in_order)
{
	static struct plain list[ORDERS];
	/* all; many of them; so few that they are sorted rather than looked for */
	static const struct {
		const char	*params;
		struct wanted	 wanted;
		unsigned	 size;
	} walks[] = {
		{ "", { 0 }, 93 },
		{ "&status=Pending", { .status = "Pending" }, 93 },
		{ "&search=ord-00012", { .search = "ord-00012" }, 3 }
	};
	const struct wanted w = walks[_i / 14].wanted;
	char text[900];
	size_t n, at = 0;

	plain_field = _i % 14 / 2;
	plain_descending = _i % 2;
	n = plain_list(&w, list);
	(void)strcpy(page.next, "");
	do {
		(void)snprintf(text, sizeof(text), "sort=%s%s&pageSize=%u%s%s%s", plain_descending ? "-" : "",
		    orders_schema.fields[plain_field].name, walks[_i / 14].size, walks[_i / 14].params,
		    page.next[0] != '\0' ? "&after=" : "", page.next);
		run(text);
		ck_assert_uint_eq(page.total, n);
		for (size_t i = 0; i < page.count; i++)
			ck_assert_uint_eq(page.rows[i], list[at++].row);
	} while (page.next[0] != '\0');
	ck_assert_uint_eq(at, n);
}
END_TEST

START_TEST(a_cursor_continues_at_its_place_when_orders_come_and_go)
{
	struct made_order m[40];
	struct change c[40];
	uint32_t last;
	uint64_t seed = 3;
	struct row_view view;
	char text[500], id[32];

	run("sort=orderId&pageSize=20");
	last = page.rows[19];
	ck_assert_int_eq(store_row(st, &orders_schema, last, &view), ERR_OK);
	(void)snprintf(id, sizeof(id), "%.*s", STR_FMT(view.id));
	store_end(st);
	for (unsigned i = 0; i < 40; i++) {	/* the first 20 of them and more go, the last one read too */
		made_order(&m[i], i, &seed);
		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_GONE, .record = m[i].r, .base = CHANGE_ANY_BASE };
	}
	(void)made_apply(a, c, 24);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	(void)snprintf(text, sizeof(text), "sort=orderId&pageSize=500&after=%s", page.next);
	run(text);
	for (size_t i = 0; i < page.count; i++) {
		struct record r;

		ck_assert_int_eq(store_row(st, &orders_schema, page.rows[i], &view), ERR_OK);
		ck_assert_int_eq(row_values(&view, &orders_schema, &r), ERR_OK);
		ck_assert_int_gt(str_cmp(r.values[ORDER_ORDER_ID].text, STR("ORD-000021")), 0);
	}
	ck_assert_uint_eq(page.count, 500);
}
END_TEST

START_TEST(all_faults_of_a_request_are_listed)
{
	ck_assert_int_eq(parse("page=0&pageSize=501&sort=colour&status=Lost,Pending&minTotal=abc"
	    "&createdFrom=yesterday&colour=red&page=2"), ERR_INVALID_PARAMETER);
	ck_assert_uint_eq(errors.count, 8);
	ck_assert_str_eq(errors.list[0].field, "page");
	ck_assert_str_eq(errors.list[7].message, "is given more than once");
}
END_TEST

START_TEST(values_out_of_bounds_are_refused)
{
	static const char *const bad[] = {
		"page=-1", "page=1.5", "page= 1", "page=99999999999999999999", "page=1000000001",
		"pageSize=", "sort=", "sort=-", "sort=--createdAt", "status=", "status=pending",
		"status=Pending,", "minTotal=1e30", "minTotal=NaN", "maxTotal=0x10", "createdTo=2026-02-30",
		"createdTo=2026-11-20T25:00:00Z", "after=", "after=!!", "after=AQ", "search=\xff",
		"customer=", "page=1&after=AQUAAA"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse(bad[i]) == ERR_INVALID_PARAMETER, "%s", bad[i]);
}
END_TEST

START_TEST(a_cursor_of_another_sort_is_refused)
{
	char text[500];

	run("sort=customer&pageSize=5");
	(void)snprintf(text, sizeof(text), "sort=-customer&after=%s", page.next);
	ck_assert_int_eq(parse(text), ERR_INVALID_PARAMETER);
	(void)snprintf(text, sizeof(text), "after=%s", page.next);
	ck_assert_int_eq(parse(text), ERR_INVALID_PARAMETER);
}
END_TEST

START_TEST(a_request_leaves_nothing_behind_for_the_next)
{
	uint64_t all;

	run("");
	all = page.total;
	run("status=Shipped&search=acme&customer=Acme, Inc.&minTotal=5&sort=customer&page=3");
	ck_assert_uint_lt(page.total, all);
	run("");
	ck_assert_uint_eq(page.total, all);
	ck_assert_uint_eq(page.page, 1);
	ck_assert_uint_eq(page.page_size, QUERY_PAGE_SIZE_DEFAULT);
}
END_TEST

/* ---- options of any name -------------------------------------------------- */

/* One order of each, two of the last, three without. */
static const char *const odd_options[] = {
	"On hold, customer", "none", "None", "NONE", "Pending,Shipped", "Pending, Shipped", ",", "a,", ",b", "pending", "Pending",
	" Pending", "\xf0\x9f\x9a\x9a unterwegs", "\"quoted\"", "it's", "100 %", "a+b", "status[]", "(other)",
	("a very long name that goes on for much longer than anybody would ever want to read in a list of "
	"options, and then some more of it, only to be sure that no buffer ends before it does, and more"),
	"last"
};
#define ODD	(sizeof(odd_options) / sizeof(odd_options[0]))

static void
make_odd_options(void)
{
	static struct made_order m[ODD + 4];
	struct change c[ODD + 4];
	uint64_t seed = 7;

	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	open_store();
	store_end(st);
	for (unsigned i = 0; i < ODD + 4; i++) {
		made_order(&m[i], i, &seed);
		m[i].r.values[ORDER_STATUS] = (struct value){ .present = i <= ODD,
		    .text = str_of(odd_options[i < ODD ? i : ODD - 1]) };
		m[i].r.values[ORDER_CUSTOMER] = (struct value){ .present = i % 2 == 0, .text = STR("Even") };
		m[i].r.values[ORDER_TOTAL] = (struct value){ .present = i % 3 != 0, .number = i };
		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m[i].r, .base = CHANGE_ANY_BASE };
	}
	(void)made_apply(a, c, ODD + 4);
	ck_assert_int_eq(store_begin(st), ERR_OK);
}

/* How many orders match; names and values in turn. */
static uint64_t
found(const char *const *pairs, size_t n)
{
	struct param params[8];

	for (size_t i = 0; i < n; i++)
		params[i] = (struct param){ str_of(pairs[2 * i]), str_of(pairs[2 * i + 1]) };
	memset(&errors, 0, sizeof(errors));
	ck_assert_msg(query_parse(q, st, params, n, false, &errors) == ERR_OK, "%s: %s",
	    pairs[1], errors.list[0].message);
	ck_assert_int_eq(query_run(q, st, &page), ERR_OK);
	return page.total;
}
#define FOUND(...)	found((const char *const []){ __VA_ARGS__ }, \
	sizeof((const char *const []){ __VA_ARGS__ }) / sizeof(const char *) / 2)

START_TEST(an_option_of_any_name_is_found_alone_and_beside_others)
{
	for (size_t i = 0; i < ODD; i++) {
		unsigned own = i == ODD - 1 ? 2 : 1;

		ck_assert_uint_eq(FOUND("status", odd_options[i]), own);
		ck_assert_uint_eq(FOUND("status[]", odd_options[i]), own);
		ck_assert_uint_eq(FOUND("status[0]", odd_options[i], "status[17]", odd_options[i]), own);
		ck_assert_uint_eq(FOUND("status", odd_options[i], "status", odd_options[(i + 1) % (ODD - 1)]),
		    own + (odd_options[(i + 1) % (ODD - 1)] == odd_options[i] ? 0 : 1));
		ck_assert_uint_eq(FOUND("status[]", odd_options[i], "empty", "status"), own + 3);
		ck_assert_uint_eq(FOUND("status", odd_options[i], "filled", "status"), own);
	}
}
END_TEST

START_TEST(a_list_is_split_only_where_no_option_has_that_name)
{
	ck_assert_uint_eq(FOUND("status", "Pending,Shipped"), 1);	/* there is one of that name */
	ck_assert_uint_eq(FOUND("status", "Pending,last"), 3);
	ck_assert_uint_eq(FOUND("status", "none,last"), 3);
	ck_assert_uint_eq(FOUND("status", "Pending,pending,NONE"), 3);
	ck_assert_int_eq(parse("status=Pending&status=last,none"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("status[]=last,none"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("status=PENDING"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("priority[]=Low&priority="), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("customer=a&customer=b"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("customer[]=a"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("customer[0]=a"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("status[0]=last,none"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("status[x]=last"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("status[0=last"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("status[0]]=last"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("status[0][]=last"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("[]=last"), ERR_INVALID_PARAMETER);
	ck_assert_uint_eq(FOUND("empty[]", "status", "empty[1]", "orderTotal"), FOUND("empty", "status,orderTotal"));
	ck_assert_uint_eq(FOUND("filled", "status", "filled", "priority"), FOUND("filled", "status,priority"));
}
END_TEST

START_TEST(an_offered_option_that_no_order_has_matches_none)
{
	static const char names[] = "Pending\0Backorder\0On hold, paid\0\"new\"";
	struct offer_step step = { .table = &orders_schema, .field = ORDER_STATUS, .known = true, .names = { names, sizeof(names) } };
	struct apply_meta meta = { .offers = &step, .offer_count = 1 };
	struct apply_result result;
	struct change none;

	ck_assert_int_eq(parse("status=Backorder"), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(errors.list[0].message,
	    "'Backorder' is not one of Pending, Processing, Shipped, Delivered, Cancelled, On hold, customer, none, "
	    "None, NONE, Pending,Shipped, ..., or none");
	store_end(st);
	ck_assert_int_eq(apply_changes(a, &none, 0, SOURCE_FEED, &meta, 1, &result), ERR_OK);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_eq(FOUND("status", "Backorder"), 0);
	ck_assert_uint_eq(FOUND("status", "On hold, paid"), 0);
	ck_assert_uint_eq(FOUND("status[]", "\"new\""), 0);
	ck_assert_uint_eq(FOUND("status", "Backorder,last"), 2);
	ck_assert_uint_eq(FOUND("status", "On hold, paid", "status", "last"), 2);
	ck_assert_uint_eq(FOUND("status", "Backorder", "empty", "status"), 3);
	ck_assert_uint_eq(FOUND("status", "Backorder", "filled", "status"), 0);
	/* one that is offered no more can be asked for as long as it is known */
	ck_assert_uint_eq(FOUND("status", "Shipped"), 0);
	ck_assert_uint_eq(FOUND("status", "last"), 2);
	ck_assert_int_eq(parse("status=Lost"), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(errors.list[0].message, "'Lost' is not one of Pending, Backorder, On hold, paid, \"new\", or none");
	ck_assert_int_eq(parse("priority=Backorder"), ERR_INVALID_PARAMETER);
}
END_TEST

START_TEST(empty_fields_are_found_by_the_fields_name)
{
	uint64_t all = FOUND("sort", "orderId"), no_total = FOUND("empty", "orderTotal");

	ck_assert_uint_eq(all, ODD + 4);
	ck_assert_uint_eq(FOUND("empty", "status"), 3);
	ck_assert_uint_eq(FOUND("filled", "status"), all - 3);
	ck_assert_uint_eq(FOUND("status", "none"), 1);	/* an option has that name */
	ck_assert_uint_eq(FOUND("priority", "none"), FOUND("empty", "priority"));
	ck_assert_uint_eq(no_total, (all + 2) / 3);
	ck_assert_uint_eq(FOUND("filled", "orderTotal"), all - no_total);
	ck_assert_uint_eq(FOUND("empty", "orderTotal", "minTotal", "0"), all);
	ck_assert_uint_eq(FOUND("filled", "orderTotal", "maxTotal", "0.0004"), 3);
	ck_assert_uint_eq(FOUND("empty", "customer"), all / 2);
	ck_assert_uint_eq(FOUND("empty", "customer", "customer", "Even"), all);
	ck_assert_uint_eq(FOUND("empty", "customer,orderTotal"), FOUND("empty", "customer", "empty[]", "orderTotal"));
	ck_assert_uint_lt(FOUND("empty", "customer,orderTotal"), no_total);
	ck_assert_uint_eq(FOUND("empty", "orderId", "filled", "customer,createdAt,updatedAt") +
	    FOUND("filled", "orderId,customer,createdAt,updatedAt"), FOUND("filled", "customer,createdAt,updatedAt"));
	ck_assert_int_eq(parse("empty=colour"), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("empty="), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(parse("empty=status&filled=status"), ERR_INVALID_PARAMETER);
	ck_assert_uint_eq(FOUND("sort", "orderId"), all);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("query");
	TCase *all = tcase_create("combinations"), *t = tcase_create("reading");
	TCase *own = tcase_create("changing"), *odd = tcase_create("options");

	tcase_add_unchecked_fixture(all, make_store, NULL);
	tcase_add_checked_fixture(all, open_store, teardown);
	tcase_set_timeout(all, 120);
	tcase_set_tags(all, "long");
	tcase_add_loop_test(all, every_combination_agrees_with_the_plain_engine, 0, 2 * ORDER_FIELDS);
	tcase_add_loop_test(all, a_cursor_walk_meets_every_order_once_in_order, 0, 42);
	suite_add_tcase(s, all);

	tcase_add_unchecked_fixture(t, make_store, NULL);
	tcase_add_checked_fixture(t, open_store, teardown);
	tcase_add_test(t, all_faults_of_a_request_are_listed);
	tcase_add_test(t, values_out_of_bounds_are_refused);
	tcase_add_test(t, a_cursor_of_another_sort_is_refused);
	tcase_add_test(t, a_request_leaves_nothing_behind_for_the_next);
	suite_add_tcase(s, t);

	tcase_add_checked_fixture(own, make_and_open_store, teardown);
	tcase_set_timeout(own, 60);
	tcase_add_test(own, a_cursor_continues_at_its_place_when_orders_come_and_go);
	suite_add_tcase(s, own);

	tcase_add_checked_fixture(odd, make_odd_options, teardown);
	tcase_set_timeout(odd, 60);
	tcase_add_test(odd, an_option_of_any_name_is_found_alone_and_beside_others);
	tcase_add_test(odd, an_offered_option_that_no_order_has_matches_none);
	tcase_add_test(odd, a_list_is_split_only_where_no_option_has_that_name);
	tcase_add_test(odd, empty_fields_are_found_by_the_fields_name);
	suite_add_tcase(s, odd);
	return run_suite(s);
}

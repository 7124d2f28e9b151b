#include <stdint.h>
#include <stdio.h>

#include "common/query/query.h"
#include "fcgi-api/http/query_string.h"
#include "syncd/apply/apply.h"
#include "tests/fuzz/made_store.h"

/*
 * A raw query string as a client sends it: decoded, checked by the list's
 * rules, and run on a small store when it passes.
 */
#define ORDERS	40

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct store *store;
static struct query *query;
static struct query_page page;

static void
fill(const struct config *config)
{
	static char ids[ORDERS][18], names[ORDERS][24];
	static struct change changes[ORDERS];
	struct apply_meta meta = { .table = &orders_schema, .synced_ms = 0 };
	struct apply_result result;
	struct apply *a;

	for (size_t i = 0; i < ORDERS; i++) {
		struct record *r = &changes[i].record;
		struct value *v = r->values;
		const struct field *status = &orders_schema.fields[ORDER_STATUS];

		changes[i].table = &orders_schema;
		changes[i].base = CHANGE_ANY_BASE;
		r->known = schema_all(&orders_schema);
		(void)snprintf(ids[i], sizeof(ids[i]), "rec%014zu", i);
		(void)snprintf(names[i], sizeof(names[i]), "Straße %zu", i % 7);
		r->id = str_of(ids[i]);
		v[ORDER_ORDER_ID] = (struct value){ .present = true, .text = str_of(ids[i]) };
		v[ORDER_CUSTOMER] = (struct value){ .present = i % 5 != 0, .text = str_of(names[i]) };
		v[ORDER_STATUS] = (struct value){ .present = i % 6 != 5,
		    .text = str_of(i == 1 ? "Odd one" : status->options[i % 5]) };
		v[ORDER_TOTAL] = (struct value){ .present = i % 4 != 0, .number = (int64_t)i * 123 };
		v[ORDER_CREATED_AT] = (struct value){ .present = i % 9 != 0,
		    .number = 1790000000000 + (int64_t)i * 3600000 };
	}
	must(apply_open(config, &tables_builtin, &a) == ERR_OK);
	must(apply_changes(a, changes, ORDERS, SOURCE_FULL_SYNC, &meta, 1790000000000,
	    &result) == ERR_OK);
	apply_close(a);
}

static void
prepare(void)
{
	static struct config config;

	store = made_store(&config, fill);
	must((query = query_new(&orders_schema)) != NULL);
}

static enum err
count_row(void *cookie, uint32_t row)
{
	uint64_t *n = cookie;

	must(row < ORDERS);
	(*n)++;
	return ERR_OK;
}

static void
run(bool paging)
{
	uint64_t total = 0, n = 0;

	if (paging) {
		must(query_run(query, store, &page) == ERR_OK);
		must(page.total <= ORDERS && page.count <= page.total);
		for (size_t i = 0; i < page.count; i++)
			must(page.rows[i] < ORDERS);
	} else {
		must(query_each(query, store, &total, count_row, &n) == ERR_OK);
		must(n == total);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static char scratch[16384];
	static struct param params[QUERY_PARAMS_MAX];
	struct str text = { (const char *)bytes, len };
	struct field_errors errors = { .count = 0 };
	bool paging = len == 0 || bytes[0] != '&';	/* a leading & means nothing in a query */
	size_t n, total = 0;
	enum err e;

	if (store == NULL)
		prepare();
	if (len > sizeof(scratch))
		return 0;
	e = query_string_parse(text, scratch, params, &n, &errors);
	must((e == ERR_OK) == (errors.count == 0) && n <= QUERY_PARAMS_MAX);
	for (size_t i = 0; i < n; i++)
		total += params[i].name.len + params[i].value.len;
	must(total <= len);
	must(store_begin(store) == ERR_OK);
	e = query_parse(query, store, params, n, paging, &errors);
	must(e == ERR_OK || errors.count > 0);
	if (e == ERR_OK)
		run(paging);
	store_end(store);
	return 0;
}

#include <stdint.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "common/tables/kind.h"
#include "syncd/airtable/cell.h"
#include "syncd/airtable/decode.h"
#include "syncd/airtable/keys.h"

/*
 * Answers of Airtable: the first byte chooses the status and the kind of call,
 * the rest is the body.  Whatever the body is, the result must be what the
 * decoder's header promises.
 */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const int statuses[] = { 302, 400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504 };
#define STATUSES	(sizeof(statuses) / sizeof(statuses[0]))

static void
require(bool it)
{
	if (!it)
		abort();
}

static bool
is_utf8(struct str s)
{
	utf8proc_int32_t c;

	for (size_t i = 0; i < s.len;) {
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + i,
		    (utf8proc_ssize_t)(s.len - i), &c);

		if (n <= 0 || c == 0)
			return false;
		i += (size_t)n;
	}
	return true;
}

static void
check_record(const struct record *r)
{
	require(r->id.len > 0 && r->id.len <= AIRTABLE_ID_MAX);
	require(r->known == schema_all(&orders_schema));
	for (size_t f = 0; f < orders_schema.field_count; f++) {
		const struct value *v = &r->values[f];
		enum field_kind kind = orders_schema.fields[f].kind;

		require(!v->present || !((r->odd | r->failed) >> f & 1));
		if (!v->present)
			continue;
		if (kind_is_text(kind))
			require(v->text.len > 0 && is_utf8(v->text));
	}
}

static void
try_page(const struct airtable_keys *keys, enum airtable_shape shape, struct str body)
{
	struct airtable_page page;
	void *arena;
	char why[200] = "";
	enum err err = airtable_decode_page(&orders_schema, keys, shape, body, &page, &arena,
	    why, sizeof(why));

	require(err == ERR_OK || (err == ERR_AIRTABLE_BAD_RESPONSE && why[0] != '\0'));
	require(err == ERR_OK || (arena == NULL && page.count == 0));
	require(page.count <= AIRTABLE_RECORDS_MAX && page.offset.len <= AIRTABLE_OFFSET_MAX);
	for (size_t i = 0; i < page.count; i++)
		check_record(&page.records[i]);
	require((page.keys != NULL) == (err == ERR_OK && shape == AIRTABLE_KEYED));
	for (size_t i = 0; page.keys != NULL && i < page.count; i++)
		require(is_utf8(page.keys[i]));
	free(arena);
}

/* The body as one cell of every kind. */
static void
try_cell(struct str body)
{
	cJSON *cell = is_utf8(body) ? cJSON_ParseWithLength(body.ptr, body.len) : NULL;
	char *texts = malloc(body.len * CELL_TEXT_FACTOR + CELL_NUMBER_TEXT);

	require(texts != NULL);
	for (enum field_kind kind = FIELD_TEXT; cell != NULL && kind <= FIELD_INSTANT; kind++) {
		char *text = texts;
		const char *problem;
		struct value v;
		enum cell_sense sense = airtable_cell_read(kind, cell, &text, &v, &problem);

		require((sense == CELL_UNDERSTOOD) == (problem == NULL));
		require(problem == NULL || !v.present);
		require(sense != CELL_UNDERSTOOD || v.present || !kind_nothing(kind).present);
		if (!v.present)
			continue;
		require(kind_is_text(kind) ? v.text.len > 0 && is_utf8(v.text) : kind_in_range(kind, v.number));
		require((size_t)(text - texts) <= body.len * CELL_TEXT_FACTOR + CELL_NUMBER_TEXT);
	}
	cJSON_Delete(cell);
	free(texts);
}

static void
try_error(int status, struct str body)
{
	struct airtable_result r = { .err = ERR_OK };

	airtable_decode_error(status, body, &r);
	require(r.err != ERR_OK && r.message[0] != '\0');
	require(is_utf8(str_of(r.type)) && is_utf8(str_of(r.message)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct config config;	/* all empty: the default names */
	struct airtable_keys keys;
	struct str body;
	char why[200];

	if (len == 0)
		return 0;
	body = (struct str){ (const char *)data + 1, len - 1 };
	airtable_keys_set(&keys, &config, &orders_schema);
	switch (data[0] % 4) {
	case 0:
		try_page(&keys, AIRTABLE_RECORDS, body);
		try_page(&keys, AIRTABLE_KEYED, body);
		try_cell(body);
		break;
	case 1:
		try_page(&keys, AIRTABLE_DELETED, body);
		break;
	case 2:
		try_error(statuses[data[0] / 4 % STATUSES], body);
		break;
	default:
		memset(keys.answer, 0, sizeof(keys.answer));
		(void)airtable_keys_resolve(&keys, &orders_schema, body, "Orders", why, sizeof(why));
	}
	return 0;
}

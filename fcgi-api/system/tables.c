#include "common/base/json_write.h"
#include "common/store/currency.h"
#include "common/store/options.h"
#include "common/tables/kind.h"
#include "fcgi-api/http/handlers.h"

/* Does the list take a condition on its values? */
static bool
is_filterable(const struct field *f)
{
	switch (kind_of(f->kind)->filter) {
	case FILTER_EXACT:
		return f->flags & FIELD_EXACT;
	case FILTER_RANGE:
		return f->from != NULL && f->to != NULL;
	case FILTER_OPTIONS:
	case FILTER_TICK:
		break;
	}
	return true;
}

/* The options that can be set, and whether several at a time. */
static void
add_options(struct api *api, struct buf *b, const struct schema *s, unsigned f)
{
	struct options_offer offer;
	struct str name;

	options_offer_load(store_txn(api->store), store_databases(api->store)->meta, s, f, &offer);
	json_member_bool(b, "several", offer.several);
	json_name(b, "options");
	buf_add_char(b, '[');
	while ((name = options_offer_next(&offer)).ptr != NULL) {
		json_next(b);
		json_add_string(b, name);
	}
	buf_add_char(b, ']');
}

/* How amounts are shown, where it is known: of the field that the summary adds up. */
static void
add_currency(struct api *api, struct buf *b)
{
	struct currency currency;

	if (!currency_load(store_txn(api->store), store_databases(api->store)->meta, &currency))
		return;
	json_member_string_or_null(b, "currency",
	    str_of(currency.symbol[0] != '\0' ? currency.symbol : NULL));
	json_member_int(b, "precision", currency.precision);
}

static void
add_field(struct api *api, struct buf *b, const struct schema *s, unsigned i)
{
	const struct field *f = &s->fields[i];
	bool range = f->from != NULL && f->to != NULL;

	json_next(b);
	buf_add_char(b, '{');
	json_member_string(b, "name", str_of(f->name));
	json_member_string(b, "title", str_of(field_title(f)));
	json_member_string(b, "kind", str_of(kind_of(f->kind)->name));
	json_member_bool(b, "sortable", f->flags & FIELD_SORT);
	json_member_bool(b, "filterable", is_filterable(f));
	json_member_bool(b, "searchable", f->flags & FIELD_SEARCH);
	json_member_bool(b, "writable", f->flags & FIELD_WRITE);
	json_member_bool(b, "creatable", f->flags & FIELD_CREATE);
	if (range) {
		json_member_string(b, "from", str_of(f->from));
		json_member_string(b, "to", str_of(f->to));
	}
	if (kind_storage(f->kind) == STORED_CODE)
		add_options(api, b, s, i);
	if (i == s->sum_field)
		add_currency(api, b);
	buf_add_char(b, '}');
}

static bool
any_field(const struct schema *s, unsigned flag)
{
	for (size_t i = 0; i < s->field_count; i++)
		if (s->fields[i].flags & flag)
			return true;
	return false;
}

static void
add_table(struct api *api, struct buf *b, const struct schema *s)
{
	size_t key = schema_key(s);

	json_next(b);
	buf_add_char(b, '{');
	json_member_string(b, "name", str_of(s->name));
	json_member_string(b, "title", str_of(schema_title(s)));
	json_member_string(b, "noun", str_of(schema_noun(s)));
	json_member_string(b, "source", STR("airtable"));
	json_member_string_or_null(b, "key",
	    str_of(key == SCHEMA_NO_FIELD ? NULL : s->fields[key].name));
	json_member_uint(b, "count", store_row_count(api->store, s));
	json_name(b, "fields");
	buf_add_char(b, '[');
	for (unsigned i = 0; i < s->field_count; i++)
		add_field(api, b, s, i);
	buf_add_cstr(b, "],\"can\":{");
	json_member_bool(b, "create", api->config->write.create && any_field(s, FIELD_CREATE));
	json_member_bool(b, "update", any_field(s, FIELD_WRITE));
	json_member_bool(b, "delete", api->config->write.delete);
	buf_add_cstr(b, "}}");
}

enum outcome
tables_get(struct api *api)
{
	struct response *r = &api->response;
	struct buf *b = &r->own;
	enum err e;

	if ((e = request_no_params(&api->request, &api->errors)) != ERR_OK ||
	    (e = api_snapshot(api)) != ERR_OK)
		return api_problem(api, e, NULL);
	buf_add_cstr(b, "{\"tables\":[");
	for (size_t i = 0; i < api->tables->count; i++)
		add_table(api, b, api->tables->list[i]);
	buf_add_char(b, ']');
	json_member_uint(b, "generation", store_generation(api->store));
	buf_add_char(b, '}');
	if ((e = db_tell(store_txn(api->store), "options", store_txn(api->store)->fault.error)) != ERR_OK)
		return api_problem(api, e, NULL);
	r->type = "application/json";
	/* what can be set may change within a generation */
	(void)response_validators_of_body(r, api->request.if_none_match, store_generation(api->store));
	return ANSWERED;
}

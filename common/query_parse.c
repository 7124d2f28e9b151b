#include "common/fold.h"
#include "common/instant.h"
#include "common/money.h"
#include "common/options.h"
#include "common/query_filter.h"
#include "common/text_search.h"

struct parser {
	struct query		*q;
	struct store		*st;
	bool			 paging;
	struct str		 after;		/* read last: it depends on the sort */
	struct str		 page;
	struct field_errors	*errors;
};

/* Decimal digits only, 1..max; 0 when it is not that. */
static uint32_t
parse_count(struct str s, uint32_t max)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9' || i > 10)
			return 0;
		v = v * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	return v <= max ? (uint32_t)v : 0;
}

static void
take_page(struct parser *p, struct str name, struct str value)
{
	p->page = value;
	if ((p->q->page = parse_count(value, QUERY_PAGE_MAX)) == 0)
		field_errors_add(p->errors, name, "must be a whole number from 1 to %u",
		    QUERY_PAGE_MAX);
}

static void
take_page_size(struct parser *p, struct str name, struct str value)
{
	if ((p->q->page_size = parse_count(value, QUERY_PAGE_SIZE_MAX)) == 0)
		field_errors_add(p->errors, name, "must be a whole number from 1 to %u",
		    QUERY_PAGE_SIZE_MAX);
}

static void
take_after(struct parser *p, struct str name, struct str value)
{
	if (value.len == 0)
		field_errors_add(p->errors, name, "must be a nextCursor from an earlier answer");
	p->after = value;
}

static void
take_sort(struct parser *p, struct str name, struct str value)
{
	const struct schema *s = p->q->schema;
	bool descending = value.len > 0 && value.ptr[0] == '-';
	struct buf names = { 0 };
	int f;

	if (descending)
		value = (struct str){ value.ptr + 1, value.len - 1 };
	if ((f = schema_field(s, value)) >= 0 && (s->fields[f].flags & FIELD_SORT)) {
		p->q->sort = (unsigned)f;
		p->q->descending = descending;
		return;
	}
	for (size_t i = 0; i < s->field_count; i++)
		if (s->fields[i].flags & FIELD_SORT)
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", s->fields[i].name);
	field_errors_add(p->errors, name, "must be one of %s, with a leading - for descending",
	    buf_cstr(&names));
	buf_free(&names);
}

static void
take_search(struct parser *p, struct str name, struct str value)
{
	if (value.len > QUERY_SEARCH_MAX)
		field_errors_add(p->errors, name, "must not be longer than %d bytes", QUERY_SEARCH_MAX);
	else if (fold_text(&p->q->search, value) != ERR_OK)
		field_errors_add(p->errors, name, "could not be read as text");
	else if (value.len > 0)
		p->q->filtered = true;
}

static const struct {
	const char	*name;
	bool		 paging;
	void		(*take)(struct parser *, struct str name, struct str value);
} fixed[] = {
	{ "page", true, take_page },
	{ "pageSize", true, take_page_size },
	{ "after", true, take_after },
	{ "sort", false, take_sort },
	{ "search", false, take_search }
};

static void
option_error(struct parser *p, const struct field *f, struct str token)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < f->option_count; i++)
		buf_printf(&names, "%s, ", f->options[i]);
	if (token.len > 40)
		token.len = 40;
	if (token.len == 0)
		field_errors_add(p->errors, str_of(f->name),
		    "must be a comma list of %sor none", buf_cstr(&names));
	else
		field_errors_add(p->errors, str_of(f->name),
		    "'%.*s' is not one of %sor none", STR_FMT(token), buf_cstr(&names));
	buf_free(&names);
}

static void
take_options(struct parser *p, unsigned f, struct str value)
{
	const struct field *field = &p->q->schema->fields[f];
	struct str further = { NULL, 0 };

	if (options_load(store_txn(p->st), store_databases(p->st)->meta, f, &further) != 0)
		further.len = 0;
	for (;;) {
		const char *comma = value.len == 0 ? NULL : memchr(value.ptr, ',', value.len);
		struct str token = { value.ptr,
		    comma == NULL ? value.len : (size_t)(comma - value.ptr) };
		unsigned code = options_code(field, further, token);

		if (code == OPTION_NONE && !str_is(token, "none"))
			option_error(p, field, token);
		else
			p->q->option[f][code] = true;
		if (comma == NULL)
			break;
		value.len -= token.len + 1;
		value.ptr = comma + 1;
	}
	p->q->by_option[f] = true;
	p->q->filtered = true;
}

static void
take_exact(struct parser *p, unsigned f, struct str value)
{
	const char *name = p->q->schema->fields[f].name;

	if (value.len == 0 || value.len > QUERY_SEARCH_MAX) {
		field_errors_add(p->errors, str_of(name), "must have 1 to %d bytes", QUERY_SEARCH_MAX);
		return;
	}
	p->q->exact_hash[f] = text_hash(value);
	p->q->by_exact[f] = true;
	p->q->filtered = true;
}

static void
take_bound(struct parser *p, unsigned f, bool upper, struct str value)
{
	const struct field *field = &p->q->schema->fields[f];
	struct query_range *r = &p->q->range[f];
	int64_t v;

	if (field->kind == FIELD_MONEY) {
		if (money_parse(value, &v) != ERR_OK) {
			field_errors_add(p->errors, str_of(upper ? field->to : field->from),
			    "must be an amount such as 12.50");
			return;
		}
	} else if (instant_parse(value, &v) != ERR_OK) {
		field_errors_add(p->errors, str_of(upper ? field->to : field->from),
		    "must be a date (2026-11-20) or a date-time (2026-11-20T10:00:00Z)");
		return;
	}
	if (upper)
		r->high = field->to_inclusive ? v : v - 1;
	else
		r->low = v;
	r->used = true;
	p->q->filtered = true;
}

static bool
take_field(struct parser *p, struct str name, struct str value)
{
	const struct schema *s = p->q->schema;

	for (unsigned f = 0; f < s->field_count; f++) {
		const struct field *field = &s->fields[f];

		if (field->from != NULL && str_is(name, field->from))
			take_bound(p, f, false, value);
		else if (field->to != NULL && str_is(name, field->to))
			take_bound(p, f, true, value);
		else if (field->kind == FIELD_SELECT && str_is(name, field->name))
			take_options(p, f, value);
		else if ((field->flags & FIELD_EXACT) && str_is(name, field->name))
			take_exact(p, f, value);
		else
			continue;
		return true;
	}
	return false;
}

static void
take(struct parser *p, const struct param *param)
{
	if (!utf8_valid(param->value)) {
		field_errors_add(p->errors, param->name, "is not valid UTF-8");
		return;
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (str_is(param->name, fixed[i].name) && (p->paging || !fixed[i].paging)) {
			fixed[i].take(p, param->name, param->value);
			return;
		}
	if (!take_field(p, param->name, param->value))
		field_errors_add(p->errors, param->name, "is not a parameter of this path");
}

static bool
repeated(const struct param *params, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_eq(params[j].name, params[i].name))
			return true;
	return false;
}

static void
reset(struct query *q)
{
	q->sort = (unsigned)q->schema->default_sort;
	q->descending = q->schema->default_descending;
	q->page = 1;
	q->page_size = QUERY_PAGE_SIZE_DEFAULT;
	q->after = false;
	q->filtered = false;
	buf_clear(&q->search);
	for (size_t f = 0; f < q->schema->field_count; f++) {
		q->by_option[f] = q->by_exact[f] = false;
		memset(q->option[f], 0, sizeof(q->option[f]));
		q->range[f] = (struct query_range){ .low = COLUMN_EMPTY + 1, .high = INT64_MAX };
	}
}

enum err
query_parse(struct query *q, struct store *st, const struct param *params, size_t n,
    bool paging, struct field_errors *errors)
{
	struct parser p = { .q = q, .st = st, .paging = paging, .errors = errors };

	reset(q);
	if (n > QUERY_PARAMS_MAX) {
		field_errors_add(errors, STR("query"), "more than %d parameters", QUERY_PARAMS_MAX);
		return ERR_INVALID_PARAMETER;
	}
	for (size_t i = 0; i < n; i++) {
		if (repeated(params, i))
			field_errors_add(errors, params[i].name, "is given more than once");
		else
			take(&p, &params[i]);
	}
	if (p.after.len > 0) {
		if (p.page.len > 0)
			field_errors_add(errors, STR("after"), "can't be combined with page");
		else if (!query_cursor_parse(q, p.after))
			field_errors_add(errors, STR("after"),
			    "must be a nextCursor from an earlier answer with the same sort");
		q->after = true;
	}
	return field_errors_any(errors) ? ERR_INVALID_PARAMETER : ERR_OK;
}

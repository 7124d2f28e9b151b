#include "common/base/fold.h"
#include "common/base/instant.h"
#include "common/base/zone.h"
#include "common/query/filter.h"
#include "common/query/text_search.h"
#include "common/store/options.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"

#define MS_PER_DAY	INT64_C(86400000)
#define OPTION_UNUSED	256	/* an option that no order has ever had */

/* Parameters that are not a field's. */
enum parameter { PAGE, PAGE_SIZE, AFTER, SORT, SEARCH, EMPTY, FILLED, PARAMETERS };

struct parser {
	struct query		*q;
	struct store		*st;
	bool			 paging;
	bool			 alone;		/* the parameter is given once, and without brackets */
	struct str		 given[PARAMETERS];	/* values of those below */
	struct field_errors	*errors;
};

static void
take_after(struct parser *p, struct str name, struct str value)
{
	if (value.len == 0)
		field_errors_add(p->errors, name, "must be a nextCursor from an earlier answer");
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

/* Take the piece before the next comma off ${rest}; false: there is no further one. */
static bool
next_piece(struct str *rest, struct str *piece)
{
	const char *comma;

	if (rest->ptr == NULL)
		return false;
	comma = rest->len == 0 ? NULL : memchr(rest->ptr, ',', rest->len);
	*piece = *rest;
	if (comma == NULL) {
		*rest = (struct str){ NULL, 0 };
		return true;
	}
	piece->len = (size_t)(comma - rest->ptr);
	rest->ptr = comma + 1;
	rest->len -= piece->len + 1;
	return true;
}

static void
take_presence(struct parser *p, struct str name, struct str value, bool *wanted)
{
	const struct schema *s = p->q->schema;
	struct str piece;

	while (next_piece(&value, &piece)) {
		int f = schema_field(s, piece);

		if (f < 0)
			field_errors_add(p->errors, name, "must be a comma-separated list of fields such as %s",
			    s->fields[0].name);
		else
			wanted[f] = true;
	}
	p->q->filtered = true;
}

static void
take_empty(struct parser *p, struct str name, struct str value)
{
	take_presence(p, name, value, p->q->empty);
}

static void
take_filled(struct parser *p, struct str name, struct str value)
{
	take_presence(p, name, value, p->q->filled);
}

static const struct fixed {
	const char	*name;
	void		(*take)(struct parser *, struct str name, struct str value);	/* NULL: */
	size_t		 at;		/* it is a whole number, kept there in struct query, */
	uint32_t	 max;		/* from 1 to this */
	bool		 paging;
	bool		 repeats;
} fixed[PARAMETERS] = {
	[PAGE] = { "page", .paging = true, .at = offsetof(struct query, page),
	    .max = QUERY_PAGE_MAX },
	[PAGE_SIZE] = { "pageSize", .paging = true, .at = offsetof(struct query, page_size),
	    .max = QUERY_PAGE_SIZE_MAX },
	[AFTER] = { "after", .take = take_after, .paging = true },
	[SORT] = { "sort", .take = take_sort },
	[SEARCH] = { "search", .take = take_search },
	[EMPTY] = { "empty", .take = take_empty, .repeats = true },
	[FILLED] = { "filled", .take = take_filled, .repeats = true }
};

/* Decimal digits only; a bad value is kept as 0. */
static void
take_count(struct parser *p, const struct fixed *which, struct str name, struct str value)
{
	uint32_t *count = (uint32_t *)((char *)p->q + which->at);
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < value.len && i <= 10 && value.ptr[i] >= '0' && value.ptr[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(value.ptr[i] - '0');
	*count = i == value.len && v <= which->max ? (uint32_t)v : 0;
	if (*count == 0)
		field_errors_add(p->errors, name, "must be a whole number from 1 to %u", which->max);
}

static void
option_error(struct parser *p, struct options_offer offer, struct str token)
{
	struct str field = str_of(offer.field->name);
	char names[OPTIONS_TOLD_SIZE];

	options_offer_tell(offer, names);
	if (token.len > 40)
		token.len = 40;
	if (token.len == 0)
		field_errors_add(p->errors, field,
		    "must be one of %sor none, or a comma-separated list of them", names);
	else
		field_errors_add(p->errors, field, "'%.*s' is not one of %sor none",
		    STR_FMT(token), names);
}

/* What a word of a filter can mean. */
struct meanings {
	struct options_offer	offer;
	struct str		further;
};

/* The code of a word, or OPTION_UNUSED; -1: it means nothing. */
static int
option_of(const struct meanings *m, struct str word)
{
	unsigned code = options_code(m->offer.field, m->further, word);

	if (code != OPTION_NONE)
		return (int)code;
	/* when all codes are taken, it may be any of "(other)" */
	if (options_offer_has(m->offer, word) &&
	    options_count(m->offer.field, m->further) < OPTION_OTHER - 1)
		return OPTION_UNUSED;
	if (str_is(word, "none"))
		return OPTION_NONE;
	return str_is(word, OPTION_OTHER_NAME) ? (int)OPTION_OTHER : -1;
}

static void
take_option(struct parser *p, unsigned f, const struct meanings *m, struct str word)
{
	int code = option_of(m, word);

	if (code == -1)
		option_error(p, m->offer, word);
	else if (code != OPTION_UNUSED)
		p->q->option[f][code] = true;
}

/* A value that stands alone is an option, which may hold commas, or else a list. */
static void
take_options(struct parser *p, unsigned f, struct str value)
{
	db_id meta = store_databases(p->st)->meta;
	struct meanings m = { 0 };
	struct str word;

	/* a field that can't be read can't be filtered by */
	options_offer_load(store_txn(p->st), meta, p->q->schema, f, &m.offer);
	m.further = options_load(store_txn(p->st), meta, p->q->schema, f);
	if (!p->alone || option_of(&m, value) != -1)
		take_option(p, f, &m, value);
	else
		while (next_piece(&value, &word))
			take_option(p, f, &m, word);
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

/* For an instant, a date is the beginning of that day in the desk's zone. */
static const char *
parse_number(struct parser *p, enum field_kind kind, struct str value, int64_t *v)
{
	const char *problem = kind_parse_number(kind, value, v);
	struct str zone;

	if (problem != NULL || kind != FIELD_INSTANT || value.len != MOMENT_DATE_LEN)
		return problem;
	if (!meta_get(store_txn(p->st), store_databases(p->st)->meta, META_ZONE, &zone))
		zone = STR("UTC");
	*v = zone_date_start_in(zone, (int32_t)(*v / MS_PER_DAY));
	return NULL;
}

static void
take_tick(struct parser *p, unsigned f, struct str value)
{
	const struct field *field = &p->q->schema->fields[f];
	const char *problem;
	int64_t v;

	if ((problem = kind_parse_number(field->kind, value, &v)) != NULL) {
		field_errors_add(p->errors, str_of(field->name), "%s", problem);
		return;
	}
	p->q->range[f] = (struct query_range){ .used = true, .low = v, .high = v };
	p->q->filtered = true;
}

static void
take_bound(struct parser *p, unsigned f, bool upper, struct str value)
{
	const struct field *field = &p->q->schema->fields[f];
	struct query_range *r = &p->q->range[f];
	const char *problem;
	int64_t v;

	if ((problem = parse_number(p, field->kind, value, &v)) != NULL) {
		field_errors_add(p->errors, str_of(upper ? field->to : field->from), "%s", problem);
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
		else if (kind_storage(field->kind) == STORED_CODE && str_is(name, field->name))
			take_options(p, f, value);
		else if (field->kind == FIELD_BOOLEAN && str_is(name, field->name))
			take_tick(p, f, value);
		else if ((field->flags & FIELD_EXACT) && str_is(name, field->name))
			take_exact(p, f, value);
		else
			continue;
		return true;
	}
	return false;
}

/* May it be given more than once? */
static bool
may_repeat(const struct query *q, struct str name)
{
	int f = schema_field(q->schema, name);

	for (size_t i = 0; i < PARAMETERS; i++)
		if (fixed[i].repeats && str_is(name, fixed[i].name))
			return true;
	return f >= 0 && kind_storage(q->schema->fields[f].kind) == STORED_CODE;
}

/* "status[]" and "status[0]" are "status": some programs write a repeated parameter so. */
static struct str
plain_name(const struct query *q, struct str name)
{
	const char *bracket = name.len == 0 ? NULL : memchr(name.ptr, '[', name.len);
	struct str plain = name;
	size_t i;

	if (bracket == NULL)
		return name;
	plain.len = (size_t)(bracket - name.ptr);
	for (i = plain.len + 1; i < name.len && name.ptr[i] >= '0' && name.ptr[i] <= '9'; i++)
		continue;
	return i + 1 == name.len && name.ptr[i] == ']' && may_repeat(q, plain) ? plain : name;
}

static void
take(struct parser *p, struct str name, const struct param *param)
{
	if (!utf8_valid(param->value)) {
		field_errors_add(p->errors, param->name, "is not valid UTF-8");
		return;
	}
	for (size_t i = 0; i < PARAMETERS; i++) {
		if (!str_is(name, fixed[i].name) || (fixed[i].paging && !p->paging))
			continue;
		p->given[i] = param->value;
		if (fixed[i].take != NULL)
			fixed[i].take(p, name, param->value);
		else
			take_count(p, &fixed[i], name, param->value);
		return;
	}
	if (!take_field(p, name, param->value))
		field_errors_add(p->errors, param->name, "is not a parameter of this path");
}

/* How often ${name} is given among the first ${end} parameters. */
static size_t
times(const struct query *q, const struct param *params, size_t end, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < end; i++)
		n += str_eq(plain_name(q, params[i].name), name);
	return n;
}

static bool
has_condition(const struct query *q, unsigned f)
{
	return q->by_option[f] || q->by_exact[f] || q->range[f].used;
}

/* A select's conditions on emptiness become wanted codes. */
static void
settle_presence(struct parser *p)
{
	struct query *q = p->q;

	for (unsigned f = 0; f < q->schema->field_count; f++) {
		if (q->empty[f] && q->filled[f])
			field_errors_add(p->errors, STR("filled"), "%s can't be both empty and filled",
			    q->schema->fields[f].name);
		if (kind_storage(q->schema->fields[f].kind) != STORED_CODE || (!q->empty[f] && !q->filled[f]))
			continue;
		for (unsigned code = 0; q->filled[f] && !has_condition(q, f) && code < 256; code++)
			q->option[f][code] = true;
		q->option[f][OPTION_NONE] = q->empty[f];
		q->by_option[f] = true;
		q->empty[f] = q->filled[f] = false;
	}
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
		q->by_option[f] = q->by_exact[f] = q->empty[f] = q->filled[f] = false;
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
		struct str name = plain_name(q, params[i].name);

		p.alone = name.len == params[i].name.len && times(q, params, n, name) == 1;
		if (!may_repeat(q, name) && times(q, params, i, name) > 0)
			field_errors_add(errors, name, "is given more than once");
		else
			take(&p, name, &params[i]);
	}
	settle_presence(&p);
	/* last, as it depends on the sort */
	if (p.given[AFTER].len > 0) {
		if (p.given[PAGE].len > 0)
			field_errors_add(errors, STR("after"), "can't be combined with page");
		else if (!query_cursor_parse(q, p.given[AFTER]))
			field_errors_add(errors, STR("after"),
			    "must be a nextCursor from an earlier answer with the same sort");
		q->after = true;
	}
	return field_errors_any(errors) ? ERR_INVALID_PARAMETER : ERR_OK;
}

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/cells/cell.h"
#include "airtable-sim/formula/tree.h"
#include "common/base/instant.h"
#include "common/base/json_write.h"

#define SCRATCH_MAX	(16u << 20)

struct fblock {
	struct fblock	*next;
	size_t		 total;		/* of this block and all behind it */
	char		 bytes[];
};

struct fvalue
fvalue_number(double d)
{
	return (struct fvalue){ .kind = FV_NUMBER, .number = d };
}

struct fvalue
fvalue_text(struct str s)
{
	return (struct fvalue){ .kind = FV_TEXT, .text = s };
}

struct fvalue
fvalue_date(int64_t ms)
{
	if (ms < INSTANT_MIN || ms > INSTANT_MAX)
		return fvalue_error();
	return (struct fvalue){ .kind = FV_DATE, .date = ms };
}

struct fvalue
fvalue_error(void)
{
	return (struct fvalue){ .kind = FV_ERROR };
}

static char *
take(struct feval *e, size_t n)
{
	size_t total = (e->scratch == NULL ? 0 : e->scratch->total) + n;
	struct fblock *block;

	if (total > SCRATCH_MAX || (block = malloc(sizeof(*block) + n)) == NULL)
		return NULL;
	block->next = e->scratch;
	block->total = total;
	e->scratch = block;
	return block->bytes;
}

char *
feval_alloc(struct feval *e, size_t n)
{
	return n > FORMULA_TEXT_MAX ? NULL : take(e, n);
}

struct fvalue *
feval_items(struct feval *e, size_t count)
{
	return count > SCRATCH_MAX / sizeof(struct fvalue) ? NULL :
	    (void *)take(e, (count + 1) * sizeof(struct fvalue));
}

static void
free_scratch(struct feval *e)
{
	while (e->scratch != NULL) {
		struct fblock *next = e->scratch->next;

		free(e->scratch);
		e->scratch = next;
	}
}

struct fvalue
feval_join(struct feval *e, struct str a, struct str b)
{
	char *joined;

	if (a.len + b.len > FORMULA_TEXT_MAX ||
	    (joined = feval_alloc(e, a.len + b.len + 1)) == NULL)
		return fvalue_error();
	if (a.len > 0)
		memcpy(joined, a.ptr, a.len);
	if (b.len > 0)
		memcpy(joined + a.len, b.ptr, b.len);
	return fvalue_text((struct str){ joined, a.len + b.len });
}

/* What a buf holds, moved into the scratch. */
static bool
keep_buf(struct feval *e, struct buf *b, struct str *out)
{
	char *copy = NULL;

	if (buf_status(b) == ERR_OK && (copy = feval_alloc(e, b->len + 1)) != NULL) {
		if (b->len > 0)
			memcpy(copy, b->data, b->len);
		*out = (struct str){ copy, b->len };
	}
	buf_free(b);
	return copy != NULL;
}

struct fvalue
feval_keep(struct feval *e, struct buf *b)
{
	struct str s;

	return keep_buf(e, b, &s) ? fvalue_text(s) : fvalue_error();
}

/* A list's items with ", " between. */
static bool
list_text(struct feval *e, const struct fvalue *list, struct str *out)
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };

	for (size_t i = 0; i < list->count; i++) {
		struct str s;

		if (!fvalue_as_text(e, &list->items[i], &s)) {
			buf_free(&b);
			return false;
		}
		buf_add_cstr(&b, i > 0 ? ", " : "");
		buf_add_str(&b, s);
	}
	return keep_buf(e, &b, out);
}

bool
fvalue_as_text(struct feval *e, const struct fvalue *v, struct str *out)
{
	struct buf b = { 0 };
	char text[INSTANT_TEXT_SIZE];

	switch (v->kind) {
	case FV_BLANK:
		*out = STR("");
		return true;
	case FV_TEXT:
		*out = v->text;
		return true;
	case FV_NUMBER:
		if (!isfinite(v->number))
			return false;
		sim_number_add(&b, v->number);
		return keep_buf(e, &b, out);
	case FV_DATE:
		(void)instant_format(v->date, text);	/* fvalue_date() checked the range */
		buf_add_cstr(&b, text);
		return keep_buf(e, &b, out);
	case FV_LIST:
		return list_text(e, v, out);
	case FV_ERROR:
		break;
	}
	return false;
}

bool
fvalue_as_number(const struct fvalue *v, double *out)
{
	if (v->kind == FV_NUMBER)
		*out = v->number;
	else if (v->kind == FV_BLANK)
		*out = 0;
	else if (v->kind == FV_LIST && v->count == 1)
		return fvalue_as_number(v->items, out);
	else
		return false;
	return true;
}

bool
fvalue_as_date(const struct fvalue *v, int64_t *out)
{
	if (v->kind == FV_DATE) {
		*out = v->date;
		return true;
	}
	if (v->kind == FV_LIST && v->count == 1)
		return fvalue_as_date(v->items, out);
	return v->kind == FV_TEXT && instant_parse(v->text, out) == ERR_OK;
}

bool
fvalue_true(const struct fvalue *v)
{
	switch (v->kind) {
	case FV_NUMBER:
		return v->number != 0 && !isnan(v->number);
	case FV_TEXT:
		return v->text.len > 0;
	case FV_DATE:
		return true;
	case FV_LIST:
		return v->count > 0;
	case FV_BLANK:
	case FV_ERROR:
		break;
	}
	return false;
}

/* -1, 0, 1; 2: they can't be ordered. */
static int
order(struct feval *e, const struct fvalue *a, const struct fvalue *b)
{
	struct str s, t;
	double x, y;

	if (a->kind == FV_DATE && b->kind == FV_DATE)
		return (a->date > b->date) - (a->date < b->date);
	if ((a->kind == FV_NUMBER || b->kind == FV_NUMBER) &&
	    fvalue_as_number(a, &x) && fvalue_as_number(b, &y))
		return isnan(x) || isnan(y) ? 2 : (x > y) - (x < y);
	if (!fvalue_as_text(e, a, &s) || !fvalue_as_text(e, b, &t))
		return 2;
	return str_cmp(s, t) < 0 ? -1 : str_cmp(s, t) > 0;
}

bool
fvalue_same(struct feval *e, const struct fvalue *a, const struct fvalue *b)
{
	return order(e, a, b) == 0;
}

static struct fvalue
compare(struct feval *e, enum fop op, const struct fvalue *a, const struct fvalue *b)
{
	int c;

	/* as the real one does: a date against a bare text is always "true" */
	if (op != FOP_EQ && op != FOP_NE && (a->kind == FV_DATE) != (b->kind == FV_DATE) &&
	    (a->kind == FV_TEXT || b->kind == FV_TEXT))
		return fvalue_number(1);
	if ((c = order(e, a, b)) == 2)
		return fvalue_number(op == FOP_NE);
	switch (op) {
	case FOP_EQ: return fvalue_number(c == 0);
	case FOP_NE: return fvalue_number(c != 0);
	case FOP_LT: return fvalue_number(c < 0);
	case FOP_GT: return fvalue_number(c > 0);
	case FOP_LE: return fvalue_number(c <= 0);
	default:     return fvalue_number(c >= 0);
	}
}

static struct fvalue
binary(struct feval *e, const struct fnode *n)
{
	struct fvalue a = feval_arg(e, n, 0), b = feval_arg(e, n, 1);
	struct str s, t;
	double x, y;

	if (a.kind == FV_ERROR || b.kind == FV_ERROR)
		return fvalue_error();
	if (n->op < FOP_JOIN)
		return compare(e, n->op, &a, &b);
	if (n->op == FOP_JOIN) {
		if (!fvalue_as_text(e, &a, &s) || !fvalue_as_text(e, &b, &t))
			return fvalue_error();
		return feval_join(e, s, t);
	}
	if (!fvalue_as_number(&a, &x) || !fvalue_as_number(&b, &y))
		return fvalue_error();
	switch (n->op) {
	case FOP_ADD: return fvalue_number(x + y);
	case FOP_SUB: return fvalue_number(x - y);
	case FOP_MUL: return fvalue_number(x * y);
	default:      break;
	}
	if (y != 0)
		return fvalue_number(x / y);
	return fvalue_number(x == 0 ? (double)NAN : x > 0 ? HUGE_VAL : -HUGE_VAL);
}

struct fvalue
feval_arg(struct feval *e, const struct fnode *n, uint32_t i)
{
	return feval_node(e, e->formula->args[n->arg + i]);
}

bool
feval_number_arg(struct feval *e, const struct fnode *n, uint32_t i, double *d)
{
	struct fvalue v = feval_arg(e, n, i);

	return fvalue_as_number(&v, d);
}

bool
feval_text_arg(struct feval *e, const struct fnode *n, uint32_t i, struct str *s)
{
	struct fvalue v = feval_arg(e, n, i);

	return fvalue_as_text(e, &v, s);
}

bool
feval_count_arg(struct feval *e, const struct fnode *n, uint32_t i, int64_t *out)
{
	double d;

	if (!feval_number_arg(e, n, i, &d) || isnan(d))
		return false;
	*out = (int64_t)fmax(-(1 << 30), fmin(1 << 30, trunc(d)));
	return true;
}

/* A value, or all that are in a list. */
static bool
each_in(const struct fvalue *v, bool (*each)(void *, const struct fvalue *), void *cookie)
{
	if (v->kind != FV_LIST)
		return each(cookie, v);
	for (size_t i = 0; i < v->count; i++)
		if (!each_in(&v->items[i], each, cookie))
			return false;
	return true;
}

bool
feval_each(struct feval *e, const struct fnode *n,
    bool (*each)(void *cookie, const struct fvalue *), void *cookie)
{
	for (uint32_t i = 0; i < n->arg_count; i++) {
		struct fvalue v = feval_arg(e, n, i);

		if (!each_in(&v, each, cookie))
			return false;
	}
	return true;
}

/* Recursion is bounded: the parser refuses trees deeper than FORMULA_DEPTH_MAX. */
struct fvalue
feval_node(struct feval *e, uint32_t place)
{
	const struct fnode *n = &e->formula->nodes[place];
	struct fvalue v;

	switch (n->kind) {
	case FNODE_NUMBER:
		return fvalue_number(n->number);
	case FNODE_TEXT:
		return fvalue_text((struct str){
		    n->text.len == 0 ? "" : e->formula->texts.data + n->text.at, n->text.len });
	case FNODE_FIELD:
		return feval_field(e, n->field);
	case FNODE_VALUES:
		return e->values;
	case FNODE_NEGATE:
		v = feval_arg(e, n, 0);
		return fvalue_as_number(&v, &v.number) ? fvalue_number(-v.number) : fvalue_error();
	case FNODE_BINARY:
		return binary(e, n);
	case FNODE_CALL:
		return n->function->call(e, n);
	}
	return fvalue_error();
}

bool
formula_keeps(const struct formula *f, const struct formula_context *context)
{
	struct feval e = { .formula = f, .context = context };
	struct fvalue v = feval_node(&e, f->root);
	bool kept = fvalue_true(&v);

	free_scratch(&e);
	return kept;
}

static void
add_json(struct buf *b, struct feval *e, const struct fvalue *v)
{
	struct str s;

	if (v->kind == FV_ERROR) {
		buf_add_cstr(b, "{\"error\":\"#ERROR!\"}");
	} else if (v->kind == FV_NUMBER && isnan(v->number)) {
		buf_add_cstr(b, "{\"specialValue\":\"NaN\"}");
	} else if (v->kind == FV_NUMBER && isinf(v->number)) {
		buf_printf(b, "{\"specialValue\":\"%sInfinity\"}", v->number < 0 ? "-" : "");
	} else if (v->kind == FV_NUMBER) {
		sim_number_add(b, v->number);
	} else if (v->kind == FV_LIST) {
		buf_add_char(b, '[');
		for (size_t i = 0; i < v->count; i++) {
			json_next(b);
			add_json(b, e, &v->items[i]);
		}
		buf_add_char(b, ']');
	} else if (v->kind != FV_BLANK && fvalue_as_text(e, v, &s)) {
		json_add_string(b, s);
	} else {
		buf_add_cstr(b, "null");
	}
}

/* Is it shown as nothing at all? */
static bool
is_nothing(const struct fvalue *v)
{
	return v->kind == FV_BLANK || (v->kind == FV_TEXT && v->text.len == 0) ||
	    (v->kind == FV_LIST && v->count == 0);
}

/* A value as a cell's JSON, or nothing. */
static void
value_json(struct buf *b, struct feval *e, struct fvalue v)
{
	if (!is_nothing(&v))
		add_json(b, e, &v);
	free_scratch(e);
}

static void
value_plain(struct buf *b, struct feval *e, struct fvalue v)
{
	struct str s;

	if (fvalue_as_text(e, &v, &s))
		buf_add_str(b, s);
	else
		buf_add_cstr(b, v.kind == FV_NUMBER ? "NaN" : "#ERROR!");
	free_scratch(e);
}

void
formula_json(struct buf *b, const struct formula *f, const struct formula_context *context)
{
	struct feval e = { .formula = f, .context = context };
	struct fvalue v = feval_node(&e, f->root);
	struct str s;

	/* a formula that is just a field with a list is that list's text */
	if (v.kind == FV_LIST && f->nodes[f->root].kind == FNODE_FIELD)
		v = fvalue_as_text(&e, &v, &s) ? fvalue_text(s) : fvalue_error();
	value_json(b, &e, v);
}

void
formula_plain(struct buf *b, const struct formula *f, const struct formula_context *context)
{
	struct feval e = { .formula = f, .context = context };

	value_plain(b, &e, feval_node(&e, f->root));
}

void
formula_field_json(struct buf *b, size_t field, const struct formula_context *context)
{
	struct feval e = { .context = context };

	value_json(b, &e, feval_field(&e, field));
}

void
formula_field_plain(struct buf *b, size_t field, const struct formula_context *context)
{
	struct feval e = { .context = context };

	value_plain(b, &e, feval_field(&e, field));
}

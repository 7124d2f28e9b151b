#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/cell.h"
#include "airtable-sim/formula_tree.h"
#include "common/instant.h"
#include "common/json_write.h"

#define LEVELS_MAX	8	/* formula fields that refer to formula fields */
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

char *
feval_alloc(struct feval *e, size_t n)
{
	size_t total = (e->scratch == NULL ? 0 : e->scratch->total) + n;
	struct fblock *block;

	if (n > FORMULA_TEXT_MAX || total > SCRATCH_MAX ||
	    (block = malloc(sizeof(*block) + n)) == NULL)
		return NULL;
	block->next = e->scratch;
	block->total = total;
	e->scratch = block;
	return block->bytes;
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
	case FV_BLANK:
	case FV_ERROR:
		break;
	}
	return false;
}

static struct fvalue
stored_value(struct feval *e, const struct sim_field *f, const struct sim_cell *c)
{
	struct buf b = { 0 };
	struct str s;

	switch ((enum sim_cell_kind)c->kind) {
	case SIM_EMPTY:
		return (struct fvalue){ .kind = FV_BLANK };
	case SIM_TRUE:
		return fvalue_number(1);
	case SIM_NUM:
		return fvalue_number(c->number);
	case SIM_INSTANT:
		return fvalue_date(c->instant);
	case SIM_CHOICE:
		return fvalue_text(str_of(f->choices[c->choice].name));
	case SIM_TEXT:
	case SIM_NEW_CHOICE:
		return fvalue_text((struct str){ c->text, c->len });
	case SIM_JSON:
	case SIM_NEW_LINKS:
		sim_cell_plain(&b, f, c);
		return keep_buf(e, &b, &s) ? fvalue_text(s) : fvalue_error();
	}
	return fvalue_error();
}

static struct fvalue
field_value(struct feval *e, size_t place)
{
	const struct sim_field *f = &e->context->table->fields[place];
	const struct sim_cell *c = sim_row_cell(e->context->row, place);
	const struct formula *outer = e->formula;
	struct fvalue v;

	if (f->removed)
		return fvalue_error();
	if (c->kind != SIM_EMPTY || !sim_type_is_computed(f->type))
		return stored_value(e, f, c);
	switch (f->type) {
	case SIM_CREATED_TIME:
		return fvalue_date(e->context->row->created_ms);
	case SIM_LAST_MODIFIED_TIME:
		return fvalue_date(e->context->modified_ms);
	default:
		break;
	}
	if (f->formula == NULL || e->level == LEVELS_MAX)
		return fvalue_error();
	e->formula = f->formula;
	e->level++;
	v = feval_node(e, f->formula->root);
	e->level--;
	e->formula = outer;
	return v;
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
		return field_value(e, n->field);
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

void
formula_json(struct buf *b, const struct formula *f, const struct formula_context *context)
{
	struct feval e = { .formula = f, .context = context };
	struct fvalue v = feval_node(&e, f->root);
	struct str s;

	if (v.kind == FV_ERROR)
		buf_add_cstr(b, "{\"error\":\"#ERROR!\"}");
	else if (v.kind == FV_NUMBER && isnan(v.number))
		buf_add_cstr(b, "{\"specialValue\":\"NaN\"}");
	else if (v.kind == FV_NUMBER && isinf(v.number))
		buf_printf(b, "{\"specialValue\":\"%sInfinity\"}", v.number < 0 ? "-" : "");
	else if (v.kind == FV_NUMBER)
		sim_number_add(b, v.number);
	else if (v.kind != FV_BLANK && fvalue_as_text(&e, &v, &s) && s.len > 0)
		json_add_string(b, s);
	free_scratch(&e);
}

void
formula_plain(struct buf *b, const struct formula *f, const struct formula_context *context)
{
	struct feval e = { .formula = f, .context = context };
	struct fvalue v = feval_node(&e, f->root);
	struct str s;

	if (fvalue_as_text(&e, &v, &s))
		buf_add_str(b, s);
	else
		buf_add_cstr(b, v.kind == FV_NUMBER ? "NaN" : "#ERROR!");
	free_scratch(&e);
}

#include <string.h>
#include <strings.h>

#include "airtable-sim/formula/tree.h"

/* AND, OR: an error among the arguments is an error, as in Airtable. */
static struct fvalue
count_true(struct feval *e, const struct fnode *n, uint32_t *count)
{
	*count = 0;
	for (uint32_t i = 0; i < n->arg_count; i++) {
		struct fvalue v = feval_arg(e, n, i);

		if (v.kind == FV_ERROR)
			return v;
		*count += fvalue_true(&v);
	}
	return fvalue_number(1);
}

static struct fvalue
fn_and(struct feval *e, const struct fnode *n)
{
	uint32_t count;
	struct fvalue v = count_true(e, n, &count);

	return v.kind == FV_ERROR ? v : fvalue_number(count == n->arg_count);
}

static struct fvalue
fn_or(struct feval *e, const struct fnode *n)
{
	uint32_t count;
	struct fvalue v = count_true(e, n, &count);

	return v.kind == FV_ERROR ? v : fvalue_number(count > 0);
}

static struct fvalue
fn_xor(struct feval *e, const struct fnode *n)
{
	uint32_t count;
	struct fvalue v = count_true(e, n, &count);

	return v.kind == FV_ERROR ? v : fvalue_number(count % 2);
}

static struct fvalue
fn_not(struct feval *e, const struct fnode *n)
{
	struct fvalue v = feval_arg(e, n, 0);

	return v.kind == FV_ERROR ? v : fvalue_number(!fvalue_true(&v));
}

static struct fvalue
fn_if(struct feval *e, const struct fnode *n)
{
	struct fvalue v = feval_arg(e, n, 0);

	if (v.kind == FV_ERROR)
		return v;
	if (fvalue_true(&v))
		return feval_arg(e, n, 1);
	return n->arg_count == 3 ? feval_arg(e, n, 2) : (struct fvalue){ .kind = FV_BLANK };
}

static struct fvalue
fn_true(struct feval *e, const struct fnode *n)
{
	(void)e, (void)n;
	return fvalue_number(1);
}

static struct fvalue
fn_false(struct feval *e, const struct fnode *n)
{
	(void)e, (void)n;
	return fvalue_number(0);
}

static struct fvalue
fn_blank(struct feval *e, const struct fnode *n)
{
	(void)e, (void)n;
	return (struct fvalue){ .kind = FV_BLANK };
}

static struct fvalue
fn_error(struct feval *e, const struct fnode *n)
{
	(void)e, (void)n;
	return fvalue_error();
}

static struct fvalue
fn_record_id(struct feval *e, const struct fnode *n)
{
	(void)n;
	return fvalue_text((struct str){ e->context->row->id, SIM_ID_LEN });
}

static struct fvalue
fn_iserror(struct feval *e, const struct fnode *n)
{
	return fvalue_number(feval_arg(e, n, 0).kind == FV_ERROR);
}

/* SWITCH(value, pattern, result, ..., default?) */
static struct fvalue
fn_switch(struct feval *e, const struct fnode *n)
{
	struct fvalue v = feval_arg(e, n, 0);
	uint32_t i;

	if (v.kind == FV_ERROR)
		return v;
	for (i = 1; i + 1 < n->arg_count; i += 2) {
		struct fvalue pattern = feval_arg(e, n, i);

		if (pattern.kind == FV_ERROR)
			return pattern;
		if (fvalue_same(e, &v, &pattern))
			return feval_arg(e, n, i + 1);
	}
	return i < n->arg_count ? feval_arg(e, n, i) : (struct fvalue){ .kind = FV_BLANK };
}

const struct ffunction ffunction_logic[] = {
	{ "AND", 1, FARGS_ANY, fn_and },
	{ "BLANK", 0, 0, fn_blank },
	{ "ERROR", 0, 1, fn_error },
	{ "FALSE", 0, 0, fn_false },
	{ "IF", 2, 3, fn_if },
	{ "ISERROR", 1, 1, fn_iserror },
	{ "NOT", 1, 1, fn_not },
	{ "OR", 1, FARGS_ANY, fn_or },
	{ "RECORD_ID", 0, 0, fn_record_id },
	{ "SWITCH", 3, FARGS_ANY, fn_switch },
	{ "TRUE", 0, 0, fn_true },
	{ "XOR", 1, FARGS_ANY, fn_xor },
	{ NULL, 0, 0, NULL }
};

static const struct ffunction *
find_in(const struct ffunction *table, struct str name)
{
	for (; table->name != NULL; table++)
		if (name.len == strlen(table->name) &&
		    strncasecmp(name.ptr, table->name, name.len) == 0)
			return table;
	return NULL;
}

const struct ffunction *
ffunction_find(struct str name)
{
	static const struct ffunction *const tables[] = {
		ffunction_logic, ffunction_dates, ffunction_texts, ffunction_numbers, ffunction_lists,
		ffunction_regexes
	};
	const struct ffunction *found = NULL;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && found == NULL; i++)
		found = find_in(tables[i], name);
	return found;
}

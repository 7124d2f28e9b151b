#include <stdlib.h>
#include <string.h>

#include "airtable-sim/formula/tree.h"

#define ITEMS_MAX	5000	/* each is compared with all others */

/* All values of the arguments from the first on, in the scratch; false: too many. */
struct gathered {
	struct feval	*e;
	struct fvalue	*items;
	size_t		 count, capacity;
	bool		 (*wanted)(struct gathered *, const struct fvalue *);	/* NULL: all */
};

static bool
gather(void *cookie, const struct fvalue *v)
{
	struct gathered *g = cookie;
	struct fvalue *grown;

	if (g->wanted != NULL && !g->wanted(g, v))
		return true;
	if (g->count == ITEMS_MAX)
		return false;
	if (g->count == g->capacity) {
		size_t capacity = g->capacity == 0 ? 16 : g->capacity * 2;

		if ((grown = (void *)feval_alloc(g->e, capacity * sizeof(*grown))) == NULL)
			return false;
		if (g->count > 0)
			memcpy(grown, g->items, g->count * sizeof(*grown));
		g->items = grown;
		g->capacity = capacity;
	}
	g->items[g->count++] = *v;
	return true;
}

static struct fvalue
list_of(const struct gathered *g)
{
	return (struct fvalue){ .kind = FV_LIST, .items = g->items, .count = g->count };
}

static bool
is_filled(struct gathered *g, const struct fvalue *v)
{
	(void)g;
	return v->kind != FV_BLANK && !(v->kind == FV_TEXT && v->text.len == 0);
}

static bool
is_first(struct gathered *g, const struct fvalue *v)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->items[i].kind == v->kind && fvalue_same(g->e, &g->items[i], v))
			return false;
	return true;
}

static struct fvalue
all_that(struct feval *e, const struct fnode *n,
    bool (*wanted)(struct gathered *, const struct fvalue *))
{
	struct gathered g = { .e = e, .wanted = wanted };

	return feval_each(e, n, gather, &g) ? list_of(&g) : fvalue_error();
}

static struct fvalue
fn_arraycompact(struct feval *e, const struct fnode *n)
{
	return all_that(e, n, is_filled);
}

static struct fvalue
fn_arrayflatten(struct feval *e, const struct fnode *n)
{
	return all_that(e, n, NULL);
}

static struct fvalue
fn_arrayunique(struct feval *e, const struct fnode *n)
{
	return all_that(e, n, is_first);
}

/* One value is a list of itself. */
static struct fvalue
as_list(const struct fvalue *v, size_t count)
{
	return v->kind == FV_LIST ? *v : (struct fvalue){ .kind = FV_LIST, .items = v, .count = count };
}

static struct fvalue
fn_arrayjoin(struct feval *e, const struct fnode *n)
{
	struct fvalue v = feval_arg(e, n, 0), list = as_list(&v, v.kind != FV_BLANK);
	struct buf b = { .limit = FORMULA_TEXT_MAX };
	struct str separator = STR(", "), s;

	if (n->arg_count > 1 && !feval_text_arg(e, n, 1, &separator))
		return fvalue_error();
	for (size_t i = 0; i < list.count; i++) {
		if (!fvalue_as_text(e, &list.items[i], &s)) {
			buf_free(&b);
			return fvalue_error();
		}
		if (i > 0)
			buf_add_str(&b, separator);
		buf_add_str(&b, s);
	}
	return feval_keep(e, &b);
}

/* A place counted from 1, or from the end with -1; before the item. */
static size_t
place(int64_t at, size_t count)
{
	if (at < 0)
		at += (int64_t)count + 1;
	return at < 1 ? 0 : (size_t)at - 1 > count ? count : (size_t)at - 1;
}

static struct fvalue
fn_arrayslice(struct feval *e, const struct fnode *n)
{
	struct fvalue list = all_that(e, &(struct fnode){ .arg = n->arg, .arg_count = 1 }, NULL);
	int64_t from, to = -1;
	size_t first, end;

	if (list.kind == FV_ERROR || !feval_count_arg(e, n, 1, &from) ||
	    (n->arg_count > 2 && !feval_count_arg(e, n, 2, &to)))
		return fvalue_error();
	first = place(from, list.count);
	end = place(to, list.count) + (to != 0);
	end = end > list.count ? list.count : end;
	list.items = first < end ? list.items + first : NULL;
	list.count = first < end ? end - first : 0;
	return list;
}

const struct ffunction ffunction_lists[] = {
	{ "ARRAYCOMPACT", 1, FARGS_ANY, fn_arraycompact },
	{ "ARRAYFLATTEN", 1, FARGS_ANY, fn_arrayflatten },
	{ "ARRAYJOIN", 1, 2, fn_arrayjoin },
	{ "ARRAYSLICE", 2, 3, fn_arrayslice },
	{ "ARRAYUNIQUE", 1, FARGS_ANY, fn_arrayunique },
	{ NULL, 0, 0, NULL }
};

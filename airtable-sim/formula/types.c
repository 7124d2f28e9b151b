#include <string.h>

#include "airtable-sim/formula/tree.h"

/* What formulas make, as far as their text tells. */
enum ftype { FT_TEXT, FT_NUMBER, FT_DATE };

static bool
is_among(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool
is_in(const struct ffunction *f, const struct ffunction *table)
{
	for (; table->name != NULL; table++)
		if (table == f)
			return true;
	return false;
}

static enum ftype
type_of_field(const struct sim_field *f)
{
	switch (f->type) {
	case SIM_NUMBER:
	case SIM_CURRENCY:
	case SIM_PERCENT:
	case SIM_DURATION:
	case SIM_RATING:
	case SIM_CHECKBOX:
	case SIM_COUNT:
	case SIM_AUTO_NUMBER:
		return FT_NUMBER;
	case SIM_DATE:
	case SIM_DATE_TIME:
	case SIM_CREATED_TIME:
	case SIM_LAST_MODIFIED_TIME:
		return FT_DATE;
	case SIM_FORMULA:
	case SIM_ROLLUP:
		return f->result == SIM_SINGLE_LINE_TEXT ? FT_TEXT :
		    f->result == SIM_DATE_TIME ? FT_DATE : FT_NUMBER;
	default:
		return FT_TEXT;
	}
}

static enum ftype type_of(const struct formula *, const struct sim_table *, uint32_t node);

static enum ftype
type_of_call(const struct formula *f, const struct sim_table *t, const struct fnode *n)
{
	static const char *const numbers[] = { "AND", "OR", "NOT", "XOR", "TRUE", "FALSE", "ISERROR",
	    "EXACT", "FIND", "LEN", "SEARCH", "VALUE", "REGEX_MATCH", "DATETIME_DIFF", "DAY", "HOUR",
	    "IS_AFTER", "IS_BEFORE", "IS_SAME", "MINUTE", "MONTH", "SECOND", "WEEKDAY", "WEEKNUM",
	    "WORKDAY_DIFF", "YEAR", NULL };
	static const char *const dates[] = { "CREATED_TIME", "DATEADD", "DATETIME_PARSE",
	    "LAST_MODIFIED_TIME", "NOW", "SET_LOCALE", "SET_TIMEZONE", "TODAY", "WORKDAY", NULL };

	if (strcmp(n->function->name, "IF") == 0) {
		enum ftype type = type_of(f, t, f->args[n->arg + 1]);

		return n->arg_count < 3 || type_of(f, t, f->args[n->arg + 2]) == type ? type : FT_TEXT;
	}
	if (is_in(n->function, ffunction_numbers) || is_among(n->function->name, numbers))
		return FT_NUMBER;
	return is_among(n->function->name, dates) ? FT_DATE : FT_TEXT;
}

/* As deep as the tree, which the parser bounds. */
static enum ftype
type_of(const struct formula *f, const struct sim_table *t, uint32_t node)
{
	const struct fnode *n = &f->nodes[node];

	switch (n->kind) {
	case FNODE_NUMBER:
	case FNODE_NEGATE:
		return FT_NUMBER;
	case FNODE_FIELD:
		return type_of_field(&t->fields[n->field]);
	case FNODE_BINARY:
		return n->op == FOP_JOIN ? FT_TEXT : FT_NUMBER;
	case FNODE_CALL:
		return type_of_call(f, t, n);
	case FNODE_TEXT:
	case FNODE_VALUES:
		break;
	}
	return FT_TEXT;
}

enum sim_type
formula_type(const struct formula *f, const struct sim_table *t)
{
	static const enum sim_type types[] = { [FT_TEXT] = SIM_SINGLE_LINE_TEXT,
	    [FT_NUMBER] = SIM_NUMBER, [FT_DATE] = SIM_DATE_TIME };

	return types[type_of(f, t, f->root)];
}

bool
formula_reads(const struct formula *f, size_t field)
{
	for (size_t i = 0; i < f->node_count; i++)
		if (f->nodes[i].kind == FNODE_FIELD && f->nodes[i].field == field)
			return true;
	return false;
}

#include "common/tables/tables.h"

/* A new table is a file beside this one and a line in this list. */
static const struct schema *const builtin[] = {
	&orders_schema
};

const struct tables tables_builtin = { builtin, sizeof(builtin) / sizeof(builtin[0]) };

const struct schema *
tables_named(const struct tables *t, struct str name)
{
	for (size_t i = 0; i < t->count; i++)
		if (str_eq(str_of(t->list[i]->name), name))
			return t->list[i];
	return NULL;
}

const struct schema *
tables_numbered(const struct tables *t, unsigned number)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->list[i]->number == number)
			return t->list[i];
	return NULL;
}

#ifndef COMMON_TABLES_TABLES_H
#define COMMON_TABLES_TABLES_H

#include "common/tables/schema.h"

/*
 * The tables of a store.  Whoever opens a store says which tables it holds;
 * the list and its schemas outlive the store.  A table is known by its
 * schema's number in every key and value that outlasts a process, and by its
 * name everywhere else.
 */
struct tables {
	const struct schema	*const *list;
	size_t			 count;		/* at most TABLES_MAX */
};

/* The tables that Orderdeck itself describes. */
extern const struct tables tables_builtin;

/* The table of this name or number; NULL: there is none. */
const struct schema	*tables_named(const struct tables *, struct str name);
const struct schema	*tables_numbered(const struct tables *, unsigned number);

#endif

#ifndef FCGI_API_ROWS_CHANGE_NAME_H
#define FCGI_API_ROWS_CHANGE_NAME_H

#include "common/base/buf.h"
#include "common/store/store.h"

/*
 * What people call the row that an entry of the history is about: its key and
 * its fields that are FIELD_NAMES, as they are now; of a deleted row, its last
 * ones; of one that was not created, those asked for.  A field with the name of
 * another member of entries is left out.  The names of the last row are kept, as
 * neighbouring entries are often about the same row.
 */
struct change_name {
	const struct schema *table;
	struct str	record;		/* the row's id, in the map; ptr NULL: none yet */
	struct buf	members;	/* "orderId":"..."|null,"customer":"..."|null */
};

/*
 * Add the entry ${json} of a table, as the history has it, with the table's name as its first
 * member and these at its end.  The
 * store's snapshot must stay the same as long as ${name} is used.
 * ERR_STORE_CORRUPT.
 */
enum err	change_add_named(struct buf *, struct store *, const struct schema *,
		    struct change_name *, struct str json);
void		change_name_free(struct change_name *);

#endif

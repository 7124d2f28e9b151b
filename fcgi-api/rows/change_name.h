#ifndef FCGI_API_ROWS_CHANGE_NAME_H
#define FCGI_API_ROWS_CHANGE_NAME_H

#include "common/base/buf.h"
#include "common/store/store.h"

/*
 * What people call the order that an entry of the history is about: its
 * Order ID and customer as they are now, of an order that has gone those that
 * it went with, of one that was not created those asked for.  The last order's
 * is kept, for entries that stand together are often of one order.
 */
struct change_name {
	struct str	record;		/* whose it is, in the map; ptr NULL: nobody's yet */
	struct buf	members;	/* "orderId":"..."|null,"customer":"..."|null */
};

/*
 * Add the entry ${json}, as the history has it, with these members.  The
 * store's snapshot stays the same as long as ${name} is used.
 * ERR_STORE_CORRUPT.
 */
enum err	change_add_named(struct buf *, struct store *, struct change_name *, struct str json);
void		change_name_free(struct change_name *);

#endif

#ifndef FCGI_API_ROWS_CHANGE_NAME_H
#define FCGI_API_ROWS_CHANGE_NAME_H

#include "common/base/buf.h"
#include "common/store/store.h"

/*
 * What people call the order that an entry of the history is about: its
 * Order ID and customer as they are now; of a deleted order, its last ones; of
 * one that was not created, those asked for.  The names of the last order are
 * kept, as neighbouring entries are often about the same order.
 */
struct change_name {
	struct str	record;		/* the order's id, in the map; ptr NULL: none yet */
	struct buf	members;	/* "orderId":"..."|null,"customer":"..."|null */
};

/*
 * Add the entry ${json}, as the history has it, with these members.  The
 * store's snapshot must stay the same as long as ${name} is used.
 * ERR_STORE_CORRUPT.
 */
enum err	change_add_named(struct buf *, struct store *, struct change_name *, struct str json);
void		change_name_free(struct change_name *);

#endif

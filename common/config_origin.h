#ifndef COMMON_CONFIG_ORIGIN_H
#define COMMON_CONFIG_ORIGIN_H

#include <stddef.h>

#include "common/config_table.h"

/*
 * Where each setting's value came from, kept beside struct config and only
 * while it is loaded or explained.
 */
struct origin {
	enum { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_NAMED_ENV, ORIGIN_ENV, ORIGIN_OPTION } kind;
	size_t	line;		/* where the file sets it; 0: it does not */
};

/* "ORDERS_SYNC_WAIT" for sync.wait. */
#define SETTING_ENV_MAX	(SETTING_NAME_MAX + 8)
void	 setting_env_name(const struct setting *, char name[static SETTING_ENV_MAX]);

/* Load as config_load does; ${origins} holds setting_count() zeroed entries. */
enum err config_load_traced(struct config *, const struct config_source *,
	    struct origin *origins, struct buf *errors);

#endif

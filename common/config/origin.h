#ifndef COMMON_CONFIG_ORIGIN_H
#define COMMON_CONFIG_ORIGIN_H

#include <stddef.h>

#include "common/config/table.h"

/*
 * Where each setting's value came from, kept beside struct config and only
 * while it is loaded or explained.
 */
struct origin {
	enum { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_NAMED_ENV, ORIGIN_ENV, ORIGIN_OPTION } kind;
	size_t	line;		/* where the file sets it; 0: it does not */
	bool	bad;		/* a fault in it was reported */
};

/* "ORDERS_SYNC_WAIT" for sync.wait. */
#define SETTING_ENV_MAX	(SETTING_NAME_MAX + 8)
void	 setting_env_name(const struct setting *, char name[static SETTING_ENV_MAX]);

/*
 * Read ${source} and check each setting by itself; ${origins} holds setting_count()
 * zeroed entries.  Returns the number of faults; the first CONFIG_FAULTS_MAX are described.
 */
#define CONFIG_FAULTS_MAX	50
size_t	 config_read(struct config *, const struct config_source *, struct origin *origins,
	    struct buf *errors);
/* Load as config_load does, with ${origins} as above. */
enum err config_load_traced(struct config *, const struct config_source *,
	    struct origin *origins, struct buf *errors);

/*
 * config_load_token, with its outcome: TOKEN_HIDDEN when this user may not read it,
 * TOKEN_NOWHERE when nothing says where it is.
 */
enum config_token { TOKEN_LOADED, TOKEN_BAD, TOKEN_HIDDEN, TOKEN_NOWHERE };
enum config_token config_find_token(struct config *, char *const *env, struct buf *errors);

/* "orders.conf:12: sync.wait: ", or how else setting ${i} got its value. */
void	 config_add_place(struct buf *, size_t i, const char *file, const struct origin *origins);

#endif

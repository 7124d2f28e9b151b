#ifndef SYNCD_CTL_CTL_H
#define SYNCD_CTL_CTL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/config/config.h"
#include "syncd/ctl/link.h"

/* Between syncctl.c (options), ctl/commands.c, ctl/sync.c and ctl/store.c. */
#define CTL_TIMEOUT_MS	10000	/* for an answer that needs no waiting */

enum ctl_exit { CTL_DONE, CTL_FAILED, CTL_USAGE, CTL_UNREACHABLE };	/* exit statuses 0 to 3 */

struct ctl {
	struct config_source source;
	const char	*socket;	/* NULL: from the configuration */
	int64_t		 timeout_ms;	/* 0: not given */
	bool		 json, full, wait, accept_shrink, keep_outbox, drop_outbox;
	const char	*argument;	/* of the command; NULL: none */
	struct ctl_link	*link;
	char		 path[108];
	uint64_t	 last_id;
	bool		 painted;	/* a progress line stands on the terminal */
	char		 shown[256];	/* the progress printed last */
};

/* The commands; each prints its outcome. */
enum ctl_exit	 ctl_status(struct ctl *);
enum ctl_exit	 ctl_ping(struct ctl *);
enum ctl_exit	 ctl_sync(struct ctl *);
enum ctl_exit	 ctl_check_config(struct ctl *);
enum ctl_exit	 ctl_print_config(struct ctl *);
enum ctl_exit	 ctl_backup(struct ctl *);	/* this and the rest: ctl/store.c */
enum ctl_exit	 ctl_restore(struct ctl *);
enum ctl_exit	 ctl_verify(struct ctl *);
enum ctl_exit	 ctl_rebuild(struct ctl *);

/* For them: */
int64_t		 ctl_deadline(const struct ctl *, int64_t otherwise_ms);
enum ctl_exit	 ctl_connect(struct ctl *);
/* A status request with the next id. */
enum ctl_outcome ctl_ask_status(struct ctl *, int64_t deadline_ms);
/* A reply's body, to be freed with cJSON_Delete; NULL: none. */
cJSON		*ctl_body(const struct message_reply *);
/* Write it to standard output, and free it. */
enum ctl_exit	 ctl_print(struct buf *);
/* Print why syncd can't be reached. */
enum ctl_exit	 ctl_unreachable(struct ctl *, enum ctl_outcome);
/* Print why it refused. */
enum ctl_exit	 ctl_refused(const struct ctl *, const struct message_reply *);

#endif

#ifndef AIRTABLE_SIM_API_CALL_H
#define AIRTABLE_SIM_API_CALL_H

#include <cjson/cJSON.h>

#include "airtable-sim/api/reply.h"
#include "airtable-sim/api/uri.h"
#include "airtable-sim/base/action.h"
#include "airtable-sim/base/base.h"
#include "airtable-sim/base/iterators.h"
#include "airtable-sim/base/settings.h"

/* One authorised API call on its way to a handler; the data is locked. */
struct sim_call {
	const char			*method;
	const struct sim_uri		*uri;
	const cJSON			*body;		/* NULL: none */
	int64_t				 now_ms;	/* simulated */
	const struct sim_settings	*settings;
	struct sim_base			*base;
	struct sim_iterators		*iterators;
	struct sim_webhooks		*webhooks;
	struct sim_action		*action;	/* what the call changes; committed after it */
	unsigned			 scopes;	/* of the token, enum sim_scope or'ed */
	struct sim_table		*table;		/* of the path, or NULL */
	struct str			 record;	/* id in the path, or len 0 */
	struct str			 field;		/* field id in the path, or len 0 */
	struct str			 comment;	/* comment id in the path, or len 0 */
	struct str			 webhook;	/* webhook id in the path, or len 0 */
};

typedef void sim_handler(struct sim_call *, struct sim_reply *);

/* listing.c */
sim_handler	sim_list_records, sim_get_record;
/* writes.c */
sim_handler	sim_create_records, sim_update_records, sim_update_record,
		sim_delete_records, sim_delete_record;
/* meta.c */
sim_handler	sim_meta_whoami, sim_meta_bases, sim_meta_tables, sim_meta_create_table,
		sim_meta_update_table, sim_meta_create_field, sim_meta_update_field;

/* comments.c */
sim_handler	sim_comments_list, sim_comments_create, sim_comments_update, sim_comments_delete;
/* webhook_api.c */
sim_handler	sim_webhooks_list, sim_webhooks_create, sim_webhooks_delete, sim_webhooks_payloads,
		sim_webhooks_refresh, sim_webhooks_toggle;

/* What LAST_MODIFIED_TIME() of ${row} is for filters, with the visibility lag. */
int64_t		 sim_seen_modified(const struct sim_row *, const struct sim_settings *,
		    int64_t now_ms);
/* The answer for a record that is not (or no longer) there. */
void		 sim_reply_no_record(struct sim_reply *, const struct sim_settings *);

#endif

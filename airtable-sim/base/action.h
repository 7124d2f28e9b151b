#ifndef AIRTABLE_SIM_BASE_ACTION_H
#define AIRTABLE_SIM_BASE_ACTION_H

#include "airtable-sim/base/base.h"
#include "airtable-sim/base/settings.h"
#include "airtable-sim/webhooks/webhooks.h"

/*
 * What one user or program does to the base in one go, noted while it is
 * done, so that the webhooks can be told afterwards.
 *
 * Who changes the base says so first (sim_action_cell() and the others named
 * below want the state before the change), and calls
 * sim_action_commit() when the change is complete.  While no webhook
 * listens only the transaction is counted.
 */
enum sim_change_kind {
	SIM_ROW_CREATED, SIM_ROW_CHANGED, SIM_ROW_DESTROYED,
	SIM_FIELD_CREATED, SIM_FIELD_CHANGED, SIM_FIELD_DESTROYED,
	SIM_TABLE_CREATED, SIM_TABLE_CHANGED, SIM_TABLE_DESTROYED
};

/* A cell before its change. */
struct sim_was {
	size_t	 field;
	char	*json;		/* as webhooks send it; NULL: empty */
	bool	 computed;	/* noted in case: it may not have changed at all */
};

struct sim_change {
	enum sim_change_kind	 kind;
	struct sim_table	*table;
	uint32_t		 place;		/* slot of the row, or place of the field */
	struct sim_was		*cells;		/* SIM_ROW_CHANGED */
	size_t			 cell_count;
	char			*name;		/* before, of a changed field or table */
	enum sim_type		 type;		/* before, of a changed field */
	char			*description;	/* NULL: none */
};

/* Fill in all up to user; the rest is zeroed and private to action.c and payload.c. */
struct sim_action {
	struct sim_webhooks		*webhooks;	/* NULL: nobody shall notice */
	struct sim_base			*base;
	const struct sim_settings	*settings;
	int64_t				 now_ms;
	enum sim_source			 source;
	struct sim_user			 user;
	size_t				 author;	/* their place among the base's collaborators */

	bool				 touched;	/* something was noted since the last commit */
	bool				 failed;	/* memory ran out: not all is noted */
	struct sim_change		*changes;
	size_t				 count, capacity;
};

/* A user of that name with an id and an address made from it. */
void	sim_user_named(struct sim_user *, const char *name);

/* The row is modified now, by whose action it is. */
void	sim_action_touch(const struct sim_action *, struct sim_row *);
/* A row that is new, or back from the bin. */
void	sim_action_created(struct sim_action *, struct sim_table *, uint32_t slot);
/*
 * Before the cell of a row that was there before the action is changed.
 * Rows that look it up, and so may work out to something else, are noted too.
 */
void	sim_action_cell(struct sim_action *, struct sim_table *, uint32_t slot, size_t field);
/* Before the row is deleted and leaves the links to it. */
void	sim_action_destroyed(struct sim_action *, struct sim_table *, uint32_t slot);
/* A field; before it is changed (name, description, options). */
void	sim_action_field(struct sim_action *, enum sim_change_kind, struct sim_table *, size_t place);
/* As settings say: before the options of the field are changed. */
void	sim_action_options(struct sim_action *, struct sim_table *, size_t place);
/* A table; before it is changed.  A new one is noted when it is complete, its fields are not. */
void	sim_action_table(struct sim_action *, enum sim_change_kind, struct sim_table *);

/* Tell all webhooks.  The action is then empty and may go on as a further transaction. */
void	sim_action_commit(struct sim_action *);

#endif

#ifndef AIRTABLE_SIM_WEBHOOKS_WEBHOOK_SPEC_H
#define AIRTABLE_SIM_WEBHOOKS_WEBHOOK_SPEC_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "airtable-sim/base/base.h"

/*
 * What a webhook wants to hear of: the "specification" it was made with.
 * Pure filters; payload.c composes by them.
 */
enum sim_source {
	SIM_FROM_CLIENT, SIM_FROM_API, SIM_FROM_FORM, SIM_FROM_FORM_PAGE, SIM_FROM_AUTOMATION,
	SIM_FROM_SYSTEM, SIM_FROM_SYNC, SIM_FROM_ANONYMOUS, SIM_FROM_UNKNOWN, SIM_SOURCES
};
enum sim_data_type { SIM_TABLE_DATA = 1, SIM_TABLE_FIELDS = 2, SIM_TABLE_METADATA = 4 };
enum sim_change_type { SIM_ADD = 1, SIM_REMOVE = 2, SIM_UPDATE = 4 };

struct sim_id_list {
	char	(*ids)[SIM_ID_SIZE];
	size_t	count;
};

struct sim_spec {
	unsigned		data_types;	/* or'ed */
	unsigned		change_types;	/* or'ed */
	unsigned		sources;	/* 1 << enum sim_source, or'ed */
	char			scope[SIM_ID_SIZE];	/* a table or a view; "": the base */
	struct sim_id_list	watched;	/* fields whose cells count; none: all */
	struct sim_id_list	schemas;	/* fields whose definitions count; none: all */
	struct sim_id_list	included;	/* fields whose unchanged cells are sent too */
	bool			included_all;
	bool			previous_cells, previous_fields;
};

/*
 * Read {"options":{"filters":{..},"includes":{..}}}.  ${strict}: members
 * that Airtable does not know are refused.  False: it is not valid, or names
 * what the base does not have, or memory ran out; give the spec to
 * sim_spec_free() in all cases.
 */
bool	sim_spec_read(struct sim_spec *, const struct sim_base *, const cJSON *, bool strict);
void	sim_spec_free(struct sim_spec *);
/* Is all that it watches still in the base? */
bool	sim_spec_holds(const struct sim_spec *, const struct sim_base *);

/* Is the table within its scope? */
bool	sim_spec_has_table(const struct sim_spec *, const struct sim_table *);
/* Is its scope a view? */
bool	sim_spec_of_view(const struct sim_spec *);
/* Is the id in the list?  An empty list has all. */
bool	sim_id_list_has(const struct sim_id_list *, const char *id);
/* Are the field's unchanged cells to be told? */
bool	sim_spec_includes(const struct sim_spec *, const char *field_id);

/* "client", "publicApi" and so on. */
const char *sim_source_name(enum sim_source);
/* False: there is none of that name. */
bool	sim_source_find(const char *name, enum sim_source *);

#endif

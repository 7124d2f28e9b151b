#ifndef AIRTABLE_SIM_BASE_FIELD_JSON_H
#define AIRTABLE_SIM_BASE_FIELD_JSON_H

#include <cjson/cJSON.h>

#include "airtable-sim/api/reply.h"
#include "airtable-sim/base/base.h"
#include "common/base/buf.h"

/* Fields as the schema routes describe them. */

/* "singleLineText" and so on. */
const char *sim_type_name(enum sim_type);
/* The type of that name (which may be NULL); false: there is none. */
bool	sim_type_find(const char *name, enum sim_type *);
/* Take what is in "options" for a field of that type; false: they are not valid for it. */
bool	sim_field_options(struct sim_table *, struct sim_field *, const cJSON *options);
void	sim_field_json(struct buf *, const struct sim_table *, const struct sim_field *);

/*
 * Add the field that {"name","type","description"?,"options"?} describes.
 * Computed types can be made in the app only: there, formulas take "formula",
 * counts "recordLinkFieldId", lookups also "fieldIdInLinkedTable", rollups
 * also "formula" (of "values"); formulas and rollups a "result" of
 * {"type","options"}.  Links have no inverse yet (sim_links_pair()).  NULL with the error in the
 * reply; the pointer is valid until the next field is added.
 */
const struct sim_field *sim_field_create(struct sim_table *, const cJSON *description, bool in_app,
	    struct sim_reply *);

/* Replace *name (malloc'ed or NULL) by a copy; false: out of memory, nothing is changed. */
bool	sim_rename(char **name, struct str to);

#endif

#ifndef AIRTABLE_SIM_BASE_RETYPE_H
#define AIRTABLE_SIM_BASE_RETYPE_H

#include <cjson/cJSON.h>

#include "airtable-sim/base/action.h"

/*
 * Make a field the "type" of ${change}, with its "options", and convert its
 * cells as the app does: through the text that is shown of them.  What can't
 * be converted becomes empty.  With "touch" all that changes counts as an edit
 * of its record.  False: there is no such type, or the options are not valid.
 */
bool	sim_retype(struct sim_action *, struct sim_table *, size_t field, const cJSON *change);

#endif

#ifndef AIRTABLE_SIM_BASE_RETYPE_H
#define AIRTABLE_SIM_BASE_RETYPE_H

#include <cjson/cJSON.h>

#include "airtable-sim/base/action.h"

/*
 * Make a field the "type" of ${change}, with its "options", and convert its
 * cells as the app does: through the text that is shown of them, which is
 * read as typecast would.  What can't be converted becomes empty.  A field
 * that becomes links gets an inverse; the inverse of one that was links
 * becomes a text.  With "touch" all that changes counts as an edit of its
 * record.  False: there is no such type, the options are not valid, or the
 * primary field would be links.
 */
bool	sim_retype(struct sim_action *, struct sim_table *, size_t field, const cJSON *change);
/* Links of a field whose table or inverse goes away: a text with the names remains. */
bool	sim_retype_to_text(struct sim_action *, struct sim_table *, size_t field);
/* The same for the inverse of the field, if it has one. */
bool	sim_retype_inverse(struct sim_action *, struct sim_table *, size_t field);

#endif

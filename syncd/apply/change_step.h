#ifndef SYNCD_APPLY_CHANGE_STEP_H
#define SYNCD_APPLY_CHANGE_STEP_H

#include "common/tables/schema.h"

/*
 * Who did something in Airtable, as it tells.  Strings belong to whoever made
 * it; what is not told has len 0.
 */
struct author {
	struct str	name;	/* else the e-mail address, so that there is something to be called by */
	struct str	id;	/* Airtable's, of a user */
	struct str	email;
	struct str	via;	/* Airtable's own word: "client", "automation", "publicApi" ... */
};

enum step_kind { STEP_CREATED, STEP_CHANGED, STEP_GONE };

/* What one payload tells of a record: from what to what, and whose doing it was. */
struct change_step {
	enum step_kind			 kind;
	struct author			 who;
	const struct record		*from;	/* STEP_CHANGED; known: as far as it is told */
	const struct record		*to;	/* known: what changed; STEP_CREATED: all fields; STEP_GONE: NULL */
	const struct change_step	*next;	/* of the same record; NULL: the last */
};

#endif

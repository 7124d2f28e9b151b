#ifndef SYNCD_APPLY_CHANGE_STEP_H
#define SYNCD_APPLY_CHANGE_STEP_H

#include "common/tables/schema.h"

/*
 * Who did something in Airtable, as Airtable reports it.  Strings belong to
 * the code that filled it in; what is not reported has len 0.
 */
struct author {
	struct str	name;	/* else the e-mail address, so that there is a name to show */
	struct str	id;	/* Airtable's id of the user */
	struct str	email;
	struct str	via;	/* Airtable's own word: "client", "automation", "publicApi" ... */
};

enum step_kind { STEP_CREATED, STEP_CHANGED, STEP_GONE };

/* What one payload reports about a record: from what to what, and who did it. */
struct change_step {
	enum step_kind			 kind;
	struct author			 who;
	const struct record		*from;	/* STEP_CHANGED; known: the fields reported */
	const struct record		*to;	/* known: what changed; STEP_CREATED: all fields; STEP_GONE: NULL */
	const struct change_step	*next;	/* of the same record; NULL: the last */
};

#endif

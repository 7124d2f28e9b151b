#ifndef COMMON_STORE_OPTIONS_H
#define COMMON_STORE_OPTIONS_H

#include <stdint.h>

#include "common/tables/schema.h"
#include "common/store/db.h"

/*
 * Select options as one byte: 0 is empty, 1..n the schema's own in workflow
 * order, then the further ones that Airtable has shown us, in the order they
 * were met.  The further names lie in meta as "options.<field>", each ended
 * by a NUL.
 */
#define OPTION_NONE	0u
#define OPTION_OTHER	255u	/* an option met when all codes were taken */
#define OPTION_OTHER_NAME	"(other)"	/* what all of those are called together */

/* The further names of this field; len 0: none, or the transaction has a fault. */
struct str	options_load(struct db_txn *, db_id meta, unsigned field);
/* The code of a name, OPTION_NONE when it is not known. */
unsigned	options_code(const struct field *, struct str further, struct str name);
/* The name of a code; ptr NULL when there is none. */
struct str	options_name(const struct field *, struct str further, unsigned code);
/* How many codes are in use, OPTION_NONE not counted. */
unsigned	options_count(const struct field *, struct str further);

/*
 * What a select can be set to: the names that Airtable offers, in its order,
 * as meta has them in "offered.<field>", each ended by a NUL.  When that is not
 * known (the base's schema may not be read), the schema's own names and the
 * further ones.  Of a field that takes several at a time, as "several.<field>"
 * says when it is there, a value is their names, joined by ", ".
 */
struct options_offer {
	const struct field	*field;
	bool			 known;		/* Airtable's */
	bool			 several;
	struct str		 names;		/* offered, or further */
	unsigned		 own;		/* of the schema's own: how many were taken */
};
#define OPTIONS_OFFERED_MAX	65536		/* bytes of a field's names; more are as good as not known */

/* The names hold as long as the transaction; when that has a fault, the schema's own are left. */
void		options_offer_load(struct db_txn *, db_id meta, const struct schema *, unsigned field,
		    struct options_offer *);
/* Take the next name off the front; ptr NULL: there is none. */
struct str	options_offer_next(struct options_offer *);
/*
 * The names for people, each with a comma and a space behind it, as many as
 * ${text} has room for; "..., " stands for the others.  "": there is none.
 */
#define OPTIONS_TOLD_SIZE	128
void		options_offer_tell(struct options_offer, char text[static OPTIONS_TOLD_SIZE]);
/* Is the name one of them? */
bool		options_offer_has(struct options_offer, struct str name);

/* Of which of the offered names the value consists; of a field that takes one, of one. */
#define OPTIONS_VALUE_MAX	1000	/* bytes; a longer one makes no sense */
#define OPTIONS_SEVERAL_MAX	((OPTIONS_VALUE_MAX + 2) / 3)
struct options_several {
	size_t		count;
	struct str	names[OPTIONS_SEVERAL_MAX];	/* point into the value */
};
enum options_sense {
	OPTIONS_SENSE,
	OPTIONS_NONSENSE,	/* something in it is not offered */
	OPTIONS_AMBIGUOUS,	/* names have ", " in them, and it may be these or those */
	OPTIONS_TWICE		/* one is in it twice */
};
/* Unless it is OPTIONS_SENSE, *names means nothing. */
enum options_sense options_offer_read(struct options_offer, struct str value,
		    struct options_several *names);

#endif

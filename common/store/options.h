#ifndef COMMON_STORE_OPTIONS_H
#define COMMON_STORE_OPTIONS_H

#include <stdint.h>

#include "common/tables/schema.h"
#include "common/store/db.h"

/*
 * Select options as one byte: 0 is empty, 1..n the schema's own in workflow
 * order, then further ones in the order in which Airtable showed them first.
 * The further names lie in meta as META_OPTIONS (keys.h), each ended by a NUL.
 */
#define OPTION_NONE	0u
#define OPTION_OTHER	255u	/* an option first seen when all codes were taken */
#define OPTION_OTHER_NAME	"(other)"	/* the name for all of those together */

/* The further names of this field; len 0: none, or the transaction has a fault. */
struct str	options_load(struct db_txn *, db_id meta, const struct schema *, unsigned field);
/* The code of a name, OPTION_NONE when it is not known. */
unsigned	options_code(const struct field *, struct str further, struct str name);
/* The name of a code; ptr NULL when there is none. */
struct str	options_name(const struct field *, struct str further, unsigned code);
/* How many codes are in use, OPTION_NONE not counted. */
unsigned	options_count(const struct field *, struct str further);

/*
 * What a select can be set to: the names that Airtable offers, in its order,
 * as meta has them in META_OFFERED, each ended by a NUL.  When that is not
 * known (the base's schema may not be read), the schema's own names and the
 * further ones.  If meta has META_SEVERAL of it, the field takes several at a
 * time: a value is their names, joined by ", ".
 */
struct options_offer {
	const struct field	*field;
	bool			 known;		/* Airtable's */
	bool			 several;
	struct str		 names;		/* offered, or further */
	unsigned		 own;		/* how many of the schema's own were taken */
};
#define OPTIONS_OFFERED_MAX	65536		/* bytes of a field's names; more count as not known */

/* The names are valid as long as the transaction; if that has a fault, only the schema's own are offered. */
void		options_offer_load(struct db_txn *, db_id meta, const struct schema *, unsigned field,
		    struct options_offer *);
/* Take the next name off the front; ptr NULL: there is none. */
struct str	options_offer_next(struct options_offer *);
/*
 * The names for people to read, each followed by a comma and a space, as many
 * as ${text} has room for; "..., " stands for the others.  "": there are none.
 */
#define OPTIONS_TOLD_SIZE	128
void		options_offer_tell(struct options_offer, char text[static OPTIONS_TOLD_SIZE]);
/* Is the name one of them? */
bool		options_offer_has(struct options_offer, struct str name);

/* The offered names of which a value consists: just one, unless the field takes several. */
#define OPTIONS_VALUE_MAX	1000	/* bytes; a longer value is OPTIONS_NONSENSE */
#define OPTIONS_SEVERAL_MAX	((OPTIONS_VALUE_MAX + 2) / 3)
struct options_several {
	size_t		count;
	struct str	names[OPTIONS_SEVERAL_MAX];	/* point into the value */
};
enum options_sense {
	OPTIONS_SENSE,
	OPTIONS_NONSENSE,	/* something in it is not offered */
	OPTIONS_AMBIGUOUS,	/* names contain ", ", and the value can be read in two ways */
	OPTIONS_TWICE		/* a name is in it twice */
};
/* Unless it is OPTIONS_SENSE, *names means nothing. */
enum options_sense options_offer_read(struct options_offer, struct str value,
		    struct options_several *names);

#endif

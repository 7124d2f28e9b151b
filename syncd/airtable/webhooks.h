#ifndef SYNCD_AIRTABLE_WEBHOOKS_H
#define SYNCD_AIRTABLE_WEBHOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/config/config.h"
#include "common/store/currency.h"
#include "common/tables/schema.h"
#include "syncd/airtable/forms.h"
#include "syncd/airtable/keys.h"

/*
 * Requests to Airtable about webhooks, as text, and their answers, as structs:
 * no loop, no calls.  Nothing here trusts its input.
 */
#define WEBHOOK_SECRET_MAX	255	/* characters of base64 */
#define WEBHOOKS_MAX		64	/* in a list; Airtable allows ten */
#define WEBHOOK_WHY_SIZE	200

/* Our table as the base's schema describes it; payloads name all things by ids. */
struct webhook_table {
	char			 id[AIRTABLE_ID_MAX + 1];
	char			 name[AIRTABLE_KEY_MAX];
	bool			 fields_known;	/* keys (answer[]: field ids) and what follows are valid */
	struct airtable_keys	 keys;
	char			 names[SCHEMA_FIELDS_MAX][AIRTABLE_KEY_MAX];
	/* Bit f for our field f: */
	uint32_t		 computed;	/* Airtable computes it, or may do so */
	uint32_t		 derived;	/* of those: from what may change without the record */
	uint32_t		 moves;		/* of those: it changes with every change of the record by a user */
	struct airtable_forms	 forms;		/* with the types, and with the options of fields that take several */
	uint64_t		 shapes[SCHEMA_FIELDS_MAX];	/* hashes of all that the schema says of type and options; 0: missing */
	enum airtable_key	 create_key;	/* what airtable.create_key names */
	char			 create_key_type[AIRTABLE_KEY_TYPE_SIZE];
	bool			 money_known;	/* the money field is there, and money is valid */
	struct currency		 money;		/* how the base shows it */
	struct buf		 choices;	/* "<field> <id> <name>\n" for every option of our selects */
	uint32_t		 offers;	/* of our selects: it is known what they can be set to, namely */
	struct buf		 offered[SCHEMA_FIELDS_MAX];	/* to these names, each ended by a NUL */
};

void		webhook_table_free(struct webhook_table *);
/* What the configured names stood for when the schema was last read. */
struct webhook_remembered {
	const char	*table;				/* id; "": not known */
	const char	*names[SCHEMA_FIELDS_MAX];	/* as configured then */
	const char	*fields[SCHEMA_FIELDS_MAX];	/* ids */
};
/*
 * Read ${t} from ${body}, the answer of the meta route.  A table or field that no longer
 * has its configured name is found by its remembered id; a field that is not found
 * at all is missing (keys.missing).  ERR_AIRTABLE_BAD_RESPONSE,
 * ERR_AIRTABLE_NOT_FOUND (the table), ERR_AIRTABLE_FIELD_MISSING (it has none of
 * our fields), ERR_NOMEM, with a text in ${why}; *t then stays as it was.
 */
enum err	webhook_table_read(struct webhook_table *t, const struct config *,
		    const struct schema *, const struct webhook_remembered *, struct str body,
		    char why[static WEBHOOK_WHY_SIZE]);
/* Are all options of ${before} still there, with the same names? */
bool		webhook_table_keeps_options(const struct webhook_table *before,
		    const struct webhook_table *after);

/*
 * How much a webhook is to tell: each asks for less than the one before, for a token
 * with fewer scopes.
 */
enum webhook_wish { WEBHOOK_ALL, WEBHOOK_RECORDS, WEBHOOK_IDS, WEBHOOK_WISHES };
/* The specification of a webhook on the table; it names fields only when they are known. */
void		webhook_add_specification(struct buf *, const struct webhook_table *,
		    enum webhook_wish);
/* The body that creates a webhook; ${url} len 0: without pings. */
void		webhook_add_creation(struct buf *, struct str specification, struct str url);

struct webhook_made {
	char	id[AIRTABLE_ID_MAX + 1];
	char	secret[WEBHOOK_SECRET_MAX + 1];	/* base64; "": the answer has none */
};
enum err	webhook_made_read(struct webhook_made *, struct str body,
		    char why[static WEBHOOK_WHY_SIZE]);

/* A webhook in the base's list. */
struct webhook_seen {
	char		id[AIRTABLE_ID_MAX + 1];
	bool		enabled;	/* it gets payloads */
	bool		pings;		/* it sends pings, or is not wanted to */
	bool		same;		/* its URL is ours, and its specification contains ours */
	uint64_t	next;		/* number of its next payload; 0: not given */
};
/*
 * Read the list of the base's webhooks, and compare each with ${specification} and
 * ${url} (as above).  Those beyond WEBHOOKS_MAX are left out.
 */
enum err	webhook_list_read(struct webhook_seen list[static WEBHOOKS_MAX], size_t *n,
		    struct str specification, struct str url, struct str body,
		    char why[static WEBHOOK_WHY_SIZE]);

#endif

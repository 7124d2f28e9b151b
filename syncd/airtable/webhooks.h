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
 * What is asked of Airtable about webhooks and what it answers, as text and
 * structs: no loop, no calls.  Nothing here trusts its input.
 */
#define WEBHOOK_SECRET_MAX	255	/* characters of base64 */
#define WEBHOOKS_MAX		64	/* in a list; Airtable allows ten */
#define WEBHOOK_WHY_SIZE	200

/* Our table as the base's schema has it; payloads go by ids. */
struct webhook_table {
	char			 id[AIRTABLE_ID_MAX + 1];
	char			 name[AIRTABLE_KEY_MAX];
	bool			 fields_known;	/* keys (answer: field ids) and what follows */
	struct airtable_keys	 keys;
	char			 names[SCHEMA_FIELDS_MAX][AIRTABLE_KEY_MAX];
	/* Of our fields, bit f for field f; while fields_known is false nothing is known of any. */
	uint32_t		 computed;	/* Airtable works it out, or it is not known that not */
	uint32_t		 derived;	/* of those: out of what may change beside the record */
	uint32_t		 moves;		/* of those: it moves with every change of the record by a user */
	struct airtable_forms	 forms;		/* with the types; names of options, where several are taken */
	uint64_t		 shapes[SCHEMA_FIELDS_MAX];	/* hashes of all that is told of type and options; 0: missing */
	enum airtable_key	 create_key;	/* what airtable.create_key names */
	char			 create_key_type[AIRTABLE_KEY_TYPE_SIZE];
	bool			 money_known;	/* the sum field is there, and: */
	struct currency		 money;		/* how the base shows it */
	struct buf		 choices;	/* "<field> <id> <name>\n" of every option of our selects */
	uint32_t		 offers;	/* of our selects: it is known what they can be set to, */
	struct buf		 offered[SCHEMA_FIELDS_MAX];	/* these names, each ended by a NUL */
};

void		webhook_table_free(struct webhook_table *);
/* What the configured names stood for when they were last seen. */
struct webhook_remembered {
	const char	*table;				/* id; "": not known */
	const char	*names[SCHEMA_FIELDS_MAX];	/* as configured then */
	const char	*fields[SCHEMA_FIELDS_MAX];	/* ids */
};
/*
 * From ${body}, the answer of the meta route.  A table or field that has not
 * its configured name any more is found by the id that it had; a field that is
 * not there at all is missing (keys.missing).  ERR_AIRTABLE_BAD_RESPONSE,
 * ERR_AIRTABLE_NOT_FOUND (the table), ERR_AIRTABLE_FIELD_MISSING (it has none of
 * our fields), ERR_NOMEM, with a text in ${why}; *t is then as it was.
 */
enum err	webhook_table_read(struct webhook_table *t, const struct config *,
		    const struct schema *, const struct webhook_remembered *, struct str body,
		    char why[static WEBHOOK_WHY_SIZE]);
/* Are all options of ${before} still there, under their names? */
bool		webhook_table_keeps_options(const struct webhook_table *before,
		    const struct webhook_table *after);

/* How much is asked of a webhook: each step is a weaker wish, for a token with fewer scopes. */
enum webhook_wish { WEBHOOK_ALL, WEBHOOK_RECORDS, WEBHOOK_IDS, WEBHOOK_WISHES };
/* The specification for the table; cells only when its fields are known. */
void		webhook_add_specification(struct buf *, const struct webhook_table *,
		    enum webhook_wish);
/* The body that creates one; ${url} len 0: without pings. */
void		webhook_add_creation(struct buf *, struct str specification, struct str url);

struct webhook_made {
	char	id[AIRTABLE_ID_MAX + 1];
	char	secret[WEBHOOK_SECRET_MAX + 1];	/* base64; "": none was given */
};
enum err	webhook_made_read(struct webhook_made *, struct str body,
		    char why[static WEBHOOK_WHY_SIZE]);

/* One of a list. */
struct webhook_seen {
	char		id[AIRTABLE_ID_MAX + 1];
	bool		enabled;	/* it gets payloads */
	bool		pings;		/* it sends pings, or need not */
	bool		same;		/* it wants just what ours does */
	uint64_t	next;		/* number of its next payload; 0: not told */
};
/*
 * The list of the base's webhooks, compared with ${specification} and ${url}
 * (as above).  Those beyond WEBHOOKS_MAX are left out.
 */
enum err	webhook_list_read(struct webhook_seen list[static WEBHOOKS_MAX], size_t *n,
		    struct str specification, struct str url, struct str body,
		    char why[static WEBHOOK_WHY_SIZE]);

#endif

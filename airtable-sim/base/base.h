#ifndef AIRTABLE_SIM_BASE_BASE_H
#define AIRTABLE_SIM_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "airtable-sim/base/random.h"
#include "common/base/err.h"
#include "common/base/str.h"

/*
 * The data of one Airtable base: tables, their fields and records, compact
 * enough for half a million orders.
 *
 * Invariants
 *  1. A row keeps its slot for ever.  Deleting marks it, so that a listing
 *     that was begun before still knows what stood there.
 *  2. A row may have fewer cells than its table has fields; the missing
 *     ones are empty.  So a new field costs nothing per row.
 *  3. A choice of a select keeps its place for ever: a cell holds that.
 *  4. A removed choice, field or table keeps its place and is never found
 *     again; no cell holds a removed choice.
 *  5. Links are slots of the linked table.  Where the field has an inverse,
 *     a live record is in the links of another live one exactly when the
 *     other is in its own (links.h keeps that up).  A deleted record is in
 *     no cell's links; its own links are as they were when it was deleted.
 */
#define SIM_ID_LEN		17
#define SIM_ID_SIZE		(SIM_ID_LEN + 1)
#define SIM_FIELDS_MAX		500
#define SIM_TABLES_MAX		100
#define SIM_NO_ROW		UINT32_MAX

enum sim_type {
	SIM_SINGLE_LINE_TEXT, SIM_MULTILINE_TEXT, SIM_RICH_TEXT, SIM_EMAIL, SIM_URL,
	SIM_PHONE_NUMBER, SIM_NUMBER, SIM_CURRENCY, SIM_PERCENT, SIM_DURATION,
	SIM_RATING, SIM_CHECKBOX, SIM_DATE, SIM_DATE_TIME, SIM_SINGLE_SELECT,
	SIM_MULTIPLE_SELECTS, SIM_LINKS, SIM_BARCODE, SIM_COLLABORATOR, SIM_COLLABORATORS,
	SIM_ATTACHMENTS, SIM_AI_TEXT,
	SIM_CREATED_TIME, SIM_LAST_MODIFIED_TIME, SIM_CREATED_BY, SIM_LAST_MODIFIED_BY,
	SIM_AUTO_NUMBER, SIM_FORMULA, SIM_LOOKUP, SIM_ROLLUP, SIM_COUNT, SIM_BUTTON,
	SIM_SYNC_SOURCE,
	SIM_TYPES
};

enum sim_cell_kind {
	SIM_EMPTY,
	SIM_TRUE,	/* a checked box */
	SIM_NUM,	/* number */
	SIM_INSTANT,	/* instant: ms since 1970 */
	SIM_CHOICE,	/* choice: place in the field's choices */
	SIM_TEXT,	/* text, len */
	SIM_JSON,	/* text, len: JSON as it is sent (lists, objects, and values that don't fit their field) */
	SIM_LINKED,	/* links, len: slots of the linked table, each once; never empty */
	SIM_NEW_CHOICE,	/* text, len: a choice that a staged write will add; never stored */
	SIM_NEW_LINKS	/* text, len: JSON list of ids and {"name"}s to be found or made; never stored */
};

struct sim_cell {
	uint8_t			 kind;		/* enum sim_cell_kind */
	bool			 shared;	/* text or links belong to the base's pool */
	uint32_t		 len;
	union {
		double		 number;
		int64_t		 instant;
		uint32_t	 choice;
		char		*text;
		uint32_t	*links;
	};
};

struct sim_choice {
	char	 id[SIM_ID_SIZE];
	char	*name;
	char	*color;		/* NULL: none */
	bool	 removed;
};

struct formula;

enum sim_date_format { SIM_ISO, SIM_LOCAL, SIM_FRIENDLY, SIM_US, SIM_EUROPEAN, SIM_DATE_FORMATS };
enum sim_duration_format { SIM_H_MM, SIM_H_MM_SS, SIM_H_MM_SS_S, SIM_H_MM_SS_SS, SIM_H_MM_SS_SSS,
	SIM_DURATION_FORMATS };

struct sim_field {
	char			 id[SIM_ID_SIZE];
	char			*name;
	char			*description;	/* NULL: none */
	enum sim_type		 type;
	bool			 removed;
	int			 precision;	/* number, currency, percent */
	int			 max;		/* rating */
	char			*symbol;	/* currency */
	enum sim_date_format	 date_format;
	bool			 clock_12;	/* dateTime: 3:30pm */
	char			*zone;		/* dateTime: IANA name, "client"; NULL: "utc" */
	enum sim_duration_format duration_format;
	struct sim_choice	*choices;
	uint32_t		 choice_count;
	char			*formula_text;
	struct formula		*formula;
	struct sim_table	*linked;	/* links: whose records they name; NULL: never was one */
	uint16_t		 inverse;	/* links: place + 1 of the linked table's field that mirrors them; 0: none */
	bool			 reversed;	/* links: the field was made as the inverse of another */
	bool			 single;	/* links: the app lets people choose one record only */
	uint16_t		 via;		/* lookup, rollup, count: place + 1 of the links; 0: none */
	uint16_t		 target;	/* lookup, rollup: place of the linked table's field */
	enum sim_type		 result;	/* formula, rollup: how the result is formatted */
};

struct sim_row {
	char		 id[SIM_ID_SIZE];
	bool		 deleted;
	uint8_t		 created_by;	/* places among the base's collaborators */
	uint8_t		 modified_by;
	uint16_t	 cell_count;
	uint32_t	 change;	/* its place in the action under way, if that agrees (action.c) */
	int64_t		 created_ms;
	int64_t		 modified_ms;
	int64_t		 before_ms;	/* modified_ms before the last change */
	struct sim_cell	*cells;
};

struct sim_table {
	struct sim_base		*base;
	char			 id[SIM_ID_SIZE];
	char			 view_id[SIM_ID_SIZE];	/* its one view, "Grid view" */
	char			*name;
	char			*description;		/* NULL: none */
	bool			 removed;
	struct sim_field	*fields;		/* the first is the primary one */
	size_t			 field_count;
	struct sim_row		*rows;			/* by slot, in order of creation */
	uint32_t		 row_count;		/* slots used */
	uint32_t		 row_capacity;
	uint32_t		 live_count;
	uint32_t		*index;			/* hash of ids -> slot + 1 */
	uint32_t		 index_size;		/* power of two */
};

/* Somebody who may work in the base. */
struct sim_user {
	char	id[SIM_ID_SIZE];
	char	name[80];	/* "": payloads tell no user */
	char	email[100];
};

/* The user that all tokens belong to. */
#define SIM_USER_ID	"usrOrderdeckDemo1"
#define SIM_USER_NAME	"Orderdeck demo"
#define SIM_USER_EMAIL	"demo@example.com"

#define SIM_COLLABORATORS_MAX	100

struct sim_comment;

struct sim_base {
	char			 id[SIM_ID_SIZE];
	char			*name;
	struct sim_table	*tables[SIM_TABLES_MAX];
	size_t			 table_count;
	struct sim_random	 random;	/* ids of what is created later */
	uint64_t		 transactions;	/* actions so far: baseTransactionNumber */
	char			**pool;		/* texts that many cells share */
	size_t			 pool_count;
	void			**kept;		/* links that many cells have in one block */
	size_t			 kept_count;
	struct sim_user		 collaborators[SIM_COLLABORATORS_MAX];
	size_t			 collaborator_count;
	struct sim_comment	*comments;	/* comments.h */
	size_t			 comment_count;
};

/* NULL: out of memory. */
struct sim_base	*sim_base_new(const char *id, const char *name, uint64_t seed);
void		 sim_base_free(struct sim_base *);
/* By id or name; NULL: none. */
struct sim_table *sim_base_table(const struct sim_base *, struct str id_or_name);
/* From now on they are one of the base's, while there is room.  Their place; 0, the token's user: no room. */
size_t		 sim_base_add_user(struct sim_base *, const struct sim_user *);
/* Who has this id, address (in any case) or name; NULL: nobody. */
const struct sim_user *sim_base_user(const struct sim_base *, struct str);
/* The base keeps ${text} (malloc'ed) until its end.  False: out of memory, text freed. */
bool		 sim_base_pool(struct sim_base *, char *text);
/* The same for a block that shared cells point into. */
bool		 sim_base_keep(struct sim_base *, void *block);

/* A new empty table; NULL: out of memory or too many. */
struct sim_table *sim_table_new(struct sim_base *, const char *name);
/* A new field with a fresh id; NULL as above.  The pointer is valid until the next one is added. */
struct sim_field *sim_table_add_field(struct sim_base *, struct sim_table *,
		    const char *name, enum sim_type);
/* Undo the last sim_table_new(), sim_table_add_field(): nothing may link to what goes. */
void		 sim_base_drop_last_table(struct sim_base *);
void		 sim_table_drop_last_field(struct sim_table *);
/* Place of a field by id or name, or -1. */
int		 sim_table_field(const struct sim_table *, struct str id_or_name);
/* Slot of a record, deleted ones included; SIM_NO_ROW: never there. */
uint32_t	 sim_table_row(const struct sim_table *, struct str id);
/* A new empty row with ${id} (NULL: a fresh one); SIM_NO_ROW: out of memory. */
uint32_t	 sim_table_add_row(struct sim_base *, struct sim_table *, const char *id,
		    int64_t created_ms);
/* Room for ${rows} in all, so that adding them moves nothing. */
bool		 sim_table_reserve(struct sim_table *, uint32_t rows);
void		 sim_table_delete_row(struct sim_table *, uint32_t slot);
/* Take a deleted row out of the bin. */
void		 sim_table_restore_row(struct sim_table *, uint32_t slot);

/* Place of a choice by its exact name, or -1. */
int		 sim_field_choice(const struct sim_field *, struct str name);
/* Place of the choice, added when it is new; -1: out of memory. */
int		 sim_field_add_choice(struct sim_base *, struct sim_field *, struct str name);
/*
 * Does what the lookup, rollup or count of the table goes by still exist:
 * the link field and, but for a count, the linked table's field?
 */
bool		 sim_field_follows(const struct sim_table *, const struct sim_field *);
/* Can nobody write fields of the type?  (kinds.h has more about types.) */
bool		 sim_type_is_computed(enum sim_type);

/* It is modified now, by that collaborator. */
void		 sim_row_touch(struct sim_row *, bool milliseconds, int64_t now_ms, size_t by);
/* The cell, or an empty one. */
const struct sim_cell *sim_row_cell(const struct sim_row *, size_t field);
/* The slots that a cell links to, *count of them; NULL: none. */
const uint32_t	*sim_links(const struct sim_cell *, size_t *count);
/* Put ${cell} (its text becomes the row's; links.h has what links need).  False: out of memory, cell untouched. */
bool		 sim_row_set(struct sim_row *, size_t field, struct sim_cell cell);

/* Own copy of len bytes with a NUL behind; NULL: out of memory. */
char		*sim_copy(struct str);
/* prefix + 14 alphanumerics? */
bool		 sim_id_valid(struct str, const char *prefix);

#endif

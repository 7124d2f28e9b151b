#ifndef COMMON_TABLES_SCHEMA_H
#define COMMON_TABLES_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/str.h"

/*
 * What a table is, as data.  Decoding Airtable's JSON, the stored row, its
 * columns and orderings, the list's parameters and the written JSON all
 * follow a constant descriptor; a new table is a new descriptor.
 */
#define SCHEMA_FIELDS_MAX	16	/* fields a table may have; a record costs 32 bytes for each */
#define TABLE_NAME_MAX		63	/* bytes of a table's name */
#define TABLES_MAX		128	/* and numbers of tables: they are below this */
#define SCHEMA_NO_FIELD		SIZE_MAX	/* the table has no such field */

/* What a field holds; kind.h has what follows from it. */
enum field_kind {
	FIELD_TEXT,
	FIELD_LONG_TEXT,	/* of several lines */
	FIELD_EMAIL,
	FIELD_URL,
	FIELD_PHONE,
	FIELD_SELECT,	/* one of named options, which have a workflow order */
	FIELD_MONEY,	/* units of 1/10000, see money.h */
	FIELD_INTEGER,	/* within FIELD_INTEGER_MAX, as in any JSON reader */
	FIELD_DECIMAL,	/* units of 1/10^8: Airtable keeps up to eight decimals */
	FIELD_PERCENT,	/* 1 is 100 %; units of 1/10^10: up to eight decimals of a percent */
	FIELD_DURATION,	/* milliseconds; seconds in JSON */
	FIELD_BOOLEAN,	/* 0 or 1, never empty: an unticked box is false */
	FIELD_DATE,	/* a calendar day, the same in every zone: days since 1970-01-01 */
	FIELD_INSTANT	/* milliseconds since 1970, UTC, or a date, see moment.h */
};
#define FIELD_INTEGER_MAX	INT64_C(9007199254740991)	/* and its negative */

enum field_flag {
	FIELD_SEARCH = 1,	/* found by ?search= */
	FIELD_EXACT = 2,	/* filter ?<name>=value, byte for byte (kinds stored as text) */
	FIELD_SORT = 4,		/* ?sort=<name> */
	FIELD_WRITE = 8,	/* may be changed through the API */
	FIELD_KEY = 16,		/* the business id: a row is found by it too */
	FIELD_GROUP = 32,	/* the summary counts rows by it (select) */
	FIELD_CREATE = 64,	/* may be given when a record is created through the API */
	FIELD_STAMP = 128,	/* changes with the record: to the history no change of its own */
	FIELD_NAMES = 256	/* people know a row by it: the history tells it of each row */
};

struct field {
	const char		*name;		/* in the API: "orderTotal" */
	const char		*airtable;	/* default name in Airtable: "Order Total" */
	enum field_kind		 kind;
	unsigned		 flags;
	const char *const	*options;	/* FIELD_SELECT: in workflow order */
	size_t			 option_count;
	const char		*from, *to;	/* range parameters, or NULL: "createdFrom" (inclusive) ... */
	bool			 to_inclusive;	/* maxTotal is, createdTo is not */
	const char		*title;		/* for people; NULL: the name in Airtable */
};

struct schema {
	const char		*name;		/* "orders" */
	const char		*airtable;	/* default name of its table in Airtable: "Orders" */
	unsigned		 number;	/* stands for it in the store: never 0, never used again */
	const struct field	*fields;
	size_t			 field_count;
	size_t			 default_sort;	/* field index */
	bool			 default_descending;
	/* Each of these, or SCHEMA_NO_FIELD: */
	size_t			 sum_field;	/* FIELD_MONEY: what the summary adds up */
	size_t			 day_field;	/* FIELD_INSTANT: whose days it counts */
	size_t			 state_field;	/* FIELD_GROUP: some of its options bring no revenue */
	const char		*title;		/* for people: "Orders"; NULL: the name */
	const char		*noun;		/* one row of it: "order"; NULL: "row" */
};

/* Index of the field with this API name, or -1. */
int	schema_field(const struct schema *, struct str name);
/* Index of the business id (FIELD_KEY), or SCHEMA_NO_FIELD. */
size_t	schema_key(const struct schema *);

/* What people call the table, one row of it, and a field. */
static inline const char *
schema_title(const struct schema *s)
{
	return s->title != NULL ? s->title : s->name;
}

static inline const char *
schema_noun(const struct schema *s)
{
	return s->noun != NULL ? s->noun : "row";
}

static inline const char *
field_title(const struct field *f)
{
	return f->title != NULL ? f->title : f->airtable;
}

/*
 * One field's value.  Empty in Airtable is present == false.  Texts and
 * selects are in text (a select by its option's name), all else is in number; an
 * instant that is a date without a time is in both (moment.h).
 */
struct value {
	bool		present;
	struct str	text;
	int64_t		number;
};

/*
 * One record, or what is known of it: the fields whose bit is set in known
 * (bit i: field i).  The strings belong to its maker.
 */
struct record {
	struct str	id;		/* Airtable record id */
	uint32_t	known;
	struct value	values[SCHEMA_FIELDS_MAX];
	/* fields that Airtable sent and that are empty, as: the value was not understood; its formula failed */
	uint32_t	odd, failed;
};

/* All fields of a schema, for struct record's known. */
static inline uint32_t
schema_all(const struct schema *s)
{
	return (uint32_t)((UINT64_C(1) << s->field_count) - 1);
}

/* The orders table (tables/orders.c) and the places of its fields. */
enum orders_field {
	ORDER_ORDER_ID,
	ORDER_CUSTOMER,
	ORDER_STATUS,
	ORDER_PRIORITY,
	ORDER_TOTAL,
	ORDER_CREATED_AT,
	ORDER_UPDATED_AT,
	ORDER_FIELDS
};
extern const struct schema orders_schema;

#endif

#ifndef COMMON_TABLES_KIND_H
#define COMMON_TABLES_KIND_H

#include <cjson/cJSON.h>

#include "common/base/buf.h"
#include "common/tables/schema.h"

/*
 * What the kinds of fields are.  What is special to one kind is asked here or in
 * a switch over all of them, without a default, so that the compiler finds every
 * place that a new kind has to be told about.
 */
enum kind_storage {	/* in columns (columns.h) and orderings */
	STORED_TEXT,	/* the folded text */
	STORED_CODE,	/* the code of the option */
	STORED_NUMBER	/* the number */
};

enum kind_filter {	/* what its parameters of a list are */
	FILTER_EXACT,	/* ?name=text, if the field has FIELD_EXACT */
	FILTER_OPTIONS,	/* ?name=option */
	FILTER_RANGE,	/* the field's from and to */
	FILTER_TICK	/* ?name=true, ?name=false */
};

struct kind {
	const char		*name;		/* in the API: "longText" */
	enum kind_filter	 filter;
	bool			 search, sort;	/* may have FIELD_SEARCH, FIELD_SORT */
	int			 decimals;	/* of its units (fixed.h); -1: no such number */
};

/* The facts about a kind; they last for good. */
const struct kind	*kind_of(enum field_kind);

static inline enum kind_storage
kind_storage(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
		return STORED_TEXT;
	case FIELD_SELECT:
		return STORED_CODE;
	case FIELD_MONEY:
	case FIELD_INSTANT:
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
	case FIELD_BOOLEAN:
	case FIELD_DATE:
		break;
	}
	return STORED_NUMBER;
}

/* Is a value its text?  Else it is its number. */
static inline bool
kind_is_text(enum field_kind kind)
{
	return kind_storage(kind) != STORED_NUMBER;
}

/* What a field has that Airtable shows nothing in: empty, but an unticked box is false. */
static inline struct value
kind_nothing(enum field_kind kind)
{
	return (struct value){ .present = kind == FIELD_BOOLEAN };
}

/* Is the number one that a value of this kind can have? */
bool		 kind_in_range(enum field_kind, int64_t number);

/* Add the value as the API shows it; null when it is empty. */
void		 kind_add_json(struct buf *, enum field_kind, const struct value *);

/*
 * Read a value as kind_add_json() writes it, and a number also with zeros or an
 * exponent.  Texts of ${v} lie in ${json}; their lengths are not limited.  NULL,
 * or what the member has to be, after its name: "must be true or false".
 */
const char	*kind_parse_json(enum field_kind, const cJSON *json, struct value *v);

/*
 * Read a number from text, as a parameter has it: "12.5", "2026-11-28".  For an
 * instant, a date counts as its midnight UTC.  NULL, or what it has to be.
 */
const char	*kind_parse_number(enum field_kind, struct str text, int64_t *number);

/* Is a text that someone wants to write one of this kind?  NULL, or what it has to be. */
const char	*kind_check_text(enum field_kind, struct str text);

#endif

#ifndef COMMON_QUERY_FILTER_H
#define COMMON_QUERY_FILTER_H

#include "common/base/buf.h"
#include "common/query/query.h"
#include "common/store/columns.h"
#include "common/store/orderings.h"

/*
 * The inside of a parsed query, private to query/.
 */
struct query_range {
	bool	used;
	int64_t	low;		/* inclusive */
	int64_t	high;		/* inclusive */
};

struct query {
	const struct schema	*schema;
	/* sorting and paging */
	unsigned		 sort;		/* field */
	bool			 descending;
	uint32_t		 page;
	uint32_t		 page_size;
	bool			 after;		/* a cursor was given: */
	struct sort_key		 cursor;	/* its strings lie in cursor_bytes */
	char			 cursor_bytes[QUERY_CURSOR_MAX];
	/* filters */
	bool			 filtered;
	bool			 by_option[SCHEMA_FIELDS_MAX];
	bool			 option[SCHEMA_FIELDS_MAX][256];	/* wanted codes */
	struct query_range	 range[SCHEMA_FIELDS_MAX];
	bool			 by_exact[SCHEMA_FIELDS_MAX];
	int64_t			 exact_hash[SCHEMA_FIELDS_MAX];
	bool			 empty[SCHEMA_FIELDS_MAX];	/* empty matches too, beside the field's other conditions */
	bool			 filled[SCHEMA_FIELDS_MAX];	/* only non-empty matches; a select uses its codes for both */
	struct buf		 search;				/* folded; empty: none */
	/* rows that match, a bit each; grows with the store */
	uint64_t		*bits;
	size_t			 bits_words;
	struct few		*few;		/* query/few.c; NULL: not needed yet */
};

/* Fill q->bits for every row below ${rows_end}; *total is how many are set. */
enum err	query_filter(struct query *, struct store *, uint32_t rows_end,
		    uint64_t *total);

/* Is it cheaper to sort the ${total} rows that match than to look for them among ${count}? */
bool		query_few_pays(const struct query *, uint64_t total, uint32_t count);
/* Fill page->rows that way, after query_filter(); *more: further ones follow. */
enum err	query_few(struct query *, struct store *, struct query_page *, bool *more);

/* Text form of a cursor at ${key}, and back (false: not one of ours, or of another sort). */
void		query_cursor_format(const struct query *, const struct sort_key *key,
		    char text[static QUERY_CURSOR_MAX + 1]);
bool		query_cursor_parse(struct query *, struct str text);

#endif

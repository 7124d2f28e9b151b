#ifndef SYNCD_APPLY_ORDERINGS_H
#define SYNCD_APPLY_ORDERINGS_H

#include "common/store/orderings.h"
#include "syncd/apply/parts.h"

/*
 * One ordering (field, direction) while it is being changed: orderings.c moves
 * rows in it, ordering_sort.c sorts all of it again, and ordering_keep.c
 * chooses the cheaper of the two for each.
 */
struct chunk {
	uint32_t	 id;
	uint32_t	 n;
	const char	*map;		/* as stored, while rows is NULL */
	uint32_t	*rows;		/* own copy: changed, to be written */
};

struct sequence {
	struct apply_table	*t;
	unsigned		 field;
	bool			 descending;
	bool			 inserting;	/* keys of changed rows are the new ones */
	struct chunk		*chunks;
	size_t			 count, room;
	uint32_t		 next_id;
	struct str		*segments;	/* of the field's column, once looked up */
};

/* What a row sorts by: as it was, or as it will be when inserting. */
enum err	sequence_key(struct sequence *, uint32_t row, bool with_id, struct sort_key *);
/* Load it as stored: rows stay in the map until a chunk changes. */
enum err	sequence_load(struct sequence *);
/* Remove the item's row, which is still under its old key; insert it under the new one. */
enum err	sequence_remove(struct sequence *, const struct apply_item *);
enum err	sequence_insert(struct sequence *, const struct apply_item *);
/* Store what has changed. */
enum err	sequence_write(struct sequence *);
/* Write a whole sequence in place of the one stored. */
enum err	sequence_replace(struct apply_table *, unsigned field, bool descending,
	    const uint32_t *rows, size_t n);
void	sequence_free(struct sequence *);

/* For every row number the rank of its record id among all ids: *ranks is malloc'ed. */
enum err	apply_rank_ids(struct apply_table *, uint32_t **ranks);
/* Sort both directions of a field again. */
enum err	apply_sort_field(struct apply_table *, unsigned field, const uint32_t *ranks);

#endif

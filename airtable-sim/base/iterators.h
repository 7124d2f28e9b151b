#ifndef AIRTABLE_SIM_BASE_ITERATORS_H
#define AIRTABLE_SIM_BASE_ITERATORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "airtable-sim/base/base.h"

/*
 * Listings under way.  Each holds which records were there, and in which
 * order, when its first page was asked for; values are read again for every
 * page.  A token "itr.../rec..." names the listing and the record that the
 * next page begins with.  The one that was not used longest makes room when
 * there are too many.
 */
#define SIM_ITERATORS_MAX	64

struct sim_iterator {
	char		 id[SIM_ID_SIZE];
	char		 table[SIM_ID_SIZE];
	uint32_t	*slots;
	size_t		 count, capacity;
	size_t		 next;		/* where the last page ended: the likely place to go on */
	uint32_t	 rows_seen;	/* the table's slots when this was made or last added to */
	bool		 complete;	/* nothing may be added: maxRecords or a filter limits it */
	int64_t		 used_ms;
};

struct sim_iterators {
	struct sim_iterator	*list[SIM_ITERATORS_MAX];
	struct sim_random	 random;
};

/* A new empty one; NULL: out of memory. */
struct sim_iterator *sim_iterators_add(struct sim_iterators *, const struct sim_table *,
		    int64_t now_ms);
bool		 sim_iterator_push(struct sim_iterator *, uint32_t slot);

enum sim_offset { SIM_OFFSET_OK, SIM_OFFSET_INVALID, SIM_OFFSET_EXPIRED };
/* The listing and the place that ${offset} means. */
enum sim_offset	 sim_iterators_find(struct sim_iterators *, const struct sim_table *,
		    struct str offset, int64_t now_ms, int64_t ttl_ms,
		    struct sim_iterator **, size_t *place);
void		 sim_iterators_drop(struct sim_iterators *, struct sim_iterator *);
/* As a restart of the server would. */
void		 sim_iterators_expire(struct sim_iterators *);

#endif

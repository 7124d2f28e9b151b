#ifndef AIRTABLE_SIM_API_COMMENTS_H
#define AIRTABLE_SIM_API_COMMENTS_H

#include "airtable-sim/base/base.h"

/* What people have to say about records: kept with the base, oldest first. */
#define SIM_COMMENTS_MAX	10000		/* of a base */
#define SIM_COMMENT_TEXT_MAX	100000		/* bytes */

struct sim_comment {
	char		 id[SIM_ID_SIZE];
	char		 record[SIM_ID_SIZE];
	char		 parent[SIM_ID_SIZE];	/* "": it answers none */
	struct sim_user	 author;
	int64_t		 created_ms;
	int64_t		 updated_ms;		/* 0: never */
	char		*text;
};

/* How many there are about the record. */
size_t	sim_comments_of(const struct sim_base *, const char *record);
/* Forget all. */
void	sim_comments_free(struct sim_base *);

#endif

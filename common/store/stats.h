#ifndef COMMON_STORE_STATS_H
#define COMMON_STORE_STATS_H

#include "common/store/store.h"

/* How the store's file and its table of readers are filled, for metrics. */
struct store_stats {
	uint64_t	page_bytes;
	uint64_t	pages;		/* used, free ones among them included */
	uint64_t	map_bytes;
	uint64_t	readers;	/* the most slots that were ever in use at once */
	uint64_t	readers_max;
	uint64_t	oldest_lag;	/* commits that the oldest snapshot in use is behind */
	uint64_t	history;	/* entries kept */
};

/* Within a snapshot. */
void	store_stats(struct store *, struct store_stats *);

#endif

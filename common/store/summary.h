#ifndef COMMON_STORE_SUMMARY_H
#define COMMON_STORE_SUMMARY_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/store/keys.h"
#include "common/store/store.h"

/*
 * The summary of a table as a finished JSON body, written by syncd with
 * every commit that changes it, identity and gzip.  It holds the 30 days
 * that end today in summary.time_zone.  When a new day has begun since it was
 * written, summary_get() composes a new one from the stored totals, so that
 * midnight needs no sync and no daemon.  Its generation is the last that changed it.  A table without a day field has no days,
 * one without a sum field counts only, one without a state field has no revenue.
 */
#define SUMMARY_DAYS	30

struct summary_body {
	struct str	json;
	struct str	gzip;		/* the same, compressed */
	int32_t		day;		/* "today" in it, days since 1970 */
	int64_t		from_ms;	/* when that day begins */
	int64_t		until_ms;	/* when it has ended */
	int64_t		synced_ms;	/* its syncedAt */
	uint32_t	checksum;	/* CRC 32 of json */
};

struct summary_cache;	/* one per worker and table: the body composed after midnight */
struct summary_cache	*summary_cache_new(void);
void		 summary_cache_free(struct summary_cache *);

/*
 * The body at the store's snapshot as of ${now_ms}.  Valid until the
 * snapshot ends or the next call.  Within a generation it changes with the
 * day, with synced_ms and with settings; the checksum shows it.  Uses zone.h:
 * one thread of a process only.
 */
enum err	 summary_get(struct summary_cache *, struct store *, const struct schema *,
		    int64_t now_ms, struct summary_body *);

/*
 * For the writer: compose the stored form of the body (summary.c has its
 * layout) from the totals in ${txn}.  The zone must be in use.
 */
enum err	 summary_compose(struct buf *stored, struct db_txn *, const struct store_dbs *,
		    const struct schema *, const struct store_head *, int64_t now_ms);

/*
 * To check the store: is the stored body what the totals in ${txn} give for
 * its day, and its gzip the same?  ERR_STORE_CORRUPT: no.  The zone must be in
 * use.
 */
enum err	 summary_check(struct db_txn *, const struct store_dbs *, const struct schema *,
		    const struct store_head *);

#endif

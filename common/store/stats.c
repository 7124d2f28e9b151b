#include "common/store/keys.h"
#include "common/store/stats.h"

void
store_stats(struct store *st, struct store_stats *stats)
{
	struct db_txn *txn = store_txn(st);
	uint64_t newest = db_txn_id(txn);
	struct db_space space;

	db_space(txn->db, &space);
	*stats = (struct store_stats){
		.page_bytes = space.page_bytes, .pages = space.pages, .map_bytes = space.map_bytes,
		.readers = space.readers, .readers_max = space.readers_max,
		.oldest_lag = space.oldest != 0 && space.oldest < newest ? newest - space.oldest : 0,
		.history = db_count(txn, store_databases(st)->history)
	};
}

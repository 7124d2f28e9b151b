#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/keys.h"
#include "common/store/stats.h"

struct scan {
	uint64_t	newest;
	uint64_t	oldest;	/* 0: none */
};

/* A line of LMDB's table, "pid thread txnid": "-" where no snapshot is open.  The head line has no numbers. */
static int
take_reader(const char *line, void *cookie)
{
	struct scan *s = cookie;
	const char *last = strrchr(line, ' ');
	uint64_t txn;

	if (last == NULL || last[1] < '0' || last[1] > '9')
		return 0;
	txn = strtoull(last + 1, NULL, 10);
	if (s->oldest == 0 || txn < s->oldest)
		s->oldest = txn;
	return 0;
}

void
store_stats(struct store *st, struct store_stats *stats)
{
	MDB_txn *txn = store_txn(st);
	MDB_env *env = mdb_txn_env(txn);
	struct scan scan = { .newest = mdb_txn_id(txn) };
	MDB_envinfo info;
	MDB_stat stat, history;

	memset(stats, 0, sizeof(*stats));
	if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &stat) != 0 ||
	    mdb_stat(txn, store_databases(st)->history, &history) != 0 ||
	    mdb_reader_list(env, take_reader, &scan) < 0)
		return;
	*stats = (struct store_stats){
		.page_bytes = stat.ms_psize, .pages = info.me_last_pgno + 1,
		.map_bytes = info.me_mapsize, .readers = info.me_numreaders,
		.readers_max = info.me_maxreaders,
		.oldest_lag = scan.oldest != 0 && scan.oldest < scan.newest ?
		    scan.newest - scan.oldest : 0,
		.history = history.ms_entries
	};
}

#ifndef TESTS_FUZZ_FUZZ_STORE_H
#define TESTS_FUZZ_FUZZ_STORE_H

#include <sys/wait.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config/config.h"
#include "common/store/store.h"

/* A small store for a fuzz target, and a check that ends it. */

static inline void
must(bool ok)
{
	if (!ok)
		abort();
}

static inline int
fuzz_remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/*
 * Let ${fill} make a store where ${config} says, and open it.  The writer is
 * another process, as LMDB requires; the files are removed once they are open.
 */
static inline struct store *
fuzz_store(struct config *config, void (*fill)(const struct config *))
{
	char dir[] = "/tmp/orderdeck-fuzz-XXXXXX";
	struct store *store;
	int status;
	pid_t pid;

	must(mkdtemp(dir) != NULL);
	(void)snprintf(config->store.path, sizeof(config->store.path), "%s/store", dir);
	(void)strcpy(config->summary.time_zone, "UTC");
	config->store.map_size_bytes = 1 << 24;
	config->store.map_limit_bytes = 1 << 26;
	config->store.changes_kept = 10;
	must((pid = fork()) != -1);
	if (pid == 0) {
		fill(config);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid && status == 0);
	must(store_open(config->store.path, &tables_builtin, &store) == ERR_OK);
	must(nftw(dir, fuzz_remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0);
	return store;
}

#endif

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/made_store.h"

void
must(bool ok)
{
	if (!ok)
		abort();
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

struct store *
made_store(struct config *config, void (*fill)(const struct config *))
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
	must(nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0);
	return store;
}

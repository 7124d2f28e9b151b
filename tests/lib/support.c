#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/support.h"

#define DIRS_MAX	16

static char dirs[DIRS_MAX][64];
static int dir_count;
static pid_t dir_owner;

int
run_suite(Suite *s)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int64_t
patience(int64_t ms)
{
	const char *factor = getenv("TEST_PATIENCE");
	long n = factor == NULL ? 1 : strtol(factor, NULL, 10);

	return ms * (n > 1 ? n : 1);
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void
remove_dirs(void)
{
	if (getpid() != dir_owner)
		return;
	for (int i = 0; i < dir_count; i++)
		(void)nftw(dirs[i], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
tmpdir_new(void)
{
	char *dir;

	if (dir_owner != getpid()) {	/* first use in this (forked) test */
		dir_owner = getpid();
		dir_count = 0;
		ck_assert_int_eq(atexit(remove_dirs), 0);
	}
	ck_assert_int_lt(dir_count, DIRS_MAX);
	dir = dirs[dir_count];
	/* in memory if possible: these tests commit thousands of times */
	(void)strcpy(dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/orderdeck-test-XXXXXX" :
	    "/tmp/orderdeck-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_count++;
	return dir;
}

char *
source_file(const char *name)
{
	char at[512] = "";
	FILE *f = NULL;
	char *text = calloc(1, 1 << 20);

	ck_assert_ptr_nonnull(text);
	for (int up = 0; up < 6 && f == NULL; up++) {
		char full[700];

		(void)snprintf(full, sizeof(full), "%s%s", at, name);
		f = fopen(full, "r");
		(void)strcat(at, "../");
	}
	ck_assert_msg(f != NULL, "%s is not found from here", name);
	ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, f), 0);
	(void)fclose(f);
	return text;
}

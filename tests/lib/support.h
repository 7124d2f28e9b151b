#ifndef TESTS_LIB_SUPPORT_H
#define TESTS_LIB_SUPPORT_H

#include <check.h>
#include <stdint.h>

/* Run it (CK_FORK as the environment says) and return main's exit status. */
int		 run_suite(Suite *);

/* A new folder of this test's own, removed with all in it when the process ends. */
const char	*tmpdir_new(void);

/* The text of a file of the source tree, wherever in it the test is run; to be freed. */
char		*source_file(const char *name);

/*
 * ${ms} times TEST_PATIENCE (1 when it is not set): a time that only a
 * broken program exceeds, also under valgrind on a busy machine.
 */
int64_t		 patience(int64_t ms);

#endif

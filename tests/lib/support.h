#ifndef TESTS_LIB_SUPPORT_H
#define TESTS_LIB_SUPPORT_H

#include <check.h>
#include <stdint.h>

/* Run the suite (forking as CK_FORK says) and return main's exit status. */
int		 run_suite(Suite *);

/* A new folder for this test alone, removed with its contents when the process ends. */
const char	*tmpdir_new(void);

/* The text of a file of the source tree, from wherever in it the test is run; to be freed. */
char		*source_file(const char *name);

/*
 * ${ms} times TEST_PATIENCE (1 when it is not set): a time that only a
 * broken program exceeds, even under valgrind on a busy machine.
 */
int64_t		 patience(int64_t ms);

#endif

#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <check.h>

/* Run it (CK_FORK as the environment says) and return main's exit status. */
int		 run_suite(Suite *);

/* A new folder of this test's own, removed with all in it when the process ends. */
const char	*tmpdir_new(void);

#endif

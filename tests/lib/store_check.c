#include "syncd/verify/verify.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

static void
first_fault(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	ck_abort_msg("%s: %s", where, what);
}

void
store_check(struct store *st)
{
	struct verify_result result;

	ck_assert_int_eq(verify_store(st, first_fault, NULL, &result), ERR_OK);
	ck_assert_uint_eq(result.faults, 0);
}

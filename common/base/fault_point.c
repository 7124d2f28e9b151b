#include "common/base/fault_point.h"

#ifdef ORDERDECK_FAULT_POINTS
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void
fault_point(const char *name)
{
	static unsigned long passed;
	const char *fault = getenv("ORDERDECK_FAULT");
	size_t n = strlen(name);

	if (fault == NULL || strncmp(fault, name, n) != 0 || fault[n] != ':')
		return;
	if (++passed >= strtoul(fault + n + 1, NULL, 10))
		(void)raise(SIGKILL);
}
#endif

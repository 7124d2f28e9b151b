#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/notify.h"
#include "fcgi-api/ready.h"

#define READY_MS	10000
#define LOOK_MS		100

void
ready_tell(int fd)
{
	if (fd == -1)
		return;
	if (write(fd, "", 1) != 1)
		log_warn("can't tell the master that this process serves: %s", strerror(errno));
	(void)close(fd);
}

static bool
asked_to_stop(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	    (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

bool
ready_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t until_ms = instant_monotonic() + READY_MS;
	char byte;

	while (instant_monotonic() < until_ms && !asked_to_stop()) {
		if (poll(&p, 1, LOOK_MS) == 1)
			return read(fd, &byte, 1) == 1;
		if (notify_interval() > 0)
			notify_alive();
	}
	return false;
}

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/notify.h"

static int notify_fd = -1;
static int64_t interval_ms;

static void
connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);

	if ((path[0] != '/' && path[0] != '@') || len >= sizeof(addr.sun_path)) {
		log_warn("service manager: NOTIFY_SOCKET is not the name of a socket");
		return;
	}
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')	/* an abstract one */
		addr.sun_path[0] = '\0';
	else
		size++;
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify_fd == -1 || connect(notify_fd, (const struct sockaddr *)&addr, size) == -1) {
		log_warn("service manager: %s: %s", path, strerror(errno));
		if (notify_fd != -1)
			(void)close(notify_fd);
		notify_fd = -1;
	}
}

/* Ping at half the time after which the manager ends a silent process. */
static void
read_watchdog(void)
{
	const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");
	long long n;

	if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return;
	n = strtoll(usec, NULL, 10);
	if (n >= 2000)
		interval_ms = n / 2000;
}

void
notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path != NULL)
		connect_to(path);
	if (notify_fd != -1)
		read_watchdog();
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_PID");
	(void)unsetenv("WATCHDOG_USEC");
}

static void __attribute__((format(printf, 1, 2)))
tell(const char *fmt, ...)
{
	char text[256];
	va_list args;
	int n;

	if (notify_fd == -1)
		return;
	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(text))
		return;
	if (send(notify_fd, text, (size_t)n, MSG_NOSIGNAL) == -1)
		log_warn("service manager: %s", strerror(errno));
}

void
notify_ready(const char *status)
{
	tell("READY=1\nSTATUS=%s", status);
}

void
notify_reloading(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		tell("RELOADING=1\nMONOTONIC_USEC=%lld",
		    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void
notify_stopping(void)
{
	tell("STOPPING=1");
}

void
notify_alive(void)
{
	tell("WATCHDOG=1");
}

int64_t
notify_interval(void)
{
	return interval_ms;
}

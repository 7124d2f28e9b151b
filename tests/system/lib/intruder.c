/*
 * What someone would try who has taken over syncd or a worker: loaded into the
 * real programs (LD_PRELOAD), it acts from within their loop every now and
 * then, and writes "PROGRAM ATTEMPT ERRNO" lines to INTRUDER_REPORT.  What is
 * not refused does no harm outside the process.  See 72-sandbox.mjs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define EVERY	25	/* turns of the loop */

static int report = -1;
static const char *outside, *store, *token;

__attribute__((constructor)) static void
arrive(void)
{
	const char *path = getenv("INTRUDER_REPORT");

	if (path == NULL || (strcmp(program_invocation_short_name, "syncd") != 0 &&
	    strcmp(program_invocation_short_name, "fcgi-api") != 0))
		return;
	outside = getenv("INTRUDER_OUTSIDE");
	store = getenv("INTRUDER_STORE");
	token = getenv("INTRUDER_TOKEN");
	report = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

static void
tell(const char *attempt, long result)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s %s %d\n", program_invocation_short_name, attempt,
	    result == -1 ? errno : 0);

	if (write(report, line, (size_t)n) != n)
		abort();
}

static void
try_open(const char *attempt, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	tell(attempt, fd);
	if (fd != -1)
		(void)close(fd);
}

static void
try_socket(const char *attempt, int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	tell(attempt, fd);
	if (fd != -1)
		(void)close(fd);
}

static void
try_to_listen(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };	/* the kernel finds one */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	tell("bind", bind(fd, (struct sockaddr *)&name, sizeof(name.sun_family)));
	tell("listen", listen(fd, 1));
	(void)close(fd);
}

static void
try_processes(void)
{
	char *const args[] = { "true", NULL };
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	tell("fork", pid);
	tell("exec", execve("/bin/true", args, environ));
	tell("ptrace", ptrace(PTRACE_PEEKDATA, getppid(), 0, 0));
	tell("signal", kill(getppid(), 0));
}

static void
try_kernel(void)
{
	struct rlimit most = { RLIM_INFINITY, RLIM_INFINITY };

	tell("bpf", syscall(SYS_bpf, 0, NULL, 0));
	tell("mount", syscall(SYS_mount, "none", "/nonexistent", "tmpfs", 0, NULL));
	tell("unshare", syscall(SYS_unshare, 0x10000000));
	tell("setuid", syscall(SYS_setuid, 0));
	tell("setrlimit", setrlimit(RLIMIT_CORE, &most));
}

static void
try_everything(void)
{
	int saved_errno = errno;

	try_socket("ip-socket", AF_INET);
	try_socket("packet-socket", AF_PACKET);
	try_socket("unix-socket", AF_UNIX);
	try_to_listen();
	try_processes();
	try_kernel();
	try_open("make-outside", outside, O_WRONLY | O_CREAT);
	try_open("write-etc", "/etc/passwd", O_WRONLY | O_APPEND);
	try_open("read-etc", "/etc/passwd", O_RDONLY);
	try_open("read-home", "/root", O_RDONLY | O_DIRECTORY);
	try_open("read-token", token, O_RDONLY);
	if (strcmp(program_invocation_short_name, "fcgi-api") == 0)
		tell("remove-store", unlink(store));
	errno = saved_errno;
}

static void
turn(void)
{
	static unsigned turns;

	if (report != -1 && ++turns % EVERY == 0)
		try_everything();
}

int
epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
	static int (*real)(int, struct epoll_event *, int, int);

	if (real == NULL)
		real = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
	turn();
	return real(fd, events, max, timeout);
}

int
epoll_pwait(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
	static int (*real)(int, struct epoll_event *, int, int, const sigset_t *);

	if (real == NULL)
		real = (int (*)(int, struct epoll_event *, int, int, const sigset_t *))dlsym(RTLD_NEXT,
		    "epoll_pwait");
	turn();
	return real(fd, events, max, timeout, mask);
}

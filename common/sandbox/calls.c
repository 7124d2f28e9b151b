#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/sandbox/calls.h"

#define CALLS_MAX	1024	/* numbers of system calls */
#define WORD_BITS	32

/*
 * Calls that are not in these lists are refused.  The lists hold what the
 * programs, glibc, libuv, libcurl with OpenSSL, LMDB and libxlsxwriter use, over
 * several years of kernels and libraries.  Calls that newer libraries only try
 * first are answered ENOSYS, so that they fall back to the older ones.
 */
static const int permitted[] = {
	/* files, as far as Landlock permits them */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(preadv), SCMP_SYS(pwritev), SCMP_SYS(open), SCMP_SYS(openat),
	SCMP_SYS(close), SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
	SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents), SCMP_SYS(getdents64),
	SCMP_SYS(getcwd), SCMP_SYS(lseek), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fsync),
	SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range), SCMP_SYS(flock), SCMP_SYS(fcntl),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
	SCMP_SYS(utimensat), SCMP_SYS(umask), SCMP_SYS(memfd_create), SCMP_SYS(dup), SCMP_SYS(dup2),
	SCMP_SYS(dup3), SCMP_SYS(sendfile), SCMP_SYS(fadvise64),
	/* memory */
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
	SCMP_SYS(msync), SCMP_SYS(mincore), SCMP_SYS(brk), SCMP_SYS(membarrier),
	/* existing sockets, and connecting; permit_sockets() is about making them */
	SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(accept), SCMP_SYS(accept4),
	SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
	SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg), SCMP_SYS(shutdown), SCMP_SYS(getsockname),
	SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	/* loops */
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6),
	SCMP_SYS(eventfd2), SCMP_SYS(signalfd4), SCMP_SYS(pipe), SCMP_SYS(pipe2),
	SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
	/* threads, time, the process's own signals */
	SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(set_tid_address), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler), SCMP_SYS(getcpu),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigsuspend),
	SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
	/* the process's own identity and limits */
	SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getgroups), SCMP_SYS(getpgrp),
	SCMP_SYS(getrlimit), SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname),
	SCMP_SYS(getrandom),
#ifdef SANDBOX_SANITIZED
	/* for LeakSanitizer at the end */
	SCMP_SYS(clone), SCMP_SYS(ptrace), SCMP_SYS(prctl), SCMP_SYS(wait4), SCMP_SYS(process_vm_readv),
#endif
};

/* Calls that newer libraries try first. */
static const int unknown[] = {
	SCMP_SYS(clone3), SCMP_SYS(openat2), SCMP_SYS(close_range), SCMP_SYS(io_uring_setup)
};

static const scmp_datum_t harmless_ioctls[] = { TCGETS, FIONREAD, FIONBIO, FIOCLEX };
static const scmp_datum_t harmless_prctls[] = {
	PR_SET_NAME, PR_GET_NAME,
#ifdef PR_SET_VMA
	PR_SET_VMA,	/* gives memory a name */
#endif
};

static atomic_uint refused[CALLS_MAX / WORD_BITS];

/* Where a system call's result stands.  Where that is not known, calls are refused without a log line. */
#if defined(__x86_64__)
#define ANSWER(context)	((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define ANSWER(context)	((context)->uc_mcontext.regs[0])
#endif

#ifdef ANSWER
#define REFUSE	SCMP_ACT_TRAP

/* A refused call: log the first of its number, and let it fail. */
static void
on_refused(int number, siginfo_t *info, void *cookie)
{
	ucontext_t *context = cookie;
	unsigned call = (unsigned)info->si_syscall % CALLS_MAX;
	unsigned bit = 1U << call % WORD_BITS;

	(void)number;
	if ((atomic_fetch_or(&refused[call / WORD_BITS], bit) & bit) == 0)
		log_refused_call(info->si_syscall);
	ANSWER(context) = -EPERM;
}

static int
catch_refused(void)
{
	struct sigaction action = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	(void)sigfillset(&action.sa_mask);	/* can't fail */
	(void)sigdelset(&action.sa_mask, SIGSYS);
	return sigaction(SIGSYS, &action, NULL) == 0 ? 0 : -errno;
}
#else
#define REFUSE	SCMP_ACT_ERRNO(EPERM)

static int
catch_refused(void)
{
	return 0;
}
#endif

static int
when(scmp_filter_ctx filter, uint32_t action, int call, unsigned arg, scmp_datum_t is)
{
	const struct scmp_arg_cmp compare = {
		.arg = arg, .op = SCMP_CMP_EQ, .datum_a = is, .datum_b = 0
	};

	return seccomp_rule_add_array(filter, action, call, 1, &compare);
}

static int
permit_sockets(scmp_filter_ctx filter, bool network)
{
	int rc = when(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 0, AF_UNIX);

	/* the resolver asks for the machine's addresses, but can do without them */
	if (rc == 0)
		rc = when(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 0, AF_NETLINK);
	if (rc == 0 && network)
		rc = when(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 0, AF_INET);
	if (rc == 0 && network)
		rc = when(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 0, AF_INET6);
	return rc;
}

/* Calls that are permitted only with some arguments. */
static int
permit_some(scmp_filter_ctx filter)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();
	const struct scmp_arg_cmp thread = {
		.arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD, .datum_b = CLONE_THREAD
	};
	int rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &thread);

	for (size_t i = 0; rc == 0 && i < sizeof(harmless_ioctls) / sizeof(harmless_ioctls[0]); i++)
		rc = when(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, harmless_ioctls[i]);
	for (size_t i = 0; rc == 0 && i < sizeof(harmless_prctls) / sizeof(harmless_prctls[0]); i++)
		rc = when(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0, harmless_prctls[i]);
	/* reading limits, not setting them */
	if (rc == 0)
		rc = when(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, 0);
	if (rc == 0)
		rc = when(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 0, self);
	if (rc == 0)
		rc = when(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0, self);
	return rc;
}

static int
add_list(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = seccomp_rule_add(filter, action, calls[i], 0);
	return rc;
}

static int
fill(scmp_filter_ctx filter, bool network)
{
	int rc = add_list(filter, SCMP_ACT_ALLOW, permitted, sizeof(permitted) / sizeof(permitted[0]));

	if (rc == 0)
		rc = add_list(filter, SCMP_ACT_ERRNO(ENOSYS), unknown, sizeof(unknown) / sizeof(unknown[0]));
	if (rc == 0)
		rc = permit_some(filter);
	return rc == 0 ? permit_sockets(filter, network) : rc;
}

enum err
sandbox_limit_calls(bool network)
{
	scmp_filter_ctx filter = seccomp_init(REFUSE);
	int rc;

	if (filter == NULL) {
		log_warn("sandbox: can't create the filter of system calls");
		return ERR_INTERNAL;
	}
	/* a tree instead of a list, so that a request costs no more than without the filter */
	if ((rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2)) == 0 &&
	    (rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1)) == 0 &&
	    (rc = fill(filter, network)) == 0 && (rc = catch_refused()) == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc == 0)
		return ERR_OK;
	log_warn("sandbox: system calls: %s", strerror(-rc));
	return ERR_INTERNAL;
}

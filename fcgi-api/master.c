#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/notify.h"
#include "common/base/pid_file.h"
#include "fcgi-api/fastcgi/listeners.h"
#include "fcgi-api/master.h"
#include "fcgi-api/ready.h"
#include "fcgi-api/worker.h"

#define WORKERS_MAX	64
#define SLOW_PLACE	WORKERS_MAX
#define METRICS_PLACE	(WORKERS_MAX + 1)
#define PLACES_MAX	(WORKERS_MAX + 2)
_Static_assert(PLACES_MAX == COUNTERS_BLOCKS, "a block each");
#define OLD_MAX		(4 * PLACES_MAX)	/* processes that drain */
#define BACKOFF_MS	100	/* doubles while a process keeps dying young */
#define BACKOFF_MAX_MS	5000
#define YOUNG_MS	5000
#define END_MS		(DRAIN_MS + 5000)	/* a process that drains longer is killed */
#define RELOAD_PAUSE_US	20000
#define ORPHAN_TRIES	30	/* tenths of a second for a dead master's workers to let go */

/* A socket and the process that serves it. */
struct place {
	char	name[24];	/* "api-0.sock" */
	char	path[108];
	int	listen_fd;	/* -1: unused place */
	int	(*run)(const struct worker_setup *);
	pid_t	pid;		/* 0: none at the moment */
	int64_t	started_ms;
	int64_t	backoff_ms;
	int64_t	respawn_ms;	/* pid 0: when to start one */
};

struct old {
	pid_t	pid;
	int64_t	end_ms;
};

struct master {
	const struct config_source *source;
	struct config	*config, *next_config;	/* the one in use, room for a reload */
	struct limits	 limits;
	struct counters	*counters;	/* NULL: no memory for them */
	struct place	 places[PLACES_MAX];
	struct old	 old[OLD_MAX];
	int		 pid_fd;
	int		 waiting_fd;	/* where a new process reports that it serves; -1: none */
	char		 pid_path[108];
	sigset_t	 signals;
	bool		 stopping;
};

static size_t
fast_workers(const struct config *c)
{
	int64_t n = c->api.workers;

	if (n == 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	if (n < 1)
		n = 1;
	return n > WORKERS_MAX ? WORKERS_MAX : (size_t)n;
}

/* Everything that a child must not keep of its master. */
static void
child_forget(struct master *m, const struct place *mine)
{
	for (size_t i = 0; i < PLACES_MAX; i++)
		if (&m->places[i] != mine && m->places[i].listen_fd != -1 &&
		    !listener_adopted(m->places[i].listen_fd))
			(void)close(m->places[i].listen_fd);
	listeners_forget(mine->listen_fd);
	(void)close(m->pid_fd);
	if (m->waiting_fd != -1)
		(void)close(m->waiting_fd);
}

static void
child_signals(void)
{
	sigset_t set;

	(void)signal(SIGINT, SIG_IGN);	/* a terminal's ^C is for the master to pass on */
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigemptyset(&set);	/* these can't fail */
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGUSR2);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}

static void __attribute__((noreturn))
child_main(struct master *m, struct place *p, size_t number, pid_t master, int ready_fd)
{
	struct worker_setup setup = { .config = m->config, .listen_fd = p->listen_fd,
	    .number = (int)number, .ready_fd = ready_fd, .limits = &m->limits, .counters = m->counters,
	    .block = m->counters == NULL ? NULL : &m->counters->blocks[number] };

	child_signals();
	/* a worker without its master drains and ends */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != master)
		_exit(EXIT_FAILURE);
	child_forget(m, p);
	_exit(p->run(&setup));
}

/* Start a process for the place; -1: none. */
static pid_t
start(struct master *m, size_t i, int ready_fd)
{
	struct place *p = &m->places[i];
	pid_t master = getpid(), pid = fork();

	if (pid == 0)
		child_main(m, p, i, master, ready_fd);
	if (pid == -1)
		log_error("%s: fork: %s", p->name, strerror(errno));
	return pid;
}

static void
place_served(struct master *m, struct place *p, pid_t pid)
{
	p->pid = pid;
	p->started_ms = instant_monotonic();
	if (m->counters != NULL)
		counter_add(&m->counters->started);
}

static void
spawn(struct master *m, size_t i)
{
	struct place *p = &m->places[i];
	pid_t pid = start(m, i, -1);

	if (pid != -1)
		place_served(m, p, pid);
	else
		p->respawn_ms = instant_monotonic() + BACKOFF_MAX_MS;
}

static void
place_init(struct place *p, size_t i)
{
	*p = (struct place){ .listen_fd = -1, .run = worker_run };
	(void)snprintf(p->name, sizeof(p->name), "api-%zu.sock", i);
	if (i == SLOW_PLACE) {
		p->run = slow_run;
		(void)strcpy(p->name, "api-slow.sock");
	} else if (i == METRICS_PLACE) {
		p->run = metrics_run;
		(void)strcpy(p->name, "api-metrics.sock");
	}
}

static bool
place_open(struct master *m, size_t i)
{
	struct place *p = &m->places[i];

	place_init(p, i);
	if (!config_run_path(m->config, p->name, p->path)) {
		log_error("run.dir: too long for a socket's path");
		return false;
	}
	p->listen_fd = listener_open(p->path);
	/* workers of a master that was killed close their socket as soon as they notice */
	for (int t = 0; p->listen_fd == -1 && errno == EADDRINUSE && t < ORPHAN_TRIES; t++) {
		(void)usleep(100 * 1000);
		p->listen_fd = listener_open(p->path);
	}
	if (p->listen_fd == -1)
		log_error("%s: %s", p->path, strerror(errno));
	return p->listen_fd != -1;
}

static void
old_add(struct master *m, pid_t pid)
{
	for (size_t i = 0; i < OLD_MAX; i++) {
		if (m->old[i].pid != 0)
			continue;
		m->old[i] = (struct old){ .pid = pid, .end_ms = instant_monotonic() + END_MS };
		return;
	}
	(void)kill(pid, SIGKILL);	/* reloads come faster than drains end */
}

/* Let the process of a place finish what it has, while another may take over. */
static void
retire(struct master *m, struct place *p)
{
	if (p->pid == 0)
		return;
	if (kill(p->pid, SIGTERM) == -1)
		log_warn("%s: pid %ld: %s", p->name, (long)p->pid, strerror(errno));
	old_add(m, p->pid);
	p->pid = 0;
}

/* Start a process for place ${i} and wait until it serves.  -1: it does not. */
static pid_t
start_serving(struct master *m, size_t i)
{
	int ready[2];
	bool good;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) == -1) {
		log_error("%s: pipe: %s", m->places[i].name, strerror(errno));
		return -1;
	}
	m->waiting_fd = ready[0];
	pid = start(m, i, ready[1]);
	(void)close(ready[1]);
	good = pid != -1 && ready_wait(ready[0]);
	(void)close(ready[0]);
	m->waiting_fd = -1;
	if (!good && pid != -1)
		(void)kill(pid, SIGKILL);
	return good ? pid : -1;
}

/* The new process serves before the old one drains; where it can't, the old one goes on. */
static void
renew(struct master *m, size_t i)
{
	struct place *p = &m->places[i];
	pid_t pid;

	if (p->pid == 0) {
		spawn(m, i);
		return;
	}
	if ((pid = start_serving(m, i)) == -1) {
		log_error("%s: no new process serves: the old one goes on, with the old configuration",
		    p->name);
		return;
	}
	retire(m, p);
	place_served(m, p, pid);
}

static void
place_close(struct master *m, struct place *p)
{
	retire(m, p);
	if (p->listen_fd != -1)
		listener_close(p->listen_fd, p->path);
	p->listen_fd = -1;
}

static bool
place_wanted(const struct config *c, size_t i)
{
	if (i == METRICS_PLACE)
		return c->metrics.listen[0] != '\0';
	return i == SLOW_PLACE || i < fast_workers(c);
}

/* Open the sockets that the configuration wants, close the others; open ones stay as they are. */
static bool
places_fill(struct master *m)
{
	for (size_t i = 0; i < PLACES_MAX; i++) {
		if (!place_wanted(m->config, i))
			place_close(m, &m->places[i]);
		else if (m->places[i].listen_fd == -1 && !place_open(m, i))
			return false;
	}
	return true;
}

/* For /metrics: how many workers are alive. */
static void
count_workers(const struct master *m)
{
	uint64_t n = 0;

	if (m->counters == NULL)
		return;
	for (size_t i = 0; i < METRICS_PLACE; i++)
		n += m->places[i].pid != 0;
	__atomic_store_n(&m->counters->workers, n, __ATOMIC_RELAXED);
}

static void
log_death(const struct place *p, int status)
{
	if (WIFSIGNALED(status))
		log_error("%s: pid %ld killed by signal %d (%s)", p->name, (long)p->pid,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_error("%s: pid %ld ended with status %d", p->name, (long)p->pid,
		    WEXITSTATUS(status));
}

static void
place_died(struct place *p, int status)
{
	int64_t now_ms = instant_monotonic();
	bool young = now_ms - p->started_ms < YOUNG_MS;

	log_death(p, status);
	p->pid = 0;
	if (!young || p->backoff_ms == 0)
		p->backoff_ms = young ? BACKOFF_MS : 0;
	else if ((p->backoff_ms *= 2) > BACKOFF_MAX_MS)
		p->backoff_ms = BACKOFF_MAX_MS;
	p->respawn_ms = now_ms + p->backoff_ms;
}

static void
reap(struct master *m)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < PLACES_MAX; i++)
			if (m->places[i].pid == pid) {
				place_died(&m->places[i], status);
				if (m->counters != NULL)
					counter_add(&m->counters->died);
			}
		for (size_t i = 0; i < OLD_MAX; i++)
			if (m->old[i].pid == pid)
				m->old[i].pid = 0;
	}
}

static void
tell_all(const struct master *m, int signal_number)
{
	for (size_t i = 0; i < PLACES_MAX; i++)
		if (m->places[i].pid != 0)
			(void)kill(m->places[i].pid, signal_number);
	for (size_t i = 0; i < OLD_MAX; i++)
		if (m->old[i].pid != 0)
			(void)kill(m->old[i].pid, signal_number);
}

/* Keep, and log, what can't change while workers are replaced; log what nginx must learn. */
static void
keep_fixed(struct master *m)
{
	struct buf names = { 0 };

	config_keep(m->next_config, m->config, CONFIG_API, &names);
	if (names.len > 0)
		log_warn("reload: these settings need a restart of fcgi-api: %s", buf_cstr(&names));
	buf_clear(&names);
	config_name_nginx(m->next_config, m->config, &names);
	if (names.len > 0)
		log_warn("reload: these settings also need a reload of nginx "
		    "(systemctl reload orderdeck-nginx): %s", buf_cstr(&names));
	buf_free(&names);
}

/* Read the configuration into m->next_config.  false: it can't be used. */
static bool
config_reread(struct master *m)
{
	struct buf errors = { .data = NULL };
	enum err e = config_load(m->next_config, m->source, &errors);

	if (e == ERR_OK)
		keep_fixed(m);
	else
		config_log(LOG_ERROR, "reload: the old configuration stays in force", &errors);
	buf_free(&errors);
	return e == ERR_OK;
}

static void
reload(struct master *m)
{
	struct config *previous = m->config;

	notify_reloading();
	if (!config_reread(m)) {
		notify_ready("the new configuration is not used: see the log");
		return;
	}
	m->config = m->next_config;
	m->next_config = previous;
	if (log_open("fcgi-api", m->config->log.file, m->config->log.level,
	    m->config->log.format) == -1)
		log_error("log.file: %s: %s", m->config->log.file, strerror(errno));
	limits_configure(&m->limits, m->config);
	if (!places_fill(m))
		log_error("reload: not all sockets could be opened");
	for (size_t i = 0; i < PLACES_MAX; i++) {
		if (m->places[i].listen_fd == -1)
			continue;
		renew(m, i);
		/*
		 * One after the other: a kept connection that ends under a request sends
		 * nginx to the next worker, whose connections must not end just then.
		 */
		(void)usleep(RELOAD_PAUSE_US);
	}
	log_info("reloaded: %zu workers", fast_workers(m->config));
	notify_ready("serving");
}

static void
stop(struct master *m)
{
	log_info("stopping");
	notify_stopping();
	m->stopping = true;
	for (size_t i = 0; i < PLACES_MAX; i++)
		place_close(m, &m->places[i]);
}

static void
on_signal(struct master *m, int signal_number)
{
	switch (signal_number) {
	case SIGCHLD:
		reap(m);
		break;
	case SIGHUP:
		if (!m->stopping)
			reload(m);
		break;
	case SIGUSR2:
		log_reopen();
		tell_all(m, SIGUSR2);
		break;
	case SIGTERM:
	case SIGINT:
		if (!m->stopping)
			stop(m);
		break;
	}
}

/* Start what is due, kill what overstays, tell the watchdog; returns when to look again. */
static int64_t
due(struct master *m, int64_t now_ms)
{
	int64_t next = INT64_MAX;

	if (notify_interval() > 0) {
		notify_alive();
		next = now_ms + notify_interval();
	}
	for (size_t i = 0; i < PLACES_MAX && !m->stopping; i++) {
		struct place *p = &m->places[i];

		if (p->listen_fd == -1 || p->pid != 0)
			continue;
		if (p->respawn_ms <= now_ms)
			spawn(m, i);
		if (p->pid == 0 && p->respawn_ms < next)
			next = p->respawn_ms;
	}
	for (size_t i = 0; i < OLD_MAX; i++) {
		struct old *o = &m->old[i];

		if (o->pid != 0 && o->end_ms <= now_ms) {
			log_warn("pid %ld did not end in time and was killed", (long)o->pid);
			(void)kill(o->pid, SIGKILL);
			o->end_ms = INT64_MAX;
		}
		if (o->pid != 0 && o->end_ms < next)
			next = o->end_ms;
	}
	return next;
}

static bool
any_old(const struct master *m)
{
	for (size_t i = 0; i < OLD_MAX; i++)
		if (m->old[i].pid != 0)
			return true;
	return false;
}

static void
master_loop(struct master *m)
{
	while (!m->stopping || any_old(m)) {
		int64_t now_ms = instant_monotonic(), next = due(m, now_ms);
		int64_t wait_ms = next == INT64_MAX ? 3600 * 1000 :
		    next > now_ms ? next - now_ms : 0;
		struct timespec ts = { .tv_sec = wait_ms / 1000,
		    .tv_nsec = wait_ms % 1000 * 1000000 };
		int signal_number;

		count_workers(m);
		signal_number = sigtimedwait(&m->signals, NULL, &ts);
		if (signal_number > 0)
			on_signal(m, signal_number);
	}
}

static bool
signals_block(struct master *m)
{
	static const int wanted[] = { SIGCHLD, SIGHUP, SIGUSR2, SIGTERM, SIGINT };

	(void)sigemptyset(&m->signals);	/* these can't fail */
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		(void)sigaddset(&m->signals, wanted[i]);
	return sigprocmask(SIG_BLOCK, &m->signals, NULL) == 0 &&
	    signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

static void
descriptors_raise(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur == rl.rlim_max)
		return;
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		log_warn("descriptors: %s", strerror(errno));
}

int
master_run(const struct config_source *source, const struct config *config)
{
	static struct config configs[2];
	static struct master m;
	int status = EXIT_FAILURE;

	configs[0] = *config;
	m.source = source;
	m.config = &configs[0];
	m.next_config = &configs[1];
	m.waiting_fd = -1;
	for (size_t i = 0; i < PLACES_MAX; i++)
		m.places[i].listen_fd = -1;
	descriptors_raise();
	if (!signals_block(&m) || !config_run_path(m.config, "fcgi-api.pid", m.pid_path) ||
	    (m.pid_fd = pid_file_open(m.pid_path)) == -1)
		return EXIT_FAILURE;
	limits_configure(&m.limits, m.config);
	m.counters = counters_new();
	if (places_fill(&m)) {
		log_info("serving with %zu workers", fast_workers(m.config));
		notify_ready("serving");
		master_loop(&m);
		status = EXIT_SUCCESS;
	}
	for (size_t i = 0; i < PLACES_MAX; i++)	/* open ones are left when it never served */
		place_close(&m, &m.places[i]);
	limits_free(&m.limits);
	counters_free(m.counters);
	pid_file_close(m.pid_fd, m.pid_path);
	return status;
}

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/zone.h"
#include "common/store/replaced.h"
#include "fcgi-api/confine.h"
#include "fcgi-api/http/route.h"
#include "fcgi-api/ready.h"
#include "fcgi-api/worker.h"

/*
 * The slow pool: libfcgi's usual loop in threads, one connection per request.
 * A thread accepts by itself (libfcgi would linger on shutdown and hold a
 * thread for an idle kept connection), and a peer that stalls is dropped.
 */
#define STALL_S		15	/* the web server reads and writes at once, or is gone */
#define THREADS_MAX	64
#define STORE_RETRY_MS	250
#define PAUSE_US	500000

struct pool {
	const struct worker_setup *setup;
	struct docs		 docs;		/* empty: the fast pool serves them */
	int			 stop_fd;	/* eventfd, readable when draining */
	pthread_mutex_t		 mutex;		/* over store, ended */
	pthread_cond_t		 ended_cond;
	struct store		*store;		/* opened once, shared by all threads */
	int64_t			 store_retry_ms;
	int			 running;	/* threads that have not ended */
};

struct slow_thread {
	struct pool	*pool;
	struct api	*api;
	FCGX_Request	 fcgx;
};

/* This thread's own reader of the process's one environment. */
static void
store_join(struct slow_thread *t)
{
	struct pool *p = t->pool;
	int64_t now_ms = instant_monotonic();

	if (api_store_outdated(t->api)) {
		store_close(t->api->store);
		t->api->store = NULL;
	}
	if (t->api->store != NULL)
		return;
	(void)pthread_mutex_lock(&p->mutex);
	if (p->store != NULL && store_begin(p->store) == ERR_OK) {
		bool replaced = store_replaced(p->store);

		store_end(p->store);
		if (replaced) {		/* the last thread to notice closes it */
			store_close(p->store);
			p->store = NULL;
		}
	}
	if (p->store == NULL && now_ms >= p->store_retry_ms) {
		p->store_retry_ms = now_ms + STORE_RETRY_MS;
		if (store_open(p->setup->config->store.path, &tables_builtin, &p->store) != ERR_OK) {
			p->store = NULL;
			confine_renew();
		}
	}
	if (p->store != NULL && store_share(p->store, &t->api->store) != ERR_OK)
		t->api->store = NULL;
	(void)pthread_mutex_unlock(&p->mutex);
	if (t->api->store == NULL)	/* api_snapshot() shall not open another one */
		t->api->store_retry_ms = INT64_MAX;
}

static enum err
put(void *cookie, struct str bytes)
{
	struct slow_thread *t = cookie;

	return FCGX_PutStr(bytes.ptr, (int)bytes.len, t->fcgx.out) == (int)bytes.len ?
	    ERR_OK : ERR_CANCELLED;
}

static void
send_composed(struct slow_thread *t)
{
	struct str head, body;
	enum err e = response_finish(&t->api->response, &head, &body);

	if (e == ERR_OK && (e = put(t, head)) == ERR_OK && body.len > 0)
		e = put(t, body);
	if (e != ERR_OK)
		log_warn("answer not sent: %s", err_text(e));
}

static void
serve(struct slow_thread *t)
{
	struct sink sink = { .put = put, .cookie = t };
	struct api *api = t->api;
	enum err parsed = api_begin(api, t->fcgx.envp, (struct str){ NULL, 0 }, ERR_OK);

	store_join(t);
	(void)route_run(api, parsed, &sink);
	api_release(api);	/* everything is sent or in memory */
	if (!sink.streamed)
		send_composed(t);
	api_account(api, &api->account, api->response.status);
	log_request(NULL);
}

static void
connection_serve(struct slow_thread *t, int fd)
{
	const struct timeval stall = { .tv_sec = STALL_S };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &stall, sizeof(stall)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof(stall)) == -1 ||
	    FCGX_InitRequest(&t->fcgx, -1, 0) != 0) {
		log_warn("slow pool: connection: %s", strerror(errno));
		(void)close(fd);
		return;
	}
	t->fcgx.ipcFd = fd;
	t->fcgx.keepConnection = 1;	/* else it closes before it begins */
	t->fcgx.detached = 1;
	if (FCGX_Accept_r(&t->fcgx) != 0)
		return;		/* closed by libfcgi */
	t->fcgx.keepConnection = 0;	/* whatever was asked: no thread waits for a next request */
	serve(t);
	FCGX_Finish_r(&t->fcgx);
}

/* The next connection, or -1 when the pool drains. */
static int
next_connection(struct pool *p)
{
	struct pollfd fds[2] = {
		{ .fd = p->setup->listen_fd, .events = POLLIN },
		{ .fd = p->stop_fd, .events = POLLIN }
	};

	for (;;) {
		int fd;

		if (poll(fds, 2, -1) == -1) {
			if (errno != EINTR) {	/* no memory: there may be some a while later */
				log_warn("slow pool: poll: %s", strerror(errno));
				(void)usleep(PAUSE_US);
			}
			continue;
		}
		if (fds[1].revents != 0)
			return -1;
		if ((fd = accept4(p->setup->listen_fd, NULL, NULL, SOCK_CLOEXEC)) != -1)
			return fd;
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			log_warn("slow pool: accept: %s", strerror(errno));
			(void)poll(&fds[1], 1, 1000);	/* out of descriptors: not a busy loop */
		}
	}
}

static void
running_add(struct pool *p, int n)
{
	(void)pthread_mutex_lock(&p->mutex);
	p->running += n;
	(void)pthread_cond_signal(&p->ended_cond);
	(void)pthread_mutex_unlock(&p->mutex);
}

static void *
thread_main(void *cookie)
{
	struct slow_thread *t = cookie;
	struct pool *p = t->pool;
	int fd;

	while ((fd = next_connection(p)) != -1)
		connection_serve(t, fd);
	api_free(t->api);
	free(t);
	running_add(p, -1);
	return NULL;
}

static bool
thread_start(struct pool *p)
{
	struct slow_thread *t = calloc(1, sizeof(*t));
	pthread_attr_t attr;
	pthread_t id;
	int rc;

	if (t == NULL || (t->api = api_new(p->setup->config, &p->docs, &tables_builtin)) == NULL)
		goto err0;
	t->pool = p;
	t->api->slow = true;
	t->api->limits = p->setup->limits;
	t->api->counters = p->setup->block;
	if ((rc = pthread_attr_init(&attr)) != 0)
		goto err1;
	running_add(p, 1);
	if ((rc = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED)) == 0)
		rc = pthread_create(&id, &attr, thread_main, t);
	(void)pthread_attr_destroy(&attr);
	if (rc == 0)
		return true;
	running_add(p, -1);

err1:
	log_error("slow pool: thread: %s", strerror(rc));
	api_free(t->api);
err0:
	free(t);
	return false;
}

/* Threads end once their request is answered; the rest is cut with the process. */
static void
pool_drain(struct pool *p)
{
	const uint64_t one = 1;
	struct timespec until;

	if (write(p->stop_fd, &one, sizeof(one)) != (ssize_t)sizeof(one) ||
	    clock_gettime(CLOCK_REALTIME, &until) == -1)
		return;
	until.tv_sec += DRAIN_MS / 1000;
	(void)pthread_mutex_lock(&p->mutex);
	while (p->running > 0 &&
	    pthread_cond_timedwait(&p->ended_cond, &p->mutex, &until) == 0)
		continue;
	if (p->running > 0)
		log_warn("slow pool: drain: cutting %d requests", p->running);
	(void)pthread_mutex_unlock(&p->mutex);
}

static void
wait_for_end(void)
{
	sigset_t set;
	int signal_number;

	(void)sigemptyset(&set);	/* these can't fail */
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGUSR2);
	while (sigwait(&set, &signal_number) == 0 && signal_number == SIGUSR2)
		log_reopen();
}

int
slow_run(const struct worker_setup *setup)
{
	static struct pool pool = {
		.mutex = PTHREAD_MUTEX_INITIALIZER, .ended_cond = PTHREAD_COND_INITIALIZER
	};
	int64_t threads = setup->config->api.slow_threads;
	bool started = false;

	pool.setup = setup;
	pool.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool.stop_fd == -1 || FCGX_Init() != 0) {
		log_error("slow pool can't start");
		return EXIT_FAILURE;
	}
	/* $TZ is set before there are threads; later zones only replace its value */
	(void)zone_use(str_of(setup->config->summary.time_zone));
	confine_worker(setup->config, true);
	for (int64_t i = 0; i < threads && i < THREADS_MAX; i++)
		started = thread_start(&pool) || started;
	if (!started)
		return EXIT_FAILURE;
	log_info("slow pool serves");
	ready_tell(setup->ready_fd);
	wait_for_end();
	pool_drain(&pool);
	/* a thread that is stuck still uses the store, and ends with the process */
	if (pool.running == 0)
		store_close(pool.store);
	return EXIT_SUCCESS;
}

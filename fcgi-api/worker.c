#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <fcgiapp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/zone.h"
#include "fcgi-api/confine.h"
#include "fcgi-api/http/route.h"
#include "fcgi-api/metrics/metrics.h"
#include "fcgi-api/ready.h"
#include "fcgi-api/worker.h"

#define CONNECTIONS_MAX	4096
#define DESCRIPTORS_KEPT	64	/* for the store, logs, syncd */
#define STALL_MS	10000

struct worker {
	struct loop		*loop;
	struct api		*api;
	struct connections	*connections;
	const struct worker_setup *setup;
	struct docs		 docs;
	struct watch		 signals;
	int			 listen_fd;
	int64_t			 end_ms;	/* draining: the latest end; else INT64_MAX */
};

static void
on_request(void *cookie, struct connection *c, char *const *envp, struct str body,
    enum err error)
{
	struct worker *w = cookie;
	struct api *api = w->api;
	enum err parsed = api_begin(api, envp, body, error);

	api->connection = c;
	if (route_run(api, parsed, NULL) == ANSWERED)
		api_send(api, c, &api->account);
	api_release(api);
	log_request(NULL);
}

static void
on_signal(void *cookie, uint32_t events)
{
	struct signalfd_siginfo info;
	struct worker *w = cookie;

	(void)events;
	while (read(w->signals.fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGUSR2) {
			log_reopen();
		} else if (w->end_ms == INT64_MAX) {
			w->end_ms = loop_now(w->loop) + DRAIN_MS;
			connections_drain(w->connections);
			(void)close(w->listen_fd);	/* without a master, nobody listens now */
			w->listen_fd = -1;
			log_info("draining: %zu connections", connections_count(w->connections));
		}
	}
}

static bool
signals_watch(struct worker *w)
{
	sigset_t set;

	(void)sigemptyset(&set);	/* these two can't fail */
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGUSR2);
	w->signals = (struct watch){ .ready = on_signal, .cookie = w,
	    .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC) };
	return w->signals.fd != -1 && loop_add(w->loop, &w->signals, EPOLLIN) == ERR_OK;
}

static size_t
connections_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 ||
	    rl.rlim_cur >= CONNECTIONS_MAX + DESCRIPTORS_KEPT)
		return CONNECTIONS_MAX;
	return rl.rlim_cur > 2 * DESCRIPTORS_KEPT ?
	    (size_t)rl.rlim_cur - DESCRIPTORS_KEPT : DESCRIPTORS_KEPT;
}

static bool
worker_open(struct worker *w, connections_request *request)
{
	const struct worker_setup *setup = w->setup;
	struct connections_setup cs = { .listen_fd = setup->listen_fd,
	    .max = connections_limit(), .stall_ms = STALL_MS,
	    .request = request, .cookie = w };
	char path[108];

	docs_load(&w->docs, setup->config->api.share);
	if (!config_run_path(setup->config, "syncd.sock", path) || FCGX_Init() != 0 ||
	    (w->loop = loop_new()) == NULL ||
	    (w->api = api_new(setup->config, &w->docs, &tables_builtin)) == NULL)
		return false;
	w->api->loop = cs.loop = w->loop;
	w->api->limits = setup->limits;
	w->api->counters = setup->block;
	if ((w->api->link = syncd_link_new(w->loop, path)) == NULL)
		return false;
	return (w->connections = connections_new(&cs)) != NULL && signals_watch(w);
}

/* One turn's deadlines: connections, syncd's replies, the end of a drain. */
static int64_t
next_turn(struct worker *w, int64_t now_ms)
{
	/* an overdue reply is answered here, which may give a connection a deadline */
	int64_t a = syncd_link_tick(w->api->link, now_ms);
	int64_t b = connections_tick(w->connections, now_ms);
	int64_t first = a < b ? a : b;

	return first < w->end_ms ? first : w->end_ms;
}

static int
worker_loop(struct worker *w)
{
	for (;;) {
		/* when the last turn began: reading the clock again would cost each request */
		int64_t now_ms = loop_now(w->loop);
		int64_t until_ms = next_turn(w, now_ms);

		if (w->end_ms != INT64_MAX) {
			size_t open = connections_count(w->connections);

			if (open == 0)
				return EXIT_SUCCESS;
			if (now_ms >= w->end_ms) {
				log_warn("drain: cutting %zu connections", open);
				return EXIT_SUCCESS;
			}
		}
		if (loop_turn(w->loop, until_ms) != ERR_OK)
			return EXIT_FAILURE;
	}
}

static int
run(const struct worker_setup *setup, connections_request *request)
{
	struct worker w = { .end_ms = INT64_MAX, .signals = { .fd = -1 },
	    .setup = setup, .listen_fd = setup->listen_fd };
	int status = EXIT_FAILURE;

	if (zone_use(str_of(setup->config->summary.time_zone)) != ERR_OK)
		log_warn("summary.time_zone: not known on this machine; using UTC");
	if (worker_open(&w, request)) {
		confine_worker(setup->config, false);
		log_info("worker %d serves", setup->number);
		ready_tell(setup->ready_fd);
		status = worker_loop(&w);
	} else {
		log_error("worker %d can't start", setup->number);
	}
	connections_free(w.connections);
	if (w.api != NULL)
		syncd_link_free(w.api->link);
	api_free(w.api);
	if (w.signals.fd != -1)
		(void)close(w.signals.fd);
	loop_free(w.loop);
	docs_free(&w.docs);
	return status;
}

int
worker_run(const struct worker_setup *setup)
{
	return run(setup, on_request);
}

static void
on_metrics(void *cookie, struct connection *c, char *const *envp, struct str body,
    enum err error)
{
	struct worker *w = cookie;
	struct api *api = w->api;

	(void)api_begin(api, envp, body, error);
	api->connection = c;
	if (metrics_answer(api, envp, w->setup->counters) == ANSWERED)
		api_send(api, c, &api->account);
	api_release(api);
	log_request(NULL);
}

int
metrics_run(const struct worker_setup *setup)
{
	struct worker_setup own = *setup;

	own.block = NULL;	/* it does not count itself */
	return run(&own, on_metrics);
}

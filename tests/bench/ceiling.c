#include <sys/epoll.h>
#include <sys/resource.h>

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/log.h"
#include "fcgi-api/fastcgi/connections.h"
#include "fcgi-api/fastcgi/listeners.h"

/*
 * bench/ceiling NUMBER BASE...: the most that a worker of fcgi-api could do.
 * It has the same event loop and connections, and nothing behind them: every
 * request at the socket BASE-NUMBER.sock is answered with the header block in
 * BASE.head and the body in BASE.body.  Runs until it is killed.
 */
#define CONNECTIONS_MAX	4096
#define STALL_MS	10000
#define BASES_MAX	32
#define FILE_MAX	(4u * 1024 * 1024)

struct answer {
	struct buf		 head, body;
	struct connections	*connections;
};

static void
on_request(void *cookie, struct connection *c, char *const *envp, struct str body, enum err error)
{
	const struct answer *a = cookie;

	(void)envp, (void)body, (void)error;
	connection_answer(c, buf_str(&a->head), buf_str(&a->body));
}

static bool
read_file(struct buf *out, const char *base, const char *suffix)
{
	char path[512];
	size_t n;
	FILE *f;

	out->limit = FILE_MAX;
	(void)snprintf(path, sizeof(path), "%s%s", base, suffix);
	if ((f = fopen(path, "r")) == NULL) {
		(void)fprintf(stderr, "bench/ceiling: %s: %s\n", path, strerror(errno));
		return false;
	}
	do {
		char *space = buf_reserve(out, 65536);

		n = space == NULL ? 0 : fread(space, 1, 65536, f);
		buf_commit(out, n);
	} while (n > 0);
	return fclose(f) == 0 && buf_status(out) == ERR_OK;
}

static bool
answer_open(struct answer *a, struct loop *loop, const char *base, const char *number)
{
	struct connections_setup setup = { .loop = loop, .max = CONNECTIONS_MAX,
	    .stall_ms = STALL_MS, .request = on_request, .cookie = a };
	char path[512];

	if (!read_file(&a->head, base, ".head") || !read_file(&a->body, base, ".body"))
		return false;
	(void)snprintf(path, sizeof(path), "%s-%s.sock", base, number);
	if ((setup.listen_fd = listener_open(path)) == -1) {
		(void)fprintf(stderr, "bench/ceiling: %s: %s\n", path, strerror(errno));
		return false;
	}
	return (a->connections = connections_new(&setup)) != NULL;
}

/* Descriptors for as many connections as fcgi-api takes. */
static bool
limits_raise(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return false;
	rl.rlim_cur = rl.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &rl) == 0;
}

int
main(int argc, char **argv)
{
	static struct answer answers[BASES_MAX];
	size_t n = argc > 2 ? (size_t)argc - 2 : 0;
	struct loop *loop;

	if (n == 0 || n > BASES_MAX) {
		(void)fprintf(stderr, "usage: bench/ceiling NUMBER BASE...\n");
		return 2;
	}
	if (log_open("bench/ceiling", NULL, LOG_WARN, LOG_LOGFMT) == -1 || !limits_raise() ||
	    FCGX_Init() != 0 || signal(SIGTERM, SIG_DFL) == SIG_ERR ||	/* which FCGX_Init() handles */
	    (loop = loop_new()) == NULL)
		return EXIT_FAILURE;
	for (size_t i = 0; i < n; i++)
		if (!answer_open(&answers[i], loop, argv[i + 2], argv[1]))
			return EXIT_FAILURE;
	for (;;) {
		int64_t now_ms = loop_now(loop), until_ms = INT64_MAX;

		for (size_t i = 0; i < n; i++) {
			int64_t t = connections_tick(answers[i].connections, now_ms);

			until_ms = t < until_ms ? t : until_ms;
		}
		if (loop_turn(loop, until_ms) != ERR_OK)
			return EXIT_FAILURE;
	}
}

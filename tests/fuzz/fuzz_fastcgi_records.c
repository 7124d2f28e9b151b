#include <sys/socket.h>

#include <fcgiapp.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "fcgi-api/fastcgi/connections.h"

/*
 * Bytes from a web server: whatever they are, libfcgi gets only what it can
 * read to the end, nothing blocks, and each request is answered or dropped.
 */
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
on_request(void *cookie, struct connection *c, char *const *envp, struct str body, enum err e)
{
	size_t sum = body.len;

	(void)cookie;
	must(e == ERR_OK || e == ERR_TOO_LARGE);
	for (; *envp != NULL; envp++)
		sum += strlen(*envp);
	connection_answer(c, STR("Status: 200 OK\r\n\r\n"), sum % 2 == 0 ? STR("even") : STR("odd"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct loop *loop;
	static struct connections *cs;
	struct connections_setup setup = { .listen_fd = -1, .max = 10, .stall_ms = 1000,
	    .request = on_request };
	size_t split = len > 0 ? bytes[len - 1] : 0;
	int fds[2];

	if (loop == NULL) {
		must(FCGX_Init() == 0);
		must(log_open("fuzz", NULL, LOG_ERROR, LOG_LOGFMT) == 0);
		must((setup.loop = loop = loop_new()) != NULL);
		must((cs = connections_new(&setup)) != NULL);
	}
	if (len > 60000)
		return 0;
	if (split > len)
		split = len;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	must(connections_adopt(cs, fds[0]) == ERR_OK);
	for (int half = 0; half < 2; half++) {	/* in two pieces */
		const uint8_t *p = half == 0 ? bytes : bytes + split;
		size_t n = half == 0 ? split : len - split;

		if (n > 0)	/* the connection may be closed by then */
			(void)send(fds[1], p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		must(loop_turn(loop, instant_monotonic()) == ERR_OK);
	}
	must(close(fds[1]) == 0);
	for (int i = 0; i < 3; i++)
		must(loop_turn(loop, instant_monotonic()) == ERR_OK);
	must(connections_count(cs) == 0);
	return 0;
}

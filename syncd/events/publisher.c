#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/unix_socket.h"
#include "syncd/airtable/http.h"
#include "syncd/events/events.h"
#include "syncd/events/publisher.h"

#define TIMEOUT_MS	5000
/* lines of nchan's answer */
#define LAST_ID		"last message id: "
#define MESSAGES	"queued messages: "
#define CLIENTS		"active subscribers: "

struct publisher {
	struct events	 events;
	struct http	*http;
	struct http_request *request;	/* the step under way */
	enum events_step step;
	uv_timer_t	 timer;
	struct buf	 body;
	char		 path[UNIX_PATH_SIZE];	/* nginx's socket */
	ino_t		 refused;	/* the socket that refused last time; 0: none */
	bool		 away;		/* it has been logged that nginx does not answer */
	uint64_t	 clients;	/* as last reported by nginx */
	void		(*came)(void *);	/* of on_listener; NULL: none */
	void		*cookie;
};

static void	 schedule(struct publisher *);

/*
 * A socket that a killed nginx has left behind keeps nginx from starting
 * again.  It is removed when it refuses connections twice in a row: the first
 * time, nginx may be just about to listen on it.
 */
static void
remove_dead_socket(struct publisher *p)
{
	struct stat st;
	bool dead;
	int fd;

	if (lstat(p->path, &st) == -1 || !S_ISSOCK(st.st_mode)) {
		p->refused = 0;
		return;
	}
	fd = unix_connect(p->path);
	dead = fd == -1 && errno == ECONNREFUSED;
	if (fd != -1)
		(void)close(fd);	/* nothing was written */
	if (dead && p->refused == st.st_ino && unlink(p->path) == 0)
		log_info("events: removed %s, which nginx had left behind", p->path);
	p->refused = dead ? st.st_ino : 0;
}

/* What follows ${name} in a line of nchan's answer: "last message id: 1795247212:0". */
static struct str
told(struct str body, struct str name)
{
	const char *at = memmem(body.ptr, body.len, name.ptr, name.len);
	struct str value = { NULL, 0 };

	if (at == NULL)
		return value;
	value.ptr = at + name.len;
	while (value.ptr + value.len < body.ptr + body.len &&
	    (unsigned char)value.ptr[value.len] > ' ')
		value.len++;
	return value;
}

static uint64_t
told_number(struct str body, struct str name)
{
	struct str text = told(body, name);
	uint64_t n = 0;

	for (size_t i = 0; i < text.len && i < 9 && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(text.ptr[i] - '0');
	return n;
}

static void
tell_away(struct publisher *p, const struct http_answer *a)
{
	if (p->away)
		return;
	p->away = true;
	if (a->status != 0)
		log_warn("events: nginx answers %d; clients will reload", a->status);
	else
		log_warn("events: nginx does not answer (%s); clients will reload",
		    a->problem);
}

static void
on_sent(void *cookie)
{
	(void)cookie;	/* only the fact that nginx has accepted it matters */
}

static void
note_clients(struct publisher *p, uint64_t clients)
{
	bool more = clients > p->clients;

	p->clients = clients;
	if (more && p->came != NULL)
		p->came(p->cookie);
}

static void
on_done(void *cookie, const struct http_answer *a)
{
	struct publisher *p = cookie;
	int64_t now = instant_monotonic();
	bool found = a->complete && a->status >= 200 && a->status < 300;
	struct events_answer answer = { .messages = 0 };

	p->request = NULL;
	if (a->outcome == HTTP_NEVER_SENT)
		remove_dead_socket(p);
	if (!found && !(p->step == EVENTS_CHECK && a->complete && a->status == 404)) {
		tell_away(p, a);
		events_failed(&p->events, now);
	} else {
		/* 404: there is no channel, so no event either */
		if (found) {
			answer.last_id = told(a->body, STR(LAST_ID));
			answer.messages = told_number(a->body, STR(MESSAGES));
			answer.clients = told_number(a->body, STR(CLIENTS));
		}
		/* READY's channel has no listeners */
		if (p->step != EVENTS_READY)
			note_clients(p, answer.clients);
		events_done(&p->events, &answer, now);
		if (p->events.lost)
			log_info("events: nginx has lost its stored events; clients will reload");
		if (p->step == EVENTS_RESET) {
			if (p->away)
				log_info("events: nginx takes them again");
			p->away = false;
		}
	}
	schedule(p);
}

static void
on_timer(uv_timer_t *timer)
{
	static const char *const urls[] = {
		[EVENTS_RESET] = "http://events/reset", [EVENTS_READY] = "http://events/ready",
		[EVENTS_CHECK] = "http://events/change", [EVENTS_CHANGE] = "http://events/change",
		[EVENTS_PING] = "http://events/ping"
	};
	struct publisher *p = timer->data;
	struct http_call call = {
		.token = "", .timeout_ms = TIMEOUT_MS, .connect_timeout_ms = TIMEOUT_MS,
		.unix_socket = p->path
	};

	if ((p->step = events_begin(&p->events, instant_monotonic(), &p->body)) != EVENTS_NOTHING) {
		call.url = urls[p->step];
		call.method = p->step == EVENTS_CHECK ? "GET" : "POST";
		if (p->step != EVENTS_CHECK)
			call.json = buf_str(&p->body);
		if (buf_status(&p->body) == ERR_OK)
			p->request = http_start(p->http, &call, on_sent, on_done, p);
		if (p->request == NULL)
			events_failed(&p->events, instant_monotonic());
	}
	schedule(p);
}

static void
schedule(struct publisher *p)
{
	int64_t ms = events_wait_ms(&p->events, instant_monotonic());

	/* these can't fail: the timer has a callback and is not closing */
	if (ms < 0)
		(void)uv_timer_stop(&p->timer);
	else
		(void)uv_timer_start(&p->timer, on_timer, (uint64_t)ms, 0);
}

void
publisher_note(void *cookie, uint64_t generation, struct str entry)
{
	struct publisher *p = cookie;

	events_note(&p->events, generation, entry);
	schedule(p);
}

static bool
make_folder(struct publisher *p, const struct config *config)
{
	char folder[108];

	if (!config_run_path(config, "events", folder) ||
	    !config_run_path(config, "events/nginx.sock", p->path)) {
		log_error("events: run.dir is too long for a socket");
		return false;
	}
	/* nginx makes its sockets writable for all: the folder keeps others out */
	if (mkdir(folder, 0750) == -1 && errno != EEXIST) {
		log_error("events: %s: %s", folder, strerror(errno));
		return false;
	}
	return true;
}

struct publisher *
publisher_new(uv_loop_t *loop, const struct config *config, const struct tables *tables)
{
	struct publisher *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL) {
		log_error("events: out of memory");
		return NULL;
	}
	if (!make_folder(p, config) || (p->http = http_new(loop)) == NULL)
		goto err0;
	if ((rc = uv_timer_init(loop, &p->timer)) != 0) {
		log_error("events: no timer: %s", uv_strerror(rc));
		goto err1;
	}
	p->timer.data = p;
	events_init(&p->events, tables, instant_monotonic());
	schedule(p);
	return p;

err1:
	http_free(p->http);
err0:
	free(p);
	return NULL;
}

void
publisher_on_listener(struct publisher *p, void (*came)(void *), void *cookie)
{
	p->came = came;
	p->cookie = cookie;
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
publisher_free(struct publisher *p)
{
	if (p == NULL)
		return;
	if (p->request != NULL)
		http_cancel(p->request);
	http_free(p->http);
	events_free(&p->events);
	buf_free(&p->body);
	uv_close((uv_handle_t *)&p->timer, on_closed);
}

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/unix_socket.h"
#include "syncd/server/parts.h"

#define BACKLOG		511
#define ACCEPTS_A_TURN	64	/* so that new connections never starve the present ones */

static void
on_server_handle_closed(uv_handle_t *h)
{
	struct server *s = h->data;

	s->handles--;
	server_settle(s);
}

/* Stop listening.  The file is removed only if it is still ours. */
static void
stop_listening(struct server *s)
{
	struct stat st;

	if (s->fd == -1)
		return;
	uv_close((uv_handle_t *)&s->listener, on_server_handle_closed);
	uv_close((uv_handle_t *)&s->pause, on_server_handle_closed);
	uv_close((uv_handle_t *)&s->resume, on_server_handle_closed);
	if (lstat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode)
		(void)unlink(s->path);
	(void)close(s->fd);
	s->fd = -1;
}

/* Tell a new peer that there is no room; what the socket's buffer does not take at once is lost. */
static void
turn_away(int fd)
{
	struct message_reply reply = { .err = ERR_OVERLOADED, .detail = "too many connections" };
	struct buf line = { 0 };

	message_add_reply(&line, &reply);
	if (buf_status(&line) == ERR_OK)
		(void)send(fd, line.data, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_free(&line);
	(void)close(fd);
}

static void	 on_connect(uv_poll_t *, int, int);

static void	 on_pause_over(uv_timer_t *);

static void
pause_accepting(struct server *s, const char *why)
{
	log_warn("socket: no connections for %d ms: %s", SERVER_PAUSE_MS, why);
	(void)uv_poll_stop(&s->listener);
	(void)uv_timer_start(&s->pause, on_pause_over, SERVER_PAUSE_MS, 0);
}

static void
on_pause_over(uv_timer_t *t)
{
	struct server *s = t->data;
	int rc = uv_poll_start(&s->listener, UV_READABLE, on_connect);

	if (rc != 0)
		pause_accepting(s, uv_strerror(rc));
}

static bool
may_speak(const struct server *s, int fd)
{
	struct ucred peer;

	if (unix_peer_allowed(fd, s->gid, &peer))
		return true;
	if (errno != 0)
		log_warn("socket: a peer's credentials can't be read: %s", strerror(errno));
	else
		log_warn("socket: a peer was refused: uid=%u gid=%u peer_pid=%d",
		    (unsigned)peer.uid, (unsigned)peer.gid, (int)peer.pid);
	return false;
}

static void
on_connect(uv_poll_t *h, int status, int events)
{
	struct server *s = h->data;
	int fd;

	(void)events;
	if (status < 0) {	/* libuv has stopped watching */
		pause_accepting(s, uv_strerror(status));
		return;
	}
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			if (errno != EAGAIN)
				pause_accepting(s, strerror(errno));
			return;
		} else if (!may_speak(s, fd)) {
			(void)close(fd);
		} else if (s->connections >= SERVER_CONNECTIONS_MAX || !peer_add(s, fd)) {
			turn_away(fd);
		}
	}
}

static bool
listen_at(struct server *s, const char *path)
{
	if ((s->fd = unix_listen(path, BACKLOG)) != -1)
		return true;
	log_error("socket %s: %s", path,
	    errno == EADDRINUSE ? "another process listens on it" :
	    errno == ENOTSOCK ? "the file there is not a socket" : strerror(errno));
	return false;
}

static bool
remember_file(struct server *s, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == -1 || (s->path = strdup(path)) == NULL) {
		log_error("socket %s: %s", path, strerror(errno));
		return false;
	}
	s->device = st.st_dev;
	s->inode = st.st_ino;
	s->gid = st.st_gid;
	return true;
}

struct server *
server_new(uv_loop_t *loop, const char *path, const struct tables *tables,
    server_request_cb *request, void *cookie)
{
	struct server *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL) {
		log_error("socket: out of memory");
		return NULL;
	}
	s->loop = loop;
	s->tables = tables;
	s->request = request;
	s->cookie = cookie;
	LIST_INIT(&s->peers);
	LIST_INIT(&s->calls);
	(void)signal(SIGPIPE, SIG_IGN);		/* libuv writes with write(2) */
	if (!listen_at(s, path))
		goto err0;
	if (!remember_file(s, path))
		goto err1;
	if ((rc = uv_poll_init(loop, &s->listener, s->fd)) != 0) {
		log_error("socket %s: %s", path, uv_strerror(rc));
		goto err1;
	}
	(void)uv_timer_init(loop, &s->pause);	/* neither can fail */
	(void)uv_timer_init(loop, &s->resume);
	s->listener.data = s->pause.data = s->resume.data = s;
	s->handles = 3;
	if ((rc = uv_poll_start(&s->listener, UV_READABLE, on_connect)) != 0) {
		log_error("socket %s: %s", path, uv_strerror(rc));
		server_free(s);
		return NULL;
	}
	return s;

err1:
	(void)unlink(path);
	(void)close(s->fd);
err0:
	free(s->path);
	free(s);
	return NULL;
}

void
server_on_reply(struct server *s, server_replied_cb *replied, void *cookie)
{
	s->replied = replied;
	s->replied_cookie = cookie;
}

const struct message_request *
server_call_request(const struct server_call *call)
{
	return &call->request;
}

static void
on_resume(uv_timer_t *t)
{
	struct server *s = t->data;
	struct peer *p;

	LIST_FOREACH(p, &s->peers, entry)
		peer_resume(p);
}

void
server_reply(struct server_call *call, const struct message_reply *reply)
{
	struct message_reply answer = *reply;
	struct peer *p = call->peer;

	answer.id = call->request.id;
	if (call->server != NULL) {
		LIST_REMOVE(call, in_server);
		call->server->open--;
		if (call->server->replied != NULL)
			call->server->replied(call->server->replied_cookie, &call->request,
			    reply->err, instant_monotonic() - call->came_ms);
	}
	if (p != NULL) {
		LIST_REMOVE(call, in_peer);
		p->open--;
	}
	message_request_free(&call->request);
	free(call);
	if (p == NULL)
		return;
	peer_send(p, &answer);
	/* at the next turn: no new request may be handled while one is answered */
	if (p->paused && p->server->fd != -1)
		(void)uv_timer_start(&p->server->resume, on_resume, 0, 0);
	if (p->leaving)
		peer_leave(p);
}

size_t
server_connections(const struct server *s)
{
	return s->connections;
}

size_t
server_open_calls(const struct server *s)
{
	return s->open;
}

void
server_drain(struct server *s, void (*drained)(void *cookie), void *cookie)
{
	struct peer *p;

	s->draining = true;
	s->drained = drained;
	s->drained_cookie = cookie;
	stop_listening(s);
	LIST_FOREACH(p, &s->peers, entry)
		peer_leave(p);
}

void
server_free(struct server *s)
{
	struct server_call *call;
	struct peer *p;

	if (s == NULL)
		return;
	s->freed = true;
	stop_listening(s);
	while ((call = LIST_FIRST(&s->calls)) != NULL) {
		LIST_REMOVE(call, in_server);
		call->server = NULL;
	}
	LIST_FOREACH(p, &s->peers, entry)
		peer_close(p);
	server_settle(s);
}

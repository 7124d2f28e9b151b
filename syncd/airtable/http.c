#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/buf.h"
#include "common/base/fault_point.h"
#include "common/base/log.h"
#include "common/base/version.h"
#include "syncd/airtable/http.h"

#define CONNECTIONS_KEPT	8L

struct http {
	uv_loop_t	*loop;
	CURLM		*multi;
	uv_timer_t	 timer;		/* libcurl's own time-outs */
	bool		 wrote;		/* a request that changes something was just sent */
};

/* A socket that libcurl wants watched. */
struct watch {
	struct http	*http;
	curl_socket_t	 socket;
	uv_poll_t	 poll;
};

struct http_request {
	struct http	*http;
	CURL		*easy;
	struct curl_slist *headers;
	struct buf	 json;
	struct buf	 body;
	bool		 sent;
	bool		 reads;		/* the request changes nothing */
	char		 problem[CURL_ERROR_SIZE];
	http_sent_cb	*on_sent;
	http_done_cb	*on_done;
	void		*cookie;
};

static void
request_free(struct http_request *r)
{
	if (r->easy != NULL)
		curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->headers);
	buf_free(&r->json);
	buf_free(&r->body);
	free(r);
}

static int64_t
header_date(CURL *easy)
{
	struct curl_header *h;
	time_t t;

	if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &h) != CURLHE_OK ||
	    (t = curl_getdate(h->value, NULL)) < 0)
		return 0;
	return (int64_t)t * 1000;
}

static void
read_headers(CURL *easy, struct http_answer *a)
{
	curl_off_t seconds = 0;
	long status = 0;
	char *type = NULL;

	/* these three can't fail for a handle that has run */
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
	(void)curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	a->status = (int)status;
	a->content_type = type == NULL ? "" : type;
	if (seconds > 0)
		a->retry_after_ms = seconds < INT32_MAX ? seconds * 1000 :
		    INT64_C(1000) * INT32_MAX;
	a->date_ms = header_date(easy);
}

/*
 * Did part of the body never leave?  Then the request can't have been obeyed.  It is
 * not known after a kept connection has died, since libcurl counts from 0 for the next
 * one, and what the first has taken is lost.
 */
static bool
is_unfinished(const struct http_request *r, CURLcode code)
{
	curl_off_t uploaded = 0;

	return r->json.len > 0 && code != CURLE_ABORTED_BY_CALLBACK &&
	    curl_easy_getinfo(r->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded) == CURLE_OK &&
	    uploaded < (curl_off_t)r->json.len;
}

/*
 * Did the other side end the request without an answer?  If not, the network failed or
 * our time was up, and the other side may still be working on it.
 */
static bool
other_side_ended(CURL *easy, CURLcode code)
{
	long why = 0;

	switch (code) {
	case CURLE_GOT_NOTHING:			/* closed in an orderly way */
	case CURLE_ABORTED_BY_CALLBACK:		/* a kept connection was closed: on_sending() */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:	/* it does not speak HTTP/1 */
		return true;
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		/* 0: an end that TLS has seen */
		return curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &why) == CURLE_OK &&
		    (why == 0 || why == ECONNRESET || why == EPIPE);
	default:
		return false;
	}
}

/* How a transfer ended, apart from what was received. */
static void
describe(const struct http_request *r, CURLcode code, struct http_answer *a)
{
	const char *why = r->problem[0] != '\0' ? r->problem : curl_easy_strerror(code);

	a->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	a->unreadable = code == CURLE_WRITE_ERROR || code == CURLE_BAD_CONTENT_ENCODING;
	a->complete = code == CURLE_OK;
	if (a->status != 0)
		a->outcome = HTTP_ANSWERED;
	else
		a->outcome = r->sent ? HTTP_NO_ANSWER : HTTP_NEVER_SENT;
	if (a->outcome == HTTP_NO_ANSWER) {
		a->unfinished = is_unfinished(r, code);
		a->ended = other_side_ended(r->easy, code);
	}
	if (a->complete)
		return;
	a->too_large = r->body.error == ERR_TOO_LARGE;
	if (a->too_large)
		why = "the answer is larger than 16 MiB";
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		why = "the kept connection was closed before an answer came";
	(void)snprintf(a->problem, sizeof(a->problem), "%s", why);
}

/* Take finished transfers off the multi handle and run their callbacks. */
static void
reap(struct http *h)
{
	struct http_request *r;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		struct http_answer a = { .status = 0 };
		CURLcode code = m->data.result;
		char *private = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		r = (void *)private;
		read_headers(r->easy, &a);
		describe(r, code, &a);
		a.body = buf_str(&r->body);
		(void)curl_multi_remove_handle(h->multi, r->easy);
		r->on_done(r->cookie, &a);
		request_free(r);
	}
}

static void
act(struct http *h, curl_socket_t socket, int events)
{
	CURLMcode code;
	int running;

	code = curl_multi_socket_action(h->multi, socket, events, &running);
	if (code != CURLM_OK)
		log_error("http: libcurl: %s", curl_multi_strerror(code));
	if (h->wrote) {
		h->wrote = false;
		fault_point("after-send");
	}
	reap(h);
}

static void
on_timer(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	int flags = 0;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if ((events & UV_READABLE) != 0)
		flags |= CURL_CSELECT_IN;
	if ((events & UV_WRITABLE) != 0)
		flags |= CURL_CSELECT_OUT;
	act(w->http, w->socket, flags);		/* may end the watch */
}

/* From libcurl: call back after ${ms}; -1: not at all. */
static int
set_timer(CURLM *multi, long ms, void *cookie)
{
	struct http *h = cookie;

	(void)multi;
	if (ms < 0)
		(void)uv_timer_stop(&h->timer);
	else if (uv_timer_start(&h->timer, on_timer, (uint64_t)ms, 0) != 0)
		return -1;
	return 0;
}

static void
watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct watch *
watch_new(struct http *h, curl_socket_t socket)
{
	struct watch *w;
	int rc;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->http = h;
	w->socket = socket;
	if ((rc = uv_poll_init_socket(h->loop, &w->poll, socket)) != 0) {
		log_error("http: socket not watched: %s", uv_strerror(rc));
		free(w);
		return NULL;
	}
	w->poll.data = w;
	return w;
}

/* From libcurl: watch ${socket} for ${what}, or stop watching it. */
static int
set_watch(CURL *easy, curl_socket_t socket, int what, void *cookie, void *socket_cookie)
{
	struct http *h = cookie;
	struct watch *w = socket_cookie;
	int events = 0, rc;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			uv_close((uv_handle_t *)&w->poll, watch_closed);
		return 0;
	}
	if (w == NULL) {
		if ((w = watch_new(h, socket)) == NULL)
			return -1;
		(void)curl_multi_assign(h->multi, socket, w);	/* fails for unknown sockets only */
	}
	if ((what & CURL_POLL_IN) != 0)
		events |= UV_READABLE;
	if ((what & CURL_POLL_OUT) != 0)
		events |= UV_WRITABLE;
	if ((rc = uv_poll_start(&w->poll, events, on_poll)) != 0) {
		log_error("http: socket not watched: %s", uv_strerror(rc));
		return -1;
	}
	return 0;
}

struct http *
http_new(uv_loop_t *loop)
{
	struct http *h;
	int rc;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		log_error("http: libcurl can't start");
		return NULL;
	}
	if ((h = calloc(1, sizeof(*h))) == NULL)
		goto err0;
	h->loop = loop;
	if ((h->multi = curl_multi_init()) == NULL)
		goto err1;
	if (curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, set_watch) != CURLM_OK ||
	    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h) != CURLM_OK ||
	    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer) != CURLM_OK ||
	    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h) != CURLM_OK ||
	    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT) != CURLM_OK)
		goto err2;
	if ((rc = uv_timer_init(loop, &h->timer)) != 0) {
		log_error("http: no timer: %s", uv_strerror(rc));
		goto err2;
	}
	h->timer.data = h;
	return h;

err2:
	(void)curl_multi_cleanup(h->multi);
err1:
	free(h);
err0:
	curl_global_cleanup();
	return NULL;
}

static void
http_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	(void)curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	uv_close((uv_handle_t *)&h->timer, http_closed);
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *cookie)
{
	struct http_request *r = cookie;

	buf_add(&r->body, bytes, size * n);
	return buf_status(&r->body) == ERR_OK ? size * n : 0;
}

/*
 * From libcurl: connected and about to send.  Called again before libcurl would repeat
 * a request.
 */
static int
on_sending(void *cookie, char *peer, char *local, int peer_port, int local_port)
{
	struct http_request *r = cookie;

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	if (r->sent)
		return CURL_PREREQFUNC_ABORT;
	r->sent = true;
	r->http->wrote |= !r->reads;
	r->on_sent(r->cookie);
	return CURL_PREREQFUNC_OK;
}

static bool
add_header(struct http_request *r, const char *line)
{
	struct curl_slist *list = curl_slist_append(r->headers, line);

	if (list == NULL)
		return false;
	r->headers = list;
	return true;
}

static bool
add_headers(struct http_request *r, const struct http_call *call)
{
	struct buf line = { 0 };
	bool done = true;

	if (call->token[0] != '\0') {
		buf_printf(&line, "Authorization: Bearer %s", call->token);
		done = add_header(r, buf_cstr(&line)) && buf_status(&line) == ERR_OK;
		buf_free(&line);
	}
	if (call->json.ptr != NULL)
		done = done && add_header(r, "Content-Type: application/json") &&
		    add_header(r, "Expect:");
	return done;
}

static long
clip_ms(int64_t ms)
{
	if (ms < 1)
		return 1;
	return ms > INT32_MAX ? INT32_MAX : (long)ms;
}

static bool
set_target(struct http_request *r, const struct http_call *call)
{
	CURL *e = r->easy;
	bool plain = strncmp(call->url, "http://", 7) == 0;

	return curl_easy_setopt(e, CURLOPT_URL, call->url) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	    /* plain http goes to this machine only, and a proxy would see the token */
	    (!plain || curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK) &&
	    curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, call->unix_socket) == CURLE_OK &&
	    /* one request at a time on a connection, so that it is clear what was sent and when */
	    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_USERAGENT, "orderdeck/" ORDERDECK_VERSION) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, clip_ms(call->timeout_ms)) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
	    clip_ms(call->connect_timeout_ms)) == CURLE_OK;
}

static bool
set_content(struct http_request *r, const struct http_call *call)
{
	CURL *e = r->easy;

	if (!add_headers(r, call))
		return false;
	if (call->json.ptr != NULL) {
		buf_add_str(&r->json, call->json);
		if (buf_status(&r->json) != ERR_OK ||
		    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)r->json.len) != CURLE_OK ||
		    curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->json.data) != CURLE_OK)
			return false;
	}
	return curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, call->method) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_HTTPHEADER, r->headers) == CURLE_OK;
}

static bool
set_callbacks(struct http_request *r)
{
	CURL *e = r->easy;

	return curl_easy_setopt(e, CURLOPT_PRIVATE, r) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, r->problem) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEDATA, r) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_sending) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PREREQDATA, r) == CURLE_OK;
}

struct http_request *
http_start(struct http *h, const struct http_call *call, http_sent_cb *on_sent,
    http_done_cb *on_done, void *cookie)
{
	struct http_request *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->http = h;
	r->body.limit = HTTP_ANSWER_MAX;
	r->reads = strcmp(call->method, "GET") == 0;
	r->on_sent = on_sent;
	r->on_done = on_done;
	r->cookie = cookie;
	if ((r->easy = curl_easy_init()) == NULL || !set_target(r, call) ||
	    !set_content(r, call) || !set_callbacks(r) ||
	    curl_multi_add_handle(h->multi, r->easy) != CURLM_OK) {
		request_free(r);
		return NULL;
	}
	return r;
}

void
http_cancel(struct http_request *r)
{
	(void)curl_multi_remove_handle(r->http->multi, r->easy);
	request_free(r);
}

#include "tests/lib/canned_server.h"

struct canned_peer {
	struct canned_server	*server;
	uv_tcp_t		 tcp;
	uv_timer_t		 timer;
	int			 number;
	int			 handles;	/* still open */
	struct buf		 in;
	const struct canned_answer *answer;	/* being played */
	size_t			 sent;
	char			 chunk[4096];
};

static void
canned_peer_closed(uv_handle_t *h)
{
	struct canned_peer *p = h->data;

	if (--p->handles == 0) {
		buf_free(&p->in);
		free(p);
	}
}

static void
canned_peer_close(struct canned_peer *p)
{
	if (uv_is_closing((uv_handle_t *)&p->tcp))
		return;
	uv_close((uv_handle_t *)&p->tcp, canned_peer_closed);
	uv_close((uv_handle_t *)&p->timer, canned_peer_closed);
}

/* Write as much as the socket takes, and come back for the rest. */
static void
canned_play(uv_timer_t *timer)
{
	struct canned_peer *p = timer->data;
	const struct canned_answer *a = p->answer;

	while (p->sent < a->len) {
		uv_buf_t b = uv_buf_init(a->bytes + p->sent,
		    a->drip ? 1 : (unsigned)(a->len - p->sent));
		int n = uv_try_write((uv_stream_t *)&p->tcp, &b, 1);

		if (n < 0 && n != UV_EAGAIN) {
			canned_peer_close(p);
			return;
		}
		p->sent += n > 0 ? (size_t)n : 0;
		if (a->drip || n < 0) {
			(void)uv_timer_start(timer, canned_play, a->drip ? 20 : 1, 0);
			return;
		}
	}
	if (a->cut)
		canned_peer_close(p);
}

/* Length of the first whole request in the buffer; 0: not there yet. */
static size_t
canned_whole(struct buf *in)
{
	const char *text = buf_cstr(in), *head_end, *length;
	size_t head, body = 0;

	if ((head_end = strstr(text, "\r\n\r\n")) == NULL)
		return 0;
	head = (size_t)(head_end - text) + 4;
	length = strcasestr(text, "\r\nContent-Length:");
	if (length != NULL && length < head_end)
		body = strtoul(length + 17, NULL, 10);
	return in->len >= head + body ? head + body : 0;
}

static void
canned_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct canned_peer *p = stream->data;
	struct canned_server *s = p->server;
	size_t len;

	if (n < 0 || s->deaf == CANNED_HANGS_UP) {
		canned_peer_close(p);
		return;
	}
	buf_add(&p->in, b->base, (size_t)n);
	if ((len = canned_whole(&p->in)) == 0)
		return;
	ck_assert_uint_lt(s->request_count, CANNED_REQUESTS);
	s->requests[s->request_count++] = (struct canned_request){
		.text = strndup(p->in.data, len),
		.at_ms = instant_monotonic(),
		.connection = p->number
	};
	buf_drain(&p->in, len);
	if (s->answer_count == 0)
		return;
	p->answer = &s->answers[s->request_count <= s->answer_count ?
	    s->request_count - 1 : s->answer_count - 1];
	p->sent = 0;
	if (!p->answer->hang)
		(void)uv_timer_start(&p->timer, canned_play, (uint64_t)p->answer->delay_ms, 0);
}

static void
canned_alloc(uv_handle_t *h, size_t size, uv_buf_t *b)
{
	struct canned_peer *p = h->data;

	(void)size;
	*b = uv_buf_init(p->chunk, sizeof(p->chunk));
}

static void
canned_on_connection(uv_stream_t *listener, int status)
{
	struct canned_server *s = listener->data;
	struct canned_peer *p = calloc(1, sizeof(*p));

	ck_assert_int_eq(status, 0);
	ck_assert_ptr_nonnull(p);
	p->server = s;
	p->number = ++s->connections;
	p->handles = 2;
	ck_assert_int_eq(uv_tcp_init(s->loop, &p->tcp), 0);
	ck_assert_int_eq(uv_timer_init(s->loop, &p->timer), 0);
	p->tcp.data = p->timer.data = p;
	ck_assert_int_eq(uv_accept(listener, (uv_stream_t *)&p->tcp), 0);
	if (s->deaf != CANNED_READS_NOTHING)
		ck_assert_int_eq(uv_read_start((uv_stream_t *)&p->tcp, canned_alloc, canned_on_read), 0);
}

void
canned_start(struct canned_server *s, uv_loop_t *loop)
{
	struct sockaddr_in at;
	int len = sizeof(at);

	*s = (struct canned_server){ .loop = loop };
	(void)signal(SIGPIPE, SIG_IGN);	/* a client that has gone ends only its connection */
	ck_assert_int_eq(uv_ip4_addr("127.0.0.1", 0, &at), 0);
	ck_assert_int_eq(uv_tcp_init(loop, &s->listener), 0);
	s->listener.data = s;
	ck_assert_int_eq(uv_tcp_bind(&s->listener, (struct sockaddr *)&at, 0), 0);
	ck_assert_int_eq(uv_listen((uv_stream_t *)&s->listener, 64, canned_on_connection), 0);
	ck_assert_int_eq(uv_tcp_getsockname(&s->listener, (struct sockaddr *)&at, &len), 0);
	s->port = ntohs(at.sin_port);
}

struct canned_answer *
canned_raw(struct canned_server *s, const char *bytes, size_t len)
{
	struct canned_answer *a = &s->answers[s->answer_count++];

	ck_assert_uint_le(s->answer_count, CANNED_ANSWERS);
	*a = (struct canned_answer){ .bytes = malloc(len + 1), .len = len };
	ck_assert_ptr_nonnull(a->bytes);
	memcpy(a->bytes, bytes, len);
	return a;
}

struct canned_answer *
canned_http(struct canned_server *s, int status, const char *headers, const char *body, size_t len)
{
	struct buf b = { 0 };
	struct canned_answer *a;

	buf_printf(&b, "HTTP/1.1 %d Whatever\r\nContent-Length: %zu\r\n%s\r\n", status, len, headers);
	buf_add(&b, body, len);
	ck_assert_int_eq(buf_status(&b), ERR_OK);
	a = canned_raw(s, b.data, b.len);
	buf_free(&b);
	return a;
}

struct canned_answer *
canned_json(struct canned_server *s, int status, const char *body)
{
	return canned_http(s, status, "Content-Type: application/json; charset=utf-8\r\n", body,
	    strlen(body));
}

size_t
canned_most_in_a_second(const struct canned_server *s)
{
	size_t most = 0;

	for (size_t i = 0; i < s->request_count; i++) {
		size_t n = 0;

		while (i + n < s->request_count &&
		    s->requests[i + n].at_ms < s->requests[i].at_ms + 1000)
			n++;
		if (n > most)
			most = n;
	}
	return most;
}

static void
canned_close_peers(uv_handle_t *h, void *cookie)
{
	(void)cookie;
	if (!uv_is_closing(h) && h->type == UV_TCP)
		canned_peer_close(h->data);
}

void
canned_stop(struct canned_server *s)
{
	uv_close((uv_handle_t *)&s->listener, NULL);
	uv_walk(s->loop, canned_close_peers, NULL);
	ck_assert_int_eq(uv_run(s->loop, UV_RUN_DEFAULT), 0);
	for (size_t i = 0; i < s->answer_count; i++)
		free(s->answers[i].bytes);
	for (size_t i = 0; i < s->request_count; i++)
		free(s->requests[i].text);
}

static void
canned_tick(uv_timer_t *timer)
{
	(void)timer;	/* it only makes uv_run() return */
}

bool
canned_run(uv_loop_t *loop, const int *flag, int target, int64_t ms)
{
	int64_t until = instant_monotonic() + patience(ms);
	uv_timer_t timer;

	ck_assert_int_eq(uv_timer_init(loop, &timer), 0);
	ck_assert_int_eq(uv_timer_start(&timer, canned_tick, 2, 2), 0);
	while (*flag < target && instant_monotonic() < until)
		(void)uv_run(loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	(void)uv_run(loop, UV_RUN_NOWAIT);	/* close the timer, which is on this stack frame */
	return *flag >= target;
}

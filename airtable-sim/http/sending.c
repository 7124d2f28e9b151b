#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "airtable-sim/door/door.h"
#include "airtable-sim/http/sending.h"

#define GZIP_MIN_BYTES	256
#define PIECES		10	/* of a slow body */
#define BLOCK_BYTES	32768

struct sim_waiting {
	pthread_mutex_t	lock;
	pthread_cond_t	ended;
	bool		over;
};

/* A body that leaves in its own way. */
struct dribble {
	struct sim_waiting	*waiting;
	char			*data;
	size_t			 len;
	bool			 half;
	int64_t			 pause_ms;
};

struct dump {
	struct sim_state	*state;
	char			 table[SIM_ID_SIZE];
	uint32_t		 next;
	struct buf		 lines;
};

struct sim_waiting *
sim_waiting_new(void)
{
	struct sim_waiting *w = calloc(1, sizeof(*w));
	pthread_condattr_t attributes;

	if (w == NULL)
		return NULL;
	if (pthread_condattr_init(&attributes) != 0)
		goto err0;
	if (pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&w->ended, &attributes) != 0)
		goto err1;
	if (pthread_mutex_init(&w->lock, NULL) != 0)
		goto err2;
	(void)pthread_condattr_destroy(&attributes);
	return w;
err2:
	(void)pthread_cond_destroy(&w->ended);
err1:
	(void)pthread_condattr_destroy(&attributes);
err0:
	free(w);
	return NULL;
}

void
sim_waiting_free(struct sim_waiting *w)
{
	(void)pthread_cond_destroy(&w->ended);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

void
sim_waiting_end(struct sim_waiting *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->over = true;
	(void)pthread_cond_broadcast(&w->ended);
	(void)pthread_mutex_unlock(&w->lock);
}

void
sim_wait(struct sim_waiting *w, int64_t ms)
{
	struct timespec until;

	if (ms <= 0)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_mutex_lock(&w->lock);
	while (!w->over && pthread_cond_timedwait(&w->ended, &w->lock, &until) == 0)
		;
	(void)pthread_mutex_unlock(&w->lock);
}

/* Replace the body by its gzip form; false: it stays as it is. */
static bool
compress_body(struct buf *body)
{
	z_stream z = { .next_in = (Bytef *)body->data, .avail_in = (uInt)body->len };
	struct buf out = { 0 };
	bool done = false;
	uLong bound;
	char *room;

	if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	bound = deflateBound(&z, (uLong)body->len);
	if ((room = buf_reserve(&out, bound)) != NULL) {
		z.next_out = (Bytef *)room;
		z.avail_out = (uInt)bound;
		done = deflate(&z, Z_FINISH) == Z_STREAM_END;
	}
	if (done) {
		buf_commit(&out, z.total_out);
		buf_free(body);
		*body = out;
	} else {
		buf_free(&out);
	}
	(void)deflateEnd(&z);
	return done;
}

static bool
wants_gzip(struct MHD_Connection *connection)
{
	const char *accepted = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
	    MHD_HTTP_HEADER_ACCEPT_ENCODING);

	return accepted != NULL && strstr(accepted, "gzip") != NULL;
}

static ssize_t
read_dribble(void *cls, uint64_t at, char *out, size_t room)
{
	struct dribble *d = cls;
	size_t end = d->half ? d->len / 2 : d->len, piece = d->len / PIECES + 1;

	if (at >= end)
		return d->half ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
	sim_wait(d->waiting, d->pause_ms);
	if (piece > room)
		piece = room;
	if (piece > end - at)
		piece = end - (size_t)at;
	memcpy(out, d->data + at, piece);
	return (ssize_t)piece;
}

static void
free_dribble(void *cls)
{
	struct dribble *d = cls;

	free(d->data);
	free(d);
}

/* The body's memory goes to the response. */
static struct MHD_Response *
whole_response(struct buf *body)
{
	struct MHD_Response *r;

	r = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);
	if (r != NULL)
		*body = (struct buf){ 0 };
	return r;
}

static struct MHD_Response *
dribbled_response(const struct sim_send *send, struct buf *body)
{
	struct dribble *d = calloc(1, sizeof(*d));
	struct MHD_Response *r;

	if (d == NULL)
		return NULL;
	*d = (struct dribble){ send->waiting, body->data, body->len,
	    send->how == SIM_SEND_HALF, send->how == SIM_SEND_SLOWLY ? send->slow_ms / PIECES : 0 };
	r = MHD_create_response_from_callback(body->len, BLOCK_BYTES, read_dribble, d, free_dribble);
	if (r == NULL)
		free(d);
	else
		*body = (struct buf){ 0 };
	return r;
}

static void
add_header(struct MHD_Response *r, const char *name, const char *value)
{
	/* fails only without memory; the answer is then sent with a header less */
	(void)MHD_add_response_header(r, name, value);
}

static void
add_headers(struct MHD_Response *r, const struct sim_send *send, const char *content_type)
{
	char date[64];
	time_t now = (time_t)(send->now_ms / 1000);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	add_header(r, MHD_HTTP_HEADER_DATE, date);
	add_header(r, MHD_HTTP_HEADER_SERVER, "Tengine");
	add_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
	    content_type == NULL ? "application/json; charset=utf-8" : content_type);
	add_header(r, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
	add_header(r, "access-control-allow-origin", "*");
	add_header(r, "access-control-allow-methods", "DELETE,GET,OPTIONS,PATCH,POST,PUT");
	add_header(r, "access-control-allow-headers", "authorization,content-length,content-type,"
	    "user-agent,x-airtable-application-id,x-airtable-user-agent,x-api-version,"
	    "x-requested-with");
	add_header(r, "X-Content-Type-Options", "nosniff");
}

enum MHD_Result
sim_send(const struct sim_send *send, struct sim_reply *reply)
{
	struct MHD_Response *r;
	char number[32];
	size_t plain = reply->body.len;
	bool gzip;
	enum MHD_Result result;

	if (buf_status(&reply->body) != ERR_OK)
		sim_reply_internal(reply);
	gzip = plain >= GZIP_MIN_BYTES && wants_gzip(send->connection) && compress_body(&reply->body);
	if (send->how == SIM_SEND_WHOLE)
		r = whole_response(&reply->body);
	else
		r = dribbled_response(send, &reply->body);
	if (r == NULL)
		return MHD_NO;
	add_headers(r, send, reply->content_type);
	if (gzip) {
		(void)snprintf(number, sizeof(number), "%zu", plain);
		add_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
		add_header(r, "airtable-uncompressed-content-length", number);
	}
	if (reply->retry_after > 0) {
		(void)snprintf(number, sizeof(number), "%ld", reply->retry_after);
		add_header(r, MHD_HTTP_HEADER_RETRY_AFTER, number);
	}
	result = MHD_queue_response(send->connection, (unsigned)reply->status, r);
	MHD_destroy_response(r);
	return result;
}

static ssize_t
read_dump(void *cls, uint64_t at, char *out, size_t room)
{
	struct dump *d = cls;
	struct sim_state *s = d->state;
	const struct sim_table *t;
	size_t n;

	(void)at;
	if (d->lines.len == 0) {
		(void)pthread_mutex_lock(&s->data);
		(void)pthread_mutex_lock(&s->arrivals);
		if ((t = sim_base_table(s->base, str_of(d->table))) != NULL)
			door_dump_some(t, &d->next, sim_state_now(s), &d->lines);
		(void)pthread_mutex_unlock(&s->arrivals);
		(void)pthread_mutex_unlock(&s->data);
	}
	if (buf_status(&d->lines) != ERR_OK)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (d->lines.len == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	n = d->lines.len < room ? d->lines.len : room;
	memcpy(out, d->lines.data, n);
	buf_drain(&d->lines, n);
	return (ssize_t)n;
}

static void
free_dump(void *cls)
{
	struct dump *d = cls;

	buf_free(&d->lines);
	free(d);
}

enum MHD_Result
sim_send_dump(const struct sim_send *send, struct sim_state *s, struct str table)
{
	struct dump *d = calloc(1, sizeof(*d));
	const struct sim_table *t;
	struct MHD_Response *r;
	enum MHD_Result result;

	if (d == NULL)
		return MHD_NO;
	d->state = s;
	(void)pthread_mutex_lock(&s->data);
	t = table.len == 0 ? s->base->tables[0] : sim_base_table(s->base, table);
	if (t != NULL)
		memcpy(d->table, t->id, SIM_ID_SIZE);
	(void)pthread_mutex_unlock(&s->data);
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_dump, d, free_dump);
	if (r == NULL) {
		free(d);
		return MHD_NO;
	}
	add_headers(r, send, "application/x-ndjson");
	result = MHD_queue_response(send->connection, t == NULL ? 404 : 200, r);
	MHD_destroy_response(r);
	return result;
}

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "airtable-sim/api/api.h"
#include "airtable-sim/door/door.h"
#include "airtable-sim/http/http.h"
#include "airtable-sim/http/misbehave.h"
#include "airtable-sim/http/sending.h"
#include "common/base/instant.h"

#define CONNECTION_BYTES	(160 * 1024)	/* long URLs must reach us to be refused properly */
#define CONNECTIONS_MAX		2000
#define DOOR_BODY_MAX		(64u << 20)

struct sim_server {
	struct sim_state	*state;
	struct MHD_Daemon	*daemon;
	struct sim_waiting	*waiting;
};

/* One request, from its first line to its end. */
struct exchange {
	struct sim_server	*server;
	char			*target;
	bool			 begun, door;
	struct sim_request	 q;
	struct buf		 body;
	enum sim_verdict	 verdict;
	uint64_t		 seq;		/* in the log */
};

/* Before anything else is known of a request: keep its target as it was sent. */
static void *
exchange_new(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *x = calloc(1, sizeof(*x));

	(void)connection;
	if (x == NULL)
		return NULL;
	x->server = cls;
	if ((x->target = strdup(uri)) == NULL) {
		free(x);
		return NULL;
	}
	return x;
}

static void
exchange_end(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *context;

	(void)cls, (void)connection, (void)code;
	*context = NULL;
	if (x == NULL)
		return;
	sim_uri_free(&x->q.uri);
	buf_free(&x->body);
	free(x->target);
	free(x);
}

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The moment of arrival: count it, log it. */
static void
arrive(struct exchange *x)
{
	struct sim_state *s = x->server->state;
	struct sim_arrival a = {
		.token = sim_request_token(&x->q),
		.of_base = sim_request_of_base(&x->q, s->options.base_id),
		.meta = sim_request_is_meta(&x->q),
		.webhook = sim_request_is_webhook(&x->q)
	};

	(void)pthread_mutex_lock(&s->arrivals);
	a.monotonic_ms = instant_monotonic();
	a.simulated_ms = sim_state_now(s);
	x->verdict = sim_request_is_preflight(&x->q) ? SIM_ADMIT :
	    sim_limits_arrive(&s->limits, &s->settings, &a);
	x->seq = sim_log_arrival(&s->log, a.monotonic_ms, a.simulated_ms, x->q.method, x->target);
	(void)pthread_mutex_unlock(&s->arrivals);
}

static enum MHD_Result
begin(struct exchange *x, struct MHD_Connection *connection, const char *method)
{
	x->begun = true;
	x->q.method = method;
	x->q.target = x->target;
	x->q.host = header(connection, MHD_HTTP_HEADER_HOST);
	x->q.authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);
	x->q.content_type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
	if (sim_uri_parse(&x->q.uri, x->target) != ERR_OK)
		return MHD_NO;
	x->door = door_is_it(&x->q);
	if (!x->door)
		arrive(x);
	(void)pthread_mutex_lock(&x->server->state->data);
	x->body.limit = x->door ? DOOR_BODY_MAX : (size_t)x->server->state->settings.body_max_bytes;
	(void)pthread_mutex_unlock(&x->server->state->data);
	return MHD_YES;
}

static void
answered(struct exchange *x, int status, size_t records)
{
	struct sim_state *s = x->server->state;

	if (x->door)
		return;
	(void)pthread_mutex_lock(&s->arrivals);
	sim_log_answer(&s->log, x->seq, instant_monotonic(), status, records);
	(void)pthread_mutex_unlock(&s->arrivals);
}

/* What a call comes to under the data lock: its answer and the way it is sent. */
static enum sim_sending
work(struct exchange *x, struct sim_reply *reply, int64_t *delay_ms)
{
	struct sim_state *s = x->server->state;
	enum sim_sending how = SIM_SEND_WHOLE;
	const struct sim_fault *fault = NULL;

	*delay_ms = 0;
	(void)pthread_mutex_lock(&s->data);
	if (x->verdict != SIM_ADMIT) {
		sim_api_refuse(&s->settings, x->verdict, reply);
	} else {
		if (!sim_request_is_preflight(&x->q))
			fault = sim_faults_match(&s->faults, x->q.method, x->target);
		if (fault == NULL || fault->apply)
			sim_api_serve(s, &x->q, sim_state_clock(s), reply);
	}
	if (fault != NULL) {
		*delay_ms = fault->delay_ms;
		if (fault->action == SIM_HANG && fault->delay_ms == 0)
			*delay_ms = SIM_HANG_MAX_MS;
		how = sim_misbehave(fault, reply);
	}
	(void)pthread_mutex_unlock(&s->data);
	return how;
}

static enum MHD_Result
serve_call(struct exchange *x, struct MHD_Connection *connection)
{
	struct sim_state *s = x->server->state;
	struct sim_reply reply = { 0 };
	struct sim_send send = { .connection = connection, .waiting = x->server->waiting };
	int64_t latency, delay;
	enum MHD_Result result = MHD_NO;

	x->q.body_too_large = buf_status(&x->body) != ERR_OK;
	x->q.body = x->q.body_too_large ? STR("") : buf_str(&x->body);
	(void)pthread_mutex_lock(&s->arrivals);
	latency = s->settings.latency_ms;
	(void)pthread_mutex_unlock(&s->arrivals);
	sim_wait(x->server->waiting, latency / 2);
	send.how = work(x, &reply, &delay);
	if (send.how != SIM_SEND_SLOWLY)
		sim_wait(x->server->waiting, delay);
	sim_wait(x->server->waiting, latency - latency / 2);
	send.slow_ms = delay;
	send.now_ms = sim_state_clock(s);
	if (send.how != SIM_SEND_NOTHING) {
		answered(x, reply.status, reply.records);
		result = sim_send(&send, &reply);
	}
	if (result == MHD_NO)
		answered(x, -1, reply.records);
	sim_reply_free(&reply);
	return result;
}

static enum MHD_Result
serve_door(struct exchange *x, struct MHD_Connection *connection)
{
	struct sim_send send = { .connection = connection, .waiting = x->server->waiting,
	    .now_ms = sim_state_clock(x->server->state) };
	struct sim_reply reply = { 0 };
	struct str table;
	enum MHD_Result result;

	if (door_is_dump(&x->q, &table))
		return sim_send_dump(&send, x->server->state, table);
	if (buf_status(&x->body) != ERR_OK) {
		sim_reply_errorf(&reply, 413, "SIM_TOO_LARGE", "the body is too large");
	} else {
		x->q.body = buf_str(&x->body);
		door_serve(x->server->state, &x->q, &reply);
	}
	result = sim_send(&send, &reply);
	sim_reply_free(&reply);
	return result;
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **context)
{
	struct exchange *x = *context;

	(void)cls, (void)url, (void)version;
	if (x == NULL)
		return MHD_NO;	/* out of memory */
	if (!x->begun)
		return begin(x, connection, method);
	if (*size > 0) {
		buf_add(&x->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	return x->door ? serve_door(x, connection) : serve_call(x, connection);
}

struct sim_server *
sim_server_start(struct sim_state *state, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sim_server *s;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->state = state;
	if ((s->waiting = sim_waiting_new()) == NULL)
		goto err0;
	s->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK |
	    MHD_USE_ITC, port, NULL, NULL, handle, s,
	    MHD_OPTION_SOCK_ADDR, &address,
	    MHD_OPTION_URI_LOG_CALLBACK, exchange_new, s,
	    MHD_OPTION_NOTIFY_COMPLETED, exchange_end, s,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	    MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u,
	    MHD_OPTION_END);
	if (s->daemon == NULL)
		goto err1;
	return s;
err1:
	sim_waiting_free(s->waiting);
err0:
	free(s);
	return NULL;
}

uint16_t
sim_server_port(const struct sim_server *s)
{
	const union MHD_DaemonInfo *info;

	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
	return info == NULL ? 0 : info->port;
}

void
sim_server_stop(struct sim_server *s)
{
	if (s == NULL)
		return;
	sim_waiting_end(s->waiting);
	MHD_stop_daemon(s->daemon);
	sim_waiting_free(s->waiting);
	free(s);
}

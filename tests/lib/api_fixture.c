#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/unix_socket.h"
#include "common/base/zone.h"
#include "tests/lib/api_fixture.h"

struct api_fixture fx;
static char syncd_address[UNIX_PATH_SIZE];
static int web, syncd_listen, syncd = -1;
static struct buf in;

static const struct tables *
tables(void)
{
	return fx.tables != NULL ? fx.tables : &tables_builtin;
}

void
in_writer(void (*change)(struct apply *))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct apply *a;

		if (apply_open(&fx.config, tables(), &a) != ERR_OK)
			_exit(1);
		change(a);
		apply_close(a);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

struct value
text_value(const char *s)
{
	return (struct value){ .present = s != NULL, .text = str_of(s) };
}

void
apply_or_exit(struct apply *a, const struct change *c, size_t n, enum change_source source,
    const struct apply_meta *meta)
{
	static const struct apply_meta none;
	struct apply_result result;

	if (apply_changes(a, c, n, source, meta != NULL ? meta : &none, instant_now(), &result) != ERR_OK)
		_exit(2);
	*fx.committed = result.generation;
}

const char *
with(const char *format, uint64_t generation)
{
	static char texts[4][400];
	static int turn;
	char *text = texts[turn++ % 4];

	(void)snprintf(text, sizeof(texts[0]), format, (unsigned long long)generation);
	return text;
}

void
api_fill(struct apply *a)
{
	static const char *const ids[] = { "recAAAAAAAAAAAAAA", "recBBBBBBBBBBBBBB",
	    "recCCCCCCCCCCCCCC", "recDDDDDDDDDDDDDD" };
	static const char *const order_ids[] = { "ORD-1", "sync", "ORD-3", "ORD-3" };
	static const struct apply_meta meta = { .table = &orders_schema, .synced_ms = 1700000000000,
	    .last_sync = STR("{\"state\":\"failed\",\"pages\":3,"
	    "\"error\":{\"code\":\"airtable_timeout\",\"detail\":\"slow\"}}") };
	static struct change c[4];

	for (size_t i = 0; i < 4; i++) {
		c[i].table = &orders_schema;
		c[i].base = CHANGE_ANY_BASE;
		c[i].record.id = str_of(ids[i]);
		c[i].record.known = schema_all(&orders_schema);
		c[i].record.values[ORDER_ORDER_ID] = text_value(order_ids[i]);
		c[i].record.values[ORDER_CUSTOMER] = text_value(i == 0 ? "=A, \"B\"" : NULL);
		c[i].record.values[ORDER_STATUS] = text_value(i == 0 ? "Pending" : NULL);
		c[i].record.values[ORDER_TOTAL] = (struct value){ .present = true,
		    .number = 123000 };
	}
	apply_or_exit(a, c, 4, SOURCE_FULL_SYNC, &meta);
}

void
api_ship(struct apply *a)
{
	struct change c = { .table = &orders_schema, .base = CHANGE_ANY_BASE };

	c.record.id = STR("recAAAAAAAAAAAAAA");
	c.record.known = UINT32_C(1) << ORDER_STATUS;
	c.record.values[ORDER_STATUS] = text_value("Shipped");
	apply_or_exit(a, &c, 1, SOURCE_FULL_SYNC, NULL);
}

/* The slow pool's part: what is streamed is gathered, and is the whole answer. */
static enum err
put(void *cookie, struct str bytes)
{
	buf_add_str(cookie, bytes);
	return buf_status(cookie);
}

static void
stream(struct connection *c, enum err parsed)
{
	struct buf streamed = { .data = NULL };
	struct sink sink = { .put = put, .cookie = &streamed };

	(void)route_run(fx.api, parsed, &sink);
	if (sink.streamed)
		connection_answer(c, buf_str(&streamed), (struct str){ NULL, 0 });
	else
		api_send(fx.api, c, &fx.api->account);
	buf_free(&streamed);
}

static bool
is_export(char *const *envp)
{
	for (; *envp != NULL; envp++)
		if (strncmp(*envp, "REQUEST_URI=", strlen("REQUEST_URI=")) == 0)
			return strstr(*envp, "/export.") != NULL;
	return false;
}

static void
on_request(void *cookie, struct connection *c, char *const *envp, struct str body, enum err e)
{
	enum err parsed = api_begin(fx.api, envp, body, e);

	(void)cookie;
	fx.api->connection = c;
	if (fx.slow && is_export(envp))
		stream(c, parsed);
	else if ((fx.metrics != NULL ? metrics_answer(fx.api, envp, fx.metrics) :
	    route_run(fx.api, parsed, NULL)) == ANSWERED)
		api_send(fx.api, c, &fx.api->account);
	api_release(fx.api);
}

void
open_web(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(connections_adopt(fx.cs, fds[0]), ERR_OK);
	web = fds[1];
}

void
close_web(void)
{
	ck_assert_int_eq(close(web), 0);
	turns(3);
}

void
api_setup(void)
{
	struct connections_setup setup = { .listen_fd = -1, .max = 10, .stall_ms = 10000,
	    .request = on_request };
	const char *dir = tmpdir_new();

	fx.committed = mmap(NULL, sizeof(*fx.committed), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(fx.committed, MAP_FAILED);

	(void)snprintf(fx.config.store.path, sizeof(fx.config.store.path), "%s/store", dir);
	fx.config.store.map_size_bytes = 1 << 24;
	fx.config.store.map_limit_bytes = 1 << 26;
	fx.config.store.changes_kept = 100;
	fx.config.audit.retention_ms = INT64_C(365) * 86400 * 1000;
	fx.config.write.timeout_ms = 20000;
	fx.config.sync.wait_ms = 25000;
	(void)strcpy(fx.config.summary.time_zone, "UTC");
	(void)strcpy(fx.config.summary.excluded, "Cancelled");
	ck_assert_int_eq(zone_use(STR("UTC")), ERR_OK);
	ck_assert_int_eq(FCGX_Init(), 0);
	(void)snprintf(syncd_address, sizeof(syncd_address), "%s/syncd.sock", dir);
	syncd_listen = -1;
	ck_assert_ptr_nonnull(setup.loop = fx.loop = loop_new());
	ck_assert_ptr_nonnull(fx.api = api_new(&fx.config, &fx.docs, tables()));
	fx.api->loop = fx.loop;
	ck_assert_ptr_nonnull(fx.api->link = syncd_link_new(fx.loop, syncd_address));
	ck_assert_ptr_nonnull(fx.cs = connections_new(&setup));
	open_web();
}

void
api_setup_filled(void)
{
	api_setup();
	in_writer(api_fill);
}

void
api_setup_syncd(void)
{
	api_setup_filled();
	ck_assert_int_ne(syncd_listen = unix_listen(syncd_address, 8), -1);
}

void
api_teardown(void)
{
	connections_free(fx.cs);
	syncd_link_free(fx.api->link);
	api_free(fx.api);
	loop_free(fx.loop);
	buf_free(&fx.answer);
	buf_free(&in);
	(void)close(web);
	if (syncd_listen != -1)
		(void)close(syncd_listen);
	if (syncd != -1)
		(void)close(syncd);
	syncd = -1;
}

void
turns(int n)
{
	for (int i = 0; i < n; i++) {
		ck_assert_int_eq(loop_turn(fx.loop, instant_monotonic()), ERR_OK);
		(void)syncd_link_tick(fx.api->link, instant_monotonic());
	}
}

void
ask_with(const char *method, const char *uri, const char *const *headers, const char *body)
{
	const char *params[24] = { "REQUEST_METHOD", method, "REQUEST_URI", uri,
	    "CONTENT_TYPE", "application/json", "REQUEST_ID", "r1" };
	struct buf b = { .data = NULL };
	size_t n = 8;

	while (headers[0] != NULL && n < 22) {
		params[n++] = *headers++;
		params[n++] = *headers++;
	}
	peer_add_request(&b, 1, true, params, str_of(body));
	ck_assert_int_eq(send(web, b.data, b.len, MSG_NOSIGNAL), (ssize_t)b.len);
	buf_free(&b);
	turns(3);
}

void
ask(const char *method, const char *uri, const char *header, const char *value,
    const char *body)
{
	ask_with(method, uri, (const char *const[]){ header, value, NULL }, body);
}

bool
answered(void)
{
	char *room = buf_reserve(&in, 1 << 20);
	ssize_t n = recv(web, room, 1 << 20, MSG_DONTWAIT);

	if (n > 0)
		buf_commit(&in, (size_t)n);
	return peer_take_answer(&in, &fx.answer);
}

/* An answer without a status is a 200. */
static int
status_of(const char *answer)
{
	const char *line = strstr(answer, "Status: "), *end = strstr(answer, "\r\n\r\n");

	ck_assert_ptr_nonnull(end);
	return line == NULL || line > end ? 200 : atoi(line + strlen("Status: "));
}

void
expect(int status, const char *holds)
{
	ck_assert(answered());
	ck_assert_msg(status_of(buf_cstr(&fx.answer)) == status, "want %d: %s", status, buf_cstr(&fx.answer));
	ck_assert_msg(strstr(buf_cstr(&fx.answer), holds) != NULL, "want %s: %s", holds, buf_cstr(&fx.answer));
}

void
expect_get(const char *uri, int status, const char *holds)
{
	ask("GET", uri, NULL, NULL, NULL);
	expect(status, holds);
}

const char *
syncd_line(void)
{
	static char line[65536];
	ssize_t n;

	if (syncd == -1)
		syncd = accept4(syncd_listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	ck_assert_int_ge(syncd, 0);
	n = recv(syncd, line, sizeof(line) - 1, 0);
	ck_assert_int_gt(n, 0);
	line[n] = '\0';
	return line;
}

void
syncd_say(const char *line, const char *rest)
{
	const char *id = strstr(line, "\"id\":");
	struct buf reply = { .data = NULL };

	ck_assert_ptr_nonnull(id);
	buf_printf(&reply, "{\"id\":%llu,%s}\n", strtoull(id + 5, NULL, 10), rest);
	ck_assert_int_eq(send(syncd, reply.data, reply.len, MSG_NOSIGNAL), (ssize_t)reply.len);
	buf_free(&reply);
	turns(3);
}

void
expect_text(const char *holds)
{
	ck_assert_msg(strstr(buf_cstr(&fx.answer), holds) != NULL, "want %s: %s", holds,
	    buf_cstr(&fx.answer));
}

void
expect_no_text(const char *lacks)
{
	ck_assert_msg(strstr(buf_cstr(&fx.answer), lacks) == NULL, "unwanted %s: %s", lacks,
	    buf_cstr(&fx.answer));
}

void
expect_no_line(void)
{
	char byte;

	if (syncd == -1)
		syncd = accept4(syncd_listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (syncd != -1)
		ck_assert_int_eq(recv(syncd, &byte, 1, 0), -1);
}

void
syncd_close(void)
{
	ck_assert_int_eq(close(syncd), 0);
	syncd = -1;
	turns(3);
}

const char *
syncd_confirmed(uint64_t generation, const char *result)
{
	static char text[1000];

	(void)snprintf(text, sizeof(text), "\"ok\":true,\"generation\":%llu,\"body\":{\"bulk\":null,"
	    "\"results\":[%s]}", (unsigned long long)generation, result);
	return text;
}

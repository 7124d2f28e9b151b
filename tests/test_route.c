#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/instant.h"
#include "common/zone.h"
#include "fcgi-api/route.h"
#include "syncd/apply.h"
#include "tests/fastcgi_peer.h"
#include "tests/support.h"

/*
 * A worker without its process: FastCGI requests over a socket pair, a real
 * store, and a syncd that is played by the test.
 */
static struct config config;
static struct docs docs;
static struct loop *loop;
static struct api *api;
static struct connections *cs;
static struct sockaddr_un syncd_address;
static int web, syncd_listen, syncd = -1;
static struct buf answer, in;

/* Another process is the writer, as LMDB wants it. */
static void
in_writer(void (*change)(struct apply *))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct apply *a;

		if (apply_open(&config, &orders_schema, &a) != ERR_OK)
			_exit(1);
		change(a);
		apply_close(a);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static struct value
text(const char *s)
{
	return (struct value){ .present = s != NULL, .text = str_of(s) };
}

static uint64_t *committed;	/* generation of the writer's last commit; shared with its process */

static void
apply_or_exit(struct apply *a, const struct change *c, size_t n, const char *last_sync)
{
	struct apply_meta meta = { .synced_ms = last_sync != NULL ? 1700000000000 : 0,
	    .last_sync = str_of(last_sync) };
	struct apply_result result;

	if (apply_changes(a, c, n, SOURCE_FULL_SYNC, &meta, instant_now(), &result) != ERR_OK)
		_exit(2);
	*committed = result.generation;
}

/* ${format}, which has one %llu, with this generation. */
__attribute__((format(printf, 1, 0)))
static const char *
with(const char *format, uint64_t generation)
{
	static char texts[4][256];
	static int turn;
	char *text = texts[turn++ % 4];

	(void)snprintf(text, sizeof(texts[0]), format, (unsigned long long)generation);
	return text;
}

/* Four orders; the last two share an Order ID. */
static void
fill(struct apply *a)
{
	static const char *const ids[] = { "recAAAAAAAAAAAAAA", "recBBBBBBBBBBBBBB",
	    "recCCCCCCCCCCCCCC", "recDDDDDDDDDDDDDD" };
	static const char *const order_ids[] = { "ORD-1", "sync", "ORD-3", "ORD-3" };
	static struct change c[4];

	for (size_t i = 0; i < 4; i++) {
		c[i].base = CHANGE_ANY_BASE;
		c[i].record.id = str_of(ids[i]);
		c[i].record.known = schema_all(&orders_schema);
		c[i].record.values[ORDER_ORDER_ID] = text(order_ids[i]);
		c[i].record.values[ORDER_CUSTOMER] = text(i == 0 ? "=A, \"B\"" : NULL);
		c[i].record.values[ORDER_STATUS] = text(i == 0 ? "Pending" : NULL);
		c[i].record.values[ORDER_TOTAL] = (struct value){ .present = true,
		    .number = 123000 };
	}
	apply_or_exit(a, c, 4, "{\"state\":\"failed\",\"pages\":3,"
	    "\"error\":{\"code\":\"airtable_timeout\",\"detail\":\"slow\"}}");
}

static void
ship(struct apply *a)
{
	struct change c = { .base = CHANGE_ANY_BASE };

	c.record.id = STR("recAAAAAAAAAAAAAA");
	c.record.known = UINT32_C(1) << ORDER_STATUS;
	c.record.values[ORDER_STATUS] = text("Shipped");
	apply_or_exit(a, &c, 1, NULL);
}

static void
on_request(void *cookie, struct connection *c, char *const *envp, struct str body, enum err e)
{
	enum err parsed = request_parse(&api->request, envp, body, e, &api->errors);

	(void)cookie;
	api->connection = c;
	response_begin(&api->response, api->request.method == METHOD_HEAD, api->request.id);
	if (route_run(api, parsed, NULL) == ANSWERED)
		api_send(api, c);
	api_release(api);
}

static void
open_web(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(connections_adopt(cs, fds[0]), ERR_OK);
	web = fds[1];
}

static void
setup(void)
{
	struct connections_setup setup = { .listen_fd = -1, .max = 10, .stall_ms = 10000,
	    .request = on_request };
	const char *dir = tmpdir_new();

	committed = mmap(NULL, sizeof(*committed), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(committed, MAP_FAILED);

	(void)snprintf(config.store.path, sizeof(config.store.path), "%s/store", dir);
	config.store.map_size_bytes = 1 << 24;
	config.store.map_limit_bytes = 1 << 26;
	config.store.changes_kept = 100;
	config.write.timeout_ms = 20000;
	config.sync.wait_ms = 25000;
	(void)strcpy(config.summary.time_zone, "UTC");
	ck_assert_int_eq(zone_use(STR("UTC")), ERR_OK);
	ck_assert_int_eq(FCGX_Init(), 0);
	syncd_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(syncd_address.sun_path, sizeof(syncd_address.sun_path), "%s/syncd.sock", dir);
	syncd_listen = -1;
	ck_assert_ptr_nonnull(setup.loop = loop = loop_new());
	ck_assert_ptr_nonnull(api = api_new(&config, &docs));
	api->loop = loop;
	ck_assert_ptr_nonnull(api->link = syncd_link_new(loop, syncd_address.sun_path, &orders_schema));
	ck_assert_ptr_nonnull(cs = connections_new(&setup));
	open_web();
}

static void
setup_filled(void)
{
	setup();
	in_writer(fill);
}

/* A syncd that listens. */
static void
setup_syncd(void)
{
	setup_filled();
	syncd_listen = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(syncd_listen, 0);
	ck_assert_int_eq(bind(syncd_listen, (struct sockaddr *)&syncd_address,
	    sizeof(syncd_address)), 0);
	ck_assert_int_eq(listen(syncd_listen, 8), 0);
}

static void
teardown(void)
{
	connections_free(cs);
	syncd_link_free(api->link);
	api_free(api);
	loop_free(loop);
	buf_free(&answer);
	buf_free(&in);
	(void)close(web);
	if (syncd_listen != -1)
		(void)close(syncd_listen);
	if (syncd != -1)
		(void)close(syncd);
	syncd = -1;
}

static void
turns(int n)
{
	for (int i = 0; i < n; i++) {
		ck_assert_int_eq(loop_turn(loop, instant_monotonic()), ERR_OK);
		(void)syncd_link_tick(api->link, instant_monotonic());
	}
}

/* Send a request; ${header} is NAME, value or NULL. */
static void
ask(const char *method, const char *uri, const char *header, const char *value,
    const char *body)
{
	const char *params[] = { "REQUEST_METHOD", method, "REQUEST_URI", uri,
	    "CONTENT_TYPE", "application/json", "REQUEST_ID", "r1", header, value, NULL };
	struct buf b = { .data = NULL };

	peer_add_request(&b, 1, true, params, str_of(body));
	ck_assert_int_eq(send(web, b.data, b.len, MSG_NOSIGNAL), (ssize_t)b.len);
	buf_free(&b);
	turns(3);
}

/* Is the answer there?  It is in answer then. */
static bool
answered(void)
{
	char *room = buf_reserve(&in, 1 << 20);
	ssize_t n = recv(web, room, 1 << 20, MSG_DONTWAIT);

	if (n > 0)
		buf_commit(&in, (size_t)n);
	return peer_take_answer(&in, &answer);
}

/* The answer has this status and holds this text. */
static void
expect(int status, const char *holds)
{
	char line[32];

	ck_assert(answered());
	(void)snprintf(line, sizeof(line), "Status: %d ", status);
	ck_assert_msg(strstr(buf_cstr(&answer), line) != NULL, "want %d: %s", status, buf_cstr(&answer));
	ck_assert_msg(strstr(buf_cstr(&answer), holds) != NULL, "want %s: %s", holds, buf_cstr(&answer));
}

static void
expect_get(const char *uri, int status, const char *holds)
{
	ask("GET", uri, NULL, NULL, NULL);
	expect(status, holds);
}

/* The line that syncd got. */
static const char *
syncd_line(void)
{
	static char line[8192];
	ssize_t n;

	if (syncd == -1)
		syncd = accept4(syncd_listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	ck_assert_int_ge(syncd, 0);
	n = recv(syncd, line, sizeof(line) - 1, 0);
	ck_assert_int_gt(n, 0);
	line[n] = '\0';
	return line;
}

/* Answer it: ${rest} stands behind the id. */
static void
syncd_say(const char *line, const char *rest)
{
	char reply[2048];
	const char *id = strstr(line, "\"id\":");
	int n;

	ck_assert_ptr_nonnull(id);
	n = snprintf(reply, sizeof(reply), "{\"id\":%llu,%s}\n", strtoull(id + 5, NULL, 10), rest);
	ck_assert_int_eq(send(syncd, reply, (size_t)n, MSG_NOSIGNAL), n);
	turns(3);
}

START_TEST(without_a_store_reads_say_so_and_it_is_opened_when_it_appears)
{
	int64_t until = instant_monotonic() + 5000;

	expect_get("/api/orders", 503, "\"code\":\"store_unavailable\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "Retry-After: "));
	expect_get("/api/health", 503, "\"status\":\"down\"");
	in_writer(fill);
	do {
		ask("GET", "/api/orders", NULL, NULL, NULL);
		ck_assert(answered());
	} while (strstr(buf_cstr(&answer), "Status: 200") == NULL && instant_monotonic() < until);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"total\":4"));
}
END_TEST

START_TEST(a_list_is_a_page_with_its_total_and_one_generation)
{
	expect_get("/api/orders?sort=orderId&pageSize=1", 200, "\"orders\":[{\"id\":\"recAAAAAAAAAAAAAA\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer),
	    with("\"page\":1,\"pageSize\":1,\"total\":4,\"totalPages\":4,\"generation\":%llu,"
	    "\"nextCursor\":\"", *committed)));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), with("X-Generation: %llu\r\n", *committed)));
	expect_get("/api/orders?page=9", 200, "\"orders\":[],\"page\":9");
	expect_get("/api/orders?status=Shipped", 200, "\"nextCursor\":null}");
}
END_TEST

START_TEST(a_cursor_walks_to_the_end)
{
	char uri[600] = "/api/orders?sort=orderId&pageSize=3";
	const char *cursor;

	expect_get(uri, 200, "\"nextCursor\":\"");
	cursor = strstr(buf_cstr(&answer), "\"nextCursor\":\"") + 14;
	(void)snprintf(uri, sizeof(uri), "/api/orders?sort=orderId&pageSize=3&after=%.*s",
	    (int)strcspn(cursor, "\""), cursor);
	expect_get(uri, 200, "\"page\":null,");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"id\":\"recBBBBBBBBBBBBBB\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"nextCursor\":null}"));
}
END_TEST

START_TEST(what_has_not_changed_is_not_sent_again)
{
	ask("GET", "/api/orders?pageSize=2", "HTTP_IF_NONE_MATCH", with("W/\"g%llu\"", *committed), NULL);
	expect(304, with("ETag: \"g%llu\"", *committed));
	ask("GET", "/api/orders/ORD-1", "HTTP_IF_NONE_MATCH", with("\"v%llu\"", *committed), NULL);
	expect(304, with("ETag: \"v%llu\"", *committed));
	ck_assert_ptr_eq(strstr(buf_cstr(&answer), "Content-Length"), NULL);
	in_writer(ship);
	ask("GET", "/api/orders/ORD-1", "HTTP_IF_NONE_MATCH", with("\"v%llu\"", *committed - 1), NULL);
	expect(200, with("ETag: \"v%llu\"", *committed));
}
END_TEST

START_TEST(a_head_request_has_the_headers_of_a_get)
{
	ask("HEAD", "/api/orders/ORD-1", NULL, NULL, NULL);
	expect(200, "Content-Length: ");
	ck_assert_str_eq(strstr(buf_cstr(&answer), "\r\n\r\n"), "\r\n\r\n");
}
END_TEST

/* Ask three times for it, so that the last answers come from the worker's memory; they are one. */
static void
expect_thrice(const char *method, const char *uri, const char *accept, const char *holds)
{
	struct buf first = { .data = NULL };

	for (int i = 0; i < 3; i++) {
		ask(method, uri, "HTTP_ACCEPT_ENCODING", accept, NULL);
		expect(200, holds);
		if (i == 0)
			buf_add_str(&first, buf_str(&answer));
		ck_assert(str_eq(buf_str(&answer), buf_str(&first)));
	}
	buf_free(&first);
}

START_TEST(a_list_asked_for_again_and_again_is_always_of_the_newest_generation)
{
	static const char uri[] = "/api/orders?sort=orderId&pageSize=1";

	expect_thrice("GET", uri, "", "\"status\":\"Pending\"");
	in_writer(ship);
	expect_thrice("GET", uri, "", "\"status\":\"Shipped\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), with("\"generation\":%llu,", *committed)));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), with("ETag: \"g%llu\"\r\n", *committed)));
	ask("GET", uri, "HTTP_IF_NONE_MATCH", with("\"g%llu\"", *committed - 1), NULL);
	expect(200, "\"status\":\"Shipped\"");
	ask("GET", uri, "HTTP_IF_NONE_MATCH", with("\"g%llu\"", *committed), NULL);
	expect(304, with("ETag: \"g%llu\"", *committed));
	/* what is faulty is not remembered */
	for (int i = 0; i < 3; i++)
		expect_get("/api/orders?sort=orderId&pageSize=1&page=%zz", 400, "\"field\":\"page\"");
}
END_TEST

START_TEST(a_compressed_list_has_its_own_tag_and_the_same_length_for_head)
{
	static const char uri[] = "/api/orders?pageSize=4";
	char length[40];
	const char *line;

	expect_thrice("GET", uri, "gzip, br", "Content-Encoding: gzip\r\n");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), with("ETag: \"g%llu-gz\"\r\n", *committed)));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "Vary: Accept-Encoding\r\n"));
	ck_assert_ptr_nonnull(line = strstr(buf_cstr(&answer), "Content-Length: "));
	(void)snprintf(length, sizeof(length), "%.*s\r\n", (int)strcspn(line, "\r"), line);
	expect_thrice("HEAD", uri, "gzip, br", length);
	ck_assert_str_eq(strstr(buf_cstr(&answer), "\r\n\r\n"), "\r\n\r\n");
	/* who takes no gzip gets none, and its tag is not the other's */
	expect_thrice("GET", uri, "br", "{\"orders\":[{");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), with("ETag: \"g%llu\"\r\n", *committed)));
	ask("GET", uri, "HTTP_IF_NONE_MATCH", with("\"g%llu-gz\"", *committed), NULL);
	expect(200, "{\"orders\":[{");
}
END_TEST

START_TEST(an_order_is_found_by_either_id_and_literal_paths_come_first)
{
	expect_get("/api/orders/recBBBBBBBBBBBBBB", 200, "\"orderId\":\"sync\"");
	expect_get("/api/orders/ORD%2D1", 200, "\"id\":\"recAAAAAAAAAAAAAA\"");
	expect_get("/api/orders/ORD-3", 409, "recCCCCCCCCCCCCCC, recDDDDDDDDDDDDDD");
	expect_get("/api/orders/nope", 404, "\"code\":\"not_found\"");
	expect_get("/api/orders/sync", 405, "Allow: POST, OPTIONS\r\n");
	expect_get("/api/orders/x%00", 400, "\"field\":\"path\"");
}
END_TEST

START_TEST(every_path_refuses_parameters_that_it_does_not_know)
{
	static const char *const paths[] = { "/api/orders", "/api/orders/ORD-1",
	    "/api/orders/summary", "/api/sync", "/api/health", "/health", "/api/openapi.json",
	    "/api/docs", "/docs" };
	char uri[100];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		(void)snprintf(uri, sizeof(uri), "%s?nope=1&bad=%%zz", paths[i]);
		expect_get(uri, 400, "\"field\":\"nope\"");
		ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"field\":\"bad\""));
	}
	ask("POST", "/api/orders/sync?mode=half&nope&mode=full", NULL, NULL, NULL);
	expect(400, "must be auto or full");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "given more than once"));
}
END_TEST

START_TEST(unknown_paths_and_methods_are_problems)
{
	expect_get("/api/nope", 404, "application/problem+json");
	expect_get("/api/orders/export.csv", 404, "not_found");
	ask("DELETE", "/api/orders/ORD-1", NULL, NULL, NULL);
	expect(405, "Allow: GET, HEAD, PATCH, OPTIONS\r\n");
	ask("OPTIONS", "/api/orders", NULL, NULL, NULL);
	expect(204, "Allow: GET, HEAD, OPTIONS\r\n");
}
END_TEST

START_TEST(the_summary_is_sent_compressed_to_who_takes_it)
{
	expect_get("/api/orders/summary", 200, "\"total\":{\"count\":4,\"orderTotal\":49.20}");
	ask("GET", "/api/orders/summary", "HTTP_ACCEPT_ENCODING", "gzip, br", NULL);
	expect(200, "Content-Encoding: gzip\r\n");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "-gz\"\r\n"));
}
END_TEST

START_TEST(a_patch_is_refused_without_asking_when_it_cannot_be_right)
{
	static const struct { const char *body, *holds; } cases[] = {
		{ "{\"status\":\"Lost\"}", "must be one of Pending, Processing" },
		{ "{\"status\":1,\"x\":2,\"customer\":\"a\"}", "\"field\":\"customer\"" },
		{ "{}", "names no field" }, { "[]", "must be an object" }, { "{", "not JSON" },
		{ "", "empty" }, { "{\"status\":null,\"status\":null}", "twice" }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("PATCH", "/api/orders/ORD-1", NULL, NULL, cases[i].body);
		expect(400, cases[i].holds);
	}
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_MATCH", "v1", "{\"status\":null}");
	expect(400, "If-Match");
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_MATCH", "\"v7\"", "{\"status\":null}");
	expect(412, "precondition_failed");
	ask("PATCH", "/api/orders/nope", NULL, NULL, "{\"status\":null}");
	expect(404, "not_found");
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, "{\"status\":null}");
	expect(503, "syncd_unavailable");
}
END_TEST

START_TEST(a_confirmed_patch_answers_with_the_order_as_committed)
{
	const char *line;

	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_MATCH", with("\"v%llu\"", *committed), "{\"status\":\"Shipped\",\"priority\":null}");
	ck_assert(!answered());
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"record\":\"recAAAAAAAAAAAAAA\""));
	ck_assert_ptr_nonnull(strstr(line, with("\"version\":%llu", *committed)));
	ck_assert_ptr_nonnull(strstr(line, "\"requestId\":\"r1\""));
	ck_assert_ptr_nonnull(strstr(line, "\"status\":\"Shipped\""));
	ck_assert_ptr_nonnull(strstr(line, "\"priority\":null"));
	in_writer(ship);
	syncd_say(line, with("\"ok\":true,\"generation\":%llu", *committed));
	expect(200, "\"status\":\"Shipped\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), with("ETag: \"v%llu\"\r\n", *committed)));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "X-Request-Id: r1\r\n"));
}
END_TEST

START_TEST(syncds_refusal_becomes_a_problem)
{
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, "{\"status\":\"Shipped\"}");
	syncd_say(syncd_line(), "\"ok\":false,\"code\":\"airtable_rejected\",\"detail\":\"INVALID: no\"");
	expect(422, "\"detail\":\"INVALID: no\",\"code\":\"airtable_rejected\"");
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, "{\"status\":\"Shipped\"}");
	syncd_say(syncd_line(), "\"ok\":false,\"code\":\"airtable_unavailable\",\"detail\":\"\",\"retryAfterMs\":7001");
	expect(503, "Retry-After: 8\r\n");
}
END_TEST

START_TEST(a_link_that_breaks_after_sending_leaves_the_outcome_unknown)
{
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, "{\"status\":\"Shipped\"}");
	(void)syncd_line();
	ck_assert_int_eq(close(syncd), 0);
	syncd = -1;
	turns(3);
	expect(504, "\"code\":\"outcome_unknown\"");
}
END_TEST

START_TEST(a_generation_that_the_store_does_not_have_is_an_error)
{
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, "{\"status\":\"Shipped\"}");
	syncd_say(syncd_line(), with("\"ok\":true,\"generation\":%llu", *committed + 99));
	expect(500, "internal_error");
}
END_TEST

START_TEST(a_client_that_leaves_is_forgotten)
{
	const char *line;

	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, "{\"status\":\"Shipped\"}");
	line = syncd_line();
	ck_assert_int_eq(close(web), 0);
	turns(3);
	ck_assert_uint_eq(connections_count(cs), 0);
	syncd_say(line, "\"ok\":true,\"generation\":1");
	open_web();
	expect_get("/api/orders/ORD-1", 200, "ORD-1");
}
END_TEST

START_TEST(a_finished_sync_answers_with_the_summary_and_a_long_one_with_its_progress)
{
	const char *line;

	ask("POST", "/api/orders/sync?mode=full", NULL, NULL, NULL);
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"full\":true"));
	ck_assert_ptr_nonnull(strstr(line, "\"waitMs\":25000"));
	syncd_say(line, "\"ok\":true,\"generation\":1,\"body\":{\"state\":\"idle\"}");
	expect(200, "\"byStatus\":");
	ask("POST", "/api/orders/sync", NULL, NULL, "{}");
	syncd_say(syncd_line(), "\"ok\":true,\"generation\":1,\"body\":{\"state\":\"running\",\"pages\":7}");
	expect(202, "Location: /api/sync\r\n");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"pages\":7"));
	ask("POST", "/api/orders/sync", NULL, NULL, NULL);
	syncd_say(syncd_line(), "\"ok\":false,\"code\":\"airtable_unauthorized\",\"detail\":\"401\"");
	expect(502, "airtable_unauthorized");
	ask("POST", "/api/orders/sync", NULL, NULL, "{\"full\":true}");
	expect(400, "must be empty");
}
END_TEST

START_TEST(progress_is_syncds_or_what_was_stored_last)
{
	expect_get("/api/sync", 200, "\"state\":\"failed\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"syncd\":\"down\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer),
	    "\"error\":{\"type\":\"about:blank\",\"title\":\"Gateway Timeout\",\"status\":504,\"detail\":\"slow\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"mode\":null"));
}
END_TEST

START_TEST(progress_comes_from_syncd_when_it_is_there)
{
	ask("GET", "/api/sync", NULL, NULL, NULL);
	syncd_say(syncd_line(), "\"ok\":true,\"generation\":1,\"body\":{\"sync\":{\"state\":\"running\",\"records\":5}}");
	expect(200, "\"state\":\"running\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"syncd\":\"up\""));
}
END_TEST

START_TEST(health_tells_ok_from_degraded)
{
	ask("GET", "/health", NULL, NULL, NULL);
	syncd_say(syncd_line(), "\"ok\":true,\"generation\":1,\"body\":{\"version\":\"1\",\"startedAt\":null,"
	    "\"sync\":{\"state\":\"idle\",\"error\":null},\"airtable\":{\"circuit\":\"closed\"},\"outbox\":{\"pending\":0}}");
	expect(200, "\"status\":\"ok\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"airtable\":{\"circuit\":\"closed\"},\"outbox\":{\"pending\":0}"));
	ask("GET", "/api/health", NULL, NULL, NULL);
	syncd_say(syncd_line(), "\"ok\":true,\"generation\":1,\"body\":{\"airtable\":{\"circuit\":\"open\"}}");
	expect(200, "\"status\":\"degraded\"");
}
END_TEST

START_TEST(health_answers_within_a_second_though_syncd_hangs)
{
	int64_t began = instant_monotonic();

	ask("GET", "/api/health", NULL, NULL, NULL);
	while (!answered() && instant_monotonic() < began + 3000) {
		(void)syncd_link_tick(api->link, instant_monotonic());
		ck_assert_int_eq(loop_turn(loop, instant_monotonic() + 10), ERR_OK);
	}
	ck_assert_int_lt(instant_monotonic(), began + patience(1000));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"status\":\"degraded\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&answer), "\"syncd\":{\"up\":false"));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("route");
	TCase *empty = tcase_create("empty"), *alone = tcase_create("alone");
	TCase *both = tcase_create("with syncd");

	tcase_add_checked_fixture(empty, setup, teardown);
	tcase_add_test(empty, without_a_store_reads_say_so_and_it_is_opened_when_it_appears);
	suite_add_tcase(s, empty);
	tcase_add_checked_fixture(alone, setup_filled, teardown);
	tcase_add_test(alone, a_list_is_a_page_with_its_total_and_one_generation);
	tcase_add_test(alone, a_cursor_walks_to_the_end);
	tcase_add_test(alone, what_has_not_changed_is_not_sent_again);
	tcase_add_test(alone, a_head_request_has_the_headers_of_a_get);
	tcase_add_test(alone, a_list_asked_for_again_and_again_is_always_of_the_newest_generation);
	tcase_add_test(alone, a_compressed_list_has_its_own_tag_and_the_same_length_for_head);
	tcase_add_test(alone, an_order_is_found_by_either_id_and_literal_paths_come_first);
	tcase_add_test(alone, every_path_refuses_parameters_that_it_does_not_know);
	tcase_add_test(alone, unknown_paths_and_methods_are_problems);
	tcase_add_test(alone, the_summary_is_sent_compressed_to_who_takes_it);
	tcase_add_test(alone, a_patch_is_refused_without_asking_when_it_cannot_be_right);
	tcase_add_test(alone, progress_is_syncds_or_what_was_stored_last);
	suite_add_tcase(s, alone);
	tcase_add_checked_fixture(both, setup_syncd, teardown);
	tcase_add_test(both, a_confirmed_patch_answers_with_the_order_as_committed);
	tcase_add_test(both, syncds_refusal_becomes_a_problem);
	tcase_add_test(both, a_link_that_breaks_after_sending_leaves_the_outcome_unknown);
	tcase_add_test(both, a_generation_that_the_store_does_not_have_is_an_error);
	tcase_add_test(both, a_client_that_leaves_is_forgotten);
	tcase_add_test(both, a_finished_sync_answers_with_the_summary_and_a_long_one_with_its_progress);
	tcase_add_test(both, progress_comes_from_syncd_when_it_is_there);
	tcase_add_test(both, health_tells_ok_from_degraded);
	tcase_add_test(both, health_answers_within_a_second_though_syncd_hangs);
	suite_add_tcase(s, both);
	return s;
}

int
main(void)
{
	return run_suite(suite());
}

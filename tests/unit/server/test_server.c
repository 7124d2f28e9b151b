#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/unix_socket.h"
#include "syncd/server/server.h"
#include "tests/lib/support.h"

#define HELD_MAX	4096

static uv_loop_t loop;
static struct server *server;
static char path[108];
static struct server_call *held[HELD_MAX];	/* requests not answered yet */
static size_t held_count;
static bool answer_at_once;
static size_t body_bytes;	/* of each answer's body */
static bool drained;

static void
answer_ok(struct server_call *call)
{
	struct message_reply reply = { .generation = 5 };
	char *text = NULL;

	if (body_bytes > 0) {
		ck_assert_int_gt(asprintf(&text, "{\"x\":\"%0*d\"}", (int)body_bytes, 0), 0);
		reply.body = str_of(text);
	}
	server_reply(call, &reply);
	free(text);
}

static void
on_request(void *cookie, struct server_call *call)
{
	ck_assert_ptr_eq(cookie, &loop);
	if (answer_at_once) {
		answer_ok(call);
		return;
	}
	ck_assert_uint_lt(held_count, HELD_MAX);
	held[held_count++] = call;
}

static void
setup(void)
{
	ck_assert_int_eq(log_open("test", "/dev/null", LOG_ERROR, LOG_LOGFMT), 0);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	(void)snprintf(path, sizeof(path), "%s/s.sock", tmpdir_new());
	server = server_new(&loop, path, &tables_builtin, on_request, &loop);
	ck_assert_ptr_nonnull(server);
}

/* Free everything, whatever the test left open. */
static void
teardown(void)
{
	server_free(server);
	for (size_t i = 0; i < held_count; i++)
		answer_ok(held[i]);
	ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void
on_tick(uv_timer_t *t)
{
	(void)t;
}

static void
on_tick_closed(uv_handle_t *h)
{
	*(bool *)h->data = true;
}

/* Run the loop for a while. */
static void
turn(int64_t ms)
{
	int64_t until = instant_monotonic() + ms;
	bool closed = false;
	uv_timer_t tick;

	ck_assert_int_eq(uv_timer_init(&loop, &tick), 0);
	tick.data = &closed;
	ck_assert_int_eq(uv_timer_start(&tick, on_tick, 1, 1), 0);
	do {
		(void)uv_run(&loop, UV_RUN_ONCE);
	} while (instant_monotonic() < until);
	uv_close((uv_handle_t *)&tick, on_tick_closed);
	while (!closed)
		(void)uv_run(&loop, UV_RUN_ONCE);
}

/* Run the loop until ${condition}, five seconds at most. */
#define AWAIT(condition)	do {						\
	for (int tries = 0; tries < 1000 && !(condition); tries++)		\
		turn(5);							\
	ck_assert(condition);							\
} while (0)

static int
dial(void)
{
	int fd = unix_connect(path);

	ck_assert_int_ne(fd, -1);
	return fd;
}

static void
say(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void
ask(int fd, unsigned id)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "{\"v\":2,\"id\":%u,\"type\":\"status\"}\n", id);
	say(fd, line);
}

static char heard[8 << 20];

/* What the server has sent by now; sets *ended when it closed. */
static const char *
hear(int fd, bool *ended)
{
	size_t len = 0;
	ssize_t n;

	turn(20);
	*ended = false;
	while ((n = read(fd, heard + len, sizeof(heard) - 1 - len)) > 0) {
		len += (size_t)n;
		turn(1);
	}
	if (n == 0 || errno == ECONNRESET)
		*ended = true;
	heard[len] = '\0';
	return heard;
}

START_TEST(a_request_is_answered_on_its_connection)
{
	int fd = dial();
	bool ended;

	ask(fd, 7);
	AWAIT(held_count == 1);
	ck_assert_uint_eq(server_call_request(held[0])->id, 7);
	ck_assert_uint_eq(server_open_calls(server), 1);
	ck_assert_str_eq(hear(fd, &ended), "");
	answer_ok(held[--held_count]);
	ck_assert_str_eq(hear(fd, &ended), "{\"id\":7,\"ok\":true,\"generation\":5}\n");
	ck_assert(!ended);
	ck_assert_uint_eq(server_open_calls(server), 0);
	ck_assert_uint_eq(server_connections(server), 1);
	(void)close(fd);
	AWAIT(server_connections(server) == 0);
}
END_TEST

START_TEST(answers_may_come_in_any_order)
{
	int fd = dial();
	bool ended;

	say(fd, "{\"v\":2,\"id\":1,\"type\":\"status\"}\r\n\n{\"v\":2,\"id\":2,\"type\":\"sync\"}\n{\"v\":2,\"id\":3");
	AWAIT(held_count == 2);
	answer_ok(held[1]);
	answer_ok(held[0]);
	held_count = 0;
	say(fd, ",\"type\":\"status\"}\n");
	AWAIT(held_count == 1);
	answer_ok(held[--held_count]);
	ck_assert_str_eq(hear(fd, &ended), "{\"id\":2,\"ok\":true,\"generation\":5}\n"
	    "{\"id\":1,\"ok\":true,\"generation\":5}\n{\"id\":3,\"ok\":true,\"generation\":5}\n");
	(void)close(fd);
}
END_TEST

START_TEST(answers_to_a_peer_that_left_are_dropped)
{
	int fd = dial();

	for (unsigned i = 1; i <= 10; i++)
		ask(fd, i);
	AWAIT(held_count == 10);
	body_bytes = 1000;
	(void)close(fd);
	turn(20);
	while (held_count > 0) {
		answer_ok(held[--held_count]);
		turn(1);
	}
	AWAIT(server_connections(server) == 0);
	ck_assert_uint_eq(server_open_calls(server), 0);
}
END_TEST

START_TEST(a_peer_that_has_finished_sending_still_gets_its_answers)
{
	int fd = dial();
	bool ended;

	ask(fd, 1);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	AWAIT(held_count == 1);
	turn(20);
	ck_assert_uint_eq(server_connections(server), 1);
	answer_ok(held[--held_count]);
	ck_assert_str_eq(hear(fd, &ended), "{\"id\":1,\"ok\":true,\"generation\":5}\n");
	ck_assert(ended);
	(void)close(fd);
}
END_TEST

START_TEST(a_bad_request_with_an_id_is_refused_and_the_connection_goes_on)
{
	int fd = dial();
	bool ended;

	say(fd, "{\"v\":2,\"id\":9,\"type\":\"nonsense\"}\n");
	ck_assert_str_eq(hear(fd, &ended),
	    "{\"id\":9,\"ok\":false,\"code\":\"bad_message\",\"detail\":\"unknown type \\\"nonsense\\\"\"}\n");
	ck_assert(!ended);
	ask(fd, 10);
	AWAIT(held_count == 1);
	(void)close(fd);
}
END_TEST

START_TEST(garbage_costs_the_connection)
{
	int fd = dial();
	bool ended;

	say(fd, "GET / HTTP/1.1\r\n");
	ck_assert_str_eq(hear(fd, &ended),
	    "{\"id\":0,\"ok\":false,\"code\":\"bad_message\",\"detail\":\"not a JSON object\"}\n");
	ck_assert(ended);
	(void)close(fd);
	AWAIT(server_connections(server) == 0);
}
END_TEST

START_TEST(garbage_after_a_request_does_not_cost_its_answer)
{
	int fd = dial();
	bool ended;

	ask(fd, 4);
	say(fd, "garbage\n");
	AWAIT(held_count == 1);
	ck_assert_ptr_nonnull(strstr(hear(fd, &ended), "bad_message"));
	ck_assert(!ended);
	answer_ok(held[--held_count]);
	ck_assert_str_eq(hear(fd, &ended), "{\"id\":4,\"ok\":true,\"generation\":5}\n");
	ck_assert(ended);
	(void)close(fd);
}
END_TEST

START_TEST(an_endless_line_is_cut_off)
{
	static char many[65536];
	int fd = dial();
	bool ended;

	memset(many, ' ', sizeof(many));
	for (int i = 0; i < 200; i++) {
		(void)!write(fd, many, sizeof(many));
		turn(1);
	}
	ck_assert_str_eq(hear(fd, &ended),
	    "{\"id\":0,\"ok\":false,\"code\":\"bad_message\",\"detail\":\"the line is too long\"}\n");
	ck_assert(ended);
	(void)close(fd);
}
END_TEST

START_TEST(a_peer_with_too_many_open_requests_is_not_read_until_half_are_answered)
{
	struct buf lines = { 0 };	/* one write: many small ones would fill the socket's buffer */
	int fd = dial();
	bool ended;
	unsigned id;

	for (id = 1; id <= 2000; id++)
		buf_printf(&lines, "{\"v\":2,\"id\":%u,\"type\":\"status\"}\n", id);
	say(fd, buf_cstr(&lines));
	buf_free(&lines);
	AWAIT(held_count == SERVER_OPEN_PER_PEER);
	turn(30);
	ck_assert_uint_eq(held_count, SERVER_OPEN_PER_PEER);
	for (int i = 0; i < SERVER_OPEN_PER_PEER / 2; i++)
		answer_ok(held[--held_count]);
	turn(30);
	ck_assert_uint_eq(held_count, SERVER_OPEN_PER_PEER / 2);
	answer_ok(held[--held_count]);
	ck_assert_uint_eq(held_count, SERVER_OPEN_PER_PEER / 2 - 1);	/* none came up during the answer */
	AWAIT(held_count == SERVER_OPEN_PER_PEER);
	answer_at_once = true;
	while (held_count > 0)
		answer_ok(held[--held_count]);
	AWAIT(server_open_calls(server) == 0);
	(void)hear(fd, &ended);
	id = 0;
	for (const char *p = heard; (p = strstr(p, "\"ok\":true")) != NULL; p++)
		id++;
	ck_assert_uint_eq(id, 2000);
	(void)close(fd);
}
END_TEST

START_TEST(a_peer_that_does_not_read_is_dropped)
{
	int fd = dial();

	answer_at_once = true;
	body_bytes = 200000;
	for (unsigned i = 1; i <= 100; i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "{\"v\":2,\"id\":%u,\"type\":\"status\"}\n", i);
		(void)!send(fd, line, strlen(line), MSG_NOSIGNAL);
		turn(1);
	}
	AWAIT(server_connections(server) == 0);
	(void)close(fd);
}
END_TEST

START_TEST(an_answer_too_long_for_a_message_becomes_an_error)
{
	int fd = dial();
	bool ended;

	answer_at_once = true;
	body_bytes = MESSAGE_BYTES_MAX;
	ask(fd, 3);
	ck_assert_ptr_nonnull(strstr(hear(fd, &ended), "{\"id\":3,\"ok\":false,\"code\":\"internal_error\""));
	ck_assert(!ended);
	(void)close(fd);
}
END_TEST

START_TEST(a_connection_beyond_the_limit_is_told_why)
{
	static int fds[SERVER_CONNECTIONS_MAX];
	struct rlimit limit = { 4096, 4096 };
	bool ended;
	int extra;

	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;		/* this user may not have so many descriptors */
	for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++) {
		fds[i] = dial();
		if (i % 200 == 0)
			turn(5);
	}
	AWAIT(server_connections(server) == SERVER_CONNECTIONS_MAX);
	extra = dial();
	ck_assert_ptr_nonnull(strstr(hear(extra, &ended), "\"code\":\"overloaded\""));
	ck_assert(ended);
	(void)close(extra);
	(void)close(fds[0]);
	AWAIT(server_connections(server) == SERVER_CONNECTIONS_MAX - 1);
	fds[0] = dial();
	AWAIT(server_connections(server) == SERVER_CONNECTIONS_MAX);
	for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++)
		(void)close(fds[i]);
	AWAIT(server_connections(server) == 0);
}
END_TEST

START_TEST(without_descriptors_accepting_pauses_for_a_second)
{
	int fd = dial(), highest;
	struct rlimit limit;
	int64_t began;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	highest = dup(fd);
	ck_assert_int_ne(highest, -1);
	(void)close(highest);
	limit.rlim_cur = (rlim_t)highest;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	began = instant_monotonic();
	turn(50);
	ck_assert_uint_eq(server_connections(server), 0);
	limit.rlim_cur = (rlim_t)highest + 10;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	AWAIT(server_connections(server) == 1);		/* it has waited in the backlog */
	ck_assert_int_ge(instant_monotonic() - began, SERVER_PAUSE_MS - 50);
	(void)close(fd);
}
END_TEST

START_TEST(the_socket_is_for_owner_and_group)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
}
END_TEST

START_TEST(a_socket_in_use_is_left_alone)
{
	int fd;

	ck_assert_ptr_null(server_new(&loop, path, &tables_builtin, on_request, &loop));
	fd = dial();
	ask(fd, 1);
	AWAIT(held_count == 1);
	(void)close(fd);
}
END_TEST

START_TEST(a_stale_socket_is_replaced_and_nothing_else)
{
	uv_loop_t second;
	struct server *s;
	char stale[108], file[108];
	int fd;

	ck_assert_int_eq(uv_loop_init(&second), 0);
	(void)snprintf(stale, sizeof(stale), "%s/stale", tmpdir_new());
	ck_assert_int_ne(fd = unix_listen(stale, 8), -1);
	(void)close(fd);
	ck_assert_ptr_nonnull(s = server_new(&second, stale, &tables_builtin, on_request, NULL));
	server_free(s);
	ck_assert_int_eq(uv_run(&second, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(access(stale, F_OK), -1);

	(void)snprintf(file, sizeof(file), "%s/file", tmpdir_new());
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ne(fd, -1);
	(void)close(fd);
	ck_assert_ptr_null(server_new(&second, file, &tables_builtin, on_request, NULL));
	ck_assert_int_eq(access(file, F_OK), 0);
	ck_assert_int_eq(uv_loop_close(&second), 0);
}
END_TEST

START_TEST(a_name_too_long_for_a_socket_is_refused)
{
	char name[200] = "/tmp/";

	memset(name + 5, 'x', 150);
	ck_assert_ptr_null(server_new(&loop, name, &tables_builtin, on_request, NULL));
	ck_assert_ptr_null(server_new(&loop, "/no/such/folder/s", &tables_builtin, on_request, NULL));
}
END_TEST

static void
on_drained(void *cookie)
{
	ck_assert_ptr_eq(cookie, &loop);
	ck_assert(!drained);
	drained = true;
}

START_TEST(draining_answers_what_is_open_and_refuses_what_comes)
{
	int idle = dial(), busy = dial();
	bool ended;

	ask(busy, 1);
	AWAIT(held_count == 1 && server_connections(server) == 2);
	server_drain(server, on_drained, &loop);
	ck_assert(!drained);
	ck_assert_int_eq(unix_connect(path), -1);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_str_eq(hear(idle, &ended), "");
	ck_assert(ended);
	ask(busy, 2);
	ck_assert_str_eq(hear(busy, &ended),
	    "{\"id\":2,\"ok\":false,\"code\":\"cancelled\",\"detail\":\"syncd is stopping\"}\n");
	ck_assert(!ended && !drained);
	answer_ok(held[--held_count]);
	ck_assert_str_eq(hear(busy, &ended), "{\"id\":1,\"ok\":true,\"generation\":5}\n");
	ck_assert(ended);
	AWAIT(drained);
	(void)close(idle);
	(void)close(busy);
}
END_TEST

START_TEST(draining_an_idle_server_ends_at_once)
{
	server_drain(server, on_drained, &loop);
	ck_assert(!drained);	/* from the loop only */
	AWAIT(drained);
}
END_TEST

START_TEST(a_peer_that_never_reads_does_not_hold_up_a_drain)
{
	int fd = dial();

	body_bytes = 200000;
	for (unsigned i = 1; i <= 10; i++)
		ask(fd, i);
	AWAIT(held_count == 10);
	server_drain(server, on_drained, &loop);
	while (held_count > 0)
		answer_ok(held[--held_count]);
	turn(100);
	ck_assert(!drained);
	for (int i = 0; i < 70 && !drained; i++)
		turn(100);
	ck_assert(drained);
	(void)close(fd);
}
END_TEST

START_TEST(open_calls_outlive_the_server)
{
	int fd = dial();

	ask(fd, 1);
	AWAIT(held_count == 1);
	server_free(server);
	server = NULL;
	ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
	ck_assert_uint_eq(server_call_request(held[0])->id, 1);
	answer_ok(held[--held_count]);
	(void)close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("server");
	TCase *t = tcase_create("server"), *few = tcase_create("few descriptors");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_request_is_answered_on_its_connection);
	tcase_add_test(t, answers_may_come_in_any_order);
	tcase_add_test(t, answers_to_a_peer_that_left_are_dropped);
	tcase_add_test(t, a_peer_that_has_finished_sending_still_gets_its_answers);
	tcase_add_test(t, a_bad_request_with_an_id_is_refused_and_the_connection_goes_on);
	tcase_add_test(t, garbage_costs_the_connection);
	tcase_add_test(t, garbage_after_a_request_does_not_cost_its_answer);
	tcase_add_test(t, an_endless_line_is_cut_off);
	tcase_add_test(t, a_peer_with_too_many_open_requests_is_not_read_until_half_are_answered);
	tcase_add_test(t, a_peer_that_does_not_read_is_dropped);
	tcase_add_test(t, an_answer_too_long_for_a_message_becomes_an_error);
	tcase_add_test(t, a_connection_beyond_the_limit_is_told_why);
	tcase_add_test(t, the_socket_is_for_owner_and_group);
	tcase_add_test(t, a_socket_in_use_is_left_alone);
	tcase_add_test(t, a_stale_socket_is_replaced_and_nothing_else);
	tcase_add_test(t, a_name_too_long_for_a_socket_is_refused);
	tcase_add_test(t, draining_answers_what_is_open_and_refuses_what_comes);
	tcase_add_test(t, draining_an_idle_server_ends_at_once);
	tcase_add_test(t, a_peer_that_never_reads_does_not_hold_up_a_drain);
	tcase_add_test(t, open_calls_outlive_the_server);
	suite_add_tcase(s, t);

	tcase_set_tags(few, "no-valgrind");	/* it has its own idea of descriptor limits */
	tcase_add_checked_fixture(few, setup, teardown);
	tcase_set_timeout(few, 60);
	tcase_add_test(few, without_descriptors_accepting_pauses_for_a_second);
	suite_add_tcase(s, few);
	return run_suite(s);
}

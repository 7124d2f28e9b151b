#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/unix_socket.h"
#include "fcgi-api/fastcgi/connections.h"
#include "tests/lib/fastcgi_peer.h"
#include "tests/lib/support.h"

/* A handler that echoes what it got; "/park" is answered later, "/big?N" with N bytes. */
static struct {
	int			 requests, gone;
	enum err		 error;
	size_t			 body_len;
	unsigned		 body_sum;
	struct connection	*parked;
} seen;

static struct loop *loop;
static struct connections *cs;
static int listen_fd = -1;
static char *big;

static const char *
param(char *const *envp, const char *name)
{
	size_t n = strlen(name);

	for (; *envp != NULL; envp++)
		if (strncmp(*envp, name, n) == 0 && (*envp)[n] == '=')
			return *envp + n + 1;
	return "";
}

static void
on_gone(void *cookie)
{
	(void)cookie;
	seen.gone++;
}

static void
on_request(void *cookie, struct connection *c, char *const *envp, struct str body, enum err e)
{
	const char *uri = param(envp, "REQUEST_URI");
	char text[64];

	ck_assert_ptr_eq(cookie, &seen);
	seen.requests++;
	seen.error = e;
	seen.body_len = body.len;
	seen.body_sum = 0;
	for (size_t i = 0; i < body.len; i++)
		seen.body_sum += (unsigned char)body.ptr[i];
	if (strcmp(uri, "/park") == 0) {
		seen.parked = c;
		connection_park(c, on_gone, NULL);
	} else if (strncmp(uri, "/big?", 5) == 0) {
		connection_answer(c, STR("X: y\r\n\r\n"),
		    (struct str){ big, (size_t)atol(uri + 5) });
	} else {
		(void)snprintf(text, sizeof(text), "%s %zu", uri, body.len);
		connection_answer(c, STR("X: y\r\n\r\n"), str_of(text));
	}
}

static void
open_with(size_t max, int64_t stall_ms)
{
	struct connections_setup setup = { .listen_fd = listen_fd, .max = max,
	    .stall_ms = stall_ms, .request = on_request, .cookie = &seen };

	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(FCGX_Init(), 0);
	ck_assert_ptr_nonnull(loop = loop_new());
	setup.loop = loop;
	ck_assert_ptr_nonnull(cs = connections_new(&setup));
	ck_assert_ptr_nonnull(big = malloc(4 << 20));
	memset(big, 'b', 4 << 20);
}

static void
setup_plain(void)
{
	listen_fd = -1;
	open_with(100, 10000);
}

static void
teardown(void)
{
	connections_free(cs);
	loop_free(loop);
	free(big);
	if (listen_fd != -1)
		ck_assert_int_eq(close(listen_fd), 0);
}

/* A connection: our end, the web server's. */
static int
peer_new(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(connections_adopt(cs, fds[0]), ERR_OK);
	return fds[1];
}

/* Run some turns of the loop, without waiting. */
static void
turns(int n)
{
	for (int i = 0; i < n; i++) {
		ck_assert_int_eq(loop_turn(loop, instant_monotonic()), ERR_OK);
		(void)connections_tick(cs, instant_monotonic());
	}
}

static void
put(int fd, const void *bytes, size_t len)
{
	ck_assert_int_eq(send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL), (ssize_t)len);
}

static void
make(struct buf *b, const char *uri, struct str body)
{
	const char *params[] = { "REQUEST_METHOD", "GET", "REQUEST_URI", uri, NULL };

	peer_add_request(b, 1, true, params, body);
}

static void
ask(int fd, const char *uri)
{
	struct buf b = { .data = NULL };

	make(&b, uri, STR(""));
	put(fd, b.data, b.len);
	buf_free(&b);
}

/* Read what has come back; returns the state of the connection. */
static bool
get(int fd, struct buf *in)
{
	for (;;) {
		char *room = buf_reserve(in, 65536);
		ssize_t n = recv(fd, room, 65536, MSG_DONTWAIT);

		if (n <= 0)
			return n == -1 && errno == EAGAIN;
		buf_commit(in, (size_t)n);
	}
}

static void
expect(int fd, const char *text)
{
	struct buf in = { .data = NULL }, out = { .data = NULL };

	turns(2);
	(void)get(fd, &in);
	ck_assert(peer_take_answer(&in, &out));
	ck_assert_str_eq(buf_cstr(&out), text);
	buf_free(&in);
	buf_free(&out);
}

static void
expect_closed(int fd)
{
	struct buf in = { .data = NULL };

	turns(2);
	ck_assert(!get(fd, &in));
	ck_assert_uint_eq(connections_count(cs), 0);
	buf_free(&in);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(a_kept_connection_serves_one_request_after_the_other)
{
	int fd = peer_new();

	for (int i = 0; i < 5; i++) {
		ask(fd, "/a");
		expect(fd, "X: y\r\n\r\n/a 0");
	}
	ck_assert_int_eq(seen.requests, 5);
	ck_assert_uint_eq(connections_count(cs), 1);
	ck_assert_int_eq(close(fd), 0);
	turns(2);
	ck_assert_uint_eq(connections_count(cs), 0);
}
END_TEST

START_TEST(without_keep_the_connection_ends_after_the_answer)
{
	const char *params[] = { "REQUEST_URI", "/a", NULL };
	struct buf b = { .data = NULL };
	int fd = peer_new();

	peer_add_request(&b, 7, false, params, STR(""));
	put(fd, b.data, b.len);
	expect(fd, "X: y\r\n\r\n/a 0");
	expect_closed(fd);
	buf_free(&b);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte_while_others_are_served)
{
	struct buf b = { .data = NULL };
	int slow = peer_new(), other = peer_new();

	make(&b, "/slow", STR("body"));
	for (size_t i = 0; i < b.len; i++) {
		put(slow, b.data + i, 1);
		turns(1);
		ck_assert_int_eq(seen.requests, i + 1 < b.len ? 0 : 1);
	}
	expect(slow, "X: y\r\n\r\n/slow 4");
	ask(other, "/other");
	expect(other, "X: y\r\n\r\n/other 0");
	ask(slow, "/again");
	expect(slow, "X: y\r\n\r\n/again 0");
	buf_free(&b);
	(void)close(slow), (void)close(other);
}
END_TEST

/* Send ${b} as fast as the socket takes it. */
static void
pump(int fd, const struct buf *b)
{
	size_t at = 0;

	for (int i = 0; i < 100000 && at < b->len; i++) {
		ssize_t n = send(fd, b->data + at, b->len - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (errno != EAGAIN)
			return;
		turns(1);
	}
}

START_TEST(a_body_of_the_largest_size_arrives_whole)
{
	struct buf b = { .data = NULL };
	int fd = peer_new();

	make(&b, "/body", (struct str){ big, BODY_MAX });
	pump(fd, &b);
	expect(fd, "X: y\r\n\r\n/body 1048576");
	ck_assert_int_eq(seen.error, ERR_OK);
	ck_assert_uint_eq(seen.body_sum, 'b' * BODY_MAX);
	ask(fd, "/after");
	expect(fd, "X: y\r\n\r\n/after 0");
	buf_free(&b);
	(void)close(fd);
}
END_TEST

START_TEST(a_body_over_the_limit_is_reported_to_the_handler_and_the_connection_ends)
{
	struct buf b = { .data = NULL };
	int fd = peer_new();

	make(&b, "/body", (struct str){ big, 2 * BODY_MAX });
	pump(fd, &b);
	turns(2);
	ck_assert_int_eq(seen.requests, 1);
	ck_assert_int_eq(seen.error, ERR_TOO_LARGE);
	ck_assert_uint_eq(seen.body_len, 0);
	ck_assert_uint_eq(connections_count(cs), 0);
	buf_free(&b);
	(void)close(fd);
}
END_TEST

START_TEST(a_body_one_byte_over_the_limit_is_too_large_though_it_fits_what_is_gathered)
{
	struct buf b = { .data = NULL };
	int fd = peer_new();

	make(&b, "/body", (struct str){ big, BODY_MAX + 1 });
	pump(fd, &b);
	turns(2);
	ck_assert_int_eq(seen.error, ERR_TOO_LARGE);
	buf_free(&b);
	(void)close(fd);
}
END_TEST

START_TEST(an_answer_that_the_web_server_does_not_read_waits_without_blocking)
{
	struct buf in = { .data = NULL }, out = { .data = NULL };
	int fd = peer_new(), other = peer_new();

	ask(fd, "/big?4000000");
	turns(3);
	ask(other, "/other");
	expect(other, "X: y\r\n\r\n/other 0");
	for (int i = 0; i < 1000 && !peer_take_answer(&in, &out); i++) {
		ck_assert(get(fd, &in));
		turns(1);
	}
	ck_assert_uint_eq(out.len, 8 + 4000000);
	ck_assert_int_eq(out.data[8], 'b');
	ask(fd, "/next");
	expect(fd, "X: y\r\n\r\n/next 0");
	buf_free(&in);
	buf_free(&out);
	(void)close(fd), (void)close(other);
}
END_TEST

START_TEST(a_web_server_that_dies_in_the_middle_of_an_answer_costs_only_its_connection)
{
	int fd = peer_new(), other = peer_new();

	ask(fd, "/big?4000000");
	turns(2);
	ck_assert_int_eq(close(fd), 0);
	turns(3);
	ck_assert_uint_eq(connections_count(cs), 1);
	ask(other, "/other");
	expect(other, "X: y\r\n\r\n/other 0");
	(void)close(other);
}
END_TEST

START_TEST(half_a_request_is_dropped_when_it_stalls)
{
	struct buf b = { .data = NULL };
	int fd;

	connections_free(cs);
	loop_free(loop);
	free(big);
	open_with(100, 30);
	fd = peer_new();
	make(&b, "/half", STR(""));
	put(fd, b.data, b.len - 5);
	turns(2);
	ck_assert_uint_eq(connections_count(cs), 1);
	for (int i = 0; i < 300 && connections_count(cs) > 0; i++) {
		int64_t now = instant_monotonic();
		int64_t next = connections_tick(cs, now);

		ck_assert(connections_count(cs) == 0 || next < INT64_MAX);
		ck_assert_int_eq(loop_turn(loop, next < now + 20 ? next : now + 20), ERR_OK);
	}
	expect_closed(fd);
	ck_assert_int_eq(seen.requests, 0);
	buf_free(&b);
}
END_TEST

START_TEST(a_hang_up_in_the_middle_of_a_request_is_noticed)
{
	struct buf b = { .data = NULL };
	int fd = peer_new();

	make(&b, "/half", STR("body"));
	put(fd, b.data, b.len / 2);
	turns(2);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	expect_closed(fd);
	ck_assert_int_eq(seen.requests, 0);
	buf_free(&b);
}
END_TEST

START_TEST(a_parked_request_is_answered_later)
{
	int fd = peer_new(), other = peer_new();

	ask(fd, "/park");
	turns(2);
	ask(other, "/other");
	expect(other, "X: y\r\n\r\n/other 0");
	connection_answer(seen.parked, STR("A: b\r\n\r\n"), STR("late"));
	expect(fd, "A: b\r\n\r\nlate");
	ask(fd, "/next");
	expect(fd, "X: y\r\n\r\n/next 0");
	ck_assert_int_eq(seen.gone, 0);
	(void)close(fd), (void)close(other);
}
END_TEST

START_TEST(the_handler_of_a_parked_request_is_called_once_when_the_client_leaves)
{
	int fd = peer_new();

	ask(fd, "/park");
	turns(2);
	ck_assert_int_eq(close(fd), 0);
	turns(3);
	ck_assert_int_eq(seen.gone, 1);
	ck_assert_uint_eq(connections_count(cs), 0);
}
END_TEST

START_TEST(an_abort_of_a_parked_request_counts_as_leaving)
{
	struct buf b = { .data = NULL };
	int fd = peer_new();

	ask(fd, "/park");
	turns(2);
	peer_add_record(&b, FCGI_ABORT_REQUEST, 1, NULL, 0);
	put(fd, b.data, b.len);
	expect_closed(fd);
	ck_assert_int_eq(seen.gone, 1);
	buf_free(&b);
}
END_TEST

START_TEST(answering_a_parked_request_without_keep_does_not_report_it_gone)
{
	const char *params[] = { "REQUEST_URI", "/park", NULL };
	struct buf b = { .data = NULL };
	int fd = peer_new();

	peer_add_request(&b, 1, false, params, STR(""));
	put(fd, b.data, b.len);
	turns(2);
	connection_answer(seen.parked, STR("A: b\r\n\r\n"), STR("late"));
	ck_assert_int_eq(seen.gone, 0);
	expect(fd, "A: b\r\n\r\nlate");
	expect_closed(fd);
	buf_free(&b);
}
END_TEST

START_TEST(an_abort_in_the_middle_of_the_parameters_ends_the_connection)
{
	struct buf b = { .data = NULL };
	int fd = peer_new();

	peer_add_begin(&b, 1, true);
	peer_add_record(&b, FCGI_ABORT_REQUEST, 1, NULL, 0);
	put(fd, b.data, b.len);
	expect_closed(fd);
	ck_assert_int_eq(seen.requests, 0);
	buf_free(&b);
}
END_TEST

START_TEST(of_two_requests_in_one_go_the_first_is_answered_and_the_connection_ends)
{
	struct buf b = { .data = NULL };
	int fd = peer_new();

	make(&b, "/one", STR(""));
	make(&b, "/two", STR(""));
	put(fd, b.data, b.len);
	expect(fd, "X: y\r\n\r\n/one 0");
	expect_closed(fd);
	ck_assert_int_eq(seen.requests, 1);
	buf_free(&b);
}
END_TEST

START_TEST(garbage_costs_the_connection_and_nothing_else)
{
	static const unsigned char longer[] = { 1, 4, 0, 1, 0, 2, 0, 0, 3, 5 };
	struct buf b = { .data = NULL };
	int fd = peer_new();

	put(fd, "GET / HTTP/1.1\r\n\r\n", 18);
	expect_closed(fd);
	fd = peer_new();	/* a parameter that is longer than what was sent */
	peer_add_begin(&b, 1, true);
	buf_add(&b, longer, sizeof(longer));
	peer_add_record(&b, FCGI_PARAMS, 1, NULL, 0);
	peer_add_body(&b, 1, STR(""));
	put(fd, b.data, b.len);
	expect_closed(fd);
	fd = peer_new();	/* a management record */
	buf_clear(&b);
	peer_add_record(&b, FCGI_GET_VALUES, 0, NULL, 0);
	put(fd, b.data, b.len);
	expect_closed(fd);
	fd = peer_new();	/* padding where there is no content */
	buf_clear(&b);
	make(&b, "/a", STR(""));
	b.data[b.len - 2] = 8;
	buf_add(&b, "\0\0\0\0\0\0\0\0", 8);
	put(fd, b.data, b.len);
	expect_closed(fd);
	ck_assert_int_eq(seen.requests, 0);
	buf_free(&b);
}
END_TEST

START_TEST(a_padded_record_with_content_is_understood)
{
	static const unsigned char padded[] = { 1, 4, 0, 1, 0, 14, 2, 0,
	    11, 1, 'R', 'E', 'Q', 'U', 'E', 'S', 'T', '_', 'U', 'R', 'I', '/', 0xff, 0xff };
	struct buf b = { .data = NULL };
	int fd = peer_new();

	peer_add_begin(&b, 1, true);
	buf_add(&b, padded, sizeof(padded));
	peer_add_record(&b, FCGI_PARAMS, 1, NULL, 0);
	peer_add_body(&b, 1, STR(""));
	put(fd, b.data, b.len);
	expect(fd, "X: y\r\n\r\n/ 0");
	buf_free(&b);
	(void)close(fd);
}
END_TEST

START_TEST(draining_closes_idle_connections_one_by_one_and_waits_for_the_others)
{
	int idle = peer_new(), also_idle = peer_new(), used = peer_new(), busy = peer_new();
	int64_t later = instant_monotonic() + 10000;

	ask(idle, "/a");
	expect(idle, "X: y\r\n\r\n/a 0");
	ask(also_idle, "/a");
	expect(also_idle, "X: y\r\n\r\n/a 0");
	ask(used, "/a");
	expect(used, "X: y\r\n\r\n/a 0");
	ask(busy, "/park");
	turns(2);
	connections_drain(cs);
	turns(1);
	/* the web server may have sent something meanwhile */
	ck_assert_uint_eq(connections_count(cs), 4);
	ck_assert_int_le(connections_tick(cs, instant_monotonic()), instant_monotonic() + 1000);
	ask(used, "/a");
	expect(used, "X: y\r\n\r\n/a 0");
	turns(2);
	ck_assert_uint_eq(connections_count(cs), 3);
	ck_assert_int_gt(connections_tick(cs, later), later);
	ck_assert_uint_eq(connections_count(cs), 2);
	ck_assert_int_le(connections_tick(cs, later + 100), later + 200);
	ck_assert_uint_eq(connections_count(cs), 1);
	(void)connections_tick(cs, later + 200);
	connection_answer(seen.parked, STR("A: b\r\n\r\n"), STR("late"));
	expect(busy, "A: b\r\n\r\nlate");
	expect_closed(busy);
	ck_assert_int_eq(seen.gone, 0);
	(void)close(idle);
	(void)close(also_idle);
	(void)close(used);
}
END_TEST

START_TEST(draining_still_answers_a_request_that_has_arrived)
{
	int fd = peer_new();

	ask(fd, "/a");
	connections_drain(cs);
	expect(fd, "X: y\r\n\r\n/a 0");
	expect_closed(fd);
}
END_TEST

START_TEST(draining_waits_for_the_first_request_of_a_new_connection)
{
	int fd = peer_new();

	turns(2);
	connections_drain(cs);
	turns(2);
	ck_assert_uint_eq(connections_count(cs), 1);
	ask(fd, "/a");
	expect(fd, "X: y\r\n\r\n/a 0");
	expect_closed(fd);
}
END_TEST

static char address[UNIX_PATH_SIZE];

static void
listen_here(void)
{
	(void)snprintf(address, sizeof(address), "%s/s", tmpdir_new());
	ck_assert_int_ne(listen_fd = unix_listen(address, 64), -1);
}

static void
setup_listening(void)
{
	listen_here();
	open_with(3, 10000);
}

static int
connect_here(void)
{
	int fd = unix_connect(address);

	ck_assert_int_ne(fd, -1);
	return fd;
}

START_TEST(beyond_the_limit_connections_wait_until_another_ends)
{
	int fds[4];

	for (int i = 0; i < 4; i++)
		fds[i] = connect_here();
	turns(2);
	ck_assert_uint_eq(connections_count(cs), 3);
	ask(fds[3], "/late");
	turns(2);
	ck_assert_int_eq(seen.requests, 0);
	ck_assert_int_eq(close(fds[0]), 0);
	turns(3);
	expect(fds[3], "X: y\r\n\r\n/late 0");
	for (int i = 1; i < 4; i++)
		(void)close(fds[i]);
}
END_TEST

START_TEST(without_descriptors_accepting_pauses_and_goes_on_later)
{
	struct rlimit before, low;
	int fd = connect_here(), n = dup(fd);
	int64_t until = instant_monotonic() + patience(5000);

	ck_assert_int_ge(n, 0);
	ck_assert_int_eq(close(n), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = (rlim_t)n;	/* the next descriptor would be this one */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	turns(3);
	ck_assert_uint_eq(connections_count(cs), 0);
	ck_assert_int_lt(connections_tick(cs, instant_monotonic()), INT64_MAX);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	while (connections_count(cs) == 0 && instant_monotonic() < until)
		ck_assert_int_eq(loop_turn(loop, instant_monotonic() +
		    (connections_tick(cs, instant_monotonic()) == INT64_MAX ? 0 : 20)), ERR_OK);
	ask(fd, "/a");
	expect(fd, "X: y\r\n\r\n/a 0");
	(void)close(fd);
}
END_TEST

/* The kernel refuses to watch the socket again, as when it is out of memory. */
START_TEST(when_accepting_can_not_go_on_it_is_tried_again)
{
	struct watch other = { .fd = listen_fd };
	int fds[4], spare = dup(listen_fd);
	int64_t until = instant_monotonic() + patience(5000);

	ck_assert_int_ge(spare, 0);
	for (int i = 0; i < 4; i++)
		fds[i] = connect_here();
	turns(2);
	ck_assert_uint_eq(connections_count(cs), 3);	/* the limit */
	ck_assert_int_eq(loop_add(loop, &other, 0), ERR_OK);
	ck_assert_int_eq(close(fds[0]), 0);
	turns(3);
	ck_assert_uint_eq(connections_count(cs), 2);	/* one that waits was not let in */
	ck_assert_int_lt(connections_tick(cs, instant_monotonic()), INT64_MAX);
	loop_remove(loop, &other);
	while (connections_count(cs) < 3 && instant_monotonic() < until)
		ck_assert_int_eq(loop_turn(loop, instant_monotonic() +
		    (connections_tick(cs, instant_monotonic()) == INT64_MAX ? 0 : 20)), ERR_OK);
	ask(fds[3], "/late");
	turns(2);
	expect(fds[3], "X: y\r\n\r\n/late 0");
	ck_assert_int_eq(close(spare), 0);
	for (int i = 1; i < 4; i++)
		(void)close(fds[i]);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("connections");
	TCase *plain = tcase_create("requests"), *listening = tcase_create("accepting");
	TCase *few = tcase_create("few descriptors");

	tcase_add_checked_fixture(plain, setup_plain, teardown);
	tcase_add_test(plain, a_kept_connection_serves_one_request_after_the_other);
	tcase_add_test(plain, without_keep_the_connection_ends_after_the_answer);
	tcase_add_test(plain, a_request_may_come_byte_by_byte_while_others_are_served);
	tcase_add_test(plain, a_body_of_the_largest_size_arrives_whole);
	tcase_add_test(plain, a_body_over_the_limit_is_reported_to_the_handler_and_the_connection_ends);
	tcase_add_test(plain, a_body_one_byte_over_the_limit_is_too_large_though_it_fits_what_is_gathered);
	tcase_add_test(plain, an_answer_that_the_web_server_does_not_read_waits_without_blocking);
	tcase_add_test(plain, a_web_server_that_dies_in_the_middle_of_an_answer_costs_only_its_connection);
	tcase_add_test(plain, half_a_request_is_dropped_when_it_stalls);
	tcase_add_test(plain, a_hang_up_in_the_middle_of_a_request_is_noticed);
	tcase_add_test(plain, a_parked_request_is_answered_later);
	tcase_add_test(plain, the_handler_of_a_parked_request_is_called_once_when_the_client_leaves);
	tcase_add_test(plain, an_abort_of_a_parked_request_counts_as_leaving);
	tcase_add_test(plain, answering_a_parked_request_without_keep_does_not_report_it_gone);
	tcase_add_test(plain, an_abort_in_the_middle_of_the_parameters_ends_the_connection);
	tcase_add_test(plain, of_two_requests_in_one_go_the_first_is_answered_and_the_connection_ends);
	tcase_add_test(plain, garbage_costs_the_connection_and_nothing_else);
	tcase_add_test(plain, a_padded_record_with_content_is_understood);
	tcase_add_test(plain, draining_closes_idle_connections_one_by_one_and_waits_for_the_others);
	tcase_add_test(plain, draining_still_answers_a_request_that_has_arrived);
	tcase_add_test(plain, draining_waits_for_the_first_request_of_a_new_connection);
	suite_add_tcase(s, plain);
	tcase_add_checked_fixture(listening, setup_listening, teardown);
	tcase_add_test(listening, beyond_the_limit_connections_wait_until_another_ends);
	tcase_add_test(listening, when_accepting_can_not_go_on_it_is_tried_again);
	suite_add_tcase(s, listening);
	/* valgrind has a descriptor limit of its own, and closes what is accepted beyond it */
	tcase_set_tags(few, "no-valgrind");
	tcase_add_checked_fixture(few, setup_listening, teardown);
	tcase_add_test(few, without_descriptors_accepting_pauses_and_goes_on_later);
	suite_add_tcase(s, few);
	return s;
}

int
main(void)
{
	return run_suite(suite());
}

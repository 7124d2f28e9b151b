#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/unix_socket.h"
#include "fcgi-api/http/syncd_link.h"
#include "tests/lib/support.h"

static struct loop *loop;
static struct syncd_link *l;
static char address[UNIX_PATH_SIZE];
static int listen_fd, peer = -1;
static struct { int calls; enum err e; uint64_t generation; } last;
static struct message_request request;

static void
setup(void)
{
	(void)snprintf(address, sizeof(address), "%s/s", tmpdir_new());
	ck_assert_int_ne(listen_fd = unix_listen(address, 8), -1);
	ck_assert_ptr_nonnull(loop = loop_new());
	ck_assert_ptr_nonnull(l = syncd_link_new(loop, address));
	request = (struct message_request){ .type = MESSAGE_STATUS };
	memset(&last, 0, sizeof(last));
	peer = -1;
}

static void
teardown(void)
{
	syncd_link_free(l);
	loop_free(loop);
	(void)close(listen_fd);
	if (peer != -1)
		(void)close(peer);
}

static void
done(void *cookie, enum err e, const struct message_reply *reply)
{
	ck_assert_ptr_eq(cookie, &last);
	ck_assert((e == ERR_OK) == (reply != NULL));
	last.calls++;
	last.e = e;
	last.generation = reply != NULL ? reply->generation : 0;
}

static struct syncd_call *
send_one(int64_t ms)
{
	struct syncd_call *call;

	ck_assert_int_eq(syncd_link_request(l, &request, instant_monotonic() + ms, done,
	    &last, &call), ERR_OK);
	return call;
}

static void
turns(void)
{
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(loop_turn(loop, instant_monotonic()), ERR_OK);
}

static void
say(const char *line)
{
	if (peer == -1)
		peer = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	ck_assert_int_ge(peer, 0);
	ck_assert_int_eq(send(peer, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
	turns();
}

static void
reply(uint64_t id, unsigned generation)
{
	char line[100];

	(void)snprintf(line, sizeof(line), "{\"id\":%llu,\"ok\":true,\"generation\":%u}\n",
	    (unsigned long long)id, generation);
	say(line);
}

START_TEST(replies_find_their_calls_in_any_order)
{
	uint64_t first;

	(void)send_one(30000);
	first = request.id;
	(void)send_one(30000);
	ck_assert_uint_ne(request.id, first);
	reply(request.id, 2);
	ck_assert_uint_eq(last.generation, 2);
	reply(first, 1);
	ck_assert_uint_eq(last.generation, 1);
	reply(first, 9);	/* once more: no call waits for it */
	ck_assert_int_eq(last.calls, 2);
}
END_TEST

START_TEST(a_reply_may_come_in_pieces_and_several_at_once)
{
	char line[200];

	(void)send_one(30000);
	(void)snprintf(line, sizeof(line), "{\"id\":%llu,\"ok\":tr", (unsigned long long)request.id);
	say(line);
	ck_assert_int_eq(last.calls, 0);
	(void)send_one(30000);
	(void)snprintf(line, sizeof(line), "ue,\"generation\":5}\n{\"id\":%llu,\"ok\":true,"
	    "\"generation\":6}\n", (unsigned long long)request.id);
	say(line);
	ck_assert_int_eq(last.calls, 2);
	ck_assert_uint_eq(last.generation, 6);
}
END_TEST

START_TEST(without_syncd_a_call_is_refused_at_once)
{
	struct syncd_call *call;

	ck_assert_int_eq(unlink(address), 0);
	ck_assert_int_eq(syncd_link_request(l, &request, INT64_MAX, done, &last, &call),
	    ERR_SYNCD_UNAVAILABLE);
	ck_assert_int_eq(last.calls, 0);
}
END_TEST

START_TEST(a_call_ends_at_its_deadline_and_a_late_reply_is_ignored)
{
	(void)send_one(5000);
	(void)send_one(60000);
	ck_assert_int_le(syncd_link_tick(l, instant_monotonic()), instant_monotonic() + 5000);
	ck_assert_int_gt(syncd_link_tick(l, instant_monotonic() + 6000), instant_monotonic() + 7000);
	ck_assert_int_eq(last.calls, 1);
	ck_assert_int_eq(last.e, ERR_OUTCOME_UNKNOWN);
	reply(request.id, 7);
	ck_assert_int_eq(last.calls, 2);
	ck_assert_int_eq(last.e, ERR_OK);
}
END_TEST

START_TEST(a_cancelled_call_is_not_called_back)
{
	struct syncd_call *call = send_one(30000);

	syncd_link_cancel(l, call);
	reply(request.id, 1);
	ck_assert_int_eq(syncd_link_tick(l, instant_monotonic() + 40000), INT64_MAX);
	ck_assert_int_eq(last.calls, 0);
}
END_TEST

START_TEST(a_lost_connection_ends_all_calls_and_the_next_call_reconnects)
{
	(void)send_one(30000);
	(void)send_one(30000);
	reply(request.id, 1);
	ck_assert_int_eq(close(peer), 0);
	peer = -1;
	turns();
	ck_assert_int_eq(last.calls, 2);
	ck_assert_int_eq(last.e, ERR_OUTCOME_UNKNOWN);
	ck_assert_int_eq(usleep(30 * 1000), 0);
	turns();
	(void)send_one(30000);
	reply(request.id, 3);
	ck_assert_uint_eq(last.generation, 3);
}
END_TEST

START_TEST(a_malformed_reply_ends_the_connection)
{
	(void)send_one(30000);
	say("{\"id\":\n");
	ck_assert_int_eq(last.calls, 1);
	ck_assert_int_eq(last.e, ERR_OUTCOME_UNKNOWN);
}
END_TEST

START_TEST(a_syncd_that_reads_nothing_costs_bounded_memory)
{
	struct syncd_call *call;
	enum err e = ERR_OK;
	int n;

	for (n = 0; e == ERR_OK && n < 2 * LINK_CALLS_MAX; n++)
		e = syncd_link_request(l, &request, instant_monotonic() + 60000, done, &last, &call);
	ck_assert_int_eq(e, ERR_OVERLOADED);
	ck_assert_int_le(n, LINK_CALLS_MAX + 1);
	(void)syncd_link_tick(l, instant_monotonic() + 70000);
	ck_assert_int_eq(last.calls, n - 1);
}
END_TEST

/* Read all lines that syncd has not read yet; their ids go into ${ids}. */
static size_t
read_lines(uint64_t *ids, size_t max)
{
	static char text[LINK_CALLS_MAX * 4096];
	size_t len = 0, n = 0;
	ssize_t got;

	if (peer == -1)
		peer = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	ck_assert_int_ge(peer, 0);
	do {
		turns();
		if ((got = recv(peer, text + len, sizeof(text) - len - 1, 0)) > 0)
			len += (size_t)got;
	} while (got > 0);
	text[len] = '\0';
	for (char *line = strtok(text, "\n"); line != NULL && n < max; line = strtok(NULL, "\n")) {
		const char *id = strstr(line, "\"id\":");

		ck_assert_ptr_nonnull(id);
		ck_assert_msg(line[0] == '{' && line[strlen(line) - 1] == '}', "a line in pieces: %s", line);
		ids[n++] = strtoull(id + 5, NULL, 10);
	}
	return n;
}

struct ended { enum err e; bool late; };

static void
note_end(void *cookie, enum err e, const struct message_reply *reply)
{
	struct ended *end = cookie;

	(void)reply;
	end->e = e;
}

/* More calls than the socket takes; every third is late by the time syncd reads again. */
START_TEST(calls_given_up_before_they_were_sent_are_never_sent)
{
	static struct ended ends[LINK_CALLS_MAX];
	static uint64_t ids[LINK_CALLS_MAX], seen[LINK_CALLS_MAX];
	struct record record = { .id = STR("rec00000000000001"), .known = 1u << ORDER_STATUS };
	struct message_item item = { .kind = MESSAGE_UPDATE };
	int64_t now = instant_monotonic();
	struct syncd_call *call;
	size_t n = 0, count, given_up = 0, unknown = 0;
	static char text[MESSAGE_TEXT_MAX];

	memset(text, 'x', sizeof(text) - 1);
	record.values[ORDER_STATUS] = (struct value){ .present = true, .text = str_of(text) };
	item.record = record;
	request = (struct message_request){ .type = MESSAGE_WRITE, .table = &orders_schema, .items = &item, .item_count = 1 };
	for (; n < LINK_CALLS_MAX; n++) {
		ends[n] = (struct ended){ .e = ERR_INTERNAL, .late = n % 3 == 0 };
		ck_assert_int_eq(syncd_link_request(l, &request, now + (ends[n].late ? 1000 : 60000),
		    note_end, &ends[n], &call), ERR_OK);
		ids[n] = request.id;
	}
	(void)syncd_link_tick(l, now + 2000);
	count = read_lines(seen, LINK_CALLS_MAX);
	for (size_t i = 0; i < n; i++) {
		bool came = false;

		for (size_t k = 0; k < count; k++)
			came |= seen[k] == ids[i];
		ck_assert_int_eq(came, !ends[i].late || ends[i].e == ERR_OUTCOME_UNKNOWN);
		given_up += ends[i].e == ERR_SYNCD_UNAVAILABLE;
		unknown += ends[i].e == ERR_OUTCOME_UNKNOWN;
	}
	ck_assert_uint_gt(given_up, 0);
	ck_assert_uint_gt(unknown, 0);
	ck_assert_uint_eq(given_up + unknown, (LINK_CALLS_MAX + 2) / 3);
	ck_assert_uint_eq(count, n - given_up);
	/* places are right after it: a lost connection distinguishes sent calls from others */
	ck_assert_int_eq(close(peer), 0);
	peer = -1;
	turns();
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(ends[i].e == ERR_SYNCD_UNAVAILABLE, ends[i].late && ends[i].e != ERR_OUTCOME_UNKNOWN);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("syncd_link");
	TCase *t = tcase_create("syncd_link");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, replies_find_their_calls_in_any_order);
	tcase_add_test(t, a_reply_may_come_in_pieces_and_several_at_once);
	tcase_add_test(t, without_syncd_a_call_is_refused_at_once);
	tcase_add_test(t, a_call_ends_at_its_deadline_and_a_late_reply_is_ignored);
	tcase_add_test(t, a_cancelled_call_is_not_called_back);
	tcase_add_test(t, a_lost_connection_ends_all_calls_and_the_next_call_reconnects);
	tcase_add_test(t, a_malformed_reply_ends_the_connection);
	tcase_add_test(t, a_syncd_that_reads_nothing_costs_bounded_memory);
	tcase_add_test(t, calls_given_up_before_they_were_sent_are_never_sent);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(suite());
}

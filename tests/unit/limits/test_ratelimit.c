#include <sys/mman.h>
#include <sys/wait.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "fcgi-api/http/siphash.h"
#include "fcgi-api/limits/limits.h"
#include "tests/lib/support.h"

#define MINUTE	INT64_C(60000)

static struct client
ipv4(uint32_t address)
{
	return (struct client){ CLIENT_IPV4, address };
}

static bool
take(struct ratelimit *r, uint32_t address, int64_t now_ms)
{
	return ratelimit_take(r, ipv4(address), 1, now_ms).passes;
}

static struct ratelimit_verdict
take_many(struct ratelimit *r, uint32_t weight, int64_t now_ms)
{
	return ratelimit_take(r, ipv4(1), weight, now_ms);
}

static struct ratelimit *
limit(uint32_t quota, size_t clients)
{
	struct ratelimit *r = ratelimit_new(quota, MINUTE, clients);

	ck_assert_ptr_nonnull(r);
	return r;
}

START_TEST(no_minute_passes_more_than_the_quota_or_less_than_it_could)
{
	struct ratelimit *r = limit(100, 16);
	static int64_t passes[20000];
	uint32_t random = 12345;
	size_t n = 0, first = 0;
	int64_t now = 1000000;

	for (int i = 0; i < 60000; i++) {
		bool passed;

		random = random * 1103515245 + 12345;
		/* bursts, and pauses of up to two minutes */
		now += (random >> 16) % 300 == 0 ? (random >> 20) % 120000 : (random >> 16) % 7 == 0 ? 40 : 0;
		while (first < n && now - passes[first] > MINUTE)
			first++;
		passed = take(r, 7, now);
		ck_assert_msg(passed == (n - first < 100), "%d: %zu in the window, %s", i, n - first,
		    passed ? "passed" : "refused");
		if (passed)
			passes[n++] = now;
		ck_assert_uint_lt(n, 20000);
	}
	ck_assert_uint_gt(n, 1000);
	ratelimit_free(r);
}
END_TEST

START_TEST(a_refusal_says_correctly_when_to_come_back)
{
	struct ratelimit *r = limit(3, 16);
	struct ratelimit_verdict v;

	ck_assert(take(r, 1, 10000));
	v = take_many(r, 1, 15000);
	ck_assert(v.passes);
	ck_assert_uint_eq(v.quota, 3);
	ck_assert_uint_eq(v.remaining, 1);
	ck_assert_uint_eq(v.reset_s, 56);	/* of the first: 55.001 s */
	ck_assert(take(r, 1, 20000));
	v = take_many(r, 1, 69000);
	ck_assert(!v.passes);
	ck_assert_uint_eq(v.remaining, 0);
	ck_assert_uint_eq(v.reset_s, 2);
	ck_assert(!take(r, 1, 70000));
	ck_assert(take(r, 1, 70001));
	ck_assert(!take(r, 1, 70002));
	ck_assert(take(r, 1, 75001));
	ratelimit_free(r);
}
END_TEST

START_TEST(refused_requests_do_not_count)
{
	struct ratelimit *r = limit(5, 16);
	int passed = 0;

	/* one who never rests gets exactly his quota, again and again */
	for (int64_t now = 0; now < 10 * (MINUTE + 1); now++)
		passed += take(r, 1, 1000 + now);
	ck_assert_int_eq(passed, 50);
	ratelimit_free(r);
}
END_TEST

START_TEST(each_client_counts_for_itself)
{
	struct ratelimit *r = limit(2, 1024);

	for (uint32_t c = 0; c < 100; c++)
		for (int i = 0; i < 2; i++)
			ck_assert(take(r, c, 5000));
	for (uint32_t c = 0; c < 100; c++)
		ck_assert(!take(r, c, 5001));
	ratelimit_free(r);
}
END_TEST

START_TEST(a_clock_that_another_process_read_earlier_does_no_harm)
{
	struct ratelimit *r = limit(2, 16);

	ck_assert(take(r, 1, 100000));
	ck_assert(take(r, 1, 99990));
	ck_assert(!take(r, 1, 99980));
	ck_assert(!take(r, 1, 160000));
	ck_assert(take(r, 1, 160001));
	ck_assert(take(r, 1, 160001));
	ratelimit_free(r);
}
END_TEST

START_TEST(after_weeks_of_silence_a_client_starts_fresh)
{
	struct ratelimit *r = limit(2, 16);
	int64_t wrapped = 100000 + (INT64_C(1) << 32) + 10;	/* 32 bits of milliseconds later */

	ck_assert(take(r, 1, 100000) && take(r, 1, 100000));
	ck_assert(take(r, 1, wrapped) && take(r, 1, wrapped));
	ck_assert(!take(r, 1, wrapped));
	ratelimit_free(r);
}
END_TEST

START_TEST(a_huge_quota_is_kept_within_bounded_memory)
{
	struct ratelimit *r = limit(1000000, 16384);
	int64_t now = 50000;
	uint32_t passed = 0, later = 0;

	ck_assert_uint_ge(ratelimit_clients(r), 128);
	for (int i = 0; i < 1100000; i++)
		passed += take(r, 1, now += i % 50 == 0);
	ck_assert_uint_eq(passed, 1000000);
	/* a minute and a tick after the first of them: room for what has left */
	now = 50000 + MINUTE + 100;
	for (int i = 0; i < 10000; i++)
		later += take(r, 1, now);
	ck_assert_uint_ge(later, 4000);
	ck_assert_uint_le(later, 5000);
	ratelimit_free(r);
}
END_TEST

START_TEST(a_crowd_of_addresses_refuses_and_frees_no_other_client)
{
	struct ratelimit *r = limit(50, 256);
	uint32_t honest = 0, greedy = 0;
	int64_t now = 100000;

	ck_assert_uint_eq(ratelimit_clients(r), 256);
	for (int i = 0; i < 50; i++)
		greedy += take(r, 1, now);
	/* 100,000 strangers with a request each, and two who come now and then */
	for (uint32_t i = 0; i < 100000; i++) {
		ck_assert(take(r, 1000 + i, now + i / 5000));
		if (i % 5000 == 0)
			honest += take(r, 2, now + i / 5000);
		if (i % 100 == 0)
			greedy += take(r, 1, now + i / 5000);
	}
	ck_assert_uint_eq(honest, 20);
	ck_assert_uint_eq(greedy, 50);
	ratelimit_free(r);
}
END_TEST

START_TEST(all_processes_together_let_exactly_the_quota_pass)
{
	struct ratelimit *r = limit(100, 1024);
	uint32_t *passed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[6];

	ck_assert_ptr_ne(passed, MAP_FAILED);
	for (int p = 0; p < 6; p++) {
		ck_assert_int_ge(pids[p] = fork(), 0);
		if (pids[p] != 0)
			continue;
		for (uint32_t i = 0; i < 20000; i++)
			if (take(r, i % 8, instant_monotonic()))
				(void)__atomic_fetch_add(&passed[i % 8], 1, __ATOMIC_RELAXED);
		_exit(0);
	}
	for (int p = 0; p < 6; p++) {
		int status;

		ck_assert_int_eq(waitpid(pids[p], &status, 0), pids[p]);
		ck_assert_int_eq(status, 0);
	}
	for (int c = 0; c < 8; c++)
		ck_assert_uint_eq(passed[c], 100);
	ratelimit_free(r);
}
END_TEST

/*
 * Many minutes by a clock that is set by hand.  At each of its moments all
 * processes ask until they are refused.  The minute that ends there then holds
 * exactly the quota, as the room left by what has dropped out is filled again.
 */
#define ASKERS	5
#define MOMENTS	300

struct by_hand {
	pthread_barrier_t	begin, end;
	int64_t			now;
	uint32_t		passed[ASKERS];	/* at this moment */
};

static void
ask_at_each_moment(struct ratelimit *r, struct by_hand *h, int asker)
{
	for (int m = 0; m < MOMENTS; m++) {
		(void)pthread_barrier_wait(&h->begin);
		h->passed[asker] = 0;
		while (take(r, 7, h->now))
			h->passed[asker]++;
		if (!take(r, 100 + (uint32_t)m, h->now))	/* another is not meant */
			h->passed[asker] += 1000;
		(void)pthread_barrier_wait(&h->end);
	}
}

START_TEST(in_any_minute_of_many_all_processes_together_pass_exactly_the_quota)
{
	struct ratelimit *r = limit(100, 1024);
	struct by_hand *h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct { int64_t at; uint32_t n; } passes[MOMENTS];
	uint32_t random = 4711, total = 0;
	pthread_barrierattr_t attr;
	pid_t pids[ASKERS];
	int status;

	ck_assert_ptr_ne(h, MAP_FAILED);
	ck_assert_int_eq(pthread_barrierattr_init(&attr), 0);
	ck_assert_int_eq(pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED), 0);
	ck_assert_int_eq(pthread_barrier_init(&h->begin, &attr, ASKERS + 1), 0);
	ck_assert_int_eq(pthread_barrier_init(&h->end, &attr, ASKERS + 1), 0);
	h->now = 1000000;
	for (int p = 0; p < ASKERS; p++) {
		ck_assert_int_ge(pids[p] = fork(), 0);
		if (pids[p] == 0) {
			ask_at_each_moment(r, h, p);
			_exit(0);
		}
	}
	for (int m = 0; m < MOMENTS; m++) {
		uint32_t in_minute = 0;

		random = random * 1103515245 + 12345;
		/* from a millisecond to some seconds, and now and then to its very end */
		if (m > 0)
			h->now = (random >> 16) % 5 == 0 ? passes[m - 1].at + MINUTE + (random >> 20) % 2 :
			    h->now + 1 + (random >> 16) % 6000;
		(void)pthread_barrier_wait(&h->begin);
		(void)pthread_barrier_wait(&h->end);
		passes[m].at = h->now;
		passes[m].n = 0;
		for (int p = 0; p < ASKERS; p++)
			passes[m].n += h->passed[p];
		total += passes[m].n;
		for (int i = m; i >= 0 && h->now - passes[i].at <= MINUTE; i--)
			in_minute += passes[i].n;
		ck_assert_msg(in_minute == 100, "moment %d: %u in the minute", m, in_minute);
	}
	ck_assert_uint_gt(total, 3000);
	for (int p = 0; p < ASKERS; p++) {
		ck_assert_int_eq(waitpid(pids[p], &status, 0), pids[p]);
		ck_assert_int_eq(status, 0);
	}
	ratelimit_free(r);
}
END_TEST

START_TEST(a_process_killed_in_the_middle_leaves_a_limit_that_holds)
{
	struct ratelimit *r = limit(1000, 16);
	uint32_t *passed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t more = 0;

	ck_assert_ptr_ne(passed, MAP_FAILED);
	for (int round = 0; round < 60; round++) {
		pid_t pid = fork();
		int status;

		ck_assert_int_ge(pid, 0);
		if (pid == 0)	/* all clients are of one set */
			for (uint32_t i = 0; ; i++)
				if (take(r, i % 40, instant_monotonic()) && i % 40 == 0)
					(void)__atomic_fetch_add(passed, 1, __ATOMIC_RELAXED);
		do {	/* the first one lives to see some pass */
			ck_assert_int_eq(usleep((useconds_t)(500 + 37 * round)), 0);
		} while (__atomic_load_n(passed, __ATOMIC_RELAXED) == 0);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		(void)take(r, 1000, instant_monotonic());	/* never hangs */
	}
	ck_assert_uint_gt(passed[0], 0);
	/* a minute later all have left, and the quota is whole */
	for (int i = 0; i < 2000; i++)
		more += take(r, 5, instant_monotonic() + 3 * MINUTE);
	ck_assert_uint_eq(more, 1000);
	ratelimit_free(r);
}
END_TEST

START_TEST(a_client_is_an_ipv4_address_or_an_ipv6_network)
{
	struct client a = client_of(STR("192.0.2.1")), b = client_of(STR("192.0.2.2"));
	static const char *const none[] = { "", "unix:", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1..2.3",
	    "1.2.3.", "2001:db8::x", "1.2.3.4 ", "0001.2.3.4" };

	ck_assert_int_eq(a.kind, CLIENT_IPV4);
	ck_assert_uint_eq(a.number, 0xc0000201);
	ck_assert_uint_eq(b.number, 0xc0000202);
	b = client_of(STR("::ffff:192.0.2.1"));
	ck_assert(b.kind == a.kind && b.number == a.number);
	a = client_of(STR("2001:db8:1:2::1"));
	b = client_of(STR("2001:db8:1:2:ffff:ffff:ffff:ffff"));
	ck_assert_int_eq(a.kind, CLIENT_IPV6);
	ck_assert_uint_eq(a.number, UINT64_C(0x20010db800010002));
	ck_assert_uint_eq(b.number, a.number);
	ck_assert_uint_ne(client_of(STR("2001:db8:1:3::1")).number, a.number);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_int_eq(client_of(str_of(none[i])).kind, CLIENT_UNKNOWN);
}
END_TEST

START_TEST(siphash_agrees_with_its_inventors)
{
	/* key 00 01 ... 0f, input 00 01 ... 0f: vector 16 of the reference implementation */
	static const uint64_t key[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };

	ck_assert_uint_eq(siphash_16(key, key[0], key[1]), UINT64_C(0x3f2acc7f57c29bdb));
}
END_TEST

START_TEST(weighted_requests_fill_the_quota_of_any_minute_and_no_more)
{
	struct ratelimit *r = limit(1000, 16);
	static struct { int64_t at; uint32_t weight; } passes[20000];
	uint32_t random = 4321, within = 0;
	size_t n = 0, first = 0, refused = 0;
	int64_t now = 1000000;

	for (int i = 0; i < 20000; i++) {
		struct ratelimit_verdict v;
		uint32_t weight;

		random = random * 1103515245 + 12345;
		weight = (random >> 16) % 3 == 0 ? 1 : 1 + (random >> 18) % 500;
		now += (random >> 16) % 90 == 0 ? (random >> 20) % 120000 : (random >> 16) % 4000;
		for (; first < n && now - passes[first].at > MINUTE; first++)
			within -= passes[first].weight;
		v = take_many(r, weight, now);
		ck_assert_msg(v.passes == (within + weight <= 1000), "%d: %u and %u: %s", i, within,
		    weight, v.passes ? "passed" : "refused");
		if (v.passes) {
			passes[n].at = now;
			passes[n++].weight = weight;
			within += weight;
		} else {
			refused++;
		}
		ck_assert_uint_eq(v.remaining, 1000 - within);
	}
	ck_assert_uint_gt(n, 1000);
	ck_assert_uint_gt(refused, 1000);
	ratelimit_free(r);
}
END_TEST

START_TEST(a_refused_heavy_request_learns_when_there_is_room)
{
	struct ratelimit *r = limit(100, 16);
	struct ratelimit_verdict v;

	ck_assert(take_many(r, 30, 10000).passes);
	ck_assert(take_many(r, 30, 20000).passes);
	ck_assert(take_many(r, 30, 30000).passes);
	v = take_many(r, 50, 40000);
	ck_assert(!v.passes);
	ck_assert_uint_eq(v.remaining, 10);
	ck_assert_uint_eq(v.reset_s, 41);	/* once the second has left: 40.001 s */
	ck_assert_uint_eq(take_many(r, 11, 40000).reset_s, 31);
	ck_assert_uint_eq(take_many(r, 100, 40000).reset_s, 51);
	v = take_many(r, 10, 40000);
	ck_assert(v.passes);
	ck_assert_uint_eq(v.reset_s, 31);	/* of the first, as for all that pass */
	ck_assert(!take_many(r, 50, 80000).passes);
	ck_assert(take_many(r, 50, 80001).passes);
	ratelimit_free(r);
}
END_TEST

START_TEST(a_request_heavier_than_the_quota_never_passes_and_is_not_counted)
{
	struct ratelimit *r = limit(100, 16);
	struct ratelimit_verdict v = take_many(r, 101, 5000);

	ck_assert(!v.passes);
	ck_assert_uint_eq(v.quota, 100);
	ck_assert_uint_eq(v.remaining, 100);
	ck_assert(!take_many(r, UINT32_MAX, 5000).passes);
	ck_assert(take_many(r, 100, 5000).passes);
	ck_assert(!take_many(r, 101, 5000).passes);
	ck_assert(!take_many(r, 1, 65000).passes);
	ck_assert(take_many(r, 100, 65001).passes);
	ratelimit_free(r);
}
END_TEST

static bool
told(const struct limits *l, enum limit which, const char *address, struct response *r)
{
	struct limit_told t = { .which = LIMIT_NONE };
	bool passes = limits_take(l, which, str_of(address), 1, 5000, &t);

	response_begin(r, false);
	limits_tell(&t, r);
	return passes;
}

START_TEST(limits_follow_the_configuration_and_unchanged_ones_keep_their_counts)
{
	struct config c = { .limits = { true, 2, 1, 3, 4, 5, 6, 0, 0 } };
	struct limits l = { { NULL } };
	struct response r;

	response_init(&r);
	limits_configure(&l, &c);
	ck_assert(told(&l, LIMIT_ORDERS_LIST, "192.0.2.1", &r));
	ck_assert_str_eq(buf_cstr(&r.head), "RateLimit-Policy: \"orders_list\";q=2;w=60\r\n"
	    "RateLimit: \"orders_list\";r=1;t=60\r\n");
	ck_assert(told(&l, LIMIT_ORDERS_LIST, "192.0.2.1", &r));
	ck_assert(!told(&l, LIMIT_ORDERS_LIST, "192.0.2.1", &r));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&r.head), ";r=0;"));
	ck_assert(told(&l, LIMIT_ORDERS_LIST, "192.0.2.2", &r));
	ck_assert(told(&l, LIMIT_ORDERS_SUMMARY, "192.0.2.1", &r));
	ck_assert(!told(&l, LIMIT_ORDERS_SUMMARY, "192.0.2.1", &r));

	c.limits.orders_summary = 2;
	limits_configure(&l, &c);
	ck_assert(!told(&l, LIMIT_ORDERS_LIST, "192.0.2.1", &r));
	ck_assert(told(&l, LIMIT_ORDERS_SUMMARY, "192.0.2.1", &r));

	c.limits.enabled = false;
	limits_configure(&l, &c);
	ck_assert(told(&l, LIMIT_ORDERS_LIST, "192.0.2.1", &r));
	ck_assert_str_eq(buf_cstr(&r.head), "");
	limits_free(&l);
	response_free(&r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ratelimit");
	TCase *t = tcase_create("ratelimit"), *kill_case = tcase_create("processes");

	tcase_add_test(t, no_minute_passes_more_than_the_quota_or_less_than_it_could);
	tcase_add_test(t, a_refusal_says_correctly_when_to_come_back);
	tcase_add_test(t, refused_requests_do_not_count);
	tcase_add_test(t, weighted_requests_fill_the_quota_of_any_minute_and_no_more);
	tcase_add_test(t, a_refused_heavy_request_learns_when_there_is_room);
	tcase_add_test(t, a_request_heavier_than_the_quota_never_passes_and_is_not_counted);
	tcase_add_test(t, each_client_counts_for_itself);
	tcase_add_test(t, a_clock_that_another_process_read_earlier_does_no_harm);
	tcase_add_test(t, after_weeks_of_silence_a_client_starts_fresh);
	tcase_add_test(t, a_huge_quota_is_kept_within_bounded_memory);
	tcase_add_test(t, a_crowd_of_addresses_refuses_and_frees_no_other_client);
	tcase_add_test(t, a_client_is_an_ipv4_address_or_an_ipv6_network);
	tcase_add_test(t, siphash_agrees_with_its_inventors);
	tcase_add_test(t, limits_follow_the_configuration_and_unchanged_ones_keep_their_counts);
	suite_add_tcase(s, t);
	tcase_set_timeout(kill_case, 30);
	tcase_add_test(kill_case, all_processes_together_let_exactly_the_quota_pass);
	tcase_add_test(kill_case, in_any_minute_of_many_all_processes_together_pass_exactly_the_quota);
	tcase_add_test(kill_case, a_process_killed_in_the_middle_leaves_a_limit_that_holds);
	suite_add_tcase(s, kill_case);
	return run_suite(s);
}

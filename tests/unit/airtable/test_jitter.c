#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syncd/airtable/jitter.h"
#include "tests/lib/support.h"

#define DRAWS	4096
#define FIRST	8

START_TEST(every_part_of_the_range_comes_up_and_nothing_beyond_it)
{
	unsigned parts[16] = { 0 };

	for (int i = 0; i < DRAWS; i++) {
		double r = jitter(NULL);

		ck_assert(r >= 0 && r < 1);
		parts[(int)(r * 16)]++;
	}
	for (int i = 0; i < 16; i++)
		ck_assert_msg(parts[i] > DRAWS / 16 / 4, "part %d: %u", i, parts[i]);
}
END_TEST

START_TEST(a_pause_is_below_its_limit)
{
	bool seen[3] = { false };

	ck_assert_int_eq(jitter_below(0), 0);
	ck_assert_int_eq(jitter_below(-5), 0);
	ck_assert_int_eq(jitter_below(1), 0);
	for (int i = 0; i < 1000; i++) {
		int64_t n = jitter_below(3);

		ck_assert(n >= 0 && n < 3);
		seen[n] = true;
		n = jitter_below(INT64_C(86400000));
		ck_assert(n >= 0 && n < INT64_C(86400000));
	}
	ck_assert(seen[0] && seen[1] && seen[2]);
}
END_TEST

/* What a process draws first after its start. */
static void
draw_in_child(int64_t first[static FIRST])
{
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		int64_t own[FIRST];

		for (int i = 0; i < FIRST; i++)
			own[i] = jitter_below(1000000);
		_exit(write(fds[1], own, sizeof(own)) == (ssize_t)sizeof(own) ? 0 : 1);
	}
	ck_assert_int_eq(read(fds[0], first, FIRST * sizeof(*first)), FIRST * (ssize_t)sizeof(*first));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
}

START_TEST(no_two_starts_wait_in_step)
{
	int64_t one[FIRST], other[FIRST];

	draw_in_child(one);
	draw_in_child(other);
	ck_assert_mem_ne(one, other, sizeof(one));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("jitter");
	TCase *t = tcase_create("jitter");

	tcase_add_test(t, every_part_of_the_range_comes_up_and_nothing_beyond_it);
	tcase_add_test(t, a_pause_is_below_its_limit);
	tcase_add_test(t, no_two_starts_wait_in_step);
	suite_add_tcase(s, t);
	return run_suite(s);
}

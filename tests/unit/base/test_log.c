#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "tests/lib/support.h"

static char path[256];

static void
setup(void)
{
	(void)snprintf(path, sizeof(path), "%s/log", tmpdir_new());
	ck_assert_int_eq(log_open("test", path, LOG_INFO, LOG_LOGFMT), 0);
}

/* The whole file, NUL-terminated. */
static const char *
content(const char *file)
{
	static char text[262144];
	int fd = open(file, O_RDONLY);
	ssize_t n;

	ck_assert_int_ne(fd, -1);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	(void)close(fd);
	return text;
}

START_TEST(a_log_in_a_folder_that_a_group_shares_is_the_groups_too)
{
	char shared[280], file[300];
	mode_t before = umask(027);
	struct stat st;

	(void)snprintf(shared, sizeof(shared), "%s", tmpdir_new());
	(void)snprintf(file, sizeof(file), "%s/alone", shared);
	ck_assert_int_eq(log_open("test", file, LOG_INFO, LOG_LOGFMT), 0);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0640);
	ck_assert_int_eq(chmod(shared, 02770), 0);
	(void)snprintf(file, sizeof(file), "%s/shared", shared);
	ck_assert_int_eq(log_open("test", file, LOG_INFO, LOG_LOGFMT), 0);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0660);
	ck_assert_int_eq(umask(before), 027);
}
END_TEST

static size_t
line_count(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n' ? 1 : 0;
	return n;
}

START_TEST(a_logfmt_line_has_time_level_message_and_process)
{
	const char *line;
	char expected[128];
	int64_t ms;

	log_info("sync: %d pages", 7);
	line = content(path);
	ck_assert_int_eq(strncmp(line, "time=", 5), 0);
	ck_assert_int_eq(instant_parse((struct str){ line + 5, 24 }, &ms), ERR_OK);
	ck_assert_int_le(llabs(instant_now() - ms), 60000);
	(void)snprintf(expected, sizeof(expected),
	    " level=info prog=test pid=%d msg=\"sync: 7 pages\"\n", (int)getpid());
	ck_assert_str_eq(line + 5 + 24, expected);
}
END_TEST

START_TEST(a_json_line_is_a_json_object)
{
	cJSON *o;

	ck_assert_int_eq(log_open("test", path, LOG_INFO, LOG_JSON), 0);
	log_request("ab\"12");
	log_warn("say \"%s\"\n\x01\xff", "hi");
	o = cJSON_Parse(content(path));
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(o, "level")), "warn");
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(o, "req")), "ab\"12");
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(o, "msg")),
	    "say \"hi\"\n\x01\xef\xbf\xbd");
	ck_assert_uint_eq(line_count(content(path)), 1);
	cJSON_Delete(o);
}
END_TEST

START_TEST(lines_below_the_level_are_not_written)
{
	ck_assert(log_enabled(LOG_INFO));
	ck_assert(!log_enabled(LOG_DEBUG));
	log_debug("hidden");
	ck_assert_str_eq(content(path), "");
	ck_assert_int_eq(log_open("test", path, LOG_ERROR, LOG_LOGFMT), 0);
	log_warn("hidden");
	log_error("seen");
	ck_assert_uint_eq(line_count(content(path)), 1);
}
END_TEST

START_TEST(a_message_never_makes_a_second_line)
{
	log_request("a\nlevel=error b");
	log_info("one\ntwo\r\nthree");
	ck_assert_uint_eq(line_count(content(path)), 1);
	ck_assert_ptr_nonnull(strstr(content(path), "req=\"a\\nlevel=error b\" msg=\"one\\ntwo\\r\\nthree\""));
}
END_TEST

START_TEST(the_request_id_stands_on_lines_until_it_is_taken_away)
{
	log_request("ab-12.x_");
	log_info("one");
	log_request(NULL);
	log_info("two");
	log_request("");
	log_info("three");
	ck_assert_ptr_nonnull(strstr(content(path), " req=ab-12.x_ msg=\"one\"\n"));
	ck_assert_ptr_null(strstr(strstr(content(path), "one") + 5, "req="));
}
END_TEST

START_TEST(a_message_of_any_length_is_one_line)
{
	static char text[100000];

	memset(text, 'x', sizeof(text) - 1);
	log_info("%s", text);
	ck_assert_uint_eq(line_count(content(path)), 1);
	ck_assert_uint_gt(strlen(content(path)), 4000);
	ck_assert_uint_lt(strlen(content(path)), 5000);
}
END_TEST

START_TEST(errno_survives_a_line)
{
	errno = ENOENT;
	log_info("line");
	ck_assert_int_eq(errno, ENOENT);
	errno = EPERM;
	log_debug("no line");
	ck_assert_int_eq(errno, EPERM);
}
END_TEST

START_TEST(after_a_rotation_lines_go_to_the_new_file)
{
	char old[300];

	(void)snprintf(old, sizeof(old), "%s.1", path);
	log_info("before");
	ck_assert_int_eq(rename(path, old), 0);
	log_info("still the old one");
	log_reopen();
	log_info("after");
	ck_assert_uint_eq(line_count(content(old)), 2);
	ck_assert_uint_eq(line_count(content(path)), 1);
	ck_assert_ptr_nonnull(strstr(content(path), "after"));
}
END_TEST

START_TEST(a_log_that_cannot_be_reopened_stays_and_says_so)
{
	char old[300];

	(void)snprintf(old, sizeof(old), "%s.1", path);
	ck_assert_int_eq(rename(path, old), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	log_reopen();
	log_info("after");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_uint_eq(line_count(content(old)), 2);
	ck_assert_ptr_nonnull(strstr(content(old), "the old file stays in use"));
}
END_TEST

START_TEST(reopening_uses_up_no_descriptors)
{
	int before = open("/dev/null", O_RDONLY), after;

	ck_assert_int_ne(before, -1);
	(void)close(before);
	for (int i = 0; i < 100; i++)
		log_reopen();
	after = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(after, before);
	(void)close(after);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_leaves_the_log_where_it_was)
{
	char bad[300];
	char *long_name = malloc(5000);

	(void)snprintf(bad, sizeof(bad), "%s/no/such/folder", path);
	ck_assert_int_eq(log_open("test", bad, LOG_INFO, LOG_JSON), -1);
	ck_assert_int_ne(errno, 0);
	ck_assert_ptr_nonnull(long_name);
	memset(long_name, 'x', 4999);
	long_name[4999] = '\0';
	ck_assert_int_eq(log_open("test", long_name, LOG_INFO, LOG_JSON), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	free(long_name);
	log_info("line");
	ck_assert_int_eq(strncmp(content(path), "time=", 5), 0);
}
END_TEST

START_TEST(lines_of_several_processes_never_mix)
{
	const char *p;

	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			for (int j = 0; j < 200; j++)
				log_info("%d %0100d", i, j);
			_exit(0);
		}
	for (int i = 0; i < 4; i++)
		ck_assert_int_gt(wait(NULL), 0);
	p = content(path);
	ck_assert_uint_eq(line_count(p), 800);
	for (; *p != '\0'; p = strchr(p, '\n') + 1)
		ck_assert_int_eq(strncmp(p, "time=", 5), 0);
}
END_TEST

static void
refused(int number)
{
	(void)number;
	log_refused_call(41);
}

/* As the sandbox logs: in the middle of whatever the program is doing. */
START_TEST(a_line_from_a_signal_handler_is_whole_at_any_moment)
{
	const struct itimerval often = { .it_interval.tv_usec = 200, .it_value.tv_usec = 200 }, never = { 0 };
	const char *const ends[] = { "msg=\"sandbox: refused system call 41\"\n", "\"msg\":\"sandbox: refused system call 41\"}\n" };
	const struct sigaction action = { .sa_handler = refused, .sa_flags = SA_RESTART };
	size_t handled = 0;

	for (int json = 0; json < 2; json++) {
		ck_assert_int_eq(truncate(path, 0), 0);
		ck_assert_int_eq(log_open("test", path, LOG_WARN, json ? LOG_JSON : LOG_LOGFMT), 0);
		ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
		ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
		for (int i = 0; i < 300; i++)
			log_warn("%d %0300d", i, i);
		ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
		log_refused_call(41);	/* at least once */
		for (const char *p = content(path), *end; *p != '\0'; p = end + 1) {
			end = strchr(p, '\n');
			ck_assert_ptr_nonnull(end);
			ck_assert_int_eq(strncmp(p, json ? "{\"time\":\"20" : "time=20", json ? 11 : 7), 0);
			if (strncmp(end + 1 - strlen(ends[json]), ends[json], strlen(ends[json])) == 0)
				handled++;
		}
	}
	ck_assert_uint_ge(handled, 2);
}
END_TEST

START_TEST(a_refused_system_call_is_logged_like_any_warning)
{
	char pid[40];
	cJSON *j;

	errno = ENOENT;
	log_refused_call(0);
	log_refused_call(-2147483647 - 1);
	ck_assert_int_eq(errno, ENOENT);
	(void)snprintf(pid, sizeof(pid), " level=warn prog=test pid=%d ", (int)getpid());
	ck_assert_ptr_nonnull(strstr(content(path), pid));
	ck_assert_ptr_nonnull(strstr(content(path), "refused system call 0\"\n"));
	ck_assert_ptr_nonnull(strstr(content(path), "refused system call -2147483648\"\n"));
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_int_eq(log_open("test", path, LOG_WARN, LOG_JSON), 0);
	log_refused_call(257);
	ck_assert_ptr_nonnull(j = cJSON_Parse(content(path)));
	ck_assert_str_eq(cJSON_GetObjectItem(j, "msg")->valuestring, "sandbox: refused system call 257");
	ck_assert_str_eq(cJSON_GetObjectItem(j, "level")->valuestring, "warn");
	ck_assert_int_eq(cJSON_GetObjectItem(j, "pid")->valueint, getpid());
	cJSON_Delete(j);
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_int_eq(log_open("test", path, LOG_ERROR, LOG_JSON), 0);
	log_refused_call(257);
	ck_assert_str_eq(content(path), "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_logfmt_line_has_time_level_message_and_process);
	tcase_add_test(t, a_log_in_a_folder_that_a_group_shares_is_the_groups_too);
	tcase_add_test(t, a_json_line_is_a_json_object);
	tcase_add_test(t, lines_below_the_level_are_not_written);
	tcase_add_test(t, a_message_never_makes_a_second_line);
	tcase_add_test(t, the_request_id_stands_on_lines_until_it_is_taken_away);
	tcase_add_test(t, a_message_of_any_length_is_one_line);
	tcase_add_test(t, errno_survives_a_line);
	tcase_add_test(t, after_a_rotation_lines_go_to_the_new_file);
	tcase_add_test(t, a_log_that_cannot_be_reopened_stays_and_says_so);
	tcase_add_test(t, reopening_uses_up_no_descriptors);
	tcase_add_test(t, a_file_that_cannot_be_opened_leaves_the_log_where_it_was);
	tcase_add_test(t, lines_of_several_processes_never_mix);
	tcase_add_test(t, a_line_from_a_signal_handler_is_whole_at_any_moment);
	tcase_add_test(t, a_refused_system_call_is_logged_like_any_warning);
	suite_add_tcase(s, t);
	return run_suite(s);
}

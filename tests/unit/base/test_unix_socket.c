#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/unix_socket.h"
#include "tests/lib/support.h"

static char path[UNIX_PATH_SIZE];

static void
setup(void)
{
	(void)snprintf(path, sizeof(path), "%s/socket", tmpdir_new());
}

static int
listen_here(void)
{
	int fd = unix_listen(path, 8);

	ck_assert_int_ne(fd, -1);
	return fd;
}

/* Listening is refused with that errno, and the file there is left as it was. */
static void
refused(int error)
{
	struct stat before, after;

	ck_assert_int_eq(lstat(path, &before), 0);
	ck_assert_int_eq(unix_listen(path, 8), -1);
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(lstat(path, &after), 0);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
}

START_TEST(a_client_reaches_the_listener)
{
	int fd = listen_here(), there, here;
	char byte = 0;

	ck_assert_int_ne(there = unix_connect(path), -1);
	ck_assert_int_ne(here = accept(fd, NULL, NULL), -1);
	ck_assert_int_eq(write(there, "x", 1), 1);
	ck_assert_int_eq(read(here, &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
	ck_assert_int_ne(fcntl(there, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(there, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	(void)close(here);
	(void)close(there);
	(void)close(fd);
}
END_TEST

/* Whatever the umask is; and listening leaves the umask unchanged. */
START_TEST(the_socket_is_for_owner_and_group)
{
	static const mode_t masks[] = { 0, 022, 077 };
	mode_t before = umask(masks[_i]);
	struct stat st;
	int fd = listen_here();

	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	ck_assert_uint_eq(umask(before), masks[_i]);
	(void)close(fd);
}
END_TEST

START_TEST(connecting_without_a_listener_is_refused)
{
	int fd;

	ck_assert_int_eq(unix_connect(path), -1);
	ck_assert_int_eq(errno, ENOENT);
	fd = listen_here();
	(void)close(fd);
	ck_assert_int_eq(unix_connect(path), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
}
END_TEST

START_TEST(a_socket_that_was_left_behind_is_replaced)
{
	int fd = listen_here(), there;

	(void)close(fd);
	fd = listen_here();
	ck_assert_int_ne(there = unix_connect(path), -1);
	(void)close(there);
	(void)close(fd);
}
END_TEST

START_TEST(a_socket_in_use_is_left_alone)
{
	int fd = listen_here();

	refused(EADDRINUSE);
	(void)close(fd);
}
END_TEST

/* Connecting fails although a process listens. */
START_TEST(a_socket_whose_queue_is_full_is_left_alone)
{
	int fd = unix_listen(path, 0), waiting[64], n = 0;

	ck_assert_int_ne(fd, -1);
	while (n < 64 && (waiting[n] = unix_connect(path)) != -1)
		n++;
	ck_assert_int_lt(n, 64);
	ck_assert_int_eq(errno, EAGAIN);
	refused(EADDRINUSE);
	while (n > 0)
		(void)close(waiting[--n]);
	(void)close(fd);
}
END_TEST

START_TEST(a_file_that_is_not_a_socket_is_left_alone)
{
	int fd;

	if (_i == 0) {
		ck_assert_int_ne(fd = open(path, O_CREAT | O_WRONLY, 0600), -1);
		(void)close(fd);
	} else if (_i == 1) {
		ck_assert_int_eq(mkdir(path, 0700), 0);
	} else {
		ck_assert_int_eq(symlink("nowhere", path), 0);
	}
	refused(ENOTSOCK);
}
END_TEST

START_TEST(a_path_is_at_most_as_long_as_the_kernel_allows)
{
	char name[UNIX_PATH_SIZE + 1];
	int n = snprintf(name, sizeof(name), "%s/", tmpdir_new()), fd;

	memset(name + n, 'n', sizeof(name) - 1 - (size_t)n);
	name[UNIX_PATH_SIZE] = '\0';
	ck_assert_int_eq(unix_listen(name, 8), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	ck_assert_int_eq(unix_connect(name), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	name[UNIX_PATH_SIZE - 1] = '\0';
	ck_assert_int_ne(fd = unix_listen(name, 8), -1);
	(void)close(fd);
}
END_TEST

START_TEST(our_own_user_is_let_in)
{
	int fd = listen_here(), there, here;
	struct ucred peer = { 0 };

	ck_assert_int_ne(there = unix_connect(path), -1);
	ck_assert_int_ne(here = accept(fd, NULL, NULL), -1);
	ck_assert(unix_peer_allowed(here, (gid_t)-2, &peer));
	ck_assert_int_eq(peer.pid, getpid());
	ck_assert_uint_eq(peer.uid, geteuid());
	/* the user of something that is not a connection is unknown */
	ck_assert(!unix_peer_allowed(-1, 0, &peer));
	ck_assert_int_eq(errno, EBADF);
	(void)close(here);
	(void)close(there);
	(void)close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("unix_socket");
	TCase *t = tcase_create("unix_socket");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_client_reaches_the_listener);
	tcase_add_loop_test(t, the_socket_is_for_owner_and_group, 0, 3);
	tcase_add_test(t, connecting_without_a_listener_is_refused);
	tcase_add_test(t, a_socket_that_was_left_behind_is_replaced);
	tcase_add_test(t, a_socket_in_use_is_left_alone);
	tcase_add_test(t, a_socket_whose_queue_is_full_is_left_alone);
	tcase_add_loop_test(t, a_file_that_is_not_a_socket_is_left_alone, 0, 3);
	tcase_add_test(t, a_path_is_at_most_as_long_as_the_kernel_allows);
	tcase_add_test(t, our_own_user_is_let_in);
	suite_add_tcase(s, t);
	return run_suite(s);
}

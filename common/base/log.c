#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "common/base/log.h"

#define LINE_LIMIT	4096	/* bytes of message; longer ones are cut */

static struct {
	int		 fd;
	char		 path[1024];
	const char	*program;
	enum log_level	 level;
	enum log_format	 format;
} out = { .fd = STDERR_FILENO, .program = "orderdeck", .level = LOG_INFO };

static _Thread_local const char *request_id;

static const char *const level_names[] = { "error", "warn", "info", "debug" };

/*
 * Programs of several users share the files of a folder that has the set-group
 * bit: the first one creates the log so that all of them can write it.
 */
static int
open_file(const char *path)
{
	char folder[sizeof(out.path)];
	struct stat st;
	mode_t before;
	int fd;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	if (stat(dirname(folder), &st) == -1 || (st.st_mode & S_ISGID) == 0)
		return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	before = umask(007);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0660);
	(void)umask(before);
	return fd;
}

/*
 * The log's descriptor keeps its number while the file behind it changes:
 * another thread that is writing a line must never use a closed descriptor, or
 * one that has come to mean something else.
 */
static int
replace_fd(const char *path)
{
	int fd = open_file(path);

	if (fd == -1)
		return -1;
	if (out.fd == STDERR_FILENO) {
		out.fd = fd;
		return 0;
	}
	if (dup3(fd, out.fd, O_CLOEXEC) == -1) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	(void)close(fd);
	return 0;
}

int
log_open(const char *program, const char *path, enum log_level level,
    enum log_format format)
{
	if (path != NULL && path[0] != '\0') {
		if (strlen(path) >= sizeof(out.path)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (replace_fd(path) == -1)
			return -1;
		(void)strcpy(out.path, path);
	} else {
		if (out.fd != STDERR_FILENO)
			(void)close(out.fd);
		out.fd = STDERR_FILENO;
		out.path[0] = '\0';
	}
	out.program = program;
	out.level = level;
	out.format = format;
	return 0;
}

void
log_reopen(void)
{
	if (out.path[0] != '\0' && replace_fd(out.path) == -1)
		log_error("log: %s: %s; the old file stays in use", out.path, strerror(errno));
}

bool
log_enabled(enum log_level level)
{
	return level <= out.level;
}

void
log_request(const char *id)
{
	request_id = id != NULL && id[0] != '\0' ? id : NULL;
}

static void
compose_json(struct buf *b, const char *time, const char *level, struct str msg)
{
	buf_printf(b, "{\"time\":\"%s\",\"level\":\"%s\",\"prog\":\"%s\",\"pid\":%d",
	    time, level, out.program, (int)getpid());
	if (request_id != NULL) {
		buf_add_cstr(b, ",\"req\":");
		json_add_string(b, str_of(request_id));
	}
	buf_add_cstr(b, ",\"msg\":");
	json_add_string(b, msg);
	buf_add_cstr(b, "}\n");
}

/* Without quotes unless it has a character that needs them. */
static void
add_plain(struct buf *b, const char *text)
{
	if (text[strcspn(text, " =\"\\\n\r\t")] == '\0')
		buf_add_cstr(b, text);
	else
		json_add_string(b, str_of(text));
}

static void
compose_logfmt(struct buf *b, const char *time, const char *level, struct str msg)
{
	buf_printf(b, "time=%s level=%s prog=%s pid=%d", time, level,
	    out.program, (int)getpid());
	if (request_id != NULL) {
		buf_add_cstr(b, " req=");
		add_plain(b, request_id);
	}
	/* logfmt's quoting is a JSON string's */
	buf_add_cstr(b, " msg=");
	json_add_string(b, msg);
	buf_add_char(b, '\n');
}

static void
write_line(enum log_level level, const char *fmt, va_list ap)
{
	char msg[LINE_LIMIT], time[INSTANT_TEXT_SIZE];
	struct buf b = { 0 };
	int saved_errno = errno, n;

	if (!log_enabled(level))
		return;
	n = vsnprintf(msg, sizeof(msg), fmt, ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(msg))
		n = (int)sizeof(msg) - 1;
	if (instant_format(instant_now(), time) != ERR_OK)
		time[0] = '\0';
	(out.format == LOG_JSON ? compose_json : compose_logfmt)(&b, time,
	    level_names[level], (struct str){ msg, (size_t)n });
	if (buf_status(&b) == ERR_OK) {
		ssize_t written = write(out.fd, b.data, b.len);

		(void)written;	/* there is nowhere to report a failure */
	}
	buf_free(&b);
	errno = saved_errno;
}

#define DEFINE_LOG(name, level)			\
void						\
log_##name(const char *fmt, ...)		\
{						\
	va_list ap;				\
						\
	va_start(ap, fmt);			\
	write_line(level, fmt, ap);		\
	va_end(ap);				\
}

DEFINE_LOG(error, LOG_ERROR)
DEFINE_LOG(warn, LOG_WARN)
DEFINE_LOG(info, LOG_INFO)
DEFINE_LOG(debug, LOG_DEBUG)

/* A line composed without stdio, as a signal handler must. */
struct plain_line {
	char	text[256];
	size_t	len;
};

static void
plain_text(struct plain_line *l, const char *text)
{
	while (*text != '\0' && l->len < sizeof(l->text))
		l->text[l->len++] = *text++;
}

static void
plain_number(struct plain_line *l, int number)
{
	unsigned n = number < 0 ? 0U - (unsigned)number : (unsigned)number;
	char digits[12], *p = digits + sizeof(digits) - 1;

	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	if (number < 0)
		*--p = '-';
	plain_text(l, p);
}

void
log_refused_call(int number)
{
	bool json = out.format == LOG_JSON;
	struct plain_line l = { .len = 0 };
	char time[INSTANT_TEXT_SIZE];
	int saved_errno = errno;
	ssize_t written;

	if (!log_enabled(LOG_WARN))
		return;
	if (instant_format(instant_now(), time) != ERR_OK)
		time[0] = '\0';
	plain_text(&l, json ? "{\"time\":\"" : "time=");
	plain_text(&l, time);
	plain_text(&l, json ? "\",\"level\":\"warn\",\"prog\":\"" : " level=warn prog=");
	plain_text(&l, out.program);
	plain_text(&l, json ? "\",\"pid\":" : " pid=");
	plain_number(&l, (int)getpid());
	plain_text(&l, json ? ",\"msg\":\"" : " msg=\"");
	plain_text(&l, "sandbox: refused system call ");
	plain_number(&l, number);
	plain_text(&l, json ? "\"}\n" : "\"\n");
	written = write(out.fd, l.text, l.len);
	(void)written;	/* as above */
	errno = saved_errno;
}

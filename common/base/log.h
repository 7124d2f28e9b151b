#ifndef COMMON_BASE_LOG_H
#define COMMON_BASE_LOG_H

#include <stdbool.h>

/*
 * Leveled lines to a file or stderr, one write(2) a line, so that lines of
 * several processes never mix.  "what: why", no final dot, no newline.
 *   logfmt: time=2026-11-20T10:00:00.000Z level=warn prog=syncd pid=12 req=ab12 msg="..."
 *   json:   {"time":...,"level":...,"prog":...,"pid":...,"req":...,"msg":...}
 * Secrets are never passed to it.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_LOGFMT, LOG_JSON };

/*
 * Start logging as ${program} (a literal) to ${path}, or to stderr when it
 * is NULL or empty.  -1 with errno when the file can't be opened (then the
 * log stays where it was).  May be called again to change any of them.
 */
int	 log_open(const char *program, const char *path, enum log_level,
	    enum log_format);
/* Reopen the same path after it was rotated.  If that fails, the old file stays in use (logged). */
void	 log_reopen(void);
/* Would a line of this level be written? */
bool	 log_enabled(enum log_level);

/* The request id put on following lines of this thread; NULL or "": none.  Not copied. */
void	 log_request(const char *id);

void	 log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A warning that the sandbox has refused system call ${number}.  For a signal
 * handler: takes no memory and no lock, and calls nothing that might.
 */
void	 log_refused_call(int number);

#endif

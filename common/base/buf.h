#ifndef COMMON_BASE_BUF_H
#define COMMON_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/str.h"

/*
 * Growable bytes.  A zeroed struct buf is an empty one.  Adding never
 * returns an error: when memory runs out (or the limit is passed) the buf
 * becomes "failed", ignores what follows, and buf_status() says so, so that
 * a composer checks once at its end.
 */
struct buf {
	char	*data;		/* owned; NULL while cap is 0; not NUL-terminated */
	size_t	 len;
	size_t	 cap;
	size_t	 limit;		/* bytes; 0: none */
	enum err error;		/* ERR_OK, or why it failed */
};

void		 buf_add(struct buf *, const void *bytes, size_t len);
void		 buf_add_str(struct buf *, struct str);
void		 buf_add_cstr(struct buf *, const char *);
void		 buf_add_char(struct buf *, char);
void		 buf_printf(struct buf *, const char *fmt, ...)
			__attribute__((format(printf, 2, 3)));
void		 buf_vprintf(struct buf *, const char *fmt, va_list)
			__attribute__((format(printf, 2, 0)));

/* Room for len more bytes at the end: write there, then buf_commit().  NULL when failed. */
char		*buf_reserve(struct buf *, size_t len);
void		 buf_commit(struct buf *, size_t len);

/* Drop the first len bytes (len <= b->len). */
void		 buf_drain(struct buf *, size_t len);
/* Empty it, forget a failure, keep the memory. */
void		 buf_clear(struct buf *);
/* Give the memory back; the buf is empty and usable afterwards.  The limit stays. */
void		 buf_free(struct buf *);

/* ERR_OK, or ERR_NOMEM / ERR_TOO_LARGE for a failed one. */
enum err	 buf_status(const struct buf *);
struct str	 buf_str(const struct buf *);
/* NUL-terminated view (the NUL is not counted in len); "" when failed. */
const char	*buf_cstr(struct buf *);

#endif

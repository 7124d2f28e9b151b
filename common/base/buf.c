#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"

/* Room for more bytes, and for a NUL behind them that the limit does not count. */
static bool
grow(struct buf *b, size_t more)
{
	size_t need, cap;
	char *p;

	if (b->error != ERR_OK)
		return false;
	if (__builtin_add_overflow(b->len, more, &need) || need >= PTRDIFF_MAX ||
	    (b->limit != 0 && need > b->limit)) {
		b->error = ERR_TOO_LARGE;
		return false;
	}
	if (++need <= b->cap)
		return true;
	cap = b->cap < 128 ? 128 : b->cap + b->cap / 2;
	if (cap < need)
		cap = need;
	if ((p = realloc(b->data, cap)) == NULL) {
		b->error = ERR_NOMEM;
		return false;
	}
	b->data = p;
	b->cap = cap;
	return true;
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0 || !grow(b, len))
		return;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
}

void
buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.ptr, s.len);
}

void
buf_add_cstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 && b->error == ERR_OK) {
		b->error = ERR_INTERNAL;
		return;
	}
	if (!grow(b, (size_t)n))
		return;
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

char *
buf_reserve(struct buf *b, size_t len)
{
	return grow(b, len) ? b->data + b->len : NULL;
}

void
buf_commit(struct buf *b, size_t len)
{
	b->len += len;
}

void
buf_drain(struct buf *b, size_t len)
{
	b->len -= len;
	if (b->len > 0 && len > 0)
		memmove(b->data, b->data + len, b->len);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->error = ERR_OK;
}

void
buf_free(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
	b->error = ERR_OK;
}

enum err
buf_status(const struct buf *b)
{
	return b->error;
}

struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->data, b->len };
}

const char *
buf_cstr(struct buf *b)
{
	if (!grow(b, 0))
		return "";
	b->data[b->len] = '\0';
	return b->data;
}

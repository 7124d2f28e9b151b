#ifndef COMMON_BASE_STR_H
#define COMMON_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * A piece of text somewhere else: pointer and length, not NUL-terminated,
 * valid as long as what it points into.  ptr may be NULL when len is 0.
 */
struct str {
	const char	*ptr;
	size_t		 len;
};

/* For printf's "%.*s". */
#define STR_FMT(s)	(int)(s).len, (s).ptr

/* From a literal (no strlen at run time). */
#define STR(literal)	((struct str){ (literal), sizeof(literal) - 1 })

static inline struct str
str_of(const char *cstring)
{
	return (struct str){ cstring, cstring == NULL ? 0 : strlen(cstring) };
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
str_is(struct str a, const char *cstring)
{
	return str_eq(a, str_of(cstring));
}

/* memcmp order; a prefix sorts first. */
static inline int
str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

	if (c != 0)
		return c;
	return (a.len > b.len) - (a.len < b.len);
}

/* The value of a hexadecimal digit; -1: it is not one. */
static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

#endif

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "fcgi-api/http/gzip.h"

#define LEVEL		1
#define WINDOW_BITS	(15 + 16)	/* zlib: 16 more means a gzip header */
#define MEM_LEVEL	8

struct gzip {
	z_stream	z;
	bool		ready;
};

struct gzip *
gzip_new(void)
{
	return calloc(1, sizeof(struct gzip));
}

void
gzip_free(struct gzip *g)
{
	if (g == NULL)
		return;
	if (g->ready)
		(void)deflateEnd(&g->z);	/* its result is about unfinished data only */
	free(g);
}

/* For the next body. */
static enum err
restart(struct gzip *g)
{
	if (g->ready)
		return deflateReset(&g->z) == Z_OK ? ERR_OK : ERR_INTERNAL;
	g->ready = deflateInit2(&g->z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL,
	    Z_DEFAULT_STRATEGY) == Z_OK;
	return g->ready ? ERR_OK : ERR_NOMEM;
}

enum err
gzip_body(struct gzip *g, struct str body, struct buf *out)
{
	size_t room;
	char *to;
	enum err e;

	buf_clear(out);
	if (body.len > UINT_MAX)
		return ERR_TOO_LARGE;
	if ((e = restart(g)) != ERR_OK)
		return e;
	room = deflateBound(&g->z, (uLong)body.len);
	if (room > UINT_MAX)
		return ERR_TOO_LARGE;
	if ((to = buf_reserve(out, room)) == NULL)
		return buf_status(out);
	g->z.next_in = (z_const Bytef *)(uintptr_t)body.ptr;	/* only read */
	g->z.avail_in = (uInt)body.len;
	g->z.next_out = (Bytef *)to;
	g->z.avail_out = (uInt)room;
	if (deflate(&g->z, Z_FINISH) != Z_STREAM_END)
		return ERR_INTERNAL;
	buf_commit(out, room - g->z.avail_out);
	return ERR_OK;
}

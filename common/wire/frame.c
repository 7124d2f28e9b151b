#include <string.h>

#include "common/wire/frame.h"

bool
frame_next(const struct buf *in, size_t *at, struct str *line)
{
	const char *from, *end;

	if (*at >= in->len)
		return false;
	from = in->data + *at;
	if ((end = memchr(from, '\n', in->len - *at)) == NULL)
		return false;
	*at += (size_t)(end - from) + 1;
	if (end > from && end[-1] == '\r')
		end--;
	*line = (struct str){ from, (size_t)(end - from) };
	return true;
}

#ifndef COMMON_WIRE_FRAME_H
#define COMMON_WIRE_FRAME_H

#include "common/base/buf.h"

/*
 * Splits a stream of bytes into lines.  The caller appends what it reads to ${in}, whose
 * limit bounds a line, and takes whole lines off its front.
 */

/*
 * The next whole line in ${in} from position *${at}, without its newline (a CR before
 * it is dropped too); *at moves behind it.  false: no whole line is left: call
 * buf_drain(in, *at) and read more.  The line is valid until ${in} changes.
 */
bool	frame_next(const struct buf *in, size_t *at, struct str *line);

#endif

#ifndef TESTS_LIB_FASTCGI_PEER_H
#define TESTS_LIB_FASTCGI_PEER_H

#include <fastcgi.h>
#include <stdint.h>

#include "common/base/buf.h"

/*
 * The web server's side of FastCGI, for tests: composes the bytes of requests
 * and takes answers apart.
 */
void peer_add_record(struct buf *b, int type, int id, const void *content, size_t len);

void peer_add_begin(struct buf *b, int id, bool keep);
void peer_add_body(struct buf *b, int id, struct str body);
void peer_add_request(struct buf *b, int id, bool keep, const char *const *params, struct str body);

/* Take the first whole answer off ${in}: its STDOUT into ${out}.  false: it is not complete yet. */
bool peer_take_answer(struct buf *in, struct buf *out);

#endif

#include "tests/lib/fastcgi_peer.h"

void
peer_add_record(struct buf *b, int type, int id, const void *content, size_t len)
{
	const unsigned char h[8] = { FCGI_VERSION_1, (unsigned char)type,
	    (unsigned char)(id >> 8), (unsigned char)id,
	    (unsigned char)(len >> 8), (unsigned char)len, 0, 0 };

	buf_add(b, h, sizeof(h));
	buf_add(b, content, len);
}

void
peer_add_begin(struct buf *b, int id, bool keep)
{
	const unsigned char body[8] = { 0, FCGI_RESPONDER, keep ? FCGI_KEEP_CONN : 0 };

	peer_add_record(b, FCGI_BEGIN_REQUEST, id, body, sizeof(body));
}

static inline void
peer_add_length(struct buf *b, size_t len)
{
	if (len >= 128) {
		buf_add_char(b, (char)(0x80 | len >> 24));
		buf_add_char(b, (char)(len >> 16));
		buf_add_char(b, (char)(len >> 8));
	}
	buf_add_char(b, (char)len);
}

/* ${params}: name, value, name, value, ..., NULL */
static inline void
peer_add_params(struct buf *b, int id, const char *const *params)
{
	struct buf pairs = { .data = NULL };

	for (; params[0] != NULL; params += 2) {
		peer_add_length(&pairs, strlen(params[0]));
		peer_add_length(&pairs, strlen(params[1]));
		buf_add_cstr(&pairs, params[0]);
		buf_add_cstr(&pairs, params[1]);
	}
	if (pairs.len > 0)
		peer_add_record(b, FCGI_PARAMS, id, pairs.data, pairs.len);
	peer_add_record(b, FCGI_PARAMS, id, NULL, 0);
	buf_free(&pairs);
}

void
peer_add_body(struct buf *b, int id, struct str body)
{
	while (body.len > 0) {
		size_t n = body.len < 32768 ? body.len : 32768;

		peer_add_record(b, FCGI_STDIN, id, body.ptr, n);
		body.ptr += n;
		body.len -= n;
	}
	peer_add_record(b, FCGI_STDIN, id, NULL, 0);
}

void
peer_add_request(struct buf *b, int id, bool keep, const char *const *params, struct str body)
{
	peer_add_begin(b, id, keep);
	peer_add_params(b, id, params);
	peer_add_body(b, id, body);
}

bool
peer_take_answer(struct buf *in, struct buf *out)
{
	size_t at = 0;

	buf_clear(out);
	while (in->len - at >= 8) {
		const unsigned char *h = (const unsigned char *)in->data + at;
		size_t len = (size_t)h[4] << 8 | h[5], end = at + 8 + len + h[6];

		if (end > in->len)
			return false;
		if (h[1] == FCGI_STDOUT)
			buf_add(out, h + 8, len);
		at = end;
		if (h[1] == FCGI_END_REQUEST) {
			buf_drain(in, at);
			return true;
		}
	}
	return false;
}

#include <fastcgi.h>

#include "fcgi-api/fastcgi/records.h"

#define RECORD_CONTENT_MAX	65528	/* a multiple of 8, so no padding is due */

/* A walk over the records of one request. */
struct walk {
	const unsigned char	*p;
	size_t			 len;
	size_t			 at;
	unsigned		 request_id;
};

struct record_head {
	unsigned	type;
	unsigned	id;
	size_t		content;	/* its offset and length */
	size_t		content_len;
	size_t		end;		/* offset after the padding */
};

static bool
head_read(const struct walk *w, struct record_head *h)
{
	const unsigned char *p = w->p + w->at;

	if (w->len - w->at < FCGI_HEADER_LEN)
		return false;
	h->type = p[1];
	h->id = (unsigned)p[2] << 8 | p[3];
	h->content = w->at + FCGI_HEADER_LEN;
	h->content_len = (size_t)p[4] << 8 | p[5];
	h->end = h->content + h->content_len + p[6];
	return true;
}

/* Padding is accepted after content only, where libfcgi reads the same request as we do. */
static bool
padded(const struct record_head *h)
{
	return h->end != h->content + h->content_len;
}

static enum scan
scan_begin(struct walk *w)
{
	const unsigned char *p = w->p;
	struct record_head h;

	if (w->len > 0 && p[0] != FCGI_VERSION_1)
		return SCAN_BAD;
	if (w->len > 1 && p[1] != FCGI_BEGIN_REQUEST)
		return SCAN_BAD;
	if (!head_read(w, &h))
		return SCAN_MORE;
	if (h.id == 0 || h.content_len != sizeof(FCGI_BeginRequestBody) || padded(&h))
		return SCAN_BAD;
	if (h.end > w->len)
		return SCAN_MORE;
	p += h.content;
	if (((unsigned)p[0] << 8 | p[1]) != FCGI_RESPONDER)
		return SCAN_BAD;
	w->request_id = h.id;
	w->at = h.end;
	return SCAN_WHOLE;
}

/* Read a name's or value's length of ${rest} bytes; 0: not all of it is there. */
static size_t
pair_length(const unsigned char *p, size_t rest, size_t *length)
{
	if (rest == 0)
		return 0;
	if ((p[0] & 0x80) == 0) {
		*length = p[0];
		return 1;
	}
	if (rest < 4)
		return 0;
	*length = (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 |
	    (size_t)p[2] << 8 | p[3];
	return 4;
}

/*
 * Names and values are checked to lie within their stream before libfcgi sees
 * them, so that it needs no more memory than was sent.  Pairs may cross
 * records, so this counts bytes over all of them.
 */
struct pairs {
	unsigned char	length[8];	/* bytes of the two lengths so far */
	size_t		have;
	size_t		skip;		/* bytes of name and value still to pass */
};

static bool
pairs_feed(struct pairs *s, const unsigned char *p, size_t n)
{
	while (n > 0) {
		size_t a, b, name, value;

		if (s->skip > 0) {
			size_t step = s->skip < n ? s->skip : n;

			s->skip -= step, p += step, n -= step;
			continue;
		}
		s->length[s->have++] = *p++;
		n--;
		if ((a = pair_length(s->length, s->have, &name)) == 0 ||
		    (b = pair_length(s->length + a, s->have - a, &value)) == 0)
			continue;
		if (name + value > RECORDS_PARAMS_MAX)
			return false;
		s->skip = name + value;
		s->have = 0;
	}
	return true;
}

/* Pass one stream of the request, up to and including its empty last record. */
static enum scan
scan_stream(struct walk *w, unsigned type, struct pairs *pairs)
{
	struct record_head h;

	while (w->at < w->len) {
		if (w->p[w->at] != FCGI_VERSION_1)
			return SCAN_BAD;
		if (!head_read(w, &h))
			return SCAN_MORE;
		if (h.id != w->request_id)
			return SCAN_BAD;
		if (h.type == FCGI_ABORT_REQUEST)
			return SCAN_ABORTED;
		if (h.type != type)
			return SCAN_BAD;
		if (h.content_len == 0 && padded(&h))
			return SCAN_BAD;
		if (h.end > w->len)
			return SCAN_MORE;
		if (pairs != NULL && !pairs_feed(pairs, w->p + h.content, h.content_len))
			return SCAN_BAD;
		w->at = h.end;
		if (h.content_len == 0)
			return SCAN_WHOLE;
	}
	return SCAN_MORE;
}

enum scan
records_scan(const unsigned char *bytes, size_t len, bool full, size_t *used)
{
	struct walk w = { .p = bytes, .len = len };
	struct pairs pairs = { .have = 0 };
	enum scan s;

	if ((s = scan_begin(&w)) != SCAN_WHOLE)
		return s;
	if ((s = scan_stream(&w, FCGI_PARAMS, &pairs)) != SCAN_WHOLE)
		return s == SCAN_MORE && full ? SCAN_BAD : s;
	if (pairs.skip != 0 || pairs.have != 0)
		return SCAN_BAD;
	if ((s = scan_stream(&w, FCGI_STDIN, NULL)) == SCAN_MORE && full)
		return SCAN_LARGE;
	*used = w.at;
	return s;
}

/* Read the record at w->at and move past it; false unless it is whole and of ${type}. */
static bool
plain_record(struct walk *w, unsigned type, struct record_head *h)
{
	if (!head_read(w, h) || w->p[w->at] != FCGI_VERSION_1 || h->type != type ||
	    h->end > w->len || h->id != w->request_id)
		return false;
	w->at = h->end;
	return true;
}

/* Pairs of names and values as strings; ${text} has room: two lengths become "=" and NUL. */
static bool
plain_pairs(const unsigned char *p, size_t n, char *text, char **envp)
{
	const unsigned char *end = p + n;

	for (size_t i = 0; p < end; i++) {
		size_t name, value, used;

		if (i == RECORDS_PLAIN_PAIRS ||
		    (used = pair_length(p, (size_t)(end - p), &name)) == 0)
			return false;
		p += used;
		if ((used = pair_length(p, (size_t)(end - p), &value)) == 0)
			return false;
		p += used;
		if (name + value > (size_t)(end - p))	/* each is below 2^31 */
			return false;
		*envp++ = text;
		memcpy(text, p, name);
		text[name] = '=';
		memcpy(text + name + 1, p + name, value);
		text[name + 1 + value] = '\0';
		text += name + value + 2;
		p += name + value;
	}
	*envp = NULL;
	return true;
}

bool
records_plain(const unsigned char *bytes, size_t len, char *text, struct records_plain *r)
{
	struct walk w = { .p = bytes, .len = len };
	struct record_head params, empty;

	if (scan_begin(&w) != SCAN_WHOLE)
		return false;
	r->request_id = (int)w.request_id;
	r->keep = (bytes[FCGI_HEADER_LEN + 2] & FCGI_KEEP_CONN) != 0;
	return plain_record(&w, FCGI_PARAMS, &params) &&
	    plain_record(&w, FCGI_PARAMS, &empty) && empty.content_len == 0 && !padded(&empty) &&
	    plain_record(&w, FCGI_STDIN, &empty) && empty.content_len == 0 && !padded(&empty) &&
	    w.at == len &&
	    plain_pairs(bytes + params.content, params.content_len, text, r->envp);
}

static void
put_header(unsigned char h[static 8], int type, uint16_t id, size_t content)
{
	h[0] = FCGI_VERSION_1;
	h[1] = (unsigned char)type;
	h[2] = (unsigned char)(id >> 8);
	h[3] = (unsigned char)id;
	h[4] = (unsigned char)(content >> 8);
	h[5] = (unsigned char)content;
	h[6] = h[7] = 0;
}

void
framer_begin(struct framer *f, int request_id, struct str head, struct str body)
{
	f->part[0] = head;
	f->part[1] = body;
	f->request_id = (uint16_t)request_id;
	f->done = false;
}

static void
add_iovec(struct iovec *iov, int *n, const void *p, size_t len, size_t *bytes)
{
	if (len == 0)
		return;
	iov[*n].iov_base = (void *)(uintptr_t)p;	/* sendmsg() only reads it */
	iov[*n].iov_len = len;
	(*n)++;
	*bytes += len;
}

/* Up to ${room} bytes of part ${i} as an iovec. */
static size_t
take(struct framer *f, int i, size_t room, struct iovec *iov, int *n, size_t *bytes)
{
	struct str *s = &f->part[i];
	size_t len = s->len < room ? s->len : room;

	add_iovec(iov, n, s->ptr, len, bytes);
	if (len > 0)
		s->ptr += len;
	s->len -= len;
	return len;
}

int
framer_next(struct framer *f, struct iovec iov[static FRAMER_IOVECS], size_t *bytes)
{
	int n = 0;

	*bytes = 0;
	if (f->done)
		return 0;
	for (int r = 0; r < 16 && f->part[0].len + f->part[1].len > 0; r++) {
		unsigned char *h = f->headers[r];
		size_t len;

		add_iovec(iov, &n, h, FCGI_HEADER_LEN, bytes);
		len = take(f, 0, RECORD_CONTENT_MAX, iov, &n, bytes);
		len += take(f, 1, RECORD_CONTENT_MAX - len, iov, &n, bytes);
		put_header(h, FCGI_STDOUT, f->request_id, len);
	}
	if (f->part[0].len + f->part[1].len > 0)
		return n;
	put_header(f->end, FCGI_STDOUT, f->request_id, 0);
	put_header(f->end + 8, FCGI_END_REQUEST, f->request_id, 8);
	memset(f->end + 16, 0, 8);	/* status 0, FCGI_REQUEST_COMPLETE */
	add_iovec(iov, &n, f->end, sizeof(f->end), bytes);
	f->done = true;
	return n;
}

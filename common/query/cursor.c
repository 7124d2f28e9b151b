#include "common/query/filter.h"
#include "common/tables/kind.h"

/*
 * A cursor is the sort key of the last row of a page, so that the next page
 * neither skips nor repeats rows that did not move, whatever was added or
 * removed meanwhile.  Its bytes, sent as base64url without padding:
 *	u8 1; u8 field; u8 descending; u8 present;
 *	i64 number, or u8 length and text; the record id to the end
 */
#define CURSOR_VERSION	1
#define CURSOR_HEAD	4u
#define ID_MAX		64u

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
encode(const unsigned char *in, size_t n, char *out)
{
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | in[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have > 0)
		*out++ = alphabet[bits << (6 - have) & 63];
	*out = '\0';
}

static bool
decode(struct str in, unsigned char *out, size_t max, size_t *n)
{
	unsigned bits = 0, have = 0;

	*n = 0;
	for (size_t i = 0; i < in.len; i++) {
		const char *p = in.ptr[i] == '\0' ? NULL : strchr(alphabet, in.ptr[i]);

		if (p == NULL)
			return false;
		bits = (bits << 6 | (unsigned)(p - alphabet)) & 0xffffffu;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (*n == max)
			return false;
		out[(*n)++] = (unsigned char)(bits >> have);
	}
	return true;
}

static bool
is_text(const struct query *q)
{
	return kind_storage(q->schema->fields[q->sort].kind) == STORED_TEXT;
}

void
query_cursor_format(const struct query *q, const struct sort_key *k,
    char text[static QUERY_CURSOR_MAX + 1])
{
	unsigned char bytes[CURSOR_HEAD + 1 + ORDERING_TEXT_MAX + ID_MAX];
	size_t n = CURSOR_HEAD, id_len = k->id.len < ID_MAX ? k->id.len : ID_MAX;

	bytes[0] = CURSOR_VERSION;
	bytes[1] = (unsigned char)q->sort;
	bytes[2] = q->descending;
	bytes[3] = k->present;
	if (k->present && is_text(q)) {
		bytes[n++] = (unsigned char)k->text.len;
		memcpy(bytes + n, k->text.ptr, k->text.len);
		n += k->text.len;
	} else if (k->present) {
		memcpy(bytes + n, &k->number, sizeof(k->number));
		n += sizeof(k->number);
	}
	memcpy(bytes + n, k->id.ptr, id_len);
	encode(bytes, n + id_len, text);
}

bool
query_cursor_parse(struct query *q, struct str text)
{
	unsigned char *bytes = (unsigned char *)q->cursor_bytes;
	struct sort_key *k = &q->cursor;
	size_t n, at = CURSOR_HEAD;

	*k = (struct sort_key){ 0 };
	if (text.len > QUERY_CURSOR_MAX ||
	    !decode(text, bytes, sizeof(q->cursor_bytes), &n) ||
	    n < CURSOR_HEAD || bytes[0] != CURSOR_VERSION || bytes[1] != q->sort ||
	    bytes[2] != q->descending || bytes[3] > 1)
		return false;
	k->present = bytes[3];
	if (k->present && is_text(q)) {
		if (at >= n || bytes[at] == 0 || bytes[at] > ORDERING_TEXT_MAX ||
		    at + 1 + bytes[at] > n)
			return false;
		k->text = (struct str){ q->cursor_bytes + at + 1, bytes[at] };
		at += 1 + k->text.len;
	} else if (k->present) {
		if (at + sizeof(k->number) > n)
			return false;
		memcpy(&k->number, bytes + at, sizeof(k->number));
		at += sizeof(k->number);
	}
	k->id = (struct str){ q->cursor_bytes + at, n - at };
	return k->id.len > 0 && k->id.len <= ID_MAX;
}

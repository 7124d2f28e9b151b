#include <strings.h>

#include "fcgi-api/http/etag.h"

static void
etag_add(struct etag *e, struct str s)
{
	memcpy(e->text + e->len, s.ptr, s.len);
	e->len += s.len;
}

struct str
etag_make(struct etag *e, char kind, const uint64_t *numbers, size_t n, bool gzip)
{
	char digits[DECIMAL_SIZE];

	e->text[0] = '"';
	e->text[1] = kind;
	e->len = 2;
	for (size_t i = 0; i < n && i < ETAG_NUMBERS_MAX; i++) {
		if (i > 0)
			etag_add(e, STR("-"));
		etag_add(e, decimal(numbers[i], digits));
	}
	etag_add(e, gzip ? STR("-gz\"") : STR("\""));
	return (struct str){ e->text, e->len };
}

struct str
etag_of_table(struct etag *e, char kind, uint64_t generation, unsigned table, bool gzip)
{
	const uint64_t numbers[] = { generation, table };

	return etag_make(e, kind, numbers, table == 1 ? 1 : 2, gzip);
}

struct str
etag_of_row(struct etag *e, uint64_t version, uint64_t since)
{
	char digits[DECIMAL_SIZE];

	e->len = 0;
	etag_add(e, STR("\"v"));
	etag_add(e, decimal(version, digits));
	if (since != 0) {
		etag_add(e, STR("-p"));
		etag_add(e, decimal(since, digits));
	}
	etag_add(e, STR("\""));
	return (struct str){ e->text, e->len };
}

static void
skip_space(struct str *s)
{
	while (s->len > 0 && (s->ptr[0] == ' ' || s->ptr[0] == '\t'))
		s->ptr++, s->len--;
}

/* Take [W/]"..." off the front; *tag: with quotes, without W/. */
static bool
take_tag(struct str *s, struct str *tag)
{
	const char *quote;

	if (s->len >= 2 && s->ptr[0] == 'W' && s->ptr[1] == '/')
		s->ptr += 2, s->len -= 2;
	if (s->len < 2 || s->ptr[0] != '"' ||
	    (quote = memchr(s->ptr + 1, '"', s->len - 1)) == NULL)
		return false;
	*tag = (struct str){ s->ptr, (size_t)(quote - s->ptr) + 1 };
	s->ptr += tag->len;
	s->len -= tag->len;
	skip_space(s);
	return true;
}

/* "*" and nothing else. */
static bool
is_any(struct str header)
{
	if (header.len == 0 || header.ptr[0] != '*')
		return false;
	header.ptr++, header.len--;
	skip_space(&header);
	return header.len == 0;
}

/*
 * Take the next tag of a list, which may have empty members.  false: it has
 * ended, or what is left of it is malformed.
 */
static bool
next_tag(struct str *list, struct str *tag)
{
	while (list->len > 0 && (list->ptr[0] == ',' || list->ptr[0] == ' ' || list->ptr[0] == '\t'))
		list->ptr++, list->len--;
	return take_tag(list, tag) && (list->len == 0 || list->ptr[0] == ',');
}

bool
etag_listed(struct str header, struct str etag)
{
	struct str tag;

	skip_space(&header);
	if (is_any(header))
		return true;
	while (next_tag(&header, &tag))
		if (str_eq(tag, etag))
			return true;
	return false;
}

/* Take digits without leading zeros off the front. */
static bool
take_number(struct str *s, uint64_t *number)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < s->len && i < 16 && s->ptr[i] >= '0' && s->ptr[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(s->ptr[i] - '0');
	if (i == 0 || s->ptr[0] == '0')
		return false;
	s->ptr += i;
	s->len -= i;
	*number = v;
	return true;
}

/* The version of "v<N>" or "v<N>-p<M>"; 0: it is a tag of something else. */
static uint64_t
version_of(struct str tag)
{
	uint64_t version, since;

	if (tag.len < 4 || tag.ptr[1] != 'v')
		return 0;
	tag = (struct str){ tag.ptr + 2, tag.len - 3 };	/* between "v and " */
	if (!take_number(&tag, &version) || version >= ETAG_NEVER)
		return 0;
	if (tag.len == 0)
		return version;
	if (tag.len < 3 || memcmp(tag.ptr, "-p", 2) != 0)
		return 0;
	tag = (struct str){ tag.ptr + 2, tag.len - 2 };
	return take_number(&tag, &since) && tag.len == 0 ? version : 0;
}

enum err
etag_version(struct str header, uint64_t current, uint64_t *version)
{
	uint64_t newest = 0;
	bool held = false, any = false;
	struct str tag;

	skip_space(&header);
	*version = 0;
	if (is_any(header))
		return ERR_OK;
	while (next_tag(&header, &tag)) {
		uint64_t v = version_of(tag);

		any = true;
		held = held || (v != 0 && v == current);
		newest = v > newest ? v : newest;
	}
	if (!any || header.len > 0)
		return ERR_INVALID_PARAMETER;
	*version = held ? current : newest != 0 ? newest : ETAG_NEVER;
	return ERR_OK;
}

/* A quality as thousandths: "q=0.5" is 500, none is 1000, nonsense is 0. */
static unsigned
quality(struct str s)
{
	unsigned q, unit = 100;

	skip_space(&s);
	if (s.len == 0)
		return 1000;
	if (s.len < 3 || (s.ptr[0] != 'q' && s.ptr[0] != 'Q') || s.ptr[1] != '=')
		return 0;
	if (s.ptr[2] != '0' && s.ptr[2] != '1')
		return 0;
	q = s.ptr[2] == '1' ? 1000 : 0;
	for (size_t i = 4; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++) {
		q += (unsigned)(s.ptr[i] - '0') * unit;
		unit /= 10;
	}
	return q > 1000 ? 1000 : q;
}

static bool
same_word(struct str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.ptr, word, s.len) == 0;
}

bool
accepts_gzip(struct str header)
{
	unsigned gzip = 0, identity = 1, any = 0;
	bool named_gzip = false;

	while (header.len > 0) {
		const char *comma = memchr(header.ptr, ',', header.len), *semicolon;
		struct str item = header, q = { NULL, 0 };

		if (comma != NULL)
			item.len = (size_t)(comma - header.ptr);
		header.ptr += item.len + (comma != NULL);
		header.len -= item.len + (comma != NULL);
		skip_space(&item);
		if (item.len > 0 && (semicolon = memchr(item.ptr, ';', item.len)) != NULL) {
			size_t before = (size_t)(semicolon - item.ptr);

			q = (struct str){ semicolon + 1, item.len - before - 1 };
			item.len = before;
		}
		while (item.len > 0 && (item.ptr[item.len - 1] == ' ' ||
		    item.ptr[item.len - 1] == '\t'))
			item.len--;
		if (same_word(item, "gzip") || same_word(item, "x-gzip")) {
			gzip = quality(q);
			named_gzip = true;
		} else if (same_word(item, "identity")) {
			identity = quality(q);
		} else if (same_word(item, "*")) {
			any = quality(q);
		}
	}
	if (!named_gzip)
		gzip = any;
	return gzip > 0 && gzip >= identity;
}

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/formula/tree.h"

/*
 * Airtable's patterns are RE2's, which has neither look-around nor
 * references back; a pattern that has them is an error there, and so here.
 * What PCRE would try for too long is an error, too.
 */
#define STEPS_MAX	20000	/* of one match */
#define HEAP_MAX_KIB	1024
#define PATTERN_MAX	4096

struct fregex {
	pcre2_code		*code;
	pcre2_match_data	*data;
	pcre2_match_context	*limits;
};

void
fregex_free(struct fregex *r)
{
	if (r == NULL)
		return;
	pcre2_match_context_free(r->limits);
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	free(r);
}

/* "(?-i)" and "(?-1)" begin alike. */
static bool
is_flag_off(struct str s)
{
	return s.ptr[2] == '-' && s.len > 3 && s.ptr[3] >= 'a';
}

/* Is there a construct that RE2 lacks: (?=, (?!, (?<=, (?<!, (?>, or a verb (*...)? */
static bool
beyond_re2(struct str p)
{
	bool class = false;

	for (size_t i = 0; i < p.len; i++) {
		struct str rest = { p.ptr + i, p.len - i };

		if (p.ptr[i] == '\\')
			i++;
		else if (class)
			class = p.ptr[i] != ']' || p.ptr[i - 1] == '[';
		else if (p.ptr[i] == '[')
			class = true;
		else if (rest.len >= 2 && memcmp(rest.ptr, "(*", 2) == 0)
			return true;
		else if (rest.len >= 3 && memcmp(rest.ptr, "(?", 2) == 0 &&
		    rest.ptr[2] != '\0' && strchr("=!>(|R&+-0123456789", rest.ptr[2]) != NULL &&
		    !is_flag_off(rest))
			return true;
		else if (rest.len >= 4 && memcmp(rest.ptr, "(?<", 3) == 0 &&
		    (rest.ptr[3] == '=' || rest.ptr[3] == '!'))
			return true;
	}
	return false;
}

struct fregex *
fregex_new(struct str pattern)
{
	struct fregex *r;
	uint32_t back = 0;
	PCRE2_SIZE at;
	int error;

	if (pattern.len == 0 || pattern.len > PATTERN_MAX || beyond_re2(pattern) ||
	    (r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
	    PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);
	if (r->code == NULL || pcre2_pattern_info(r->code, PCRE2_INFO_BACKREFMAX, &back) != 0 ||
	    back > 0)
		goto err;
	r->data = pcre2_match_data_create_from_pattern(r->code, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (r->data == NULL || r->limits == NULL ||
	    pcre2_set_match_limit(r->limits, STEPS_MAX) != 0 ||
	    pcre2_set_heap_limit(r->limits, HEAP_MAX_KIB) != 0)
		goto err;
	return r;
err:
	fregex_free(r);
	return NULL;
}

/* A call under way. */
struct matching {
	struct fregex	*regex;
	bool		 own;	/* made for this row */
	struct str	 text;
};

/* Text and pattern of the call; false: they are none. */
static bool
begin(struct feval *e, const struct fnode *n, struct matching *m)
{
	struct str pattern;

	*m = (struct matching){ .regex = n->regex };
	if (!feval_text_arg(e, n, 0, &m->text))
		return false;
	if (m->text.len == 0)
		m->text.ptr = "";
	if (m->regex != NULL)
		return true;
	m->own = true;
	return feval_text_arg(e, n, 1, &pattern) && (m->regex = fregex_new(pattern)) != NULL;
}

static struct fvalue
end(struct matching *m, struct fvalue v)
{
	if (m->own)
		fregex_free(m->regex);
	return v;
}

/* From ${at} on: 1 found, 0 not, -1 it can't be told. */
static int
find(struct matching *m, size_t at, uint32_t options, const PCRE2_SIZE **places)
{
	int found = pcre2_match(m->regex->code, (PCRE2_SPTR)m->text.ptr, m->text.len, at, options,
	    m->regex->data, m->regex->limits);

	*places = pcre2_get_ovector_pointer(m->regex->data);
	return found > 0 ? 1 : found == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

static struct fvalue
fn_regex_match(struct feval *e, const struct fnode *n)
{
	struct matching m;
	const PCRE2_SIZE *places;
	int found;

	if (!begin(e, n, &m))
		return end(&m, fvalue_error());
	found = find(&m, 0, 0, &places);
	return end(&m, found < 0 ? fvalue_error() : fvalue_number(found));
}

static struct fvalue
fn_regex_extract(struct feval *e, const struct fnode *n)
{
	struct matching m;
	const PCRE2_SIZE *places;

	if (!begin(e, n, &m) || find(&m, 0, 0, &places) != 1 || places[1] < places[0])
		return end(&m, fvalue_error());
	return end(&m, feval_join(e, (struct str){ m.text.ptr + places[0], places[1] - places[0] },
	    STR("")));
}

/* The replacement, in which $1 is the first group and $$ a dollar. */
static void
add_replacement(struct buf *out, struct str with, const struct matching *m, const PCRE2_SIZE *places)
{
	uint32_t groups = pcre2_get_ovector_count(m->regex->data);

	for (size_t i = 0; i < with.len; i++) {
		char next = i + 1 < with.len ? with.ptr[i + 1] : '\0';
		uint32_t group = (uint32_t)(next - '0');

		if (with.ptr[i] != '$' || !(next == '$' || (next >= '0' && next <= '9'))) {
			buf_add_char(out, with.ptr[i]);
			continue;
		}
		i++;
		if (next == '$')
			buf_add_char(out, '$');
		else if (group < groups && places[2 * group] != PCRE2_UNSET)
			buf_add(out, m->text.ptr + places[2 * group],
			    places[2 * group + 1] - places[2 * group]);
	}
}

/* Bytes of the character at ${at}. */
static size_t
character_at(struct str s, size_t at)
{
	size_t n = 1;

	while (at + n < s.len && ((unsigned char)s.ptr[at + n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* All matches replaced; false: it can't be told. */
static bool
replace_all(struct matching *m, struct str with, struct buf *out)
{
	const PCRE2_SIZE *places;
	size_t at = 0, last = SIZE_MAX;		/* no empty match right behind another one */

	for (;;) {
		int found = find(m, at, PCRE2_NO_UTF_CHECK * (at > 0), &places);

		if (found < 0 || out->error != ERR_OK)
			return false;
		if (found == 0 || places[1] < places[0])
			break;
		buf_add(out, m->text.ptr + at, places[0] - at);
		if (places[1] > places[0] || places[0] != last)
			add_replacement(out, with, m, places);
		at = last = places[1];
		if (places[1] > places[0])
			continue;
		if (at >= m->text.len)
			return true;
		buf_add(out, m->text.ptr + at, character_at(m->text, at));
		at += character_at(m->text, at);
	}
	buf_add(out, m->text.ptr + at, m->text.len - at);
	return true;
}

static struct fvalue
fn_regex_replace(struct feval *e, const struct fnode *n)
{
	struct buf out = { .limit = FORMULA_TEXT_MAX };
	struct matching m;
	struct str with;

	if (begin(e, n, &m) && feval_text_arg(e, n, 2, &with) && replace_all(&m, with, &out))
		return end(&m, feval_keep(e, &out));
	buf_free(&out);
	return end(&m, fvalue_error());
}

const struct ffunction ffunction_regexes[] = {
	{ "REGEX_EXTRACT", 2, 2, fn_regex_extract },
	{ "REGEX_MATCH", 2, 2, fn_regex_match },
	{ "REGEX_REPLACE", 3, 3, fn_regex_replace },
	{ NULL, 0, 0, NULL }
};

bool
ffunction_has_pattern(const struct ffunction *f)
{
	return f >= ffunction_regexes &&
	    f < ffunction_regexes + sizeof(ffunction_regexes) / sizeof(ffunction_regexes[0]);
}

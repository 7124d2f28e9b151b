#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/columns.h"
#include "common/text_search.h"
#include "tests/orders_made.h"
#include "tests/support.h"

static struct buf segment;
static uint64_t hits[COLUMN_WORDS];

/* A segment whose text i is make(i). */
static void
fill(const char *(*make)(unsigned i))
{
	uint32_t ends[COLUMN_SEGMENT] = { 0 };

	buf_clear(&segment);
	buf_add(&segment, ends, sizeof(ends));
	for (unsigned i = 0; i < COLUMN_SEGMENT; i++) {
		buf_add_cstr(&segment, make(i));
		ends[i] = (uint32_t)(segment.len - sizeof(ends));
		buf_add_char(&segment, '\0');
	}
	ck_assert_int_eq(buf_status(&segment), ERR_OK);
	memcpy(segment.data, ends, sizeof(ends));
}

static bool
hit(unsigned i)
{
	return hits[i / 64] >> (i % 64) & 1;
}

/* Every text against strstr(). */
static void
check(const char *(*make)(unsigned i), const char *term)
{
	memset(hits, 0, sizeof(hits));
	text_search(buf_str(&segment), str_of(term), hits);
	for (unsigned i = 0; i < COLUMN_SEGMENT; i++)
		ck_assert_msg(hit(i) == (strstr(make(i), term) != NULL), "%s in text %u '%s'",
		    term, i, make(i));
}

/* Short words over two letters: hits, near hits and repeats everywhere; many texts are empty. */
static const char *
words(unsigned i)
{
	static char text[40];
	uint64_t seed = i;
	size_t n = made_random(&seed, 3) == 0 ? 0 : made_random(&seed, 39);

	for (size_t k = 0; k < n; k++)
		text[k] = "ab"[made_random(&seed, 2)];
	text[n] = '\0';
	return text;
}

static const char *
same(unsigned i)
{
	(void)i;
	return "ord-000000";
}

static const char *
only_last(unsigned i)
{
	return i == COLUMN_SEGMENT - 1 ? "needle" : "";
}

START_TEST(every_text_that_holds_the_term_is_found_and_no_other)
{
	static const char *const terms[] = {
		"a", "b", "ab", "ba", "aab", "abab", "bbbbb", "aaaaaaaa", "abbabaababbabaab",
		"abbabaababbabaaba", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "c", "ca"
	};

	fill(words);
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
		check(words, terms[i]);
}
END_TEST

START_TEST(a_term_in_every_text_is_found_in_every_text)
{
	fill(same);
	check(same, "ord-");
	check(same, "0");
	check(same, "ord-000000");
	check(same, "ord-0000000");
}
END_TEST

START_TEST(the_last_text_is_not_overlooked)
{
	fill(only_last);
	check(only_last, "needle");
	check(only_last, "e");
	check(only_last, "needles");
}
END_TEST

START_TEST(hashes_tell_texts_apart)
{
	ck_assert_int_eq(text_hash(STR("Acme")), text_hash(STR("Acme")));
	ck_assert_int_ne(text_hash(STR("Acme")), text_hash(STR("acme")));
	ck_assert_int_ne(text_hash(STR("")), text_hash(STR("\0")));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_search");
	TCase *t = tcase_create("text_search");

	tcase_add_test(t, every_text_that_holds_the_term_is_found_and_no_other);
	tcase_add_test(t, a_term_in_every_text_is_found_in_every_text);
	tcase_add_test(t, the_last_text_is_not_overlooked);
	tcase_add_test(t, hashes_tell_texts_apart);
	suite_add_tcase(s, t);
	return run_suite(s);
}

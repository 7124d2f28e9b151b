#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "common/base/buf.h"
#include "common/base/fold.h"
#include "common/base/log.h"
#include "common/query/text_search.h"
#include "common/store/columns.h"
#include "tests/lib/closed_store.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

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

START_TEST(hashes_distinguish_texts)
{
	ck_assert_int_eq(text_hash(STR("Acme")), text_hash(STR("Acme")));
	ck_assert_int_ne(text_hash(STR("Acme")), text_hash(STR("acme")));
	ck_assert_int_ne(text_hash(STR("")), text_hash(STR("\0")));
}
END_TEST

static void
expect_fold(struct str text, const char *folded)
{
	struct buf b = { .data = NULL };

	ck_assert_int_eq(fold_text(&b, text), ERR_OK);
	ck_assert_msg(str_is(buf_str(&b), folded), "'%.*s' is '%s'", STR_FMT(text), buf_cstr(&b));
	buf_free(&b);
}

START_TEST(texts_are_folded_to_what_is_visible)
{
	static const struct {
		const char	*text, *folded;
	} cases[] = {
		{ "", "" }, { "Plain Text 9", "plain text 9" }, { "STRASSE", "strasse" },
		{ "Straße", "strasse" }, { "ΣΊΣΥΦΟΣ", "σίσυφοσ" }, { "ςΣσ", "σσσ" },
		/* i with and without its dot */
		{ "İSTANBUL Ltd", "istanbul ltd" }, { "istanbul", "istanbul" }, { "I\u0307stanbul", "istanbul" },
		{ "ıstanbul", "istanbul" }, { "IŞIK", "işik" }, { "ışık", "işik" }, { "i\u0323\u0307", "ị" },
		{ "i\u0307\u0301", "í" }, { "J\u0307", "j" }, { "ż", "ż" }, { "ė", "ė" }, { "i\u0301\u0307", "í\u0307" },
		/* accents count, however they are written */
		{ "É", "é" }, { "E\u0301", "é" }, { "Ae", "ae" }, { "Æ", "æ" },
		/* spaces of all kinds, and runs of them */
		{ "Acme\u00a0GmbH", "acme gmbh" }, { "Acme\u202fGmbH", "acme gmbh" }, { "a\u3000b", "a b" },
		{ "a\u2003 \u2009b", "a b" }, { "a  b", "a b" }, { "a\tb", "a b" }, { "a\r\nb", "a b" },
		{ "a\u2028b\u2029c", "a b c" }, { "a\u1680b", "a b" }, { "a\xc2\x85" "b", "a b" }, { " a ", " a " },
		/* what is not seen */
		{ "zero\u200bwidth", "zerowidth" }, { "zero\u200cwidth\u200d", "zerowidth" }, { "\ufeffBOM", "bom" },
		{ "soft\u00adhyphen", "softhyphen" }, { "\u2060a\u2063b\u180ec\ufe0f", "abc" }, { "a\u202eb\u2069", "ab" },
		{ "a\x01\x7f\xc2\x9f" "b", "ab" }, { "\u3164\u115fx", "x" },
		/* other forms of the same characters */
		{ "ＡＣＭＥ１２", "acme12" }, { "ﾃｽﾄ", "テスト" }, { "ﬁx", "fix" }, { "№ ½", "no 1\u20442" }, { "㎏", "kg" },
		{ "\u212a", "k" }, { "①", "1" }, { "한글", "한글" }, { "🚚", "🚚" },
		/* what a program has set in place of what was typed */
		{ "ORD\u2011" "1", "ord-1" }, { "a\u2010b\u2012c\u2013d\u2014e\u2015f", "a-b-c-d-e-f" }, { "\u2212" "5", "-5" },
		{ "O\u2019Brien", "o'brien" }, { "\u2018x\u2019 \u201ay\u201b \u02bcz", "'x' 'y' 'z" }, { "\u201cx\u201d \u201ey\u201f", "\"x\" \"y\"" },
		{ "\uff0d\ufe63\uff07\uff02", "--'\"" },
		/* nothing else than what is not seen is kept, as it is not empty */
		{ "\u200b", "\u200b" }, { "\u00ad\u00ad", "\u00ad\u00ad" }, { "\x01", "\x01" }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_fold(str_of(cases[i].text), cases[i].folded);
		expect_fold(str_of(cases[i].folded), cases[i].folded);
	}
}
END_TEST

START_TEST(invalid_utf8_is_not_folded)
{
	static const char *const bad[] = { "\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf b = { .data = NULL };

		ck_assert_int_eq(fold_text(&b, str_of(bad[i])), ERR_INVALID_PARAMETER);
		ck_assert_uint_eq(b.len, 0);
		buf_free(&b);
	}
}
END_TEST

/* Each character alone: the result is folded, and never empty. */
START_TEST(folding_again_changes_nothing)
{
	struct buf once = { .data = NULL }, twice = { .data = NULL };

	for (int32_t c = 1; c < 0x30000; c++) {
		utf8proc_uint8_t bytes[4];
		struct str text = { (const char *)bytes, 0 };

		if (c >= 0xd800 && c < 0xe000)
			continue;
		text.len = (size_t)utf8proc_encode_char(c, bytes);
		buf_clear(&once);
		buf_clear(&twice);
		ck_assert_int_eq(fold_text(&once, text), ERR_OK);
		ck_assert_uint_gt(once.len, 0);
		ck_assert_int_eq(fold_text(&twice, buf_str(&once)), ERR_OK);
		ck_assert_msg(str_eq(buf_str(&once), buf_str(&twice)), "U+%04X", (unsigned)c);
	}
	buf_free(&once);
	buf_free(&twice);
}
END_TEST

/* What an older build left: texts folded by other rules, without a note by which, or for which generation. */
static void
spoil_texts(const char *path, const char *lost)
{
	struct closed_store s;

	fill(same);
	closed_store_open(&s, path);
	ck_assert_int_eq(db_del(&s.txn, s.dbs.meta, str_of(lost)), ERR_OK);
	for (unsigned f = ORDER_ORDER_ID; f <= ORDER_CUSTOMER; f++) {
		uint64_t k = column_key(f, 0);

		ck_assert_int_eq(db_put(&s.txn, s.dbs.table[orders_schema.number].columns, key_u64(&k), buf_str(&segment)), ERR_OK);
	}
	closed_store_commit(&s);
}

START_TEST(texts_of_an_older_build_are_folded_again_in_one_commit)
{
	static struct made_order m[300];
	struct change c[300];
	struct config config;
	struct store *st;
	struct apply *a;
	uint64_t seed = 5, generation;

	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	for (unsigned i = 0; i < 300; i++) {
		made_order(&m[i], i, &seed);
		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m[i].r, .base = CHANGE_ANY_BASE };
	}
	(void)made_apply(a, c, 300);
	for (unsigned i = 0; i < 300; i += 3)	/* holes, and a block without rows */
		c[i / 3] = (struct change){ .table = &orders_schema, .kind = CHANGE_GONE, .record = m[i < 192 ? i / 3 : i].r,
		    .base = CHANGE_ANY_BASE };
	(void)made_apply(a, c, 100);
	generation = apply_generation(a);
	apply_close(a);
	spoil_texts(config.store.path, _i == 0 ? META_FOLD : META_DERIVED);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_uint_eq(apply_generation(a), generation + 1);
	st = apply_store(a);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	store_end(st);
	apply_close(a);
	/* and once is enough */
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_uint_eq(apply_generation(a), generation + 1);
	apply_close(a);
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
	tcase_add_test(t, hashes_distinguish_texts);
	tcase_add_test(t, texts_are_folded_to_what_is_visible);
	tcase_add_test(t, invalid_utf8_is_not_folded);
	tcase_add_test(t, folding_again_changes_nothing);
	tcase_add_loop_test(t, texts_of_an_older_build_are_folded_again_in_one_commit, 0, 2);
	suite_add_tcase(s, t);
	return run_suite(s);
}

#include "common/wire/frame.h"
#include "tests/lib/support.h"

START_TEST(whole_lines_come_off_the_front_one_by_one)
{
	struct buf in = { 0 };
	struct str line;
	size_t at = 0;

	buf_add_cstr(&in, "one\ntwo\r\n\nrest");
	ck_assert(frame_next(&in, &at, &line));
	ck_assert(str_is(line, "one"));
	ck_assert(frame_next(&in, &at, &line));
	ck_assert(str_is(line, "two"));
	ck_assert(frame_next(&in, &at, &line));
	ck_assert(str_is(line, ""));
	ck_assert(!frame_next(&in, &at, &line));
	buf_drain(&in, at);
	ck_assert(str_is(buf_str(&in), "rest"));
	buf_free(&in);
}
END_TEST

START_TEST(an_empty_buf_has_no_line)
{
	struct buf in = { 0 };
	struct str line;
	size_t at = 0;

	ck_assert(!frame_next(&in, &at, &line));
	ck_assert_uint_eq(at, 0);
}
END_TEST

START_TEST(only_one_carriage_return_belongs_to_the_end_of_the_line)
{
	struct buf in = { 0 };
	struct str line;
	size_t at = 0;

	buf_add_cstr(&in, "a\r\r\n\r\nb\rc\n");
	ck_assert(frame_next(&in, &at, &line));
	ck_assert(str_is(line, "a\r"));
	ck_assert(frame_next(&in, &at, &line));
	ck_assert(str_is(line, ""));
	ck_assert(frame_next(&in, &at, &line));
	ck_assert(str_is(line, "b\rc"));
	buf_free(&in);
}
END_TEST

START_TEST(a_stream_cut_anywhere_gives_the_same_lines)
{
	static const char stream[] = "{\"a\":1}\nxx\r\n\nlast\n";

	for (size_t cut = 0; cut < sizeof(stream); cut++) {
		struct buf in = { 0 }, seen = { 0 };
		struct str line;
		size_t at = 0;

		buf_add(&in, stream, cut);
		while (frame_next(&in, &at, &line))
			buf_printf(&seen, "<%.*s>", STR_FMT(line));
		buf_drain(&in, at);
		at = 0;
		buf_add_cstr(&in, stream + cut);
		while (frame_next(&in, &at, &line))
			buf_printf(&seen, "<%.*s>", STR_FMT(line));
		ck_assert_str_eq(buf_cstr(&seen), "<{\"a\":1}><xx><><last>");
		buf_free(&in);
		buf_free(&seen);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("frame");
	TCase *t = tcase_create("frame");

	tcase_add_test(t, whole_lines_come_off_the_front_one_by_one);
	tcase_add_test(t, an_empty_buf_has_no_line);
	tcase_add_test(t, only_one_carriage_return_belongs_to_the_end_of_the_line);
	tcase_add_test(t, a_stream_cut_anywhere_gives_the_same_lines);
	suite_add_tcase(s, t);
	return run_suite(s);
}

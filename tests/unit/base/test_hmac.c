#include <string.h>

#include "common/base/hmac.h"
#include "tests/lib/support.h"

static const char *
mac_of(struct str key, struct str message)
{
	static struct buf text;
	unsigned char mac[HMAC_BYTES];

	hmac_sha256(key, message, mac);
	buf_clear(&text);
	hex_add(&text, (struct str){ (const char *)mac, sizeof(mac) });
	return buf_cstr(&text);
}

START_TEST(the_vectors_of_rfc_4231_come_out)
{
	char long_key[131];

	ck_assert_str_eq(mac_of(STR("Jefe"), STR("what do ya want for nothing?")),
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(long_key, 0xaa, sizeof(long_key));
	ck_assert_str_eq(mac_of((struct str){ long_key, sizeof(long_key) },
	    STR("Test Using Larger Than Block-Size Key - Hash Key First")),
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	ck_assert_str_eq(mac_of(STR(""), STR("")),
	    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
END_TEST

START_TEST(a_ping_is_signed_with_the_decoded_secret)
{
	unsigned char key[64];
	size_t n;

	ck_assert(base64_parse(STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), key,
	    sizeof(key), &n));
	ck_assert_uint_eq(n, 32);
	ck_assert_str_eq(mac_of((struct str){ (const char *)key, n },
	    STR("{\"base\":{\"id\":\"appAAAAAAAAAAAAAA\"},\"webhook\":{\"id\":\"achAAAAAAAAAAAAAA\"},"
	    "\"timestamp\":\"2024-01-02T03:04:05.678Z\"}")),
	    "5e56c0cd5cb41542e67c9f9a690d502cf38a7cc6ba518ad3f9a32388f4326ede");
}
END_TEST

START_TEST(base64_comes_back_at_every_length)
{
	unsigned char bytes[40], back[40];

	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct buf text = { 0 };
		size_t n;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)(i * 37 + len);
		base64_add(&text, (struct str){ (const char *)bytes, len });
		ck_assert(base64_parse(buf_str(&text), back, sizeof(back), &n));
		ck_assert_uint_eq(n, len);
		ck_assert_int_eq(memcmp(bytes, back, len), 0);
		buf_free(&text);
	}
}
END_TEST

START_TEST(invalid_or_too_long_base64_is_refused)
{
	static const char *const bad[] = { "A", "AA", "AAA", "AA=A", "====", "A===", "AA A", "AA-_", "AAAAA" };
	unsigned char bytes[4];
	size_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!base64_parse(str_of(bad[i]), bytes, sizeof(bytes), &n), "%s", bad[i]);
	ck_assert(base64_parse(STR("AAAAAA=="), bytes, sizeof(bytes), &n));
	ck_assert(!base64_parse(STR("AAAAAAA="), bytes, sizeof(bytes), &n));
}
END_TEST

START_TEST(hexadecimal_is_read_exactly)
{
	unsigned char bytes[2];

	ck_assert(hex_parse(STR("0aFf"), bytes, 2));
	ck_assert_uint_eq(bytes[0], 0x0a);
	ck_assert_uint_eq(bytes[1], 0xff);
	ck_assert(!hex_parse(STR("0aF"), bytes, 2));
	ck_assert(!hex_parse(STR("0aFf0"), bytes, 2));
	ck_assert(!hex_parse(STR("0aFg"), bytes, 2));
}
END_TEST

START_TEST(macs_are_equal_in_all_bytes_or_not_at_all)
{
	unsigned char a[HMAC_BYTES] = { 0 }, b[HMAC_BYTES] = { 0 };

	ck_assert(hmac_equal(a, b));
	for (int i = 0; i < HMAC_BYTES; i++) {
		b[i] = 0x80;
		ck_assert(!hmac_equal(a, b));
		b[i] = 0;
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hmac");
	TCase *t = tcase_create("hmac");

	tcase_add_test(t, the_vectors_of_rfc_4231_come_out);
	tcase_add_test(t, a_ping_is_signed_with_the_decoded_secret);
	tcase_add_test(t, base64_comes_back_at_every_length);
	tcase_add_test(t, invalid_or_too_long_base64_is_refused);
	tcase_add_test(t, hexadecimal_is_read_exactly);
	tcase_add_test(t, macs_are_equal_in_all_bytes_or_not_at_all);
	suite_add_tcase(s, t);
	return run_suite(s);
}

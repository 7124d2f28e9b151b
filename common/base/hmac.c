#include <nettle/base16.h>
#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "common/base/hmac.h"

_Static_assert(HMAC_BYTES == SHA256_DIGEST_SIZE, "the size of a MAC");

void
hmac_sha256(struct str key, struct str message, unsigned char mac[static HMAC_BYTES])
{
	struct hmac_sha256_ctx c;

	hmac_sha256_set_key(&c, key.len, (const uint8_t *)key.ptr);
	hmac_sha256_update(&c, message.len, (const uint8_t *)message.ptr);
	hmac_sha256_digest(&c, HMAC_BYTES, mac);
	explicit_bzero(&c, sizeof(c));
}

bool
hmac_equal(const unsigned char a[static HMAC_BYTES], const unsigned char b[static HMAC_BYTES])
{
	return memeql_sec(a, b, HMAC_BYTES) != 0;
}

void
hex_add(struct buf *b, struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char digits[2];

		base16_encode_single(digits, (uint8_t)bytes.ptr[i]);
		buf_add(b, digits, sizeof(digits));
	}
}

bool
hex_parse(struct str text, unsigned char *bytes, size_t n)
{
	struct base16_decode_ctx c;
	size_t length = n;

	base16_decode_init(&c);
	return text.len == 2 * n &&
	    base16_decode_update(&c, &length, bytes, text.len, text.ptr) == 1 &&
	    base16_decode_final(&c) == 1 && length == n;
}

void
base64_add(struct buf *b, struct str bytes)
{
	for (size_t at = 0; at < bytes.len; at += BASE64_BINARY_BLOCK_SIZE) {
		size_t left = bytes.len - at;
		char digits[BASE64_TEXT_BLOCK_SIZE];

		base64_encode_raw(digits, left < BASE64_BINARY_BLOCK_SIZE ? left :
		    BASE64_BINARY_BLOCK_SIZE, (const uint8_t *)bytes.ptr + at);
		buf_add(b, digits, sizeof(digits));
	}
}

bool
base64_parse(struct str text, unsigned char *bytes, size_t size, size_t *n)
{
	size_t most = text.len / BASE64_TEXT_BLOCK_SIZE * BASE64_BINARY_BLOCK_SIZE;
	struct base64_decode_ctx c;

	*n = 0;
	for (size_t pad = 1; pad <= 2 && text.len >= pad && text.ptr[text.len - pad] == '='; pad++)
		most--;
	if (text.len % BASE64_TEXT_BLOCK_SIZE != 0 || most > size)
		return false;
	*n = size;
	base64_decode_init(&c);
	/* nettle skips white space, and does not count padding */
	return base64_decode_update(&c, n, bytes, text.len, text.ptr) == 1 &&
	    base64_decode_final(&c) == 1 && *n == most;
}

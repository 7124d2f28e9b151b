#include <stdint.h>
#include <string.h>

#include "common/hmac.h"

#define BLOCK	64

struct sha256 {
	uint32_t	h[8];
	unsigned char	block[BLOCK];
	size_t		used;		/* bytes of the block */
	uint64_t	bytes;		/* in all */
};

static uint32_t
rotate(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void
sha256_block(struct sha256 *s)
{
	static const uint32_t k[64] = {
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
		0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
		0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
		0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
		0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
		0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
		0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
		0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
		0xc67178f2
	};
	uint32_t w[64], v[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)s->block[4 * i] << 24 | (uint32_t)s->block[4 * i + 1] << 16 |
		    (uint32_t)s->block[4 * i + 2] << 8 | s->block[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		    (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
		    (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(v, s->h, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t a = v[0], e = v[4], t1, t2;

		t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
		    ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
		t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
		    ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		s->h[i] += v[i];
	s->used = 0;
}

static void
sha256_begin(struct sha256 *s)
{
	*s = (struct sha256){ .h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
	    0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

static void
sha256_add(struct sha256 *s, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	s->bytes += len;
	while (len-- > 0) {
		s->block[s->used++] = *p++;
		if (s->used == BLOCK)
			sha256_block(s);
	}
}

static void
sha256_end(struct sha256 *s, unsigned char digest[static HMAC_BYTES])
{
	uint64_t bits = s->bytes * 8;
	unsigned char length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha256_add(s, "\x80", 1);
	while (s->used != BLOCK - sizeof(length))
		sha256_add(s, "", 1);
	sha256_add(s, length, sizeof(length));
	for (int i = 0; i < HMAC_BYTES; i++)
		digest[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void
hmac_sha256(struct str key, struct str message, unsigned char mac[static HMAC_BYTES])
{
	unsigned char k[BLOCK] = { 0 }, inner[BLOCK], outer[BLOCK];
	struct sha256 s;

	if (key.len > BLOCK) {
		sha256_begin(&s);
		sha256_add(&s, key.ptr, key.len);
		sha256_end(&s, k);
	} else if (key.len > 0) {
		memcpy(k, key.ptr, key.len);
	}
	for (int i = 0; i < BLOCK; i++) {
		inner[i] = k[i] ^ 0x36;
		outer[i] = k[i] ^ 0x5c;
	}
	sha256_begin(&s);
	sha256_add(&s, inner, BLOCK);
	sha256_add(&s, message.ptr, message.len);
	sha256_end(&s, mac);
	sha256_begin(&s);
	sha256_add(&s, outer, BLOCK);
	sha256_add(&s, mac, HMAC_BYTES);
	sha256_end(&s, mac);
}

void
hex_add(struct buf *b, struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		buf_printf(b, "%02x", (unsigned)(unsigned char)bytes.ptr[i]);
}

void
base64_add(struct buf *b, struct str bytes)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.len; i += 3) {
		uint32_t v = 0;

		for (size_t j = i; j < i + 3; j++)
			v = v << 8 | (j < bytes.len ? (unsigned char)bytes.ptr[j] : 0);
		for (size_t j = 0; j < 4; j++)
			buf_add_char(b, i + j > bytes.len ? '=' : digits[v >> (18 - 6 * j) & 63]);
	}
}

bool
hmac_equal(const unsigned char a[static HMAC_BYTES], const unsigned char b[static HMAC_BYTES])
{
	volatile unsigned char differ = 0;

	for (int i = 0; i < HMAC_BYTES; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

bool
hex_parse(struct str text, unsigned char *bytes, size_t n)
{
	if (text.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text.ptr[2 * i]), low = hex_digit(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
base64_parse(struct str text, unsigned char *bytes, size_t size, size_t *n)
{
	size_t digits = text.len, bits = 0;
	uint32_t v = 0;

	*n = 0;
	if (text.len % 4 != 0)
		return false;
	for (int pad = 0; pad < 2 && digits > 0 && text.ptr[digits - 1] == '='; pad++)
		digits--;
	for (size_t i = 0; i < digits; i++) {
		int digit = base64_digit(text.ptr[i]);

		if (digit < 0)
			return false;
		v = v << 6 | (uint32_t)digit;
		if ((bits += 6) < 8)
			continue;
		bits -= 8;
		if (*n == size)
			return false;
		bytes[(*n)++] = (unsigned char)(v >> bits);
	}
	return true;
}

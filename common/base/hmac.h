#ifndef COMMON_BASE_HMAC_H
#define COMMON_BASE_HMAC_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/str.h"

/*
 * HMAC-SHA-256 (RFC 2104), hexadecimal and base64, by nettle: for the MAC of
 * Airtable's pings, which are a hundred bytes long and rare.
 */
#define HMAC_BYTES	32

void	hmac_sha256(struct str key, struct str message, unsigned char mac[static HMAC_BYTES]);
/* Takes the same time wherever the two differ. */
bool	hmac_equal(const unsigned char a[static HMAC_BYTES], const unsigned char b[static HMAC_BYTES]);

/* Lower-case hexadecimal. */
void	hex_add(struct buf *, struct str bytes);
/* 2 * ${n} hexadecimal digits -> ${n} bytes; false: the text is anything else. */
bool	hex_parse(struct str text, unsigned char *bytes, size_t n);
/* With padding. */
void	base64_add(struct buf *, struct str bytes);
/* The reverse, padding required, into ${size} bytes; false: not base64, or more than fits. */
bool	base64_parse(struct str text, unsigned char *bytes, size_t size, size_t *n);

#endif

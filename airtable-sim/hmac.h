#ifndef AIRTABLE_SIM_HMAC_H
#define AIRTABLE_SIM_HMAC_H

#include "common/buf.h"
#include "common/str.h"

/*
 * HMAC-SHA-256 (RFC 2104, FIPS 180-4) and base64, for the MAC of pings.
 * Written for this one use: not fast, not in constant time.
 */
#define SIM_HMAC_BYTES	32

void	sim_hmac_sha256(struct str key, struct str message, unsigned char mac[static SIM_HMAC_BYTES]);
/* Lower-case hexadecimal. */
void	sim_hex_add(struct buf *, struct str bytes);
/* With padding. */
void	sim_base64_add(struct buf *, struct str bytes);

#endif

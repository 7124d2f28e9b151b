#ifndef COMMON_STORE_CHANGE_LOG_H
#define COMMON_STORE_CHANGE_LOG_H

/*
 * One entry of the change log, under its generation:
 *	i64 when (ms); u32 count; u8 source (enum change_source); 3 bytes 0
 *	count x { u8 kind; u8 id length; u16 table; id }
 * Live events, replication and history are derived from it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/base/str.h"

struct change_log_head {
	int64_t		at_ms;
	uint32_t	count;
	uint8_t		source;
	uint8_t		unused[3];
};

enum change_log_kind {
	LOGGED_CREATED = 1,
	LOGGED_CHANGED,
	LOGGED_DELETED,
	LOGGED_PENDING,		/* the row is the same, but the pending change that readers see is another, or is gone */
	LOGGED_TOLD		/* no row, no id: the table's summary changed in more than its figures
				   (what can be set, the currency, what is revenue) */
};

struct change_logged {
	uint8_t		kind;
	uint8_t		id_len;
	uint16_t	table;
};

/*
 * Take the next of ${rest}, what follows the head, off its front; ${id} lies in it.
 * false: no whole one is left.
 */
static inline bool
change_log_next(struct str *rest, struct change_logged *logged, struct str *id)
{
	if (rest->len < sizeof(*logged))
		return false;
	memcpy(logged, rest->ptr, sizeof(*logged));
	if (logged->id_len > rest->len - sizeof(*logged))
		return false;
	*id = (struct str){ rest->ptr + sizeof(*logged), logged->id_len };
	rest->ptr = id->ptr + id->len;
	rest->len -= sizeof(*logged) + id->len;
	return true;
}

#endif

#ifndef COMMON_STORE_CHANGE_LOG_H
#define COMMON_STORE_CHANGE_LOG_H

/*
 * One entry of the change log, under its generation:
 *	i64 when (ms); u32 count; u8 source (enum change_source);
 *	u8 told, 1: the summary changed in more than its figures (what can be
 *	set, the currency, what is revenue); 2 bytes 0
 *	count x { u8 kind; u8 id length; id }
 * Live events, replication and history are derived from it.
 */
#include <stdint.h>

struct change_log_head {
	int64_t		at_ms;
	uint32_t	count;
	uint8_t		source;
	uint8_t		told;
	uint8_t		unused[2];
};

/* LOGGED_PENDING: the row is the same, but the pending change that readers see is another, or is gone. */
enum change_log_kind { LOGGED_CREATED = 1, LOGGED_CHANGED, LOGGED_DELETED, LOGGED_PENDING };

#endif

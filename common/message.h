#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/schema.h"
#include "common/str.h"

/*
 * What programs say to syncd over its Unix socket: one JSON object a line
 * (frame.h), requests with an id of the asker's choice, replies that carry
 * the same id, in any order.
 *
 *   {"v":1,"id":7,"type":"patch","requestId":"ab12","record":"rec...","version":42,
 *    "fields":{"status":"Shipped","priority":null},"timeoutMs":20000}
 *   {"v":1,"id":8,"type":"sync","requestId":"..","full":true,"acceptShrink":false,"waitMs":25000}
 *   {"v":1,"id":9,"type":"status","requestId":".."}
 *
 *   {"id":7,"ok":true,"generation":1043}
 *   {"id":7,"ok":false,"code":"airtable_rejected","detail":"...","retryAfterMs":30000,"body":{...}}
 *   {"id":9,"ok":true,"generation":1043,"body":{...}}
 *
 * Unknown members, types and versions are ERR_BAD_MESSAGE, and so are
 * repeated members, wrong types, text that is too long and numbers out of
 * range.  "v", "id" and "type" are required, "record" and "fields" (one or
 * more, writable ones) in a patch; the rest defaults to none, false or 0.
 * Whole numbers survive up to MESSAGE_NUMBER_MAX, as JSON readers know them.
 */
#define MESSAGE_NUMBER_MAX	((UINT64_C(1) << 53) - 1)
#define MESSAGE_WAIT_MAX_MS	INT64_C(86400000)	/* of timeoutMs and waitMs */
#define MESSAGE_VERSION		1
#define MESSAGE_BYTES_MAX	(256 * 1024)	/* one line */
#define REQUEST_ID_MAX		64		/* characters, [A-Za-z0-9._-] */
#define MESSAGE_TEXT_MAX	256		/* bytes of a field's text */

enum message_type { MESSAGE_STATUS, MESSAGE_SYNC, MESSAGE_PATCH, MESSAGE_TYPES };

struct message_request {
	uint64_t		id;
	enum message_type	type;
	char			request_id[REQUEST_ID_MAX + 1];
	/* MESSAGE_PATCH: values[f] for each bit f of known, as in struct record */
	char			record[64];
	uint64_t		version;	/* expected; 0: any */
	uint32_t		known;
	struct {
		bool	present;		/* false: clear */
		char	text[MESSAGE_TEXT_MAX + 1];
	}			values[SCHEMA_FIELDS_MAX];
	int64_t			timeout_ms;	/* 0: write.timeout */
	/* MESSAGE_SYNC */
	bool			full;
	bool			accept_shrink;
	int64_t			wait_ms;	/* 0: answer at once with the progress */
};

struct message_reply {
	uint64_t	id;
	enum err	err;
	char		detail[512];	/* for people; "" when ok */
	int64_t		retry_after_ms;	/* 0: not known */
	uint64_t	generation;
	struct str	body;		/* JSON object (status or progress document); len 0: none */
};

/*
 * Add the line, its newline included.  A body is added as it is, except that
 * line breaks (in JSON they can only be white space) become spaces.
 */
void		message_add_request(struct buf *, const struct schema *, const struct message_request *);
void		message_add_reply(struct buf *, const struct message_reply *);

/*
 * Read a line.  ERR_BAD_MESSAGE with a reason in ${why}; the request's id is
 * then the line's, or 0 when none could be read.
 */
enum err	message_parse_request(struct str line, const struct schema *,
		    struct message_request *, char why[static 128]);
/*
 * The body is written as JSON text into ${body} (cleared first), where
 * reply->body points.  Detail that is too long is cut.  ERR_BAD_MESSAGE,
 * ERR_NOMEM.
 */
enum err	message_parse_reply(struct str line, struct message_reply *, struct buf *body);

/* "patch" and so on: as in "type". */
const char	*message_type_name(enum message_type);

/* Is it a request id that we pass on? */
bool		request_id_valid(struct str);

#endif

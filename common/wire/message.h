#ifndef COMMON_WIRE_MESSAGE_H
#define COMMON_WIRE_MESSAGE_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/str.h"
#include "common/tables/tables.h"

/*
 * The protocol of syncd's Unix socket: one JSON object a line (frame.h).  Requests have an
 * id that the client chooses; replies carry the same id and come in any order.
 *
 *   {"v":2,"id":7,"type":"write","table":"orders","requestId":"ab12","by":"","timeoutMs":20000,
 *    "deadlineMs":91234567,"defer":false,"key":"...","fingerprint":"32 hex digits","bulk":false,
 *    "items":[{"kind":"update","record":"rec...","version":42,"undoes":"1042.0",
 *              "fields":{"status":"Shipped","priority":null}},
 *             {"kind":"create","fields":{"customer":"Acme","orderTotal":123.45}},
 *             {"kind":"delete","record":"rec...","version":42},
 *             {"kind":"refused","record":"rec...","code":"invalid_body","problem":"<JSON as a text>"}]}
 *   {"v":2,"id":8,"type":"sync","table":"orders","requestId":"..","full":true,"acceptShrink":false,
 *    "waitMs":25000}
 *   {"v":2,"id":9,"type":"status","requestId":".."}
 *   {"v":2,"id":10,"type":"ping","mac":"hmac-sha256=..","notice":"{..}"}
 *
 *   {"id":7,"ok":true,"generation":1043,"body":{"bulk":null|"17","results":[
 *      {"ok":true,"record":"rec...","pending":false,"order":"<the order's JSON as a text>"|null},
 *      {"ok":false,"record":"rec..."|null,"code":"airtable_rejected","detail":"...","retryAfterMs":0},
 *      {"ok":false,"record":"rec..."|null,"code":"invalid_body","problem":"<as it was given>"}]}}
 *   {"id":8,"ok":false,"code":"airtable_unavailable","detail":"...","retryAfterMs":30000,"body":{...}}
 *   {"id":9,"ok":true,"generation":1043,"body":{...}}
 *
 * A write is answered when each of its items has a result.  Results are in the
 * order of items, and one that fails never stops the others.  An item of kind
 * "refused" was refused by the client itself: it changes nothing, and its result is
 * that refusal.  So each result keeps its place in the request, and a kept answer is
 * complete whatever would be refused later.  "order" is null when the order was
 * deleted.  The reply as a whole fails (ok false) only when no item was taken: a bad
 * message, a key used for another request (idempotency_conflict), stopping, out of
 * memory, no room.
 *
 * "table" says whose records a write's items are and whose fields they have, or which
 * table is synced.  A sync without it is of all tables.  A write without it is of orders:
 * workers of the release before tables were named may still ask a newer syncd.
 *
 * Unknown members, types, tables and versions are ERR_BAD_MESSAGE, and so are repeated
 * members, wrong types, text that is too long and numbers out of range.  Required are
 * "v", "id" and "type"; in a write "items" (1 to MESSAGE_ITEMS_MAX); in an update
 * "record" and "fields" (one or more that may be written); in a create "fields" (those
 * that may be created); in a delete "record"; in a refused item "code" and "problem".
 * Everything else defaults to none, false or 0.  Whole numbers are exact up to
 * MESSAGE_NUMBER_MAX, as in any JSON reader, and money up to MESSAGE_MONEY_MAX
 * (fifteen digits).
 */
#define MESSAGE_NUMBER_MAX	((UINT64_C(1) << 53) - 1)
#define MESSAGE_WAIT_MAX_MS	INT64_C(86400000)	/* of timeoutMs and waitMs */
#define MESSAGE_VERSION		2
#define MESSAGE_BYTES_MAX	(1024 * 1024)	/* one line */
#define MESSAGE_ITEMS_MAX	500
#define REQUEST_ID_MAX		64		/* characters, [A-Za-z0-9._-] */
#define MESSAGE_TEXT_MAX	1000		/* bytes of a field's text */
#define MESSAGE_PROBLEM_MAX	1000		/* bytes of a refused item's problem */
#define MESSAGE_KEY_MAX		255		/* bytes of an Idempotency-Key, printable ASCII */
#define MESSAGE_BY_MAX		128		/* bytes of a user's name, see message_user_valid() */
#define MESSAGE_MAC_MAX		127		/* bytes of a ping's MAC */
#define MESSAGE_NOTICE_MAX	2047		/* bytes of its notice, UTF-8 without NUL */
#define MESSAGE_MONEY_MAX	INT64_C(999999999999999)	/* units of money.h, and its negative */

enum message_type { MESSAGE_STATUS, MESSAGE_SYNC, MESSAGE_WRITE, MESSAGE_PING, MESSAGE_TYPES };
enum message_kind { MESSAGE_UPDATE, MESSAGE_CREATE, MESSAGE_DELETE, MESSAGE_REFUSED, MESSAGE_KINDS };

/* One record to change.  Strings of the record belong to the request, see message_request_free(). */
struct message_item {
	enum message_kind	kind;
	uint64_t		version;	/* expected; 0: any */
	uint64_t		undoes;		/* generation of the change to undo; 0: none */
	uint32_t		undoes_index;	/* and its index: its place in the history */
	struct record		record;		/* ->known: the fields to set */
	enum err		code;		/* MESSAGE_REFUSED: the reason, never ERR_OK */
	struct str		problem;	/* the same for people: JSON, 1 to MESSAGE_PROBLEM_MAX bytes */
};

struct message_request {
	uint64_t		id;
	enum message_type	type;
	char			request_id[REQUEST_ID_MAX + 1];
	const struct schema	*table;		/* MESSAGE_WRITE: of its items; MESSAGE_SYNC: NULL: all */
	/* MESSAGE_WRITE */
	struct message_item	*items;
	size_t			 item_count;
	bool			 bulk;		/* its results share a bulk id */
	bool			 defer;		/* if Airtable can't be reached, deliver later rather than fail */
	char			 key[MESSAGE_KEY_MAX + 1];	/* Idempotency-Key; "": none */
	uint64_t		 fingerprint[2];	/* of the request that the key is for, see
							   message_fingerprint() */
	char			 by[MESSAGE_BY_MAX + 1];	/* the user; "": unknown */
	int64_t			 timeout_ms;	/* 0: write.timeout */
	int64_t			 deadline_ms;	/* instant_monotonic(), one clock for all processes:
						   the client gives up then, and a request that is
						   read later is refused; 0: none */
	/* MESSAGE_SYNC */
	bool			 full;
	bool			 accept_shrink;
	int64_t			 wait_ms;	/* 0: answer at once with the progress */
	/* MESSAGE_PING: a caller claims to be Airtable */
	char			 mac[MESSAGE_MAC_MAX + 1];	/* as it came with the notice, not verified */
	char			 notice[MESSAGE_NOTICE_MAX + 1];
	struct buf		 texts;		/* a parsed request: the items' strings */
};

struct message_reply {
	uint64_t	id;
	enum err	err;
	char		detail[512];	/* for people; "" when ok */
	int64_t		retry_after_ms;	/* 0: unknown */
	uint64_t	generation;
	struct str	body;		/* JSON object (status or progress document); len 0: none */
};

/*
 * Add the line and its newline.  A body is added as it is, except that line breaks
 * (in JSON they can only be white space) become spaces.
 */
void		message_add_request(struct buf *, const struct message_request *);
void		message_add_reply(struct buf *, const struct message_reply *);

/*
 * Read a line about one of these tables, whose schemas outlive the request.
 * ERR_BAD_MESSAGE: the reason is in ${why}, and ->id is that of the line, or 0 if it
 * could not be read.
 */
enum err	message_parse_request(struct str line, const struct tables *,
		    struct message_request *, char why[static 128]);
/* Free what parsing allocated (items, texts).  May be called twice, and after a failure. */
void		message_request_free(struct message_request *);

/*
 * A write's fingerprint together with its table, as an answer is kept with it and looked
 * up by it: the same key and fingerprint with another table are another request.  That of
 * orders is the fingerprint alone.
 */
void		message_fingerprint(const struct message_request *, uint64_t fingerprint[static 2]);

/* One result of a write: composed by syncd, read by its client. */
struct message_result {
	enum err	err;
	char		record[64];	/* "": a create that failed */
	bool		pending;	/* queued, not confirmed */
	struct str	order;		/* JSON; len 0: none */
	char		detail[512];
	int64_t		retry_after_ms;
	struct str	problem;	/* that of a refused item; len 0: it was not refused */
};
/*
 * Add the body of a write's reply; ${bulk} 0: none.  Orders that would make it longer
 * than a reply may be are left out (null): the client finds them in the store, at
 * the reply's generation or later.
 */
void		message_add_results(struct buf *, uint64_t bulk, const struct message_result *, size_t n);
/*
 * Call ${each} for each result of such a body, with its place; strings are valid during
 * the call.  ERR_BAD_MESSAGE: it is no such body, or has not ${n} results (0: any
 * number); ${each} may have been called by then.
 */
enum err	message_each_result(struct str body, size_t n, uint64_t *bulk,
		    void (*each)(void *cookie, size_t i, const struct message_result *), void *cookie);
/*
 * Read a reply's line.  ${body} is cleared and gets the reply's body as JSON text;
 * reply->body points there.  A detail that is too long is cut.  ERR_BAD_MESSAGE, ERR_NOMEM.
 */
enum err	message_parse_reply(struct str line, struct message_reply *, struct buf *body);

/* The text of "type": "write" and so on. */
const char	*message_type_name(enum message_type);
/* The text of "kind": "update" and so on. */
const char	*message_kind_name(enum message_kind);
/* Digits without leading zeros: 1 to MESSAGE_NUMBER_MAX.  false: it is none. */
bool		message_number_parse(struct str, uint64_t *number);
/* "1042.0": a place in the history as text.  false: it is none. */
bool		message_place_parse(struct str, uint64_t *generation, uint32_t *index);
/* May it be an Idempotency-Key? */
bool		message_key_valid(struct str);

/*
 * May it be a user's name: 1 to MESSAGE_BY_MAX bytes of UTF-8, without control
 * characters, line ends and marks that change the direction of text?
 */
bool		message_user_valid(struct str);
/* May it be a request id: 1 to REQUEST_ID_MAX of its characters? */
bool		request_id_valid(struct str);

#endif

#ifndef COMMON_WIRE_PARTS_H
#define COMMON_WIRE_PARTS_H

#include <cjson/cJSON.h>

#include "common/wire/message.h"

/*
 * How wire/request.c and wire/reply.c read a line: as an object.  A table names its
 * members, each with the function that reads it.
 */
struct reader {
	const struct tables	*tables;
	struct message_request	*request;
	struct message_item	*item;		/* the one being read */
	struct message_reply	*reply;
	struct message_result	*result;
	struct str		 line;		/* the reply's, for its body */
	struct buf		*body;
	uint64_t		 bulk;
	const cJSON		*results;
	bool			 ok;		/* the reply's or result's "ok" */
	char			*why;		/* 128 bytes */
};

struct member {
	const char	*name;
	bool		(*read)(struct reader *, const struct member *, const cJSON *);	/* NULL: read already */
	bool		 required;
	unsigned	 types;		/* bit t: objects of type t have it; 0: all */
};

#define MEMBERS_MAX	20	/* of one table */

/* Put the reason into ->why, for the sender.  Returns false. */
bool	reader_refuse(struct reader *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The object on the line, to be freed with cJSON_Delete().  NULL: the reason is in ->why. */
cJSON	*reader_object(struct reader *, struct str line);
/* Read all members: each is one of objects of ${type} and there once; none that is required is missing. */
bool	reader_members(struct reader *, const struct member *table, size_t n, unsigned type,
	    const cJSON *object);

/* Read a value; one of the wrong kind or out of range is refused under ${name}. */
bool	reader_number(struct reader *, const char *name, const cJSON *, uint64_t max,
	    uint64_t *number);
bool	reader_milliseconds(struct reader *, const char *name, const cJSON *, uint64_t max,
	    int64_t *ms);
bool	reader_bool(struct reader *, const char *name, const cJSON *, bool *value);
bool	reader_text(struct reader *, const char *name, const cJSON *, char *text, size_t size);
/* The same, but a text that is too long is cut where a character ends. */
bool	reader_text_cut(struct reader *, const char *name, const cJSON *, char *text, size_t size);
/* Read the id of a record. */
bool	reader_record(struct reader *, const char *name, const cJSON *, char record[static 64]);

#endif

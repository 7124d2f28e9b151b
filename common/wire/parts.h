#ifndef COMMON_WIRE_PARTS_H
#define COMMON_WIRE_PARTS_H

#include <cjson/cJSON.h>

#include "common/wire/message.h"

/*
 * How wire/request.c and wire/reply.c read a line: an object whose
 * members a table names, each with the function that takes it.
 */
struct reader {
	const struct schema	*schema;
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
	bool		(*read)(struct reader *, const struct member *, const cJSON *);	/* NULL: read before */
	bool		 required;
	unsigned	 types;		/* bit t: objects of type t have it; 0: all */
};

#define MEMBERS_MAX	20	/* of one table */

/* The reason, for who sent it; false. */
bool	reader_refuse(struct reader *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The object on the line, to be freed with cJSON_Delete; NULL with the reason in ->why. */
cJSON	*reader_object(struct reader *, struct str line);
/* Each member once, known to objects of ${type}, of the right kind; the required ones there. */
bool	reader_members(struct reader *, const struct member *table, size_t n, unsigned type,
	    const cJSON *object);

/* A value of its kind and in its range, or refused under ${name}. */
bool	reader_number(struct reader *, const char *name, const cJSON *, uint64_t max,
	    uint64_t *number);
bool	reader_milliseconds(struct reader *, const char *name, const cJSON *, uint64_t max,
	    int64_t *ms);
bool	reader_bool(struct reader *, const char *name, const cJSON *, bool *value);
bool	reader_text(struct reader *, const char *name, const cJSON *, char *text, size_t size);
/* The same, but a longer one is cut where a character ends. */
bool	reader_text_cut(struct reader *, const char *name, const cJSON *, char *text, size_t size);
/* The id of a record in 64 bytes. */
bool	reader_record(struct reader *, const char *name, const cJSON *, char record[static 64]);

#endif

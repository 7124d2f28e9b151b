#ifndef AIRTABLE_SIM_API_REPLY_H
#define AIRTABLE_SIM_API_REPLY_H

#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/str.h"

/*
 * An answer in the making.  A zeroed one is empty; sim_reply_free() gives
 * its memory back.  Airtable's errors come in four shapes, and all of its
 * clients must survive all of them:
 *	(a) {"error":"NOT_FOUND"}
 *	(b) {"error":{"type":"LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}
 *	(c) {"error":{"type":"UNKNOWN_FIELD_NAME","message":"Unknown field name: \"X\""}}
 *	(d) {"errors":[{"error":"RATE_LIMIT_REACHED","message":"..."}]}
 */
struct sim_reply {
	int		 status;
	struct buf	 body;
	const char	*content_type;	/* NULL: JSON */
	long		 retry_after;	/* seconds; 0: no such header */
	size_t		 records;	/* records touched, for the log */
};

enum sim_shape { SIM_SHAPE_A, SIM_SHAPE_B, SIM_SHAPE_C, SIM_SHAPE_D };

/* Replace the body by an error.  ${message} is not used by shapes a and b. */
void	sim_reply_error(struct sim_reply *, int status, enum sim_shape, const char *type,
	    struct str message);
/* Shape (c) with a composed message; bytes that are not UTF-8 become U+FFFD. */
void	sim_reply_errorf(struct sim_reply *, int status, const char *type, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));
/* 422 INVALID_REQUEST_UNKNOWN with the generic message. */
void	sim_reply_invalid(struct sim_reply *);
/* 403 INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND. */
void	sim_reply_forbidden(struct sim_reply *);
/* 500: out of memory, for example. */
void	sim_reply_internal(struct sim_reply *);
void	sim_reply_free(struct sim_reply *);

#endif

#ifndef COMMON_BASE_ERR_H
#define COMMON_BASE_ERR_H

/*
 * One list of everything that can go wrong, for all programs.  Library
 * codes (errno, LMDB, curl) are mapped to it in the one module that knows
 * the library.  err_text() is for logs and titles; err_code() is the stable
 * snake_case word that API clients and the socket protocol see.
 */
enum err {
	ERR_OK = 0,
	ERR_INTERNAL,
	ERR_NOMEM,
	ERR_IO,
	/* the store */
	ERR_STORE_UNAVAILABLE,	/* no environment yet, or it can't be opened */
	ERR_STORE_CORRUPT,
	ERR_STORE_VERSION,	/* made by another format version */
	ERR_STORE_LOCKED,	/* another syncd holds it */
	ERR_STORE_MAP_FULL,
	ERR_STORE_READERS,	/* reader table full */
	ERR_DISK_FULL,
	ERR_FILLING,		/* no sync has completed yet: what is missing may still arrive */
	/* requests */
	ERR_INVALID_PARAMETER,
	ERR_INVALID_BODY,
	ERR_NOT_FOUND,
	ERR_METHOD_NOT_ALLOWED,
	ERR_CONFLICT,
	ERR_PRECONDITION_FAILED,
	ERR_TOO_LARGE,
	ERR_UNSUPPORTED_MEDIA_TYPE,
	ERR_RATE_LIMITED,
	ERR_UNAUTHORIZED,
	ERR_FORBIDDEN,
	ERR_IDEMPOTENCY_CONFLICT,	/* the key was used with a different request before */
	/* the daemon */
	ERR_SYNCD_UNAVAILABLE,
	ERR_BAD_MESSAGE,	/* socket protocol violated */
	ERR_OVERLOADED,		/* a queue is at its limit */
	ERR_CANCELLED,		/* shutting down, or the caller left */
	/* Airtable */
	ERR_AIRTABLE_UNAUTHORIZED,
	ERR_AIRTABLE_FORBIDDEN,
	ERR_AIRTABLE_NOT_FOUND,
	ERR_AIRTABLE_RATE_LIMITED,
	ERR_AIRTABLE_QUOTA,
	ERR_AIRTABLE_UNAVAILABLE,	/* no connection, 5xx, circuit open */
	ERR_AIRTABLE_TIMEOUT,
	ERR_AIRTABLE_BAD_RESPONSE,
	ERR_AIRTABLE_REJECTED,		/* 4xx about the content of a request */
	ERR_AIRTABLE_FIELD_MISSING,
	ERR_AIRTABLE_ITERATOR,		/* the listing expired: start over */
	ERR_AIRTABLE_SHRUNK,		/* the shrink guard stopped a sync */
	ERR_AIRTABLE_FIELD_LOST,	/* a field's values can't be understood any more, or are all gone */
	ERR_OUTCOME_UNKNOWN,		/* sent, but no answer says whether it was applied */
	ERR__COUNT
};

/* A short lower-case phrase without a final dot. */
const char	*err_text(enum err);
/* A stable snake_case word, such as "airtable_unavailable". */
const char	*err_code(enum err);
/* The reverse of err_code(); ERR_INTERNAL for an unknown word. */
enum err	 err_from_code(const char *code);
/* ERR_DISK_FULL for ENOSPC/EDQUOT, ERR_NOMEM for ENOMEM, else ERR_IO. */
enum err	 err_from_errno(int error_number);

#endif

#include <errno.h>
#include <string.h>

#include "common/base/err.h"

static const struct {
	const char *code;
	const char *text;
} table[ERR__COUNT] = {
	[ERR_OK] = { "ok", "no error" },
	[ERR_INTERNAL] = { "internal_error", "internal error" },
	[ERR_NOMEM] = { "out_of_memory", "out of memory" },
	[ERR_IO] = { "io_error", "input/output error" },
	[ERR_STORE_UNAVAILABLE] = { "store_unavailable", "the store is not available" },
	[ERR_STORE_CORRUPT] = { "store_corrupt", "the store is damaged" },
	[ERR_STORE_VERSION] = { "store_version", "the store has another format version" },
	[ERR_STORE_LOCKED] = { "store_locked", "another syncd is using the store" },
	[ERR_STORE_MAP_FULL] = { "store_map_full", "the store has reached its largest map size" },
	[ERR_STORE_READERS] = { "store_readers", "too many readers on the store" },
	[ERR_DISK_FULL] = { "disk_full", "no space left on the disk" },
	[ERR_FILLING] = { "filling", "the orders are being fetched from Airtable for the first time" },
	[ERR_INVALID_PARAMETER] = { "invalid_parameter", "invalid parameter" },
	[ERR_INVALID_BODY] = { "invalid_body", "invalid request body" },
	[ERR_NOT_FOUND] = { "not_found", "not found" },
	[ERR_METHOD_NOT_ALLOWED] = { "method_not_allowed", "method not allowed" },
	[ERR_CONFLICT] = { "conflict", "conflict" },
	[ERR_PRECONDITION_FAILED] = { "precondition_failed", "the order has changed since" },
	[ERR_TOO_LARGE] = { "too_large", "too large" },
	[ERR_UNSUPPORTED_MEDIA_TYPE] = { "unsupported_media_type", "unsupported media type" },
	[ERR_RATE_LIMITED] = { "rate_limited", "too many requests" },
	[ERR_UNAUTHORIZED] = { "unauthorized", "authentication required" },
	[ERR_FORBIDDEN] = { "forbidden", "not permitted" },
	[ERR_IDEMPOTENCY_CONFLICT] = { "idempotency_key_reused", "the Idempotency-Key was used for another request" },
	[ERR_SYNCD_UNAVAILABLE] = { "syncd_unavailable", "the sync daemon is not available" },
	[ERR_BAD_MESSAGE] = { "bad_message", "malformed message" },
	[ERR_OVERLOADED] = { "overloaded", "too many requests are waiting" },
	[ERR_CANCELLED] = { "cancelled", "cancelled" },
	[ERR_AIRTABLE_UNAUTHORIZED] = { "airtable_unauthorized", "Airtable does not accept the token" },
	[ERR_AIRTABLE_FORBIDDEN] = { "airtable_forbidden", "Airtable denies access to the base or table" },
	[ERR_AIRTABLE_NOT_FOUND] = { "airtable_not_found", "Airtable does not know the base, table or record" },
	[ERR_AIRTABLE_RATE_LIMITED] = { "airtable_rate_limited", "Airtable's rate limit was hit" },
	[ERR_AIRTABLE_QUOTA] = { "airtable_quota_exceeded", "the monthly Airtable call quota is used up" },
	[ERR_AIRTABLE_UNAVAILABLE] = { "airtable_unavailable", "Airtable is not available" },
	[ERR_AIRTABLE_TIMEOUT] = { "airtable_timeout", "Airtable did not answer in time" },
	[ERR_AIRTABLE_BAD_RESPONSE] = { "airtable_bad_response", "Airtable's answer could not be understood" },
	[ERR_AIRTABLE_REJECTED] = { "airtable_rejected", "Airtable rejected the request" },
	[ERR_AIRTABLE_FIELD_MISSING] = { "airtable_field_missing", "a field is missing in the Airtable table" },
	[ERR_AIRTABLE_ITERATOR] = { "airtable_iterator_lost", "Airtable dropped the listing" },
	[ERR_AIRTABLE_SHRUNK] = { "airtable_shrunk", "the Airtable table shrank suspiciously" },
	[ERR_AIRTABLE_FIELD_LOST] = { "airtable_field_lost",
	    "a field's values can no longer be read from Airtable" },
	[ERR_OUTCOME_UNKNOWN] = { "outcome_unknown", "it is not known whether Airtable applied the change" },
};

const char *
err_text(enum err e)
{
	return (unsigned)e < ERR__COUNT ? table[e].text : "unknown error";
}

const char *
err_code(enum err e)
{
	return (unsigned)e < ERR__COUNT ? table[e].code : "internal_error";
}

enum err
err_from_code(const char *code)
{
	for (int e = 0; e < ERR__COUNT; e++)
		if (strcmp(table[e].code, code) == 0)
			return (enum err)e;
	return ERR_INTERNAL;
}

enum err
err_from_errno(int error_number)
{
	switch (error_number) {
	case 0:
		return ERR_OK;
	case ENOSPC:
	case EDQUOT:
		return ERR_DISK_FULL;
	case ENOMEM:
		return ERR_NOMEM;
	default:
		return ERR_IO;
	}
}

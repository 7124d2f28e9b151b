#include <stdio.h>
#include <string.h>

#include "syncd/airtable/decode.h"
#include "syncd/airtable/json.h"

/* Printable text of at most ${size} - 1 bytes, cut between characters. */
static void
copy_text(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)from[i] < ' ' || from[i] == 0x7f ? ' ' : from[i];
	to[n] = '\0';
}

/*
 * The four shapes of errors that Airtable sends:
 *	{"error":"TYPE"}	{"error":{"type":"TYPE"}}
 *	{"error":{"type":"TYPE","message":"..."}}
 *	{"errors":[{"error":"TYPE","message":"..."}]}
 */
static void
read_body(const cJSON *json, struct airtable_result *r)
{
	const cJSON *error = airtable_json_member(json, "error");
	const cJSON *errors = airtable_json_member(json, "errors");
	const cJSON *first = cJSON_IsArray(errors) ? errors->child : NULL;

	if (cJSON_IsString(error)) {
		copy_text(r->type, sizeof(r->type), error->valuestring);
		copy_text(r->message, sizeof(r->message), airtable_json_text(json, "message"));
	} else if (cJSON_IsObject(error)) {
		copy_text(r->type, sizeof(r->type), airtable_json_text(error, "type"));
		copy_text(r->message, sizeof(r->message), airtable_json_text(error, "message"));
	} else if (first != NULL) {
		const char *type = airtable_json_text(first, "error");

		copy_text(r->type, sizeof(r->type), type[0] != '\0' ? type :
		    airtable_json_text(first, "type"));
		copy_text(r->message, sizeof(r->message), airtable_json_text(first, "message"));
	}
}

static enum err
err_of_422(const char *type)
{
	/* an offset from Airtable that it does not know any more: the listing is lost too */
	if (strcmp(type, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE") == 0 ||
	    strcmp(type, "INVALID_OFFSET_VALUE") == 0)
		return ERR_AIRTABLE_ITERATOR;
	if (strcmp(type, "UNKNOWN_FIELD_NAME") == 0)
		return ERR_AIRTABLE_FIELD_MISSING;
	return ERR_AIRTABLE_REJECTED;
}

static enum err
err_of(int status, const char *type)
{
	switch (status) {
	case 401:
		return ERR_AIRTABLE_UNAUTHORIZED;
	case 403:
		return ERR_AIRTABLE_FORBIDDEN;
	case 404:
		return ERR_AIRTABLE_NOT_FOUND;
	case 408:
	case 504:
		return ERR_AIRTABLE_TIMEOUT;
	case 422:
		return err_of_422(type);
	case 429:
		return strstr(type, "BILLING_LIMIT") != NULL ? ERR_AIRTABLE_QUOTA :
		    ERR_AIRTABLE_RATE_LIMITED;
	default:
		break;
	}
	if (status >= 500)
		return ERR_AIRTABLE_UNAVAILABLE;
	return status >= 400 ? ERR_AIRTABLE_REJECTED : ERR_AIRTABLE_BAD_RESPONSE;
}

void
airtable_decode_error(int status, struct str body, struct airtable_result *r)
{
	size_t bytes;
	cJSON *json = airtable_json_parse(body, &bytes);

	r->type[0] = r->message[0] = '\0';
	read_body(json, r);
	cJSON_Delete(json);
	r->err = err_of(status, r->type);
	if (r->err == ERR_AIRTABLE_QUOTA)	/* always the same sentence, whatever Airtable's message is */
		(void)snprintf(r->message, sizeof(r->message), "%s", err_text(r->err));
	r->retryable = r->err == ERR_AIRTABLE_UNAVAILABLE || r->err == ERR_AIRTABLE_TIMEOUT ||
	    r->err == ERR_AIRTABLE_RATE_LIMITED || r->err == ERR_AIRTABLE_BAD_RESPONSE;
	if (r->message[0] == '\0')
		(void)snprintf(r->message, sizeof(r->message), "%s (HTTP %d)",
		    r->type[0] != '\0' ? r->type : err_text(r->err), status);
}

void
airtable_error_about(struct airtable_result *r, const char *setting)
{
	char said[sizeof(r->message)];
	size_t n;

	if (setting == NULL)
		return;
	memcpy(said, r->message, sizeof(said));
	n = (size_t)snprintf(r->message, sizeof(r->message), "%s: ", setting);
	copy_text(r->message + n, sizeof(r->message) - n, said);
}

#include "common/base/json_write.h"
#include "fcgi-api/http/problem.h"

static const int statuses[ERR__COUNT] = {
	[ERR_STORE_UNAVAILABLE] = 503,
	[ERR_STORE_MAP_FULL] = 507,
	[ERR_DISK_FULL] = 507,
	[ERR_FILLING] = 503,
	[ERR_INVALID_PARAMETER] = 400,
	[ERR_INVALID_BODY] = 400,
	[ERR_NOT_FOUND] = 404,
	[ERR_METHOD_NOT_ALLOWED] = 405,
	[ERR_CONFLICT] = 409,
	[ERR_PRECONDITION_FAILED] = 412,
	[ERR_TOO_LARGE] = 413,
	[ERR_UNSUPPORTED_MEDIA_TYPE] = 415,
	[ERR_RATE_LIMITED] = 429,
	[ERR_FORBIDDEN] = 403,
	[ERR_IDEMPOTENCY_CONFLICT] = 422,
	[ERR_SYNCD_UNAVAILABLE] = 503,
	[ERR_BAD_MESSAGE] = 502,
	[ERR_OVERLOADED] = 503,
	[ERR_CANCELLED] = 503,
	[ERR_AIRTABLE_UNAUTHORIZED] = 502,
	[ERR_AIRTABLE_FORBIDDEN] = 502,
	[ERR_AIRTABLE_NOT_FOUND] = 502,
	[ERR_AIRTABLE_RATE_LIMITED] = 503,
	[ERR_AIRTABLE_QUOTA] = 503,
	[ERR_AIRTABLE_UNAVAILABLE] = 503,
	[ERR_AIRTABLE_TIMEOUT] = 504,
	[ERR_AIRTABLE_BAD_RESPONSE] = 502,
	[ERR_AIRTABLE_REJECTED] = 422,
	[ERR_AIRTABLE_FIELD_MISSING] = 422,
	[ERR_AIRTABLE_ITERATOR] = 502,
	[ERR_AIRTABLE_SHRUNK] = 502,
	[ERR_AIRTABLE_FIELD_LOST] = 502,
	[ERR_OUTCOME_UNKNOWN] = 504
};

/* Errors that are the same to a client share a code of openapi.yaml; the detail says more. */
static enum err
outward(enum err e)
{
	if (e == ERR_STORE_VERSION || e == ERR_STORE_LOCKED || e == ERR_STORE_READERS)
		return ERR_STORE_UNAVAILABLE;
	return (unsigned)e < ERR__COUNT && statuses[e] != 0 ? e : ERR_INTERNAL;
}

int
problem_status(enum err e)
{
	int status = statuses[outward(e)];

	return status != 0 ? status : 500;
}

const char *
problem_code(enum err e)
{
	return err_code(outward(e));
}

int
problem_status_of_sync(enum err e)
{
	int status = problem_status(e);

	return status == 422 || status == 404 ? 502 : status;
}

static void
add_members(struct buf *b, int status, enum err e, struct str detail)
{
	json_member_string(b, "type", STR("about:blank"));
	json_member_string(b, "title", str_of(status_text(status)));
	json_member_int(b, "status", status);
	json_member_string(b, "detail", detail.len > 0 ? detail : str_of(err_text(e)));
	json_member_string(b, "code", str_of(problem_code(e)));
}

void
problem_add(struct buf *b, enum err e, struct str detail, struct str errors)
{
	buf_add_char(b, '{');
	add_members(b, problem_status(e), e, detail);
	if (errors.len > 0) {
		json_name(b, "errors");
		buf_add_str(b, errors);
	}
	buf_add_char(b, '}');
}

void
problem_add_as(struct buf *b, int status, enum err e, struct str detail)
{
	buf_add_char(b, '{');
	add_members(b, status, e, detail);
	buf_add_char(b, '}');
}

void
problem_add_errors(struct buf *b, const struct field_errors *errors)
{
	if (!field_errors_any(errors))
		return;
	buf_add_char(b, '[');
	for (size_t i = 0; i < field_errors_kept(errors); i++) {
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "field", str_of(errors->list[i].field));
		json_member_string(b, "message", str_of(errors->list[i].message));
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static void
answer_begin(struct response *r, int status)
{
	response_restart(r);
	r->status = status;
	r->type = "application/problem+json";
	buf_add_cstr(&r->fields, "Cache-Control: no-store\r\n");
}

void
problem_answer(struct response *r, enum err e, const char *detail,
    const struct field_errors *errors)
{
	problem_answer_as(r, problem_status(e), e, detail, errors);
}

void
problem_answer_list(struct response *r, enum err e, const char *detail, struct str errors)
{
	answer_begin(r, problem_status(e));
	problem_add(&r->own, e, str_of(detail), errors);
}

void
problem_answer_as(struct response *r, int status, enum err e, const char *detail,
    const struct field_errors *errors)
{
	answer_begin(r, status);
	buf_add_char(&r->own, '{');
	add_members(&r->own, status, e, str_of(detail));
	if (errors != NULL && field_errors_any(errors)) {
		json_name(&r->own, "errors");
		problem_add_errors(&r->own, errors);
	}
	buf_add_char(&r->own, '}');
}

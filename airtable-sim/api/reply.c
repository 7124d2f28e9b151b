#include "airtable-sim/api/reply.h"
#include "common/base/json_write.h"

void
sim_reply_error(struct sim_reply *r, int status, enum sim_shape shape, const char *type,
    struct str message)
{
	struct buf *b = &r->body;

	buf_clear(b);
	r->status = status;
	r->records = 0;
	switch (shape) {
	case SIM_SHAPE_A:
		buf_printf(b, "{\"error\":\"%s\"}", type);
		break;
	case SIM_SHAPE_B:
		buf_printf(b, "{\"error\":{\"type\":\"%s\"}}", type);
		break;
	case SIM_SHAPE_C:
		buf_printf(b, "{\"error\":{\"type\":\"%s\"", type);
		json_member_string(b, "message", message);
		buf_add_cstr(b, "}}");
		break;
	case SIM_SHAPE_D:
		buf_printf(b, "{\"errors\":[{\"error\":\"%s\"", type);
		json_member_string(b, "message", message);
		buf_add_cstr(b, "}]}");
		break;
	}
}

void
sim_reply_errorf(struct sim_reply *r, int status, const char *type, const char *fmt, ...)
{
	struct buf message = { .limit = 4096 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&message, fmt, ap);
	va_end(ap);
	sim_reply_error(r, status, SIM_SHAPE_C, type, buf_str(&message));
	buf_free(&message);
}

void
sim_reply_invalid(struct sim_reply *r)
{
	sim_reply_errorf(r, 422, "INVALID_REQUEST_UNKNOWN",
	    "Invalid request: parameter validation failed. Check your request data.");
}

void
sim_reply_forbidden(struct sim_reply *r)
{
	sim_reply_errorf(r, 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
	    "Invalid permissions, or the requested model was not found. Check that both your "
	    "user and your token have the required permissions, and that the model names "
	    "and/or ids are correct.");
}

void
sim_reply_internal(struct sim_reply *r)
{
	sim_reply_errorf(r, 500, "SERVER_ERROR", "Internal server error");
}

void
sim_reply_free(struct sim_reply *r)
{
	buf_free(&r->body);
	*r = (struct sim_reply){ 0 };
}

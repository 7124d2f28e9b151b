#include <stdlib.h>
#include <string.h>

#include "airtable-sim/api/call.h"
#include "airtable-sim/base/state.h"
#include "common/base/hmac.h"
#include "common/base/json_write.h"

#define URL_MAX_BYTES	2048

/* The webhook of the path; NULL with the error in the reply. */
static struct sim_webhook *
find(struct sim_call *call, struct sim_reply *reply)
{
	struct sim_webhook *h;

	sim_webhooks_tidy(call->webhooks, call->settings, call->now_ms);
	if ((h = sim_webhooks_find(call->webhooks, call->webhook)) != NULL)
		return h;
	if (call->settings->gone_webhook_status == 403)
		sim_reply_forbidden(reply);
	else
		sim_reply_error(reply, 404, call->settings->not_found_shape ? SIM_SHAPE_B :
		    SIM_SHAPE_A, "NOT_FOUND", STR(""));
	return NULL;
}

/* Does the token have what the data types need?  The error is in the reply otherwise. */
static bool
may_watch(const struct sim_call *call, unsigned data_types, struct sim_reply *reply)
{
	unsigned needed = 0;

	if (data_types & SIM_TABLE_DATA)
		needed |= SIM_SCOPE_RECORDS_READ;
	if (data_types & (SIM_TABLE_FIELDS | SIM_TABLE_METADATA))
		needed |= SIM_SCOPE_SCHEMA_READ;
	if ((call->scopes & needed) == needed)
		return true;
	sim_reply_forbidden(reply);
	return false;
}

static void
acknowledge(const struct sim_call *call, struct sim_reply *reply)
{
	reply->status = 200;
	if (call->settings->acknowledgement)
		buf_add_cstr(&reply->body, "{}");
}

void
sim_webhooks_list(struct sim_call *call, struct sim_reply *reply)
{
	sim_webhooks_tidy(call->webhooks, call->settings, call->now_ms);
	reply->status = 200;
	buf_add_cstr(&reply->body, "{\"webhooks\":[");
	for (size_t i = 0; i < call->webhooks->count; i++) {
		json_next(&reply->body);
		buf_add_char(&reply->body, '{');
		sim_webhook_json(&reply->body, call->webhooks->list[i], call->settings, call->now_ms);
		buf_add_char(&reply->body, '}');
	}
	buf_add_cstr(&reply->body, "]}");
	reply->records = call->webhooks->count;
}

static bool
is_web_address(const char *url)
{
	return strlen(url) <= URL_MAX_BYTES &&
	    ((strncmp(url, "https://", 8) == 0 && url[8] != '\0') ||
	    (strncmp(url, "http://", 7) == 0 && url[7] != '\0'));
}

/* The members of the body; false with the error in the reply. */
static bool
read_creation(struct sim_call *call, const cJSON **url, struct sim_spec *spec,
    struct sim_reply *reply)
{
	const cJSON *member;

	*url = cJSON_GetObjectItemCaseSensitive(call->body, "notificationUrl");
	cJSON_ArrayForEach(member, call->body)
		if (call->settings->strict_parameters && (member->string == NULL ||
		    (strcmp(member->string, "notificationUrl") != 0 &&
		    strcmp(member->string, "specification") != 0))) {
			sim_reply_invalid(reply);
			return false;
		}
	if ((*url != NULL && !cJSON_IsNull(*url) &&
	    (!cJSON_IsString(*url) || !is_web_address((*url)->valuestring))) ||
	    !sim_spec_read(spec, call->base, cJSON_GetObjectItemCaseSensitive(call->body,
	    "specification"), call->settings->strict_parameters != 0)) {
		sim_reply_invalid(reply);
		return false;
	}
	return may_watch(call, spec->data_types, reply);
}

static void
answer_creation(const struct sim_webhook *h, struct sim_reply *reply)
{
	struct buf secret = { 0 };

	base64_add(&secret, (struct str){ (const char *)h->secret, sizeof(h->secret) });
	reply->status = 200;
	buf_add_char(&reply->body, '{');
	json_member_string(&reply->body, "id", str_of(h->id));
	json_member_string(&reply->body, "macSecretBase64", buf_str(&secret));
	if (h->expires_ms != 0)
		json_member_instant(&reply->body, "expirationTime", h->expires_ms);
	buf_add_char(&reply->body, '}');
	buf_free(&secret);
}

void
sim_webhooks_create(struct sim_call *call, struct sim_reply *reply)
{
	struct sim_spec spec = { 0 };
	struct sim_webhook *h = NULL;
	const cJSON *url;
	char *address = NULL, *specification;

	sim_webhooks_tidy(call->webhooks, call->settings, call->now_ms);
	if (!read_creation(call, &url, &spec, reply))
		goto out;
	if (call->webhooks->count >= (size_t)call->settings->webhooks_max) {
		sim_reply_errorf(reply, (int)call->settings->too_many_webhooks_status,
		    "TOO_MANY_WEBHOOKS_IN_BASE", "There are too many webhooks in this base");
		goto out;
	}
	specification = cJSON_PrintUnformatted(
	    cJSON_GetObjectItemCaseSensitive(call->body, "specification"));
	if (specification != NULL && (!cJSON_IsString(url) ||
	    (address = sim_copy(str_of(url->valuestring))) != NULL))
		h = sim_webhooks_add(call->webhooks, call->settings, call->now_ms, address,
		    specification, &spec);
	if (h != NULL) {
		answer_creation(h, reply);
		return;
	}
	free(specification);
	free(address);
	sim_reply_internal(reply);
out:
	sim_spec_free(&spec);
}

void
sim_webhooks_delete(struct sim_call *call, struct sim_reply *reply)
{
	struct sim_webhook *h = find(call, reply);

	if (h == NULL)
		return;
	sim_webhooks_remove(call->webhooks, h);
	acknowledge(call, reply);
}

void
sim_webhooks_refresh(struct sim_call *call, struct sim_reply *reply)
{
	struct sim_webhook *h = find(call, reply);

	if (h == NULL)
		return;
	if (!sim_webhook_active(h, call->now_ms)) {
		sim_reply_errorf(reply, (int)call->settings->expired_refresh_status,
		    "INVALID_REQUEST_UNKNOWN", "The webhook is disabled and can not be refreshed");
		return;
	}
	sim_webhook_extend(h, call->settings, call->now_ms);
	reply->status = 200;
	buf_add_char(&reply->body, '{');
	if (h->expires_ms != 0)
		json_member_instant(&reply->body, "expirationTime", h->expires_ms);
	buf_add_char(&reply->body, '}');
}

void
sim_webhooks_toggle(struct sim_call *call, struct sim_reply *reply)
{
	const cJSON *enable = cJSON_GetObjectItemCaseSensitive(call->body, "enable");
	struct sim_webhook *h = find(call, reply);

	if (h == NULL)
		return;
	if (!cJSON_IsBool(enable)) {
		sim_reply_invalid(reply);
		return;
	}
	sim_webhook_notify(h, cJSON_IsTrue(enable), call->now_ms);
	sim_webhooks_wake(call->webhooks);
	acknowledge(call, reply);
}

static bool
read_positive(struct str text, uint64_t max, uint64_t *out)
{
	*out = 0;
	if (text.len == 0 || text.len > 15)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	return *out >= 1 && *out <= max;
}

/* cursor= and limit=; false with the error in the reply. */
static bool
read_page(const struct sim_call *call, uint64_t *cursor, uint64_t *limit, struct sim_reply *reply)
{
	bool good = true;

	*cursor = 1;
	*limit = (uint64_t)call->settings->payloads_per_page;
	for (size_t i = 0; i < call->uri->param_count; i++) {
		const struct sim_param *p = &call->uri->params[i];

		if (str_is(p->name, "cursor"))
			good = good && read_positive(p->value, UINT64_C(1) << 53, cursor);
		else if (str_is(p->name, "limit"))
			good = good && read_positive(p->value, 50, limit);
		else if (call->settings->strict_parameters)
			good = false;
	}
	if (!good)
		sim_reply_invalid(reply);
	return good;
}

/* Where reading begins; false with the error in the reply. */
static bool
place_cursor(const struct sim_call *call, const struct sim_webhook *h, uint64_t end,
    uint64_t *cursor, struct sim_reply *reply)
{
	uint64_t first = sim_webhook_first(h);
	bool lost = *cursor < first, beyond = *cursor > end;

	if ((lost && call->settings->old_cursor) ||
	    (beyond && call->settings->high_cursor == SIM_CURSOR_ERROR)) {
		sim_reply_invalid(reply);
		return false;
	}
	if (lost)
		*cursor = first;
	else if (beyond && call->settings->high_cursor == SIM_CURSOR_CLAMP)
		*cursor = end;
	return true;
}

void
sim_webhooks_payloads(struct sim_call *call, struct sim_reply *reply)
{
	struct sim_webhook *h = find(call, reply);
	struct buf *b = &reply->body;
	uint64_t cursor, limit, end;
	size_t n = 0;

	if (h == NULL || !may_watch(call, h->spec.data_types, reply) ||
	    !read_page(call, &cursor, &limit, reply))
		return;
	end = sim_webhook_next(h, call->settings, call->now_ms);
	if (!place_cursor(call, h, end, &cursor, reply))
		return;
	if (sim_webhook_active(h, call->now_ms))
		sim_webhook_extend(h, call->settings, call->now_ms);
	reply->status = 200;
	buf_add_cstr(b, "{\"payloads\":[");
	for (; cursor < end && n < limit; cursor++, n++) {
		const struct sim_payload *p = sim_webhook_payload(h, cursor);

		json_next(b);
		buf_add(b, p->text, p->len);
	}
	buf_add_char(b, ']');
	json_member_uint(b, "cursor", cursor);
	json_member_bool(b, "mightHaveMore",
	    cursor < end || (call->settings->eager_more && n == limit));
	buf_add_char(b, '}');
	reply->records = n;
}

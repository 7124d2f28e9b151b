#include <stdlib.h>
#include <string.h>

#include "airtable-sim/door/edit.h"
#include "common/base/hmac.h"
#include "common/base/instant.h"
#include "common/base/json_write.h"

#define NOW_MAX	100000	/* actions of the editor at once */

static void
add_webhook(struct buf *b, const struct sim_state *s, const struct sim_webhook *h, int64_t now)
{
	const struct sim_pinging *p = &h->ping;

	buf_add_char(b, '{');
	sim_webhook_json(b, h, &s->settings, now);
	json_name(b, "macSecretBase64");
	buf_add_char(b, '"');
	base64_add(b, (struct str){ (const char *)h->secret, sizeof(h->secret) });
	buf_add_char(b, '"');
	json_member_uint(b, "firstKept", sim_webhook_first(h));
	json_member_uint(b, "kept", h->count);
	json_member_uint(b, "keptBytes", h->bytes);
	json_name(b, "pings");
	buf_add_char(b, '{');
	json_member_uint(b, "sent", p->sent);
	json_member_uint(b, "failed", p->failed);
	json_member_int(b, "retries", p->retries);
	json_member_bool(b, "inFlight", p->in_flight);
	json_member_instant(b, "nextAt", p->due ? p->at_ms : 0);
	buf_add_cstr(b, "}}");
}

void
door_get_webhooks(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	int64_t now = sim_state_now(s);

	(void)q, (void)body;
	sim_webhooks_tidy(&s->webhooks, &s->settings, now);
	reply->status = 200;
	buf_add_cstr(&reply->body, "{\"webhooks\":[");
	for (size_t i = 0; i < s->webhooks.count; i++) {
		json_next(&reply->body);
		add_webhook(&reply->body, s, s->webhooks.list[i], now);
	}
	buf_add_cstr(&reply->body, "]}");
}

typedef void webhook_deed(struct sim_state *, struct sim_webhook *, const cJSON *body, int64_t now);

static void
do_delete(struct sim_state *s, struct sim_webhook *h, const cJSON *body, int64_t now)
{
	(void)body, (void)now;
	sim_webhooks_remove(&s->webhooks, h);
}

static void
do_expire(struct sim_state *s, struct sim_webhook *h, const cJSON *body, int64_t now)
{
	(void)s, (void)body;
	h->expires_ms = now;
}

static void
do_lose(struct sim_state *s, struct sim_webhook *h, const cJSON *body, int64_t now)
{
	const cJSON *keep = cJSON_GetObjectItemCaseSensitive(body, "keep");

	(void)s, (void)now;
	sim_webhook_lose(h, cJSON_IsNumber(keep) && keep->valuedouble > 0 ?
	    (size_t)keep->valueint : 0);
}

static void
do_error(struct sim_state *s, struct sim_webhook *h, const cJSON *body, int64_t now)
{
	const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "code"));

	if (code == NULL)
		code = "INTERNAL_ERROR";
	sim_webhook_log_error(h, &s->settings, now, code, s->base->transactions);
}

static void
do_break(struct sim_state *s, struct sim_webhook *h, const cJSON *body, int64_t now)
{
	const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "code"));

	if (code == NULL)
		code = s->settings.broken_code ? "INVALID_HOOK" : "INVALID_FILTERS";
	sim_webhook_log_error(h, &s->settings, now, code, s->base->transactions);
	h->broken = true;
}

static void
do_ping(struct sim_state *s, struct sim_webhook *h, const cJSON *body, int64_t now)
{
	(void)s, (void)body;
	sim_webhook_ping(h, now);
}

/* Webhooks of others, as many as asked for or as there is room. */
static void
create_foreign(struct sim_state *s, const cJSON *body, int64_t now, struct sim_reply *reply)
{
	static const char text[] = "{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"]}}}";
	const cJSON *count = cJSON_GetObjectItemCaseSensitive(body, "count");
	int n = cJSON_IsNumber(count) ? count->valueint : 1;
	cJSON *specification = cJSON_Parse(text);
	struct buf ids = { 0 };

	while (n-- > 0 && s->webhooks.count < (size_t)s->settings.webhooks_max) {
		struct sim_spec spec;
		char *copy = sim_copy(STR(text));
		const struct sim_webhook *h = NULL;

		if (copy != NULL && sim_spec_read(&spec, s->base, specification, true))
			h = sim_webhooks_add(&s->webhooks, &s->settings, now, NULL, copy, &spec);
		if (h == NULL) {
			free(copy);
			break;
		}
		json_next(&ids);
		json_add_string(&ids, str_of(h->id));
	}
	cJSON_Delete(specification);
	reply->status = 200;
	buf_printf(&reply->body, "{\"ids\":[%s]}", buf_cstr(&ids));
	buf_free(&ids);
}

static webhook_deed *
find_deed(const char *name)
{
	static const struct {
		const char	*name;
		webhook_deed	*deed;
	} deeds[] = {
		{ "delete", do_delete }, { "expire", do_expire }, { "lose", do_lose },
		{ "break", do_break }, { "error", do_error }, { "ping", do_ping },
	};

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (strcmp(name, deeds[i].name) == 0)
			return deeds[i].deed;
	return NULL;
}

void
door_webhooks(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const char *action = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "action"));
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "id"));
	webhook_deed *deed = action == NULL ? NULL : find_deed(action);
	int64_t now = sim_state_now(s);
	unsigned done = 0;

	(void)q;
	sim_webhooks_tidy(&s->webhooks, &s->settings, now);
	if (action != NULL && strcmp(action, "create") == 0) {
		create_foreign(s, body, now, reply);
		return;
	}
	if (deed == NULL) {
		door_refuse(reply, "action is none of create, delete, expire, lose, break, error, ping");
		return;
	}
	for (size_t i = s->webhooks.count; i-- > 0;)	/* a deletion moves only those behind */
		if (id == NULL || strcmp(id, s->webhooks.list[i]->id) == 0) {
			deed(s, s->webhooks.list[i], body, now);
			done++;
		}
	sim_webhooks_wake(&s->webhooks);
	reply->status = 200;
	buf_printf(&reply->body, "{\"webhooks\":%u}", done);
}

void
door_get_editor(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	uint64_t since = 0, max = SIM_EDITS_MAX;

	(void)body;
	if (!door_parameter(q, "since", &since) || !door_parameter(q, "max", &max)) {
		door_refuse(reply, "since and max must be whole numbers");
		return;
	}
	reply->status = 200;
	sim_editor_json(&reply->body, &s->editor, since, max);
}

void
door_editor(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const cJSON *now = cJSON_GetObjectItemCaseSensitive(body, "now");
	uint64_t before = s->editor.last;
	const char *why;

	(void)q;
	if (now != NULL && (!cJSON_IsNumber(now) || !(now->valuedouble >= 0) ||
	    !(now->valuedouble <= NOW_MAX))) {
		door_refuse(reply, "now must be 0 to 100000");
		return;
	}
	if (!sim_editor_set(&s->editor, body, &why)) {
		door_refuse(reply, why);
		return;
	}
	for (int n = now == NULL ? 0 : now->valueint; n > 0; n--)
		sim_editor_act(s, sim_state_now(s));
	reply->status = 200;
	sim_editor_json(&reply->body, &s->editor, before, SIM_EDITS_MAX);
}

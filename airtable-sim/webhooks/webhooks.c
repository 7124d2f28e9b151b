#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "airtable-sim/webhooks/webhooks.h"
#include "common/base/instant.h"
#include "common/base/json_write.h"

void
sim_webhooks_init(struct sim_webhooks *w)
{
	/* without entropy ids repeat from run to run, which only tests would notice */
	if (getentropy(&w->random.state, sizeof(w->random.state)) != 0)
		w->random.state = (uint64_t)instant_now();
}

static void
free_webhook(struct sim_webhook *h)
{
	sim_webhook_lose(h, 0);
	free(h->log);
	free(h->url);
	free(h->specification);
	sim_spec_free(&h->spec);
	free(h);
}

void
sim_webhooks_clear(struct sim_webhooks *w)
{
	while (w->count > 0)
		free_webhook(w->list[--w->count]);
}

void
sim_webhooks_remove(struct sim_webhooks *w, struct sim_webhook *h)
{
	size_t i = 0;

	while (i < w->count && w->list[i] != h)
		i++;
	if (i == w->count)
		return;
	w->count--;
	memmove(&w->list[i], &w->list[i + 1], (w->count - i) * sizeof(w->list[0]));
	free_webhook(h);
}

static void
drop_oldest(struct sim_webhook *h)
{
	struct sim_payload *p = &h->log[h->head++];

	h->bytes -= p->len;
	h->count--;
	free(p->text);
}

void
sim_webhooks_tidy(struct sim_webhooks *w, const struct sim_settings *s, int64_t now)
{
	for (size_t i = w->count; i-- > 0;) {
		struct sim_webhook *h = w->list[i];

		if (h->expires_ms != 0 && now >= h->expires_ms + s->webhook_grace_ms) {
			sim_webhooks_remove(w, h);
			continue;
		}
		while (h->count > 0 && now - h->log[h->head].at_ms >= s->payload_ttl_ms)
			drop_oldest(h);
	}
}

struct sim_webhook *
sim_webhooks_add(struct sim_webhooks *w, const struct sim_settings *s, int64_t now,
    char *url, char *specification, const struct sim_spec *spec)
{
	struct sim_webhook *h;

	if (w->count == SIM_WEBHOOKS_MAX || (h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	sim_random_id(&w->random, "ach", h->id);
	for (size_t i = 0; i < sizeof(h->secret); i++)
		h->secret[i] = (unsigned char)sim_random_below(&w->random, 256);
	h->url = url;
	h->specification = specification;
	h->spec = *spec;
	h->notify = url != NULL;
	h->next = 1;
	sim_webhook_extend(h, s, now);
	w->list[w->count++] = h;
	return h;
}

struct sim_webhook *
sim_webhooks_find(const struct sim_webhooks *w, struct str id)
{
	for (size_t i = 0; i < w->count; i++)
		if (str_is(id, w->list[i]->id))
			return w->list[i];
	return NULL;
}

bool
sim_webhooks_listen(const struct sim_webhooks *w, int64_t now)
{
	for (size_t i = 0; i < w->count; i++)
		if (sim_webhook_active(w->list[i], now))
			return true;
	return false;
}

void
sim_webhooks_wake(const struct sim_webhooks *w)
{
	if (w->wake != NULL)
		w->wake(w->cookie);
}

bool
sim_webhook_active(const struct sim_webhook *h, int64_t now)
{
	return !h->broken && (h->expires_ms == 0 || now < h->expires_ms);
}

void
sim_webhook_extend(struct sim_webhook *h, const struct sim_settings *s, int64_t now)
{
	h->expires_ms = s->webhook_ttl_ms == 0 ? 0 : now + s->webhook_ttl_ms;
}

/* Room for one more at the end of the log. */
static bool
reserve(struct sim_webhook *h)
{
	struct sim_payload *grown;
	size_t capacity = h->capacity == 0 ? 64 : h->capacity * 2;

	if (h->head + h->count < h->capacity)
		return true;
	if (h->head > h->capacity / 2) {
		memmove(h->log, h->log + h->head, h->count * sizeof(*h->log));
		h->head = 0;
		return true;
	}
	if ((grown = realloc(h->log, capacity * sizeof(*grown))) == NULL)
		return false;
	h->log = grown;
	h->capacity = capacity;
	return true;
}

void
sim_webhook_log(struct sim_webhook *h, const struct sim_settings *s, int64_t now, char *text)
{
	size_t len = strlen(text);

	h->next++;
	if (!reserve(h)) {	/* a lost log, as far as anybody can see */
		sim_webhook_lose(h, 0);
		free(text);
		return;
	}
	h->log[h->head + h->count++] = (struct sim_payload){ now, len, text };
	h->bytes += len;
	while (h->bytes > (size_t)s->payload_log_bytes && h->count > 1)
		drop_oldest(h);
	if (h->notify && h->url != NULL)
		sim_webhook_ping(h, now + s->payload_lag_ms + s->ping_delay_ms);
}

void
sim_webhook_log_error(struct sim_webhook *h, const struct sim_settings *s, int64_t now,
    const char *code, uint64_t transaction)
{
	struct buf b = { 0 };
	char *text;

	buf_add_cstr(&b, "{\"error\":true");
	json_member_string(&b, "code", str_of(code));
	json_member_instant(&b, "timestamp", now);
	json_member_uint(&b, "baseTransactionNumber", transaction);
	json_member_string(&b, "payloadFormat", STR("v0"));
	buf_add_char(&b, '}');
	if (buf_status(&b) == ERR_OK && (text = sim_copy(buf_str(&b))) != NULL)
		sim_webhook_log(h, s, now, text);
	buf_free(&b);
}

void
sim_webhook_lose(struct sim_webhook *h, size_t keep)
{
	while (h->count > keep)
		drop_oldest(h);
}

uint64_t
sim_webhook_first(const struct sim_webhook *h)
{
	return h->next - h->count;
}

uint64_t
sim_webhook_next(const struct sim_webhook *h, const struct sim_settings *s, int64_t now)
{
	size_t hidden = 0;

	while (s->payload_lag_ms > 0 && hidden < h->count &&
	    h->log[h->head + h->count - 1 - hidden].at_ms > now - s->payload_lag_ms)
		hidden++;
	return h->next - hidden;
}

const struct sim_payload *
sim_webhook_payload(const struct sim_webhook *h, uint64_t number)
{
	uint64_t first = sim_webhook_first(h);

	return number < first || number >= h->next ? NULL : &h->log[h->head + (number - first)];
}

void
sim_webhook_json(struct buf *b, const struct sim_webhook *h, const struct sim_settings *s,
    int64_t now)
{
	const struct sim_pinging *p = &h->ping;

	json_member_string(b, "id", str_of(h->id));
	json_member_bool(b, "areNotificationsEnabled", h->notify);
	json_member_bool(b, "isHookEnabled", sim_webhook_active(h, now));
	json_member_uint(b, "cursorForNextPayload", sim_webhook_next(h, s, now));
	json_member_string_or_null(b, "notificationUrl", str_of(h->url));
	if (h->expires_ms != 0)
		json_member_instant(b, "expirationTime", h->expires_ms);
	json_member_instant(b, "lastSuccessfulNotificationTime", p->last_success_ms);
	json_name(b, "lastNotificationResult");
	if (p->last_ms == 0) {
		buf_add_cstr(b, "null");
	} else {
		buf_add_char(b, '{');
		json_member_bool(b, "success", p->last_ok);
		json_member_instant(b, "completionTimestamp", p->last_ms);
		json_name(b, "durationMs");
		buf_printf(b, "%.3f", p->last_duration_ms);
		json_member_int(b, "retryNumber", p->last_retry);
		if (!p->last_ok) {
			json_name(b, "error");
			buf_add_char(b, '{');
			json_member_string(b, "message", str_of(p->last_why));
			buf_add_char(b, '}');
			json_member_bool(b, "willBeRetried", p->last_will_retry);
		}
		buf_add_char(b, '}');
	}
	json_name(b, "specification");
	buf_add_cstr(b, h->specification);
}

#include <stdlib.h>
#include <string.h>

#include "airtable-sim/webhooks/webhooks.h"
#include "common/base/hmac.h"
#include "common/base/json_write.h"

/*
 * When each webhook's address is pinged.  However many payloads arrive while
 * a ping waits, is in flight or is to be tried again, it is one ping; one
 * more follows for those that came while it was in flight.
 */

#define MAC_PREFIX	"hmac-sha256="

void
sim_webhook_ping(struct sim_webhook *h, int64_t at)
{
	if (h->url == NULL)
		return;
	if (h->ping.in_flight) {
		h->ping.again = true;
	} else if (!h->ping.due) {
		h->ping.due = true;
		h->ping.at_ms = at;
	}
}

void
sim_webhook_notify(struct sim_webhook *h, bool on, int64_t now)
{
	bool news = on && !h->notify && h->next > 1;

	h->notify = on;
	h->ping.retries = h->ping.copies = 0;
	h->ping.due = h->ping.again = h->ping.copying = false;
	if (news)
		sim_webhook_ping(h, now);
}

void
sim_ping_free(struct sim_ping *p)
{
	free(p->url);
	buf_free(&p->body);
	buf_free(&p->mac);
	*p = (struct sim_ping){ 0 };
}

static bool
compose(struct sim_ping *p, const struct sim_webhook *h, const char *base_id, int64_t now)
{
	unsigned char mac[HMAC_BYTES];

	*p = (struct sim_ping){ 0 };
	memcpy(p->webhook, h->id, SIM_ID_SIZE);
	buf_printf(&p->body, "{\"base\":{\"id\":\"%s\"},\"webhook\":{\"id\":\"%s\"}", base_id, h->id);
	json_member_instant(&p->body, "timestamp", now);
	buf_add_char(&p->body, '}');
	hmac_sha256((struct str){ (const char *)h->secret, sizeof(h->secret) },
	    buf_str(&p->body), mac);
	buf_add_cstr(&p->mac, MAC_PREFIX);
	hex_add(&p->mac, (struct str){ (const char *)mac, sizeof(mac) });
	if ((p->url = sim_copy(str_of(h->url))) != NULL && buf_status(&p->body) == ERR_OK &&
	    buf_status(&p->mac) == ERR_OK)
		return true;
	sim_ping_free(p);
	return false;
}

bool
sim_webhooks_take_ping(struct sim_webhooks *w, const char *base_id, int64_t now,
    struct sim_ping *p, int64_t *wait)
{
	*wait = -1;
	for (size_t i = 0; i < w->count; i++) {
		struct sim_webhook *h = w->list[i];
		int64_t left = h->ping.at_ms - now;

		if (!h->ping.due || h->ping.in_flight)
			continue;
		if (left > 0) {
			*wait = *wait < 0 || left < *wait ? left : *wait;
		} else if (compose(p, h, base_id, now)) {
			h->ping.due = false;
			h->ping.in_flight = true;
			return true;
		} else {
			*wait = 1000;	/* no memory now */
		}
	}
	return false;
}

/* What comes after one that was well received. */
static void
received(struct sim_webhook *h, const struct sim_settings *s, int64_t now)
{
	struct sim_pinging *p = &h->ping;

	p->last_success_ms = now;
	p->retries = 0;
	if (!p->copying)
		p->copies = s->ping_copies - 1;
	p->copying = p->copies > 0;
	if (p->copying) {
		p->copies--;
		p->due = true;
		p->at_ms = now;
	} else if (p->again) {
		p->again = false;
		p->due = true;
		p->at_ms = now + s->ping_delay_ms;
	}
}

/* What comes after one that failed; the last retry's failure ends it all. */
static void
rejected(struct sim_webhook *h, const struct sim_settings *s, int64_t now)
{
	struct sim_pinging *p = &h->ping;
	int64_t delay = s->ping_retry_ms;

	p->failed++;
	p->last_will_retry = h->notify && p->retries < s->ping_retries;
	if (!p->last_will_retry) {
		sim_webhook_notify(h, false, now);
		return;
	}
	for (int64_t i = 0; i < p->retries && delay < INT64_MAX / 4; i++)
		delay *= 2;
	p->retries++;
	p->again = false;
	p->due = true;
	p->at_ms = now + delay;
}

void
sim_webhooks_pinged(struct sim_webhooks *w, const struct sim_settings *s, int64_t now,
    const struct sim_ping *ping, double duration_ms, const char *why)
{
	struct sim_webhook *h = sim_webhooks_find(w, str_of(ping->webhook));
	struct sim_pinging *p;

	if (h == NULL)
		return;		/* deleted meanwhile */
	p = &h->ping;
	p->in_flight = false;
	p->sent++;
	p->last_ms = now;
	p->last_duration_ms = duration_ms;
	p->last_retry = p->retries;
	p->last_ok = why == NULL;
	p->last_will_retry = false;
	p->last_why[0] = '\0';
	if (why == NULL) {
		received(h, s, now);
	} else {
		size_t n = strnlen(why, SIM_WHY_SIZE - 1);

		memcpy(p->last_why, why, n);
		p->last_why[n] = '\0';
		rejected(h, s, now);
	}
}

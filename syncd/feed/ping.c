#include <string.h>

#include "common/base/hmac.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/airtable/json.h"
#include "syncd/feed/parts.h"

#define POKE_MIN_MS	500	/* between polls that pings ask for */

int64_t
feed_poke_ms(struct feed *f)
{
	int64_t wanted = f->config->sync.feed_interval_ms, pause = feed_pause(f);

	/* pings must not use up the month's calls */
	return wanted > 0 && pause > wanted ? POKE_MIN_MS * (pause / wanted) : POKE_MIN_MS;
}

static bool
is_authentic(const struct feed *f, struct str body, struct str mac)
{
	static const char prefix[] = "hmac-sha256=";
	unsigned char key[WEBHOOK_SECRET_MAX], ours[HMAC_BYTES], theirs[HMAC_BYTES];
	size_t n, skip = sizeof(prefix) - 1;
	bool good;

	if (mac.len < skip || memcmp(mac.ptr, prefix, skip) != 0 ||
	    !hex_parse((struct str){ mac.ptr + skip, mac.len - skip }, theirs, HMAC_BYTES) ||
	    !base64_parse(str_of(f->secret), key, sizeof(key), &n) || n == 0)
		return false;
	hmac_sha256((struct str){ (const char *)key, n }, body, ours);
	good = hmac_equal(ours, theirs);
	explicit_bzero(key, sizeof(key));
	return good;
}

/* When the ping was sent, according to Airtable; 0: it does not say. */
static int64_t
time_of(struct str body)
{
	size_t bytes;
	cJSON *json = airtable_json_parse(body, &bytes);
	const cJSON *at = airtable_json_member(json, "timestamp");
	int64_t ms;

	if (!cJSON_IsString(at) || instant_parse(str_of(at->valuestring), &ms) != ERR_OK)
		ms = 0;
	cJSON_Delete(json);
	return ms;
}

enum err
feed_ping(struct feed *f, struct str body, struct str mac)
{
	int64_t at;

	if (f->stopped || f->config->sync.public_url[0] == '\0' || f->secret[0] == '\0')
		return ERR_NOT_FOUND;
	if (!is_authentic(f, body, mac)) {
		log_warn("feed: refused a ping that is not from Airtable");
		return ERR_FORBIDDEN;
	}
	f->pings++;
	at = time_of(body);
	if (at != 0 && at <= f->ping_ms)
		return ERR_OK;	/* a repetition, from Airtable or an attacker */
	f->ping_ms = at;
	f->poke = true;
	f->poked_ms = instant_monotonic();
	ledger_active(f->ledger, instant_now());
	if (f->phase == FEED_READING && f->call == NULL && f->failures == 0 &&
	    f->step == feed_read)
		feed_read_next(f);
	return ERR_OK;
}

void
feed_listened(struct feed *f)
{
	if (f->stopped)
		return;
	f->poke = true;
	if (f->call == NULL && f->failures == 0 && (f->step == feed_read || f->step == feed_poll))
		feed_follow_next(f);
}

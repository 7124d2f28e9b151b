#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/settings.h"
#include "common/base/json_write.h"

#define AT(member)	offsetof(struct sim_settings, member)
#define BOOL		"false|true"
#define DAY		INT64_C(86400000)

static const struct setting {
	const char	*name;
	size_t		 at;
	int64_t		 value, min, max;
	const char	*words;		/* for values 0, 1, ...; NULL: a number */
	const char	*meaning;
} settings[] = {
	{ "rate", AT(rate), 5, 0, 1000000, NULL, "calls in any second per base; 0: no limit at all" },
	{ "tokenRate", AT(token_rate), 50, 0, 1000000, NULL, "calls in any second per token; 0: no limit" },
	{ "penaltyMs", AT(penalty_ms), 30000, 0, 86400000, NULL, "how long all calls get 429 after one too many" },
	{ "penaltyKey", AT(penalty_key), SIM_PENALTY_BASE, 0, 2, "base|token|both", "who is locked out" },
	{ "penaltyProlongs", AT(penalty_prolongs), 0, 0, 1, BOOL, "calls during the penalty prolong it" },
	{ "rateShape", AT(rate_shape), 1, 0, 1, "c|d", "shape of the rate 429's body" },
	{ "retryAfterOn429", AT(retry_after_on_429), 0, 0, 86400, NULL, "seconds in Retry-After; 0: no header" },
	{ "monthly", AT(monthly), 0, 0, 1000000000, NULL, "calls in a calendar month; 0: no limit" },
	{ "metaCounts", AT(meta_counts), 0, 0, 1, BOOL, "meta calls stop with the monthly quota too" },
	{ "webhookCounts", AT(webhook_counts), 1, 0, 1, BOOL, "webhook calls count to the monthly quota" },
	{ "latencyMs", AT(latency_ms), 0, 0, 600000, NULL, "per call, half before and half after it takes effect" },
	{ "iteratorTtlMs", AT(iterator_ttl_ms), 300000, 0, 86400000, NULL, "idle life of a listing" },
	{ "visibilityLagMs", AT(visibility_lag_ms), 0, 0, 3600000, NULL, "how long filters and new listings overlook a change" },
	{ "millisecondTimes", AT(millisecond_times), 0, 0, 1, BOOL, "keep modification times in ms" },
	{ "tokenValid", AT(token_valid), 1, 0, 1, BOOL, "false: every token gets 401" },
	{ "unknownModelStatus", AT(unknown_model_status), 403, 403, 404, NULL, "for an unknown base or table" },
	{ "deletedStatus", AT(deleted_status), 404, 403, 404, NULL, "for a deleted or unknown record" },
	{ "notFoundShape", AT(not_found_shape), 0, 0, 1, "a|b", "shape of a bad path's 404" },
	{ "badJsonStatus", AT(bad_json_status), 422, 400, 422, NULL, "for a body that is not JSON" },
	{ "longUrlStatus", AT(long_url_status), 422, 400, 499, NULL, "for a URL beyond 16,000 characters" },
	{ "strictParameters", AT(strict_parameters), 1, 0, 1, BOOL, "422 for parameters and members it does not know" },
	{ "createLimitMessage", AT(create_limit_message), 0, 0, 1, "a|b", "wording for more than 10 creates" },
	{ "getAcrossTables", AT(get_across_tables), 0, 0, 1, BOOL, "a record is found through another table's path" },
	{ "bodyMaxBytes", AT(body_max_bytes), 1 << 20, 1024, 1 << 26, NULL, "413 beyond" },
	{ "deletedInPages", AT(deleted_in_pages), 0, 0, 1, "skip|once", "records deleted during a listing" },
	{ "createdInPages", AT(created_in_pages), 0, 0, 1, BOOL, "records created during a listing come at its end" },
	{ "linkBumps", AT(link_bumps), 1, 0, 1, BOOL, "a link made or removed on one side changes the modification time on the other" },
	{ "noopBumps", AT(noop_bumps), 0, 0, 1, BOOL, "writing the same value changes the modification time" },
	{ "freeChoices", AT(free_choices), 1, 0, 1, BOOL, "typecast may add choices to selects" },
	{ "optionRenameTouches", AT(option_rename_touches), 0, 0, 1, BOOL, "renaming a choice changes the records that have it" },
	{ "castFailure", AT(cast_failure), 0, 0, 1, "empty|refuse", "what typecast does with a text that it can't make sense of" },
	{ "barePercent", AT(bare_percent), 0, 0, 1, "percent|fraction", "what typecast takes \"12\" in a percent field for" },
	{ "mergeKinds", AT(merge_kinds), 0, 0, 1, "documented|more", "fields to merge on; more: e-mail, URL, phone, rich text, barcode and all numbers too" },

	{ "webhooksMax", AT(webhooks_max), 10, 0, 100, NULL, "webhooks per base" },
	{ "tooManyWebhooksStatus", AT(too_many_webhooks_status), 422, 400, 499, NULL, "for one more" },
	{ "webhookTtlMs", AT(webhook_ttl_ms), 7 * DAY, 0, 3650 * DAY, NULL, "life of a webhook after creation, refresh, reading; 0: endless" },
	{ "webhookGraceMs", AT(webhook_grace_ms), 7 * DAY, 0, 3650 * DAY, NULL, "how long an expired one can be read" },
	{ "goneWebhookStatus", AT(gone_webhook_status), 404, 403, 404, NULL, "for a webhook that is not there" },
	{ "expiredRefreshStatus", AT(expired_refresh_status), 422, 400, 499, NULL, "for refreshing an expired or broken one" },
	{ "acknowledgement", AT(acknowledgement), 0, 0, 1, "empty|object", "body after delete and enableNotifications" },
	{ "payloadTtlMs", AT(payload_ttl_ms), 7 * DAY, 1, 3650 * DAY, NULL, "life of a payload" },
	{ "payloadLogBytes", AT(payload_log_bytes), 256 << 20, 1, INT64_C(1) << 34, NULL, "of a webhook's payloads; the oldest go beyond" },
	{ "payloadLagMs", AT(payload_lag_ms), 0, 0, 3600000, NULL, "how long a payload can't be read yet" },
	{ "payloadsPerPage", AT(payloads_per_page), 50, 1, 50, NULL, "without limit=" },
	{ "oldCursor", AT(old_cursor), 0, 0, 1, "skip|error", "a cursor at lost payloads" },
	{ "highCursor", AT(high_cursor), SIM_CURSOR_ECHO, 0, 2, "echo|clamp|error", "a cursor beyond the next payload" },
	{ "eagerMore", AT(eager_more), 0, 0, 1, BOOL, "mightHaveMore after every full page" },

	{ "apiUser", AT(api_user), 0, 0, 1, BOOL, "payloads of API writes tell the user" },
	{ "clearedCells", AT(cleared_cells), 0, 0, 1, "null|omit", "a cell that was or became empty, in payloads" },
	{ "createdEmptyCells", AT(created_empty_cells), 0, 0, 1, "omit|null", "empty cells of new records" },
	{ "computedInPayloads", AT(computed_in_payloads), SIM_COMPUTED_SAME, 0, 2, "none|same|separate", "changes of computed cells; separate: in a payload of the system" },
	{ "noopPayloads", AT(noop_payloads), 0, 0, 1, BOOL, "writing the same value makes a payload" },
	{ "optionPayloads", AT(option_payloads), 1, 0, 1, BOOL, "changed options of a select are a changed field" },
	{ "batchPayloads", AT(batch_payloads), 0, 0, 1, "one|each", "payloads of one API call: one, or one per record" },
	{ "splitRecords", AT(split_records), 500, 0, 1000000, NULL, "records in one payload, the rest follows in others; 0: all" },
	{ "splitEvery", AT(split_every), 0, 0, 1000000, NULL, "every Nth transaction is split in two; 0: none" },
	{ "errorPayloadEvery", AT(error_payload_every), 0, 0, 1000000, NULL, "every Nth payload is an error; 0: none" },
	{ "brokenCode", AT(broken_code), 0, 0, 1, "INVALID_FILTERS|INVALID_HOOK", "error payload when what is watched goes away" },

	{ "pingDelayMs", AT(ping_delay_ms), 0, 0, 3600000, NULL, "from the payload to the ping" },
	{ "pingTimeoutMs", AT(ping_timeout_ms), 25000, 1, 600000, NULL, "for the answer (real time)" },
	{ "pingRetries", AT(ping_retries), 13, 0, 100, NULL, "after the last one notifications are switched off" },
	{ "pingRetryMs", AT(ping_retry_ms), 10000, 1, 86400000, NULL, "before the first retry; it doubles" },
	{ "pingCopies", AT(ping_copies), 1, 1, 10, NULL, "how often every ping is sent" },
	{ "pingStrictBody", AT(ping_strict_body), 1, 0, 1, BOOL, "an answer with a body is a failure" },
};
#define COUNT	(sizeof(settings) / sizeof(settings[0]))

static int64_t *
place(struct sim_settings *s, const struct setting *d)
{
	return (int64_t *)(void *)((char *)s + d->at);
}

void
sim_settings_default(struct sim_settings *s)
{
	for (size_t i = 0; i < COUNT; i++)
		*place(s, &settings[i]) = settings[i].value;
}

/* The ${n}th word of "a|b|c"; len 0: there are fewer. */
static struct str
word_at(const char *words, int64_t n)
{
	size_t len;

	for (;; words += len + 1) {
		len = strcspn(words, "|");
		if (n-- == 0)
			return (struct str){ words, len };
		if (words[len] == '\0')
			return (struct str){ words, 0 };
	}
}

static bool
read_value(const struct setting *d, struct str value, int64_t *out)
{
	char text[32], *end;

	if (d->words != NULL) {
		for (*out = d->min; *out <= d->max; ++*out)
			if (str_eq(word_at(d->words, *out), value))
				return true;
		return false;
	}
	if (value.len == 0 || value.len >= sizeof(text))
		return false;
	memcpy(text, value.ptr, value.len);
	text[value.len] = '\0';
	*out = strtoll(text, &end, 10);
	return *end == '\0' && *out >= d->min && *out <= d->max;
}

bool
sim_settings_set(struct sim_settings *s, struct str name, struct str value)
{
	int64_t v;

	for (size_t i = 0; i < COUNT; i++)
		if (str_is(name, settings[i].name)) {
			if (!read_value(&settings[i], value, &v))
				return false;
			*place(s, &settings[i]) = v;
			return true;
		}
	return false;
}

void
sim_settings_json(struct buf *b, const struct sim_settings *s)
{
	struct sim_settings copy = *s;

	for (size_t i = 0; i < COUNT; i++) {
		const struct setting *d = &settings[i];
		int64_t v = *place(&copy, d);

		if (d->words == NULL)
			json_member_int(b, d->name, v);
		else if (strcmp(d->words, BOOL) == 0)
			json_member_bool(b, d->name, v != 0);
		else
			json_member_string(b, d->name, word_at(d->words, v));
	}
}

void
sim_settings_help(struct buf *b)
{
	for (size_t i = 0; i < COUNT; i++) {
		const struct setting *d = &settings[i];

		buf_printf(b, "  %-22s ", d->name);
		if (d->words == NULL)
			buf_printf(b, "%-8lld ", (long long)d->value);
		else
			buf_printf(b, "%-8.*s ", STR_FMT(word_at(d->words, d->value)));
		buf_printf(b, "%s", d->meaning);
		if (d->words != NULL && strcmp(d->words, BOOL) != 0)
			buf_printf(b, " (%s)", d->words);
		buf_add_char(b, '\n');
	}
}

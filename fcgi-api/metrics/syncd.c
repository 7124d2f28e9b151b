#include <stdio.h>
#include <string.h>

#include "common/base/instant.h"
#include "common/base/json_read.h"
#include "fcgi-api/metrics/metrics.h"
#include "fcgi-api/metrics/text.h"

/* Member ${name} of ${object}, any of which may be missing. */
static const cJSON *
member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static double
number(const cJSON *object, const char *name)
{
	const cJSON *item = member(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static bool
is_true(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(member(object, name));
}

/* An instant as seconds since 1970; 0: there is none. */
static double
seconds(const cJSON *object, const char *name)
{
	const char *text = json_text(object, name);
	int64_t ms;

	if (text == NULL || instant_parse(str_of(text), &ms) != ERR_OK)
		return 0;
	return (double)ms / 1000;
}

/* One of syncd's words, if it may stand in a label. */
static const char *
word(const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);

	return text != NULL && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") ==
	    strlen(text) ? text : "other";
}

static void
read_histogram(const cJSON *kind, struct histogram *h)
{
	const cJSON *item;
	size_t i = 0;

	*h = (struct histogram){ .sum_ns = (uint64_t)number(kind, "sumNs") };
	cJSON_ArrayForEach(item, member(kind, "buckets"))
		if (i <= HISTOGRAM_BOUNDS && cJSON_IsNumber(item))
			h->counts[i++] = (uint64_t)item->valuedouble;
}

/* Of calls, syncs or requests: how those of each kind ended, and how long they took. */
static void
add_outcomes(struct buf *b, const cJSON *kinds, const char *prefix, const char *help)
{
	char name[80], labels[160];
	const cJSON *kind, *outcome;
	struct histogram time;

	(void)snprintf(name, sizeof(name), "%s_total", prefix);
	metric_begin(b, name, "counter", help);
	cJSON_ArrayForEach(kind, kinds)
		cJSON_ArrayForEach(outcome, member(kind, "outcomes")) {
			(void)snprintf(labels, sizeof(labels), "kind=\"%.40s\",outcome=\"%.60s\"",
			    word(member(kind, "kind")), outcome->string);
			metric_double(b, name, labels, outcome->valuedouble);
		}
	(void)snprintf(name, sizeof(name), "%s_duration_seconds", prefix);
	metric_begin(b, name, "histogram", "Their durations.");
	cJSON_ArrayForEach(kind, kinds) {
		read_histogram(kind, &time);
		(void)snprintf(labels, sizeof(labels), "kind=\"%.40s\"", word(member(kind, "kind")));
		metric_histogram(b, name, labels, &time);
	}
}

/* Writing calls by the number of their records. */
static void
add_batches(struct buf *b, const cJSON *batches)
{
	static const char name[] = "orderdeck_airtable_batch_records";
	double count = 0, sum = 0;
	const cJSON *item;
	int size = 0;

	metric_begin(b, name, "histogram", "Orders that travelled in one writing call.");
	cJSON_ArrayForEach(item, batches) {
		size++;
		count += item->valuedouble;
		sum += item->valuedouble * size;
		buf_printf(b, "%s_bucket{le=\"%d\"} %.0f\n", name, size, count);
	}
	buf_printf(b, "%s_bucket{le=\"+Inf\"} %.0f\n%s_sum %.0f\n%s_count %.0f\n", name, count, name,
	    sum, name, count);
}

/* A value for each member of ${object} that is a number, which the label names. */
static void
add_words(struct buf *b, const char *name, const char *type, const char *help, const char *label,
    const cJSON *object)
{
	const cJSON *item;
	char labels[64];

	metric_begin(b, name, type, help);
	cJSON_ArrayForEach(item, object) {
		if (!cJSON_IsNumber(item))
			continue;
		(void)snprintf(labels, sizeof(labels), "%.16s=\"%.30s\"", label, item->string);
		metric_double(b, name, labels, item->valuedouble);
	}
}

/* A value for each of ${count} ${words}: 1 for the one that ${is} equals, 0 for others. */
static void
add_state(struct buf *b, const char *name, const char *help, const char *label,
    const char *const *words, size_t count, const char *is)
{
	char labels[64];

	metric_begin(b, name, "gauge", help);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(labels, sizeof(labels), "%.16s=\"%.30s\"", label, words[i]);
		metric_uint(b, name, labels, is != NULL && strcmp(is, words[i]) == 0);
	}
}

static void
add_airtable(struct buf *b, const cJSON *airtable)
{
	static const char *const circuits[] = { "closed", "open", "halfOpen" };
	const cJSON *rate = member(airtable, "rateLimit"), *month = member(airtable, "monthlyCalls");

	add_state(b, "orderdeck_airtable_circuit", "1 for the state that the circuit to Airtable is in.",
	    "state", circuits, sizeof(circuits) / sizeof(circuits[0]),
	    json_text(airtable, "circuit"));
	metric_one(b, "orderdeck_airtable_last_success_timestamp_seconds", "gauge",
	    "When a call last succeeded; 0: never.", seconds(airtable, "lastSuccessAt"));
	metric_one(b, "orderdeck_airtable_last_error_timestamp_seconds", "gauge",
	    "When a call last failed; 0: never.", seconds(member(airtable, "lastError"), "at"));
	metric_one(b, "orderdeck_airtable_calls_waiting", "gauge", "Calls that wait for their turn.",
	    number(member(airtable, "calls"), "waiting"));
	metric_one(b, "orderdeck_airtable_locked_seconds", "gauge",
	    "How long no call may be made, after a 429.", number(rate, "lockedForMs") / 1000);
	metric_one(b, "orderdeck_airtable_quota_used_up", "gauge",
	    "1 when Airtable says that the month's calls are used up.", is_true(rate, "quotaUsedUp"));
	metric_one(b, "orderdeck_airtable_month_calls", "gauge", "Calls of this calendar month.",
	    number(month, "used"));
	metric_one(b, "orderdeck_airtable_month_budget", "gauge",
	    "Calls that a month may have; 0: no limit.", number(month, "budget"));
	metric_one(b, "orderdeck_airtable_month_forecast", "gauge",
	    "Calls that the month will have had at its end if all goes on as now.",
	    number(month, "forecast"));
	add_words(b, "orderdeck_airtable_month_left", "gauge", "Calls that are left, by purpose.",
	    "use", member(month, "left"));
}

/* What the feed has done since syncd was started. */
static const struct {
	const char	*member, *name, *help;
} feed_counts[] = {
	{ "polls", "orderdeck_feed_polls_total", "Polls of Airtable by the feed." },
	{ "payloads", "orderdeck_feed_payloads_total", "Payloads of the webhook that were read." },
	{ "changes", "orderdeck_feed_changes_total", "Changes of records that the feed brought." },
	{ "echoes", "orderdeck_feed_echoes_total", "Our own changes that came back by the feed." },
	{ "gaps", "orderdeck_feed_gaps_total", "Gaps, in which changes may be missed; all is read then." },
	{ "pings", "orderdeck_feed_pings_total", "Pings from Airtable." },
	{ "sweeps", "orderdeck_feed_sweeps_total", "Sweeps over all ids, for deletions." }
};

static void
add_feed(struct buf *b, const cJSON *feed)
{
	static const char *const modes[] = { "webhook", "modified", "off" };

	add_state(b, "orderdeck_feed", "1 for the way in which changes made in Airtable are followed.",
	    "source", modes, sizeof(modes) / sizeof(modes[0]),
	    json_text(feed, "mode"));
	metric_one(b, "orderdeck_feed_complete", "gauge",
	    "1 when nothing that happened since the last full sync was missed.", is_true(feed, "complete"));
	metric_one(b, "orderdeck_feed_failing", "gauge", "1 when the feed's calls fail.",
	    cJSON_IsObject(member(feed, "error")));
	metric_one(b, "orderdeck_feed_cursor", "gauge", "Next payload of the webhook.",
	    number(feed, "cursor"));
	metric_one(b, "orderdeck_feed_waiting", "gauge", "Records that are to be read again.",
	    number(feed, "waiting"));
	metric_one(b, "orderdeck_feed_lag_seconds", "gauge",
	    "How long the last change took from Airtable to the store.",
	    number(feed, "lagMs") / 1000);
	metric_one(b, "orderdeck_feed_last_poll_timestamp_seconds", "gauge",
	    "When the feed last polled with success; 0: never.", seconds(feed, "lastPoll"));
	for (size_t i = 0; i < sizeof(feed_counts) / sizeof(feed_counts[0]); i++)
		metric_one(b, feed_counts[i].name, "counter", feed_counts[i].help,
		    number(feed, feed_counts[i].member));
}

/*
 * How old the data may be while all goes well: a poll and a sweep apart, or without a feed the
 * distance of full syncs.
 */
static double
expected_staleness(const cJSON *feed, const cJSON *month)
{
	const char *mode = json_text(feed, "mode");

	if (mode == NULL || strcmp(mode, "off") == 0)
		return number(month, "syncSeconds");
	return number(month, "pollSeconds") + number(feed, "sweepSeconds");
}

static void
add_sync(struct buf *b, const cJSON *sync, const cJSON *airtable)
{
	const char *state = json_text(sync, "state");
	const char *alarm = json_text(member(sync, "alarm"), "code");
	const cJSON *field;
	char labels[64];

	metric_one(b, "orderdeck_sync_running", "gauge", "1 while a sync runs.",
	    state != NULL && strcmp(state, "running") == 0);
	metric_one(b, "orderdeck_sync_failed", "gauge", "1 when the last sync failed.",
	    state != NULL && strcmp(state, "failed") == 0);
	metric_one(b, "orderdeck_shrink_alarm", "gauge",
	    "1 while nothing is deleted because the base is suddenly small (sync.max_shrink).",
	    alarm != NULL && strcmp(alarm, "airtable_field_missing") != 0 &&
	    strcmp(alarm, "airtable_field_lost") != 0);
	metric_one(b, "orderdeck_fields_missing", "gauge",
	    "Fields of orders that the Airtable table lacks: they show old values.",
	    cJSON_GetArraySize(member(airtable, "missingFields")));
	metric_begin(b, "orderdeck_field_held", "gauge",
	    "1 for a field that keeps its old values because Airtable's can't be read.");
	cJSON_ArrayForEach(field, member(sync, "held")) {
		(void)snprintf(labels, sizeof(labels), "field=\"%.40s\"", word(field));
		metric_uint(b, "orderdeck_field_held", labels, 1);
	}
	add_words(b, "orderdeck_drift_orders", "gauge",
	    "Orders in which the store differed from Airtable when the last full sync looked.",
	    "kind", member(sync, "drift"));
}

/* Cells from Airtable that were not understood, by field. */
static void
add_odd(struct buf *b, const cJSON *fields)
{
	static const char now[] = "orderdeck_cells_not_understood";
	static const char total[] = "orderdeck_cells_not_understood_total";
	const cJSON *item;
	char labels[64];

	metric_begin(b, now, "gauge",
	    "Cells that the last full sync did not understand, and those that came since.");
	cJSON_ArrayForEach(item, fields) {
		(void)snprintf(labels, sizeof(labels), "field=\"%.40s\"", word(member(item, "field")));
		metric_double(b, now, labels, number(item, "cells") + number(item, "since"));
	}
	metric_begin(b, total, "counter", "How often such cells came, since the start of syncd.");
	cJSON_ArrayForEach(item, fields) {
		(void)snprintf(labels, sizeof(labels), "field=\"%.40s\"", word(member(item, "field")));
		metric_double(b, total, labels, number(item, "total"));
	}
}

void
metrics_add_syncd(struct buf *b, const cJSON *status)
{
	const cJSON *metrics = member(status, "metrics"), *outbox = member(status, "outbox");
	const cJSON *airtable = member(status, "airtable");

	metric_one(b, "orderdeck_syncd_up", "gauge", "1 when syncd answers.", status != NULL);
	if (status == NULL)
		return;
	metric_one(b, "orderdeck_syncd_start_timestamp_seconds", "gauge", "When syncd was started.",
	    seconds(status, "startedAt"));
	add_sync(b, member(status, "sync"), airtable);
	add_odd(b, member(status, "notUnderstood"));
	add_feed(b, member(status, "feed"));
	metric_one(b, "orderdeck_expected_staleness_seconds", "gauge",
	    "How old the data may be while all goes well: polls and sweeps, or full syncs, are this far apart.",
	    expected_staleness(member(status, "feed"), member(airtable, "monthlyCalls")));
	metric_one(b, "orderdeck_outbox_pending", "gauge",
	    "Changes accepted that Airtable has not confirmed.", number(outbox, "pending"));
	metric_one(b, "orderdeck_outbox_oldest_timestamp_seconds", "gauge",
	    "When the oldest of them arrived; 0: none waits.", seconds(outbox, "oldestAt"));
	add_airtable(b, airtable);
	add_outcomes(b, member(metrics, "calls"), "orderdeck_airtable_calls",
	    "Calls sent to Airtable.");
	add_batches(b, member(metrics, "batches"));
	add_outcomes(b, member(metrics, "syncs"), "orderdeck_syncs", "Syncs that ended.");
	add_outcomes(b, member(metrics, "requests"), "orderdeck_syncd_requests",
	    "Requests that syncd answered on its socket.");
}

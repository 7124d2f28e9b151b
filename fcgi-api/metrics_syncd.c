#include <stdio.h>
#include <string.h>

#include "common/instant.h"
#include "fcgi-api/metrics.h"
#include "fcgi-api/metrics_text.h"

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
	const char *text = cJSON_GetStringValue(member(object, name));
	int64_t ms;

	if (text == NULL || instant_parse(str_of(text), &ms) != ERR_OK)
		return 0;
	return (double)ms / 1000;
}

/* Words of syncd's that may stand in labels. */
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

/* "calls" and the like: how things of each kind ended, and how long they took. */
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
	metric_begin(b, name, "histogram", "How long they took.");
	cJSON_ArrayForEach(kind, kinds) {
		read_histogram(kind, &time);
		(void)snprintf(labels, sizeof(labels), "kind=\"%.40s\"", word(member(kind, "kind")));
		metric_histogram(b, name, labels, &time);
	}
}

/* Write calls by the number of their records. */
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

static void
add_circuit(struct buf *b, const cJSON *airtable)
{
	static const char name[] = "orderdeck_airtable_circuit";
	static const char *const states[] = { "closed", "open", "halfOpen" };
	const char *state = cJSON_GetStringValue(member(airtable, "circuit"));

	metric_begin(b, name, "gauge", "1 for the state that the circuit to Airtable is in.");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		char labels[32];

		(void)snprintf(labels, sizeof(labels), "state=\"%s\"", states[i]);
		metric_uint(b, name, labels, state != NULL && strcmp(state, states[i]) == 0);
	}
}

static void
add_airtable(struct buf *b, const cJSON *airtable)
{
	const cJSON *rate = member(airtable, "rateLimit"), *month = member(airtable, "monthlyCalls");

	add_circuit(b, airtable);
	metric_one(b, "orderdeck_airtable_last_success_timestamp_seconds", "gauge",
	    "When a call last succeeded; 0: never.", seconds(airtable, "lastSuccessAt"));
	metric_one(b, "orderdeck_airtable_last_error_timestamp_seconds", "gauge",
	    "When a call last failed; 0: never.", seconds(member(airtable, "lastError"), "at"));
	metric_one(b, "orderdeck_airtable_calls_waiting", "gauge", "Calls that wait for their turn.",
	    number(member(airtable, "calls"), "waiting"));
	metric_one(b, "orderdeck_airtable_locked_seconds", "gauge",
	    "How long no call may go after a 429.", number(rate, "lockedForMs") / 1000);
	metric_one(b, "orderdeck_airtable_quota_used_up", "gauge",
	    "1 when Airtable says that the month's calls are used up.", is_true(rate, "quotaUsedUp"));
	metric_one(b, "orderdeck_airtable_month_calls", "gauge", "Calls of this calendar month.",
	    number(month, "used"));
	metric_one(b, "orderdeck_airtable_month_budget", "gauge",
	    "Calls that a month may have; 0: no limit.", number(month, "budget"));
}

void
metrics_add_syncd(struct buf *b, const cJSON *status)
{
	const cJSON *metrics = member(status, "metrics"), *outbox = member(status, "outbox");
	const char *state = cJSON_GetStringValue(member(member(status, "sync"), "state"));

	metric_one(b, "orderdeck_syncd_up", "gauge", "1 when syncd answers.", status != NULL);
	if (status == NULL)
		return;
	metric_one(b, "orderdeck_syncd_start_timestamp_seconds", "gauge", "When syncd was started.",
	    seconds(status, "startedAt"));
	metric_one(b, "orderdeck_sync_running", "gauge", "1 while a sync runs.",
	    state != NULL && strcmp(state, "running") == 0);
	metric_one(b, "orderdeck_sync_failed", "gauge", "1 when the last sync failed.",
	    state != NULL && strcmp(state, "failed") == 0);
	metric_one(b, "orderdeck_outbox_pending", "gauge",
	    "Changes accepted that Airtable has not confirmed.", number(outbox, "pending"));
	metric_one(b, "orderdeck_outbox_oldest_timestamp_seconds", "gauge",
	    "When the oldest of them came; 0: there is none.", seconds(outbox, "oldestAt"));
	add_airtable(b, member(status, "airtable"));
	add_outcomes(b, member(metrics, "calls"), "orderdeck_airtable_calls",
	    "Calls that left for Airtable.");
	add_batches(b, member(metrics, "batches"));
	add_outcomes(b, member(metrics, "syncs"), "orderdeck_syncs", "Syncs that ended.");
	add_outcomes(b, member(metrics, "requests"), "orderdeck_syncd_requests",
	    "Requests that syncd answered on its socket.");
}

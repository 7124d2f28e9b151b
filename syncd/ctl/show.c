#include <math.h>
#include <string.h>

#include "common/base/json_read.h"
#include "syncd/ctl/show.h"

#define BAR_WIDTH	20
#define COUNT_MAX	1e15	/* larger numbers can't be counts of anything we keep */

static const cJSON *
member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

double
ctl_number(const cJSON *object, const char *name, double otherwise)
{
	const cJSON *item = member(object, name);

	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= COUNT_MAX))
		return otherwise;
	return item->valuedouble;
}

bool
ctl_state_is(const cJSON *sync, const char *state)
{
	const char *is = json_text(sync, "state");

	return is != NULL && strcmp(is, state) == 0;
}

/* Below space, DEL, and in UTF-8 U+0080 to U+009F. */
void
ctl_show_text(const char *text, struct buf *b)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
			p++;
			buf_add_char(b, '?');
		} else {
			buf_add_char(b, *p < ' ' || *p == 0x7f ? '?' : (char)*p);
		}
	}
}

/* Append "<before><text>" if there is such a text. */
static void
add_text(struct buf *b, const char *before, const cJSON *object, const char *name)
{
	const char *text = json_text(object, name);

	if (text == NULL)
		return;
	buf_add_cstr(b, before);
	ctl_show_text(text, b);
}

/* Append "<before><number><after>" if there is such a number. */
static void
add_number(struct buf *b, const char *before, const cJSON *object, const char *name,
    const char *after)
{
	double v = ctl_number(object, name, -1);

	if (v >= 0)
		buf_printf(b, "%s%.0f%s", before, v, after);
}

static void
add_bytes(struct buf *b, double v)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t u = 0;

	for (; v >= 1024 && u < sizeof(units) / sizeof(units[0]) - 1; u++)
		v /= 1024;
	buf_printf(b, "%.*f %s", u == 0 ? 0 : 1, v, units[u]);
}

void
ctl_show_cause(const cJSON *error, struct buf *b)
{
	const char *code = json_text(error, "code");

	ctl_show_text(code != NULL ? code : "unknown cause", b);
	add_text(b, ": ", error, "detail");
}

static void
add_mode(struct buf *b, const cJSON *sync)
{
	add_text(b, "", sync, "mode");
	buf_add_cstr(b, json_text(sync, "mode") != NULL ? " sync" : "sync");
}

/* Without an expected number there is no bar. */
static void
add_bar(struct buf *b, double done, double of)
{
	double share = done >= of ? 1 : done / of;
	int filled = (int)(share * BAR_WIDTH);

	buf_printf(b, "%3d%% [", (int)(share * 100));
	for (int i = 0; i < BAR_WIDTH; i++)
		buf_add_char(b, i < filled ? '#' : '.');
	buf_add_cstr(b, "] ");
}

void
ctl_show_progress(const cJSON *sync, struct buf *b)
{
	double records = ctl_number(sync, "records", 0);
	double expected = ctl_number(sync, "expectedRecords", 0);

	add_mode(b, sync);
	buf_add_cstr(b, ": ");
	if (expected > 0)
		add_bar(b, records, expected);
	buf_printf(b, "%.0f", records);
	if (expected > 0)
		buf_printf(b, " of %.0f", expected);
	buf_add_cstr(b, " records");
	add_number(b, ", ", sync, "pages", " pages");
}

void
ctl_show_result(const cJSON *sync, struct buf *b)
{
	add_mode(b, sync);
	buf_add_cstr(b, ctl_state_is(sync, "failed") ? " failed" : " done");
	add_number(b, ": ", sync, "records", " records");
	add_number(b, " in ", sync, "pages", " pages");
	add_number(b, "; ", sync, "changed", " changed");
	add_number(b, ", ", sync, "created", " created");
	add_number(b, ", ", sync, "deleted", " deleted");
	if (ctl_number(sync, "warnings", 0) > 0)
		add_number(b, ", ", sync, "warnings", " warnings (see the log)");
}

static void
show_daemon(const cJSON *s, struct buf *b)
{
	buf_add_cstr(b, "syncd     ");
	add_text(b, "", s, "version");
	add_number(b, ", pid ", s, "pid", "");
	add_text(b, ", since ", s, "startedAt");
	buf_add_cstr(b, "\norders    ");
	add_number(b, "", s, "orders", "");
	add_number(b, ", generation ", s, "generation", "");
	add_text(b, ", complete as of ", s, "syncedAt");
	if (cJSON_IsNull(member(s, "syncedAt")))
		buf_add_cstr(b, ", never complete yet");
	buf_add_char(b, '\n');
}

/* A line for each table but the orders, which have one already. */
static void
show_tables(const cJSON *tables, struct buf *b)
{
	const cJSON *t;

	cJSON_ArrayForEach(t, tables) {
		const char *name = json_text(t, "name");

		if (name == NULL || strcmp(name, "orders") == 0)
			continue;
		buf_add_cstr(b, "table     ");
		ctl_show_text(name, b);
		add_number(b, ", ", t, "rows", " rows");
		add_number(b, ", ", t, "pending", " pending");
		add_text(b, ", complete as of ", t, "syncedAt");
		if (cJSON_IsNull(member(t, "syncedAt")))
			buf_add_cstr(b, ", never complete yet");
		buf_add_char(b, '\n');
	}
}

static void
show_sync(const cJSON *sync, struct buf *b)
{
	const cJSON *error = member(sync, "error");

	if (!cJSON_IsObject(sync))
		return;
	buf_add_cstr(b, "sync      ");
	if (ctl_state_is(sync, "running")) {
		buf_add_cstr(b, "running, ");
		ctl_show_progress(sync, b);
	} else {
		add_text(b, "", sync, "state");
		if (json_text(sync, "finishedAt") != NULL) {
			buf_add_cstr(b, ", last ");
			ctl_show_result(sync, b);
			add_text(b, ", at ", sync, "finishedAt");
		}
	}
	add_text(b, "\nnext      ", sync, "next");
	add_text(b, "\nALARM     ", member(sync, "alarm"), "detail");
	if (cJSON_IsObject(error)) {
		buf_add_cstr(b, "\nerror     ");
		ctl_show_cause(error, b);
	}
	buf_add_char(b, '\n');
}

static void
show_odd(const cJSON *fields, struct buf *b)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, fields) {
		add_text(b, "not understood: ", item, "field");
		add_number(b, ", ", item, "cells", " cells in the last full sync");
		add_number(b, ", ", item, "since", " since");
		add_text(b, ", such as that of ", item, "record");
		add_text(b, ": ", item, "what");
		buf_add_char(b, '\n');
	}
}

static void
show_feed(const cJSON *feed, struct buf *b)
{
	const cJSON *error = member(feed, "error");

	if (!cJSON_IsObject(feed))
		return;
	add_text(b, "feed      ", feed, "mode");
	add_text(b, ", ", feed, "reason");
	add_text(b, ", knows all until ", feed, "freshAt");
	add_number(b, ", which a sweep finds out every ", feed, "sweepSeconds", " s");
	add_number(b, ", last change after ", feed, "lagMs", " ms");
	if (cJSON_IsObject(error)) {
		buf_add_cstr(b, "\n          error ");
		ctl_show_cause(error, b);
	}
	buf_add_char(b, '\n');
}

static void
show_airtable(const cJSON *a, struct buf *b)
{
	const cJSON *rate = member(a, "rateLimit"), *calls = member(a, "monthlyCalls");
	const cJSON *error = member(a, "lastError"), *left = member(calls, "left");

	if (!cJSON_IsObject(a))
		return;
	buf_add_cstr(b, "airtable  ");
	add_text(b, "circuit ", a, "circuit");
	add_text(b, ", last success ", a, "lastSuccessAt");
	if (cJSON_IsObject(error)) {
		buf_add_cstr(b, "\n          last error ");
		ctl_show_cause(error, b);
		add_text(b, " at ", error, "at");
	}
	add_text(b, "\n          ", a, "createKeyProblem");
	add_number(b, "\nrate      ", rate, "perSecond", " calls a second");
	if (ctl_number(rate, "lockedForMs", 0) > 0)
		buf_printf(b, ", locked for %.0f s", ceil(ctl_number(rate, "lockedForMs", 0) / 1000));
	add_number(b, "\ncalls     ", calls, "used", " this month");
	add_number(b, " of ", calls, "budget", "");
	if (cJSON_IsNull(member(calls, "budget")))
		buf_add_cstr(b, " without a budget");
	add_number(b, ", ", calls, "forecast", " expected by its end");
	add_number(b, "\nleft      ", left, "writes", " calls for changes");
	add_number(b, ", ", left, "syncs", " for full syncs");
	add_number(b, ", ", left, "feed", " for the feed");
	buf_add_char(b, '\n');
}

void
ctl_show_status(const cJSON *s, struct buf *b)
{
	const cJSON *store = member(s, "store");
	double used = ctl_number(store, "usedBytes", -1), map = ctl_number(store, "mapBytes", -1);

	show_daemon(s, b);
	show_tables(member(s, "tables"), b);
	show_sync(member(s, "sync"), b);
	show_odd(member(s, "notUnderstood"), b);
	show_feed(member(s, "feed"), b);
	show_airtable(member(s, "airtable"), b);
	add_number(b, "outbox    ", member(s, "outbox"), "pending", " pending\n");
	if (used < 0)
		return;
	buf_add_cstr(b, "store     ");
	add_bytes(b, used);
	if (map >= 0) {
		buf_add_cstr(b, " of ");
		add_bytes(b, map);
	}
	buf_add_char(b, '\n');
}

#include "common/base/json_write.h"
#include "syncd/feed/parts.h"

static void
add_text(struct buf *b, const char *name, const char *text)
{
	json_member_string_or_null(b, name, text[0] == '\0' ? (struct str){ NULL, 0 } : str_of(text));
}

static void
add_event(struct buf *b, const char *name, int64_t at_ms, const char *what)
{
	if (at_ms == 0) {
		json_member_null(b, name);
		return;
	}
	json_name(b, name);
	buf_add_char(b, '{');
	json_member_instant(b, "at", at_ms);
	json_member_string(b, "what", str_of(what));
	buf_add_char(b, '}');
}

static void
add_error(const struct feed *f, struct buf *b)
{
	/* a single failed call is not worth reporting */
	if (f->error[0] == '\0' || (f->failures < FEED_FAILURES && !f->refused)) {
		json_member_null(b, "error");
		return;
	}
	json_name(b, "error");
	buf_add_char(b, '{');
	json_member_string(b, "code", str_of(err_code(f->error_code)));
	json_member_string(b, "detail", str_of(f->error));
	buf_add_char(b, '}');
}

/* What only sweeps show is known as of the last listing. */
static void
add_sweeps(const struct feed *f, struct buf *b)
{
	if (f->phase == FEED_RESTING || !feed_sweep_needed(f)) {
		json_member_null(b, "listedAt");
		json_member_null(b, "sweepSeconds");
		return;
	}
	json_member_instant(b, "listedAt", f->listed_ms);
	json_member_int(b, "sweepSeconds", f->sweep_every_ms / 1000);
}

static void
add_counts(const struct feed *f, struct buf *b)
{
	json_member_uint(b, "polls", f->polls);
	json_member_uint(b, "payloads", f->payloads);
	json_member_uint(b, "changes", f->taken_count);
	json_member_uint(b, "echoes", f->skipped_echoes);
	json_member_uint(b, "read", f->reread);
	json_member_uint(b, "waiting", f->kept.again_count + (f->id_count - f->id_at));
	json_member_uint(b, "gaps", f->gaps);
	json_member_uint(b, "pings", f->pings);
	json_member_uint(b, "sweeps", f->sweeps);
}

void
feed_add_status(const struct feed *f, struct buf *b)
{
	static const char *const modes[] = {
		[FEED_RESTING] = "off", [FEED_FINDING] = "webhook", [FEED_READING] = "webhook",
		[FEED_POLLING] = "modified"
	};
	static const char *const states[] = {
		[FEED_RESTING] = "off", [FEED_FINDING] = "finding", [FEED_READING] = "reading",
		[FEED_POLLING] = "polling"
	};

	json_name(b, "feed");
	buf_add_char(b, '{');
	json_member_string(b, "mode", str_of(modes[f->phase]));
	json_member_string(b, "state", str_of(states[f->phase]));
	add_text(b, "reason", f->why);
	add_text(b, "webhook", f->kept.webhook);
	json_member_uint(b, "cursor", f->kept.cursor);
	json_member_bool(b, "complete", f->phase != FEED_RESTING && !f->kept.gap);
	json_member_instant(b, "freshAt", f->fresh_ms);
	add_sweeps(f, b);
	json_member_instant(b, "lastPoll", f->success_ms);
	json_member_instant(b, "lastEvent", f->event_ms);
	if (f->event_ms == 0)
		json_member_null(b, "lagMs");
	else
		json_member_int(b, "lagMs", f->lag_ms);
	add_event(b, "lastGap", f->gap_at_ms, f->gap_why);
	add_event(b, "schemaChange", f->schema_at_ms, f->schema_what);
	add_error(f, b);
	add_counts(f, b);
	buf_add_char(b, '}');
}

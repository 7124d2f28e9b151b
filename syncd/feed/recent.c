#include "common/base/hash.h"
#include "common/base/instant.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "syncd/feed/parts.h"

/*
 * Airtable's answer to a change of ours may be older than what the feed has
 * brought about the same record while the answer was on its way, and the answer is
 * stored all the same, since its caller is told that the change was made.  So a
 * record that the feed changed lately and a confirmed write then changes to
 * something else is read again.  So is a record that a full sync changes back, as
 * its listing may have lagged behind, and one that was changed lately when a gap is
 * bridged.
 */
#define RECENT_MS	30000

/* 0: the record was deleted, or not all of it is known. */
static uint64_t
content_hash(const struct schema *schema, const struct change *c)
{
	uint64_t h = HASH_BEGIN;

	if (c->kind == CHANGE_GONE || c->record.known != schema_all(schema))
		return 0;
	for (size_t f = 0; f < schema->field_count; f++) {
		const struct value *v = &c->record.values[f];
		int64_t number = v->present ? v->number : 0;
		char mark = v->present ? '+' : '-';

		h = hash_add(h, &mark, 1);
		if (v->present && (kind_is_text(schema->fields[f].kind) ||
		    (schema->fields[f].kind == FIELD_INSTANT && moment_is_date(v))))
			h = hash_add(h, v->text.ptr, v->text.len);
		else
			h = hash_add(h, &number, sizeof(number));
	}
	return h | 1;
}

static void
note_write(struct feed *f, const struct change *c, int64_t now)
{
	f->wrote[f->wrote_next++ % FEED_WROTE] = (struct feed_wrote){
		.id = hash_str(c->record.id), .at_ms = now
	};
}

/* What the feed last brought about a record; NULL: nothing lately. */
static const struct feed_recent *
last_brought(const struct feed *f, uint64_t id, int64_t now)
{
	const struct feed_recent *last = NULL;

	for (size_t i = 0; i < FEED_RECENT; i++) {
		const struct feed_recent *r = &f->recent[i];

		if (r->id == id && r->at_ms != 0 && now - r->at_ms < RECENT_MS &&
		    (last == NULL || r->at_ms >= last->at_ms))
			last = r;
	}
	return last;
}

bool
feed_changed_lately(const struct feed *f, struct str id)
{
	const struct feed_wrote *oldest = &f->wrote[f->wrote_next % FEED_WROTE];
	int64_t now = instant_monotonic();
	uint64_t hash = hash_str(id);

	/*
	 * after a start, or with more writes than there is room for, this is not known:
	 * assume so
	 */
	if (now - f->started_ms < RECENT_MS ||
	    (oldest->at_ms != 0 && now - oldest->at_ms < RECENT_MS))
		return true;
	for (size_t i = 0; i < FEED_WROTE; i++)
		if (f->wrote[i].id == hash && f->wrote[i].at_ms != 0 &&
		    now - f->wrote[i].at_ms < RECENT_MS)
			return true;
	return last_brought(f, hash, now) != NULL;
}

static void
note(struct feed *f, const struct change *c, int64_t now)
{
	struct feed_recent *r = &f->recent[f->recent_next++ % FEED_RECENT];

	*r = (struct feed_recent){
		.id = hash_str(c->record.id), .content = content_hash(f->schema, c), .at_ms = now
	};
}

/* Is what the feed last brought about the record something else? */
static bool
differs(const struct feed *f, const struct change *c, int64_t now)
{
	uint64_t content = content_hash(f->schema, c);
	const struct feed_recent *last = last_brought(f, hash_str(c->record.id), now);

	return last != NULL && (last->content != content || content == 0);
}

void
feed_watch(void *cookie, const struct change *changes, size_t n, enum change_source source)
{
	struct feed *f = cookie;
	int64_t now = instant_monotonic();

	if (f->phase == FEED_RESTING)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct change *c = &changes[i];

		feed_fields_seen(f, c);
		if (source == SOURCE_FEED)
			note(f, c, now);
		if (source == SOURCE_WRITE)
			note_write(f, c, now);
		if ((source == SOURCE_WRITE || source == SOURCE_FULL_SYNC) &&
		    differs(f, c, now) && !feed_state_again(&f->kept, c->record.id, now,
		    source == SOURCE_WRITE ? now : now + FEED_LOOK_MS, 0))
			feed_gap(f, "too many records have to be read again");
	}
}

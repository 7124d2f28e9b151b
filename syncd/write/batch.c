#include <stdlib.h>

#include "common/base/instant.h"
#include "syncd/airtable/jitter.h"
#include "syncd/write/parts.h"

#define PAUSE_MS	250	/* after a failure, doubling with each */
#define PAUSE_MAX_MS	2000	/* while somebody waits; the circuit breaker has longer ones */
#define PATIENCE_MS	60000	/* while nobody does */
#define CUT_SHARE	0.15	/* of a time-out, at its end, is kept for checks */

/* ---- batches --------------------------------------------------------------------- */
struct batch *
batch_new(struct writes *all, const struct schema *table, enum outbox_kind kind)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->all = all;
	b->table = table;
	b->kind = kind;
	(void)uv_timer_init(all->loop, &b->timer);	/* it never fails */
	b->timer.data = b;
	TAILQ_INSERT_TAIL(&all->batches, b, link);
	return b;
}

void
batch_add(struct batch *b, struct group *g)
{
	g->batch = b;
	b->groups[b->count++] = g;
}

void
batch_drop(struct batch *b, struct group *g)
{
	size_t i = 0;

	while (b->groups[i] != g)
		i++;
	for (b->count--; i < b->count; i++)
		b->groups[i] = b->groups[i + 1];
	g->batch = NULL;
}

static void
on_timer_closed(uv_handle_t *h)
{
	free(h->data);
}

void
batch_free(struct batch *b)
{
	if (b->call != NULL)	/* a look whose entries have all ended */
		airtable_cancel(b->call);
	b->call = NULL;
	TAILQ_REMOVE(&b->all->batches, b, link);
	uv_close((uv_handle_t *)&b->timer, on_timer_closed);
}

void
batch_return(struct batch *b)
{
	while (b->count > 0) {
		struct group *g = b->groups[b->count - 1];

		batch_drop(b, g);
		group_return(b->all, g);
	}
	batch_free(b);
}

/*
 * May the line go on without the group?  Yes if all its askers have a result and it is
 * not sent again, unless the line's next entry expects a version.
 */
static bool
done_with(const struct group *g)
{
	const struct write *w, *next = g->line == NULL ? NULL : TAILQ_FIRST(&g->line->waiting);

	TAILQ_FOREACH(w, &g->writes, link)
		if (!w->told || w->entry.deferred)
			return false;
	return next == NULL || next->entry.version == 0;
}

/* May it still be sent or applied, or bring news to the store? */
static bool
under_way(const struct batch *b)
{
	return b->state == BATCH_SENDING || b->state == BATCH_URGENT ||
	    b->state == BATCH_LOOKING || b->applied || instant_monotonic() < b->late_until_ms;
}

static void
sweep(struct batch *b)
{
	struct writes *all = b->all;

	for (size_t i = b->count; i-- > 0;) {
		struct group *g = b->groups[i];

		if (TAILQ_EMPTY(&g->writes)) {
			batch_drop(b, g);
			group_free(all, g);
			continue;
		}
		if (b->state != BATCH_SENDING)
			group_merge(g);	/* one of its entries may have gone */
		if (!under_way(b) && done_with(g))
			group_leave(all, g);
	}
	if (b->count == 0)
		batch_free(b);
}

void
batch_sweep(struct writes *all)
{
	struct batch *b, *next;

	for (b = TAILQ_FIRST(&all->batches); b != NULL; b = next) {
		next = TAILQ_NEXT(b, link);
		sweep(b);
	}
}

bool
batch_urgent(const struct writes *all)
{
	const struct batch *b;

	TAILQ_FOREACH(b, &all->batches, link)
		if (b->state == BATCH_URGENT)
			return true;
	return false;
}

/* ---- patience -------------------------------------------------------------------- */
int64_t
batch_pause_ms(unsigned tries, int64_t max_ms)
{
	int64_t ms = PAUSE_MS;

	for (unsigned i = 1; i < tries && ms < max_ms; i++)
		ms *= 2;
	if (ms > max_ms)
		ms = max_ms;
	return ms / 2 + jitter_below(ms / 2 + 1);
}

static bool
somebody_waits(const struct writes *all)
{
	const struct errand *e;

	TAILQ_FOREACH(e, &all->errands, link)
		if (e->told_count < e->item_count)
			return true;
	return false;
}

void
batch_rest(struct writes *all)
{
	all->rest_until_ms = instant_monotonic() + batch_pause_ms(++all->failures,
	    somebody_waits(all) ? PAUSE_MAX_MS : PATIENCE_MS);
}

void
batch_hurry(struct writes *all)
{
	int64_t latest = instant_monotonic() + PAUSE_MAX_MS;

	if (all->rest_until_ms > latest)
		all->rest_until_ms = latest;
}

bool
batch_hopeless(struct writes *all, int64_t send_by_ms, enum err *why)
{
	int64_t now = instant_monotonic(), blocked = airtable_blocked_ms(all->airtable, why);

	if (blocked > 0 && *why != ERR_AIRTABLE_RATE_LIMITED)
		return true;	/* longer than a person should wait */
	if (all->rest_until_ms - now > blocked)
		blocked = all->rest_until_ms - now;
	if (now + blocked < send_by_ms)
		return false;
	*why = *why == ERR_OK ? ERR_AIRTABLE_TIMEOUT : *why;
	return true;
}

/* ---- time ------------------------------------------------------------------------- */
/* The call ends early enough for a check before the first asker gives up. */
int64_t
batch_timeout_ms(const struct batch *b)
{
	int64_t least = (int64_t)((double)b->all->config->write.timeout_ms * CUT_SHARE), ms = 0;
	int64_t now = instant_monotonic();
	const struct write *w;

	for (size_t i = 0; i < b->count; i++)
		TAILQ_FOREACH(w, &b->groups[i]->writes, link) {
			const struct errand *e = w->errand;
			int64_t cut = e->deadline_ms - (int64_t)((double)e->timeout_ms * CUT_SHARE) - now;

			if (!w->told && (ms == 0 || cut < ms))
				ms = cut > least ? cut : least;
		}
	return ms;
}

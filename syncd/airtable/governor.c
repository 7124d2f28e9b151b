#include <stdlib.h>

#include "common/base/instant.h"
#include "syncd/airtable/governor.h"

#define WINDOW_MS	1000
#define PER_SECOND_MAX	10000
#define JITTER_MAX_MS	5000

/* One call in the window, or a free place in the array. */
struct slot {
	enum { SLOT_FREE, SLOT_ADMITTED, SLOT_SENT, SLOT_ENDED } state;
	uint64_t	ticket;
	int64_t		sent_ms;	/* from SLOT_SENT on */
	int64_t		late_ms;	/* SLOT_ENDED: how long it may have been on the way */
};

struct governor {
	struct governor_limits	 limits;
	governor_random		*random;
	void			*random_cookie;

	struct slot		*slots;
	size_t			 slot_count;	/* >= per_second */
	uint64_t		 next_ticket;
	int64_t			 floor_ms;	/* what the quickest answers take; -1: not known */

	unsigned		 in_a_row;	/* starts since a waiting lower lane had its share */
	unsigned		 skipped[GOVERNOR_LANES];	/* starts of others while this lane waited */

	int64_t			 locked_from_ms;	/* the last 429 incident */
	int64_t			 locked_until_ms;
	unsigned		 lockouts;	/* in a row */
	bool			 quota;		/* used up as far as we know */
	int64_t			 probe_ms;	/* when the next probe may start */
	uint64_t		 probe_ticket;	/* the probe under way; 0: none */

	uint64_t		 counts[GOVERNOR_OUTCOMES];
};

struct governor *
governor_new(const struct governor_limits *limits, governor_random *random, void *cookie)
{
	struct governor *g;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->random = random;
	g->random_cookie = cookie;
	g->next_ticket = 1;
	g->floor_ms = -1;
	g->locked_from_ms = g->locked_until_ms = INT64_MIN;
	if (governor_configure(g, limits) != ERR_OK) {
		governor_free(g);
		return NULL;
	}
	return g;
}

void
governor_free(struct governor *g)
{
	if (g == NULL)
		return;
	free(g->slots);
	free(g);
}

enum err
governor_configure(struct governor *g, const struct governor_limits *limits)
{
	int64_t n = limits->per_second;
	struct slot *slots;

	if (n < 1)
		n = 1;
	if (n > PER_SECOND_MAX)
		n = PER_SECOND_MAX;
	/* the array never shrinks, as calls under way keep their slots */
	if ((size_t)n > g->slot_count) {
		if ((slots = reallocarray(g->slots, (size_t)n, sizeof(*slots))) == NULL)
			return ERR_NOMEM;
		for (size_t i = g->slot_count; i < (size_t)n; i++)
			slots[i] = (struct slot){ .state = SLOT_FREE };
		g->slots = slots;
		g->slot_count = (size_t)n;
	}
	g->limits = *limits;
	g->limits.per_second = n;
	return ERR_OK;
}

void
governor_assume(struct governor *g, int64_t sent_ms)
{
	for (size_t i = 0; i < g->slot_count; i++)
		g->slots[i] = (struct slot){ .state = SLOT_ENDED, .sent_ms = sent_ms };
}

/*
 * How much of ${took_ms}, from sending to answer, the call may have spent on the way
 * to Airtable.
 */
static int64_t
lateness(const struct governor *g, int64_t took_ms)
{
	int64_t late = took_ms - (g->floor_ms < 0 ? 0 : g->floor_ms);

	if (late < 0)
		return 0;
	return late < GOVERNOR_LATE_MAX_MS ? late : GOVERNOR_LATE_MAX_MS;
}

/* Milliseconds until the slot is free; 0: it is; -1: its call has not been sent yet. */
static int64_t
slot_wait(const struct governor *g, const struct slot *s, int64_t now_ms)
{
	int64_t until = s->sent_ms + WINDOW_MS + GOVERNOR_MARGIN_MS;

	switch (s->state) {
	case SLOT_ADMITTED:
		return -1;
	case SLOT_SENT:
		/* its answer may still show that it was not late */
		if (now_ms >= until && now_ms < until + lateness(g, now_ms - s->sent_ms))
			until += GOVERNOR_LATE_MAX_MS;
		break;
	case SLOT_ENDED:
		until += s->late_ms;
		break;
	case SLOT_FREE:
	default:
		return 0;
	}
	return until > now_ms ? until - now_ms : 0;
}

int64_t
governor_wait_ms(const struct governor *g, int64_t now_ms)
{
	int64_t least = -1;
	size_t held = 0;

	for (size_t i = 0; i < g->slot_count; i++) {
		int64_t wait = slot_wait(g, &g->slots[i], now_ms);

		if (wait == 0)
			continue;
		held++;
		if (wait > 0 && (least < 0 || wait < least))
			least = wait;
	}
	return held < (size_t)g->limits.per_second ? 0 : least;
}

size_t
governor_room(const struct governor *g, int64_t now_ms)
{
	size_t held = 0, limit = (size_t)g->limits.per_second;

	for (size_t i = 0; i < g->slot_count; i++)
		held += slot_wait(g, &g->slots[i], now_ms) != 0;
	return held < limit ? limit - held : 0;
}

int64_t
governor_blocked_ms(const struct governor *g, int64_t now_ms, enum err *why)
{
	int64_t rate = 0, quota = 0;

	if (g->locked_until_ms > now_ms)
		rate = g->locked_until_ms - now_ms;
	if (g->quota && g->probe_ms > now_ms)
		quota = g->probe_ms - now_ms;
	else if (g->quota && g->probe_ticket != 0)
		quota = 1;	/* the probe's answer decides */
	if (why != NULL)
		*why = quota > 0 ? ERR_AIRTABLE_QUOTA :
		    rate > 0 ? ERR_AIRTABLE_RATE_LIMITED : ERR_OK;
	return quota > rate ? quota : rate;
}

int
governor_choose(const struct governor *g, const size_t waiting[static GOVERNOR_LANES])
{
	int first = -1, patient = -1;

	for (int i = 0; i < GOVERNOR_LANES; i++) {
		if (waiting[i] == 0)
			continue;
		if (first < 0)
			first = i;
		else if (patient < 0 || g->skipped[i] > g->skipped[patient])
			patient = i;
	}
	return patient >= 0 && g->in_a_row >= GOVERNOR_LANE_SHARE - 1 ? patient : first;
}

static void
note_order(struct governor *g, int lane, const size_t waiting[static GOVERNOR_LANES])
{
	bool higher = false, lower = false;

	for (int i = 0; i < GOVERNOR_LANES; i++) {
		if (i == lane || waiting[i] == 0) {
			g->skipped[i] = 0;
			continue;
		}
		g->skipped[i]++;
		higher |= i < lane;
		lower |= i > lane;
	}
	g->in_a_row = lower && !higher ? g->in_a_row + 1 : 0;
}

uint64_t
governor_admit(struct governor *g, int lane, const size_t waiting[static GOVERNOR_LANES],
    int64_t now_ms)
{
	uint64_t ticket = g->next_ticket++;

	note_order(g, lane, waiting);
	for (size_t i = 0; i < g->slot_count; i++)
		if (slot_wait(g, &g->slots[i], now_ms) == 0) {
			g->slots[i] = (struct slot){ .state = SLOT_ADMITTED, .ticket = ticket };
			break;
		}
	if (g->quota) {
		g->probe_ticket = ticket;
		g->probe_ms = now_ms + GOVERNOR_PROBE_MS;
	}
	return ticket;
}

static struct slot *
find_slot(struct governor *g, uint64_t ticket)
{
	for (size_t i = 0; i < g->slot_count; i++)
		if (g->slots[i].state != SLOT_FREE && g->slots[i].ticket == ticket)
			return &g->slots[i];
	return NULL;
}

void
governor_sent(struct governor *g, uint64_t ticket, int64_t now_ms)
{
	struct slot *s = find_slot(g, ticket);

	if (s != NULL && s->state == SLOT_ADMITTED) {
		s->state = SLOT_SENT;
		s->sent_ms = now_ms;
	}
}

/* The least time that recent answers took: falls at once, rises by 1 ms an answer. */
static void
learn_floor(struct governor *g, int64_t took_ms)
{
	if (g->floor_ms < 0 || took_ms < g->floor_ms)
		g->floor_ms = took_ms;
	else if (took_ms > g->floor_ms)
		g->floor_ms++;
}

static void
lock_out(struct governor *g, int64_t sent_ms, int64_t retry_after_ms, int64_t now_ms)
{
	int64_t named = retry_after_ms < GOVERNOR_PROBE_MS ? retry_after_ms : GOVERNOR_PROBE_MS;
	int64_t ms = named > 0 ? named : g->limits.lockout_ms, most = g->limits.lockout_ms, jitter;

	most = most > named ? most : named;
	if (sent_ms > g->locked_from_ms) {
		for (unsigned i = 0; i < g->lockouts && ms < GOVERNOR_LOCKOUT_MAX_MS; i++)
			ms *= 2;
		if (g->lockouts > 0 && ms > GOVERNOR_LOCKOUT_MAX_MS)
			ms = GOVERNOR_LOCKOUT_MAX_MS;
		g->lockouts++;
		g->locked_from_ms = now_ms;
	}
	/*
	 * named times double as well when 429s go on, but to lockout_ms at most, and never
	 * below the named one
	 */
	if (named > 0)
		ms = ms > most ? most : ms < named ? named : ms;
	jitter = ms / 5 < JITTER_MAX_MS ? ms / 5 : JITTER_MAX_MS;
	ms += (int64_t)(g->random(g->random_cookie) * (double)jitter);
	if (now_ms + ms > g->locked_until_ms)
		g->locked_until_ms = now_ms + ms;
}

static void
stop_for_quota(struct governor *g, int64_t now_ms, int64_t wall_ms)
{
	int64_t ms = instant_month(wall_ms, 1) - wall_ms;

	g->quota = true;
	g->probe_ms = now_ms + (ms < GOVERNOR_PROBE_MS ? ms : GOVERNOR_PROBE_MS);
}

/* What the end of a call means for lockouts. */
static void
judge(struct governor *g, bool probe, const struct governor_ended *end, int64_t now_ms,
    int64_t wall_ms)
{
	switch (end->outcome) {
	case GOVERNOR_OK:
		if (end->sent_ms > g->locked_from_ms)
			g->lockouts = 0;
		if (probe)
			g->quota = false;
		break;
	case GOVERNOR_REFUSED:
		/*
		 * the probe passed; if the month is used up after all, the next call will show
		 * it
		 */
		if (probe)
			g->quota = false;
		break;
	case GOVERNOR_RATE_LIMITED:
		lock_out(g, end->sent_ms, end->retry_after_ms, now_ms);
		break;
	case GOVERNOR_QUOTA:
		stop_for_quota(g, now_ms, wall_ms);
		break;
	case GOVERNOR_NEVER_SENT:
		if (probe)
			g->probe_ms = now_ms;
		break;
	case GOVERNOR_FAILED:
	case GOVERNOR_NO_ANSWER:
	case GOVERNOR_OUTCOMES:
	default:
		break;
	}
}

void
governor_end(struct governor *g, uint64_t ticket, const struct governor_ended *end,
    int64_t now_ms, int64_t wall_ms)
{
	struct slot *s = find_slot(g, ticket);
	bool probe = g->probe_ticket == ticket;

	g->counts[end->outcome]++;
	if (probe)
		g->probe_ticket = 0;
	judge(g, probe, end, now_ms, wall_ms);
	if (s == NULL)		/* the call took so long that its slot was given away */
		return;
	if (s->state == SLOT_SENT) {
		int64_t took = now_ms - s->sent_ms;

		s->state = SLOT_ENDED;
		s->late_ms = lateness(g, took);
		if (end->outcome != GOVERNOR_NO_ANSWER)
			learn_floor(g, took);
	} else {
		s->state = SLOT_FREE;
	}
}

uint64_t
governor_count(const struct governor *g, enum governor_outcome outcome)
{
	return g->counts[outcome];
}

int64_t
governor_per_second(const struct governor *g)
{
	return g->limits.per_second;
}

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "airtable-sim/base/editor.h"
#include "airtable-sim/base/state.h"
#include "common/base/instant.h"

#define BEHIND_MS	1000	/* what is later than this is left out */

struct sim_editing {
	struct sim_state	*state;
	pthread_t		 thread;
};

/* Something that happens so often a second. */
struct beat {
	double	next_ms;	/* monotonic; meaningless at rest */
	double	rate;
};

/* How many times it is due; a new rate begins now. */
static unsigned
due(struct beat *b, double rate, double now)
{
	unsigned n = 0;

	if (rate != b->rate || b->next_ms < now - BEHIND_MS) {
		b->rate = rate;
		b->next_ms = now;
	}
	while (rate > 0 && b->next_ms <= now) {
		b->next_ms += 1000 / rate;
		n++;
	}
	return n;
}

/* Until the next beat of either, or a change (data held). */
static void
rest(struct sim_state *s, const struct beat *edits, const struct beat *calls)
{
	double until = INFINITY;
	struct timespec ts;

	if (edits->rate > 0)
		until = edits->next_ms;
	if (calls->rate > 0 && calls->next_ms < until)
		until = calls->next_ms;
	if (!isfinite(until)) {
		(void)pthread_cond_wait(&s->editor.changed, &s->data);
		return;
	}
	ts.tv_sec = (time_t)(until / 1000);
	ts.tv_nsec = (long)fmod(until, 1000) * 1000000 + 999999;	/* not a moment too early */
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	(void)pthread_cond_timedwait(&s->editor.changed, &s->data, &ts);
}

static void *
edit(void *cookie)
{
	struct sim_state *s = cookie;
	struct beat edits = { 0 }, calls = { 0 };

	(void)pthread_mutex_lock(&s->data);
	while (!s->editor.over) {
		double now = (double)instant_monotonic();
		unsigned n = due(&calls, s->editor.calls_per_second, now);

		if (n > 0) {
			(void)pthread_mutex_lock(&s->arrivals);
			sim_limits_consume(&s->limits, (int64_t)now, n);
			(void)pthread_mutex_unlock(&s->arrivals);
			s->editor.calls += n;
		}
		for (n = due(&edits, s->editor.per_second, now); n > 0; n--)
			sim_editor_act(s, sim_state_clock(s));
		rest(s, &edits, &calls);
	}
	(void)pthread_mutex_unlock(&s->data);
	return NULL;
}

struct sim_editing *
sim_editing_start(struct sim_state *s)
{
	struct sim_editing *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->state = s;
	if (pthread_create(&e->thread, NULL, edit, s) != 0) {
		free(e);
		return NULL;
	}
	return e;
}

void
sim_editing_stop(struct sim_editing *e)
{
	if (e == NULL)
		return;
	(void)pthread_mutex_lock(&e->state->data);
	e->state->editor.over = true;
	(void)pthread_cond_broadcast(&e->state->editor.changed);
	(void)pthread_mutex_unlock(&e->state->data);
	(void)pthread_join(e->thread, NULL);
	free(e);
}

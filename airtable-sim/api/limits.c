#include <stdlib.h>
#include <string.h>

#include "airtable-sim/api/limits.h"
#include "common/base/hash.h"
#include "common/base/instant.h"

#define WINDOW_MS	1000

/* Drop what is a second old or older. */
static void
expire(struct sim_window *w, int64_t now)
{
	while (w->count > 0 && w->times[w->first] <= now - WINDOW_MS) {
		w->first = (w->first + 1) % w->capacity;
		w->count--;
	}
}

/* Out of memory is out of luck: the arrival is then not counted. */
static void
push(struct sim_window *w, int64_t now)
{
	if (w->count == w->capacity) {
		size_t capacity = w->capacity == 0 ? 64 : w->capacity * 2;
		int64_t *times = malloc(capacity * sizeof(*times));

		if (times == NULL)
			return;
		for (size_t i = 0; i < w->count; i++)
			times[i] = w->times[(w->first + i) % w->capacity];
		free(w->times);
		*w = (struct sim_window){ times, 0, w->count, capacity };
	}
	w->times[(w->first + w->count++) % w->capacity] = now;
}

/* The token's place; the last one is shared by all that came too late for their own. */
static size_t
token_place(struct sim_limits *l, struct str token)
{
	uint64_t hash = hash_str(token);

	for (size_t i = 0; i < l->token_count; i++)
		if (l->tokens[i].hash == hash)
			return i;
	if (l->token_count == SIM_TOKENS_SEEN_MAX)
		return SIM_TOKENS_SEEN_MAX - 1;
	l->tokens[l->token_count].hash = hash;
	return l->token_count++;
}

static bool
full(struct sim_window *w, int64_t rate, int64_t now)
{
	expire(w, now);
	return rate > 0 && w->count >= (size_t)rate;
}

static void
lock_out(struct sim_limits *l, const struct sim_settings *s, size_t token, int64_t until)
{
	if (s->penalty_key != SIM_PENALTY_TOKEN)
		l->base_locked_until = until;
	if (s->penalty_key != SIM_PENALTY_BASE)
		l->tokens[token].locked_until = until;
}

static bool
over_quota(struct sim_limits *l, const struct sim_settings *s, const struct sim_arrival *a)
{
	int year, month, day;
	int64_t now;

	instant_civil_from_day((int32_t)(a->simulated_ms / 86400000), &year, &month, &day);
	now = year * 12 + month;
	if (now != l->month) {
		l->month = now;
		l->month_calls = 0;
	}
	if ((a->meta && !s->meta_counts) || (a->webhook && !s->webhook_counts))
		return false;
	l->month_calls++;
	return s->monthly > 0 && l->month_calls > (uint64_t)s->monthly;
}

enum sim_verdict
sim_limits_arrive(struct sim_limits *l, const struct sim_settings *s, const struct sim_arrival *a)
{
	int64_t now = a->monotonic_ms;
	size_t token = token_place(l, a->token);
	bool locked = (a->of_base && now < l->base_locked_until) ||
	    now < l->tokens[token].locked_until;

	l->requests++;
	expire(&l->all, now);
	push(&l->all, now);
	if (l->all.count > l->max_per_second)
		l->max_per_second = l->all.count;
	if (over_quota(l, s, a)) {
		l->rejected_quota++;
		return SIM_QUOTA_EXCEEDED;
	}
	if (locked || (a->of_base && full(&l->base, s->rate, now)) ||
	    full(&l->tokens[token].window, s->rate > 0 ? s->token_rate : 0, now)) {
		if (!locked || s->penalty_prolongs)
			lock_out(l, s, token, now + s->penalty_ms);
		l->rejected_rate++;
		return SIM_RATE_EXCEEDED;
	}
	if (a->of_base)
		push(&l->base, now);
	push(&l->tokens[token].window, now);
	return SIM_ADMIT;
}

void
sim_limits_consume(struct sim_limits *l, int64_t now, size_t calls)
{
	expire(&l->base, now);
	for (size_t i = 0; i < calls; i++)
		push(&l->base, now);
}

void
sim_limits_reset(struct sim_limits *l)
{
	free(l->base.times);
	free(l->all.times);
	for (size_t i = 0; i < l->token_count; i++)
		free(l->tokens[i].window.times);
	memset(l, 0, sizeof(*l));
}

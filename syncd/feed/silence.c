#include "syncd/feed/silence.h"

#define KEPT		0.75	/* weight of the past at each page: about a mean of four pages */
#define PAUSE_MAX_MS	60000	/* a longer rest does not mean that people work more slowly */

static unsigned
doubled(const struct feed_silence *s, int64_t now_ms)
{
	int64_t halved = (now_ms - s->doubled_ms) / FEED_SILENCE_HALVED_MS;

	return halved < (int64_t)s->doubled ? s->doubled - (unsigned)halved : 0;
}

void
feed_silence_restart(struct feed_silence *s, int64_t now_ms)
{
	if (s->news_ms != 0)
		s->news_ms = now_ms;
	s->explained = false;
}

void
feed_silence_news(struct feed_silence *s, size_t payloads, int64_t asked_ms)
{
	int64_t pause = asked_ms - s->news_ms;

	/*
	 * weighted by payloads, so that a page with few, before a webhook was lost, does
	 * not make news look rare
	 */
	if (s->news_ms != 0) {
		s->span_ms = s->span_ms * KEPT + (double)(pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS);
		s->payloads = s->payloads * KEPT + (double)payloads;
	}
	s->news_ms = asked_ms;
	s->explained = false;
}

int64_t
feed_silence_patience(const struct feed_silence *s, int64_t now_ms)
{
	unsigned times = doubled(s, now_ms);
	int64_t ms;

	if (!(s->payloads > 0) || s->explained || times >= FEED_SILENCE_DOUBLED)
		return INT64_MAX;
	ms = (int64_t)(s->span_ms / s->payloads * FEED_SILENCE_TIMES);
	return (ms > FEED_SILENCE_LEAST_MS ? ms : FEED_SILENCE_LEAST_MS) << times;
}

bool
feed_silence_odd(const struct feed_silence *s, int64_t now_ms)
{
	return now_ms - s->news_ms >= feed_silence_patience(s, now_ms);
}

void
feed_silence_explain(struct feed_silence *s, int64_t now_ms)
{
	if (feed_silence_odd(s, now_ms)) {
		s->doubled = doubled(s, now_ms) + 1;
		s->doubled_ms = now_ms;
	}
	s->explained = true;
}

#ifndef SYNCD_FEED_SILENCE_H
#define SYNCD_FEED_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Has it been quiet for longer than chance explains?  An expired webhook
 * answers with empty pages, as if nothing happened.  Where news was frequent, a
 * silence of several times the usual distance between two payloads is worth one
 * call to see whether the webhook is well.  No loop, no clock: times are passed
 * in, monotonic.
 *
 * 1. A silence is odd once, and only if two pages in a row before it had news.
 * 2. Each silence in which the webhook turns out to be well doubles the patience,
 *    and every ten minutes halve it again; at FEED_SILENCE_DOUBLED doublings no
 *    silence is odd.  So real silences cost FEED_SILENCE_DOUBLED calls and then
 *    one in ten minutes at most, 147 a day, whatever people do, and a quiet night
 *    costs nothing.
 */
#define FEED_SILENCE_LEAST_MS	900	/* less than the usual sync.feed_interval */
#define FEED_SILENCE_TIMES	4	/* the mean from one payload to the next */
#define FEED_SILENCE_DOUBLED	3
#define FEED_SILENCE_HALVED_MS	600000

struct feed_silence {	/* begins as all 0 */
	int64_t		news_ms;	/* when the last page with news was asked for; 0: none yet */
	double		span_ms, payloads;	/* so many payloads came in so long, the newest weighing most; 0: not known */
	bool		explained;	/* the present silence was looked into */
	unsigned	doubled;	/* at doubled_ms */
	int64_t		doubled_ms;
};

/* The log of payloads has just begun: time before now is no silence. */
void	feed_silence_restart(struct feed_silence *, int64_t now_ms);
/* The page asked for at ${asked_ms} had ${payloads} payloads, at least one. */
void	feed_silence_news(struct feed_silence *, size_t payloads, int64_t asked_ms);
/* How long after the last news a silence is odd; INT64_MAX: never. */
int64_t	feed_silence_patience(const struct feed_silence *, int64_t now_ms);
/* A page without news came: has it been quiet for too long? */
bool	feed_silence_odd(const struct feed_silence *, int64_t now_ms);
/* The webhook was found well. */
void	feed_silence_explain(struct feed_silence *, int64_t now_ms);

#endif

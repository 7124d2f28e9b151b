#ifndef SYNCD_FEED_SILENCE_H
#define SYNCD_FEED_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is it quiet for longer than can be by chance?  A webhook that has expired goes
 * on with empty pages, as if nobody did anything; where news were frequent, a
 * silence of several times what usually lies between two is worth one call to
 * see whether the webhook is well.  No loop, no clock: times are passed in,
 * monotonic.
 *
 * 1. A silence is odd once, and only where two pages in a row had news before.
 * 2. Each one that turns out to be a mere silence doubles the patience, and ten
 *    minutes halve it again; at FEED_SILENCE_DOUBLED none is odd.  So mere
 *    silences cost FEED_SILENCE_DOUBLED calls and then one in ten minutes at
 *    most, 147 a day, whatever people do, and a quiet night costs nothing.
 */
#define FEED_SILENCE_LEAST_MS	900	/* less than the usual sync.feed_interval */
#define FEED_SILENCE_TIMES	4	/* the mean from one payload to the next */
#define FEED_SILENCE_DOUBLED	3
#define FEED_SILENCE_HALVED_MS	600000

struct feed_silence {	/* all 0 is a good beginning */
	int64_t		news_ms;	/* the last page with news was asked for; 0: none was */
	double		span_ms, payloads;	/* how many came in how long, the newest count most; 0: not known */
	bool		explained;	/* this one was looked into */
	unsigned	doubled;	/* at doubled_ms */
	int64_t		doubled_ms;
};

/* A log that has just begun: what was not told before is no silence. */
void	feed_silence_restart(struct feed_silence *, int64_t now_ms);
/* The page asked for at ${asked_ms} had ${payloads}, one at least. */
void	feed_silence_news(struct feed_silence *, size_t payloads, int64_t asked_ms);
/* How long after the last news a silence is odd; INT64_MAX: never. */
int64_t	feed_silence_patience(const struct feed_silence *, int64_t now_ms);
/* A page without news has come: is it quiet for too long? */
bool	feed_silence_odd(const struct feed_silence *, int64_t now_ms);
/* The webhook is well. */
void	feed_silence_explain(struct feed_silence *, int64_t now_ms);

#endif

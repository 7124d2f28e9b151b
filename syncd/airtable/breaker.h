#ifndef SYNCD_AIRTABLE_BREAKER_H
#define SYNCD_AIRTABLE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The circuit to Airtable.  Closed: calls start.  After failures_max failures
 * in a row it opens: no call starts until the cool-down is over.  Then one
 * call, the probe, may start (half open).  If it succeeds the circuit closes;
 * if it fails the circuit opens for twice as long, up to
 * BREAKER_COOLDOWN_MAX_MS or the configured cool-down, whichever is longer.
 * Pure logic: now_ms is passed in, on a clock that never steps.
 *
 * A failure is no connection, no answer or a 5xx.  Any other answer, even a
 * refusal, shows that Airtable is there.
 */
#define BREAKER_COOLDOWN_MAX_MS	10000	/* a probe costs one call, and what waits should go on soon */

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
	/* set by breaker_init() and breaker_configure() */
	int64_t	  failures_max;
	int64_t	  cooldown_ms;
	double	(*random)(void *cookie);	/* 0 <= r < 1 */
	void	 *random_cookie;
	/* its own */
	bool	  open;
	int64_t	  failures;	/* in a row */
	unsigned  opened;	/* times in a row, with no success in between */
	int64_t	  until_ms;	/* open: the end of the cool-down */
	bool	  probing;
	int64_t	  probe_ms;	/* when the probe started */
};

void		 breaker_init(struct breaker *, int64_t failures_max, int64_t cooldown_ms,
		    double (*random)(void *), void *cookie);
/* New limits; the state stays. */
void		 breaker_configure(struct breaker *, int64_t failures_max, int64_t cooldown_ms);

enum breaker_state breaker_state(const struct breaker *, int64_t now_ms);
/* May a call start now?  While half open: only if there is no probe yet. */
bool		 breaker_allows(const struct breaker *, int64_t now_ms);
/* A call started.  true: it is the probe, which must end with one of the three below. */
bool		 breaker_start(struct breaker *, int64_t now_ms);

void		 breaker_success(struct breaker *);
/* ${probe}: the probe failed.  Calls from before the circuit opened don't keep it open longer. */
void		 breaker_failure(struct breaker *, bool probe, int64_t now_ms);
/* The probe ended without a verdict (it was cancelled): another one may start. */
void		 breaker_no_verdict(struct breaker *, bool probe);

/* Milliseconds until a probe may start; 0 unless the circuit is open. */
int64_t		 breaker_wait_ms(const struct breaker *, int64_t now_ms);
/* How long the probe has been under way; -1: there is none. */
int64_t		 breaker_probing_ms(const struct breaker *, int64_t now_ms);

#endif

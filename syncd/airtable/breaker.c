#include "syncd/airtable/breaker.h"

void
breaker_init(struct breaker *b, int64_t failures_max, int64_t cooldown_ms,
    double (*random)(void *), void *cookie)
{
	*b = (struct breaker){ .random = random, .random_cookie = cookie };
	breaker_configure(b, failures_max, cooldown_ms);
}

void
breaker_configure(struct breaker *b, int64_t failures_max, int64_t cooldown_ms)
{
	b->failures_max = failures_max < 1 ? 1 : failures_max;
	b->cooldown_ms = cooldown_ms < 1 ? 1 : cooldown_ms;
}

enum breaker_state
breaker_state(const struct breaker *b, int64_t now_ms)
{
	if (!b->open)
		return BREAKER_CLOSED;
	return now_ms < b->until_ms ? BREAKER_OPEN : BREAKER_HALF_OPEN;
}

bool
breaker_allows(const struct breaker *b, int64_t now_ms)
{
	switch (breaker_state(b, now_ms)) {
	case BREAKER_CLOSED:
		return true;
	case BREAKER_HALF_OPEN:
		return !b->probing;
	case BREAKER_OPEN:
	default:
		return false;
	}
}

bool
breaker_start(struct breaker *b, int64_t now_ms)
{
	if (!b->open)
		return false;
	b->probing = true;
	b->probe_ms = now_ms;
	return true;
}

/* The cool-down is up to a fifth shorter, so that many installations don't return at once. */
static void
open_circuit(struct breaker *b, int64_t now_ms)
{
	int64_t ms = b->cooldown_ms;
	int64_t most = ms > BREAKER_COOLDOWN_MAX_MS ? ms : BREAKER_COOLDOWN_MAX_MS;

	for (unsigned i = 0; i < b->opened && ms < most; i++)
		ms *= 2;
	if (ms > most)
		ms = most;
	ms -= (int64_t)(b->random(b->random_cookie) * (double)ms / 5);
	b->open = true;
	b->probing = false;
	b->opened++;
	b->until_ms = now_ms + ms;
}

void
breaker_success(struct breaker *b)
{
	b->open = false;
	b->probing = false;
	b->failures = 0;
	b->opened = 0;
}

void
breaker_failure(struct breaker *b, bool probe, int64_t now_ms)
{
	if (b->open) {
		if (probe)
			open_circuit(b, now_ms);
		return;
	}
	if (++b->failures >= b->failures_max)
		open_circuit(b, now_ms);
}

void
breaker_no_verdict(struct breaker *b, bool probe)
{
	if (probe)
		b->probing = false;
}

int64_t
breaker_wait_ms(const struct breaker *b, int64_t now_ms)
{
	return b->open && b->until_ms > now_ms ? b->until_ms - now_ms : 0;
}

int64_t
breaker_probing_ms(const struct breaker *b, int64_t now_ms)
{
	return b->probing ? now_ms - b->probe_ms : -1;
}

#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/base/data_more.h"
#include "airtable-sim/base/state.h"
#include "common/base/instant.h"

int64_t
sim_state_now(const struct sim_state *s)
{
	return instant_monotonic() + s->clock_offset;
}

int64_t
sim_state_clock(struct sim_state *s)
{
	int64_t now;

	(void)pthread_mutex_lock(&s->arrivals);
	now = sim_state_now(s);
	(void)pthread_mutex_unlock(&s->arrivals);
	return now;
}

bool
sim_state_reset(struct sim_state *s, uint32_t orders, uint64_t seed)
{
	struct sim_base *base;

	base = sim_data_new(s->options.base_id, orders, seed, s->options.now_ms);
	if (base == NULL)
		return false;
	if (!sim_tables_add(base, s->options.tables, seed, s->options.now_ms)) {
		sim_base_free(base);
		return false;
	}
	sim_base_free(s->base);
	s->base = base;
	s->generated = orders;
	s->clock_offset = s->options.now_ms - instant_monotonic();
	sim_limits_reset(&s->limits);
	sim_log_reset(&s->log);
	s->settings = s->options.settings;
	sim_iterators_expire(&s->iterators);
	s->iterators.random.state = seed + 1;
	sim_faults_clear(&s->faults);
	sim_webhooks_clear(&s->webhooks);
	sim_editor_reset(&s->editor, seed);
	s->tokens[0] = (struct sim_token){ .scopes = SIM_SCOPE_ALL, .valid = true };
	memcpy(s->tokens[0].text, s->options.token, sizeof(s->options.token));
	s->token_count = 1;
	s->options.orders = orders;
	s->options.seed = seed;
	return true;
}

struct sim_state *
sim_state_new(const struct sim_options *options)
{
	struct sim_state *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->options = *options;
	if (pthread_mutex_init(&s->arrivals, NULL) != 0)
		goto err0;
	if (pthread_mutex_init(&s->data, NULL) != 0)
		goto err1;
	if (!sim_editor_init(&s->editor, options->seed))
		goto err2;
	sim_webhooks_init(&s->webhooks);
	if (!sim_state_reset(s, options->orders, options->seed))
		goto err3;
	return s;
err3:
	sim_editor_free(&s->editor);
err2:
	(void)pthread_mutex_destroy(&s->data);
err1:
	(void)pthread_mutex_destroy(&s->arrivals);
err0:
	free(s);
	return NULL;
}

void
sim_state_free(struct sim_state *s)
{
	if (s == NULL)
		return;
	sim_base_free(s->base);
	sim_limits_reset(&s->limits);
	sim_log_reset(&s->log);
	sim_iterators_expire(&s->iterators);
	sim_faults_clear(&s->faults);
	sim_webhooks_clear(&s->webhooks);
	sim_editor_free(&s->editor);
	(void)pthread_mutex_destroy(&s->data);
	(void)pthread_mutex_destroy(&s->arrivals);
	free(s);
}

#ifndef AIRTABLE_SIM_BASE_SETTINGS_H
#define AIRTABLE_SIM_BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/str.h"

/*
 * What may be changed while the simulator runs: limits, and everything
 * about Airtable that is not known for certain, as switches.  One table in
 * settings.c gives each its name at the /_sim/settings door and on the
 * command line (--set name=value), its default, its range and its meaning.
 */
struct sim_settings {
	/* limits */
	int64_t	rate, token_rate, penalty_ms, penalty_key, penalty_prolongs;
	int64_t	rate_shape, retry_after_on_429, monthly, meta_counts, webhook_counts;
	/* time */
	int64_t	latency_ms, iterator_ttl_ms, visibility_lag_ms, millisecond_times;
	/* answers */
	int64_t	token_valid, unknown_model_status, deleted_status, not_found_shape;
	int64_t	bad_json_status, long_url_status, strict_parameters, create_limit_message;
	int64_t	get_across_tables, body_max_bytes;
	/* behaviour */
	int64_t	deleted_in_pages, created_in_pages, link_bumps, noop_bumps, free_choices;
	int64_t	option_rename_touches, cast_failure, bare_percent, merge_kinds;
	/* webhooks: their life, reading them */
	int64_t	webhooks_max, too_many_webhooks_status, webhook_ttl_ms, webhook_grace_ms;
	int64_t	gone_webhook_status, expired_refresh_status, acknowledgement;
	int64_t	payload_ttl_ms, payload_log_bytes, payload_lag_ms, payloads_per_page;
	int64_t	old_cursor, high_cursor, eager_more;
	/* webhooks: payloads */
	int64_t	api_user, cleared_cells, created_empty_cells, computed_in_payloads;
	int64_t	noop_payloads, option_payloads, batch_payloads, split_records, split_every;
	int64_t	error_payload_every, broken_code;
	/* webhooks: pings */
	int64_t	ping_delay_ms, ping_timeout_ms, ping_retries, ping_retry_ms, ping_copies;
	int64_t	ping_strict_body;
};
enum sim_computed { SIM_COMPUTED_NONE, SIM_COMPUTED_SAME, SIM_COMPUTED_SEPARATE };
enum sim_high_cursor { SIM_CURSOR_ECHO, SIM_CURSOR_CLAMP, SIM_CURSOR_ERROR };
enum sim_penalty_key { SIM_PENALTY_BASE, SIM_PENALTY_TOKEN, SIM_PENALTY_BOTH };

void	sim_settings_default(struct sim_settings *);
/* False: unknown name, or a value that is no number or word of it or out of range. */
bool	sim_settings_set(struct sim_settings *, struct str name, struct str value);
/* All as members of a JSON object, without braces. */
void	sim_settings_json(struct buf *, const struct sim_settings *);
/* A line for each, for --help. */
void	sim_settings_help(struct buf *);

#endif

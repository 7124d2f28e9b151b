#ifndef COMMON_CONFIG_CONFIG_H
#define COMMON_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/tables/schema.h"

/*
 * orders.conf: INI with [sections], "key = value", comments with # or ;
 * at the start of a line.  One table (config/table.h) names each key with
 * type, unit, default, range and meaning; it drives parsing, --check-config and
 * --print-config, and tests compare orders.conf and the man page with it.
 *
 * Later wins: default, file, the named environment variables (such as
 * AIRTABLE_BASE_ID; empty counts as unset), ORDERS_<SECTION>_<KEY>,
 * -o section.key=value.
 */
#define CONFIG_FILE_DEFAULT	"/etc/orderdeck/orders.conf"
#define CONFIG_TEXT_MAX	512

/* A quiet base is asked for changes at least this often, unless sync.feed_interval is longer. */
#define CONFIG_FEED_QUIET_MS	9500

enum feed_mode { FEED_AUTO, FEED_WEBHOOK, FEED_MODIFIED, FEED_OFF };
enum http_auth { AUTH_NONE, AUTH_BASIC, AUTH_MTLS, AUTH_PROXY, AUTH_NETWORK };
enum sandbox_mode { SANDBOX_AUTO, SANDBOX_OFF };

struct config {
	struct {
		char	api_url[CONFIG_TEXT_MAX];	/* without a final slash; http:// only to loopback */
		char	token_file[CONFIG_TEXT_MAX];
		char	token[CONFIG_TEXT_MAX];		/* the secret: syncd alone loads it */
		char	base_id[CONFIG_TEXT_MAX];
		char	orders_table[CONFIG_TEXT_MAX];	/* name or tbl... */
		char	create_key[128];		/* text field for our key of created orders; name or fld... */
		int64_t	requests_per_second;		/* 5 */
		int64_t	monthly_calls;			/* 0: no limit */
		int64_t	request_timeout_ms;		/* 30s */
		int64_t	connect_timeout_ms;		/* 10s */
		int64_t	lockout_ms;			/* 30s: after a 429 that names no time */
		int64_t	retries;			/* 5: further tries of a read */
		int64_t	retry_base_ms;			/* 1s: doubles, full jitter, at most 60s */
		int64_t	breaker_failures;		/* 5 in a row open the circuit */
		int64_t	breaker_cooldown_ms;		/* 5s, doubling to 10s */
	} airtable;
	struct {
		enum feed_mode	feed;			/* auto */
		int64_t	feed_interval_ms;		/* 1s */
		char	public_url[CONFIG_TEXT_MAX];	/* where Airtable reaches us, without a final slash; "": nowhere */
		int64_t	full_interval_ms;		/* 24h */
		int64_t	wait_ms;			/* 25s */
		int64_t	max_shrink_percent;		/* 50 */
	} sync;
	struct {
		int64_t	timeout_ms;			/* 20s */
		int64_t	gather_ms;			/* 10ms */
		bool	create;				/* orders may be created; off */
		bool	delete;				/* orders may be deleted; off */
	} write;
	struct {
		char	time_zone[CONFIG_TEXT_MAX];	/* UTC; an IANA name */
		char	excluded[CONFIG_TEXT_MAX];	/* statuses that bring no revenue, see revenue.h */
		char	currency[CONFIG_TEXT_MAX];	/* symbol where the base has none, see currency.h */
	} summary;
	struct {
		char	path[CONFIG_TEXT_MAX];		/* /var/lib/orderdeck */
		int64_t	map_size_bytes;			/* 1GiB to start with; grows */
		int64_t	map_limit_bytes;		/* 64GiB: it grows no further */
		int64_t	changes_kept;			/* 10000 entries of the change log */
	} store;
	struct {
		int64_t	retention_ms;			/* 365d: of the history */
	} audit;
	struct {
		char	listen[CONFIG_TEXT_MAX];	/* 127.0.0.1:8080, nginx */
		char	trusted_proxies[CONFIG_TEXT_MAX]; /* addresses and networks; empty: none */
		char	names[CONFIG_TEXT_MAX];		/* hosts beyond those that are always known */
		enum http_auth auth;			/* what checks who may use it, as the operator declares */
		char	allowed_origins[CONFIG_TEXT_MAX]; /* other sites whose pages may use the API */
		char	user_header[CONFIG_TEXT_MAX];	/* in which trusted proxies name the user; empty: none */
	} http;
	struct {
		int64_t	workers;			/* 0: one per core */
		int64_t	slow_threads;			/* 8 */
		char	share[CONFIG_TEXT_MAX];		/* /usr/local/share/orderdeck: openapi.json, docs.html */
		char	spool[CONFIG_TEXT_MAX];		/* /var/tmp: exports while they are made */
	} api;
	struct {
		bool	enabled;
		int64_t	orders_list, orders_summary, get_order, update_order, sync_orders; /* per minute */
		int64_t	changed_orders;			/* 1000 per minute, in orders */
		int64_t	requests_per_second;		/* 100: of any kind, kept by nginx; 0: no limit */
		int64_t	connections;			/* 256: at nginx at once, per client; 0: no limit */
	} limits;
	struct {
		bool	enabled;			/* /api/events */
		int64_t	buffer_ms;			/* 5m: how long events are kept */
		int64_t	per_client;			/* 100 connections of one address */
	} events;
	struct {
		char	listen[CONFIG_TEXT_MAX];	/* 127.0.0.1:9464, nginx; empty: no metrics */
	} metrics;
	struct {
		char	dir[CONFIG_TEXT_MAX];		/* /run/orderdeck: sockets and pid files */
		enum sandbox_mode sandbox;		/* auto */
	} run;
	struct {
		char	file[CONFIG_TEXT_MAX];		/* empty: stderr */
		enum log_level	level;
		enum log_format	format;
		int64_t	slow_ms;			/* 1s: a line about each slower request; 0: none */
	} log;
	/*
	 * fields.orders.<apiName>: the Airtable name or fld... id.  config_load
	 * fills in the schema's name where none is given; in a config made by
	 * hand "" means the same.
	 */
	char	orders_fields[SCHEMA_FIELDS_MAX][128];
};

/* What a configuration is read from; later ones win.  All may be NULL. */
struct config_source {
	const char		*file;
	char *const		*env;		/* "NAME=value", NULL-ended, as environ */
	const char *const	*options;	/* "section.key=value" */
	size_t			 option_count;
};

/*
 * Read defaults and then the source into *config.  Every fault is described
 * in ${errors}, one line each:
 * "orders.conf:12: sync.wait: 'abc' is not a valid duration (0s to 5m)".
 * ERR_INVALID_PARAMETER if there was any; *config is then undefined.
 */
enum err	config_load(struct config *, const struct config_source *, struct buf *errors);

enum config_program { CONFIG_SYNCD = 1, CONFIG_API = 2 };

/*
 * config_load, and what ${program} needs beyond it.  syncd needs base and table, the
 * key's field when orders may be created, and the token, which is loaded; their faults
 * are reported together with all others.  What is allowed but probably not meant is
 * added to ${warnings}, one line each.
 */
enum err	config_load_for(struct config *, const struct config_source *, enum config_program,
		    struct buf *errors, struct buf *warnings);

/*
 * Would it be loaded?  The user who checks may be another than the daemon's: a token
 * that is not found here, or may not be read, is only a warning.
 */
enum err	config_check(const struct config_source *, enum config_program, struct buf *errors,
		    struct buf *warnings);

/*
 * For a reload.  Settings that ${program} takes up only at its start keep their value
 * of ${old} in *config; the names of those that would have changed are added to
 * ${names}, with commas between.
 */
void		config_keep(struct config *, const struct config *old, enum config_program,
		    struct buf *names);
/* Add the names of the changed settings that need a new configuration of nginx. */
void		config_name_nginx(const struct config *, const struct config *old, struct buf *names);

/*
 * The token, into config->airtable.token: AIRTABLE_API_KEY, else the file
 * airtable.token_file (refused when group or others may read it), else the
 * file airtable-token in $CREDENTIALS_DIRECTORY (systemd guards that folder
 * itself).  White space around it is dropped.  Only syncd calls it.
 * ERR_INVALID_PARAMETER: none, or a bad one; the cause is added to ${errors}
 * and never holds any part of the token.
 */
enum err	config_load_token(struct config *, char *const *env, struct buf *errors);

/* A log line for each line of ${lines}, with ${what} and a colon before it. */
void		config_log(enum log_level, const char *what, const struct buf *lines);

/* All keys and values as a valid orders.conf; secrets are not in it. */
void		config_print(const struct config *, struct buf *);

/*
 * For --print-config: load as config_load does, then write all keys, values
 * and where each came from into ${out}, as a valid orders.conf.
 */
enum err	config_explain(const struct config_source *, struct buf *out, struct buf *errors);

/* Socket and pid paths below run.dir: "<dir>/<name>" into ${path}; false: too long for a socket. */
bool		config_run_path(const struct config *, const char *name, char path[static 108]);

#endif

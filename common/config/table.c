#include <stdio.h>
#include <string.h>

#include "common/config/table.h"

#define AT(member)	.offset = offsetof(struct config, member)
#define TEXT_AT(member)	.type = SETTING_TEXT, AT(member), .size = CONFIG_TEXT_MAX

#define SECOND	INT64_C(1000)
#define MINUTE	(60 * SECOND)
#define HOUR	(60 * MINUTE)
#define DAY	(24 * HOUR)
#define KIB	INT64_C(1024)
#define TIB	(KIB * KIB * KIB * KIB)

static const char *const auth_modes[] = { "none", "basic", "mtls", "proxy", "network", NULL };
static const char *const feed_modes[] = { "auto", "webhook", "modified", "off", NULL };
static const char *const sandbox_modes[] = { "auto", "off", NULL };
static const char *const log_levels[] = { "error", "warn", "info", "debug", NULL };
static const char *const log_formats[] = { "logfmt", "json", NULL };

/* The fields.* settings follow it: they come from the schema. */
static const struct setting table[] = {
	{ .name = "airtable.api_url", TEXT_AT(airtable.api_url),
	  .value = "https://api.airtable.com", .check = check_api_url,
	  .meaning = "Address of Airtable's Web API. Plain http:// is allowed only to this machine (127.0.0.0/8, [::1], localhost)." },
	{ .name = "airtable.token_file", TEXT_AT(airtable.token_file), .value = "",
	  .check = check_token_file,
	  .meaning = "File with the access token. Group and others must not be able to read it. AIRTABLE_API_KEY in the environment wins; with neither, the systemd credential airtable-token is read." },
	{ .name = "airtable.base_id", TEXT_AT(airtable.base_id), .value = "",
	  .env = "AIRTABLE_BASE_ID",
	  .check = check_base_id,
	  .fixed = SETTING_SYNCD,
	  .meaning = "Id of the base (app...). Required by syncd." },
	{ .name = "airtable.orders_table", TEXT_AT(airtable.orders_table), .value = "",
	  .env = "AIRTABLE_TABLE_ID",
	  .check = check_table,
	  .meaning = "The table of orders, by name or by id (tbl...). Required by syncd." },
	{ .name = "airtable.create_key", .type = SETTING_TEXT, AT(airtable.create_key),
	  .size = sizeof(((struct config *)NULL)->airtable.create_key), .value = "",
	  .check = check_field_or_none,
	  .meaning = "Name or id (fld...) of a single line text field of the table. It holds our own key of each order created here, so that a lost answer never leads to a second order. Required by write.create." },
	{ .name = "airtable.requests_per_second", .type = SETTING_INTEGER,
	  AT(airtable.requests_per_second), .value = "5", .min = 1, .max = 1000,
	  .meaning = "The most calls in any one second. Airtable allows 5 per base." },
	{ .name = "airtable.monthly_calls", .type = SETTING_INTEGER,
	  AT(airtable.monthly_calls), .value = "0", .max = 1000000000,
	  .meaning = "The plan's budget of calls per calendar month (UTC); 0: no limit. Writes and full syncs come first; the feed is asked as often as the rest allows. check-config and syncd warn unless this is set: a quiet desk makes about 10000 calls a day, a busy one 90000." },
	{ .name = "airtable.request_timeout", .type = SETTING_DURATION,
	  AT(airtable.request_timeout_ms), .value = "30s", .min = 100, .max = 5 * MINUTE,
	  .meaning = "How long one call may take in all." },
	{ .name = "airtable.connect_timeout", .type = SETTING_DURATION,
	  AT(airtable.connect_timeout_ms), .value = "10s", .min = 100, .max = MINUTE,
	  .meaning = "How long connecting may take, TLS included." },
	{ .name = "airtable.lockout", .type = SETTING_DURATION,
	  AT(airtable.lockout_ms), .value = "30s", .min = 100, .max = HOUR,
	  .meaning = "How long all calls pause after Airtable answered 429 without naming a time." },
	{ .name = "airtable.retries", .type = SETTING_INTEGER,
	  AT(airtable.retries), .value = "5", .max = 20,
	  .meaning = "How often a failed read is tried again." },
	{ .name = "airtable.retry_base", .type = SETTING_DURATION,
	  AT(airtable.retry_base_ms), .value = "1s", .min = 10, .max = MINUTE,
	  .meaning = "Upper bound of the random pause before the first retry; it doubles with each, up to 60s." },
	{ .name = "airtable.breaker_failures", .type = SETTING_INTEGER,
	  AT(airtable.breaker_failures), .value = "5", .min = 1, .max = 100,
	  .meaning = "This many failures in a row (no connection, time-out, 5xx) open the circuit." },
	{ .name = "airtable.breaker_cooldown", .type = SETTING_DURATION,
	  AT(airtable.breaker_cooldown_ms), .value = "5s", .min = 100, .max = MINUTE,
	  .meaning = "How long an open circuit rests before a probe; it doubles up to 10s." },

	{ .name = "sync.feed", .type = SETTING_ENUM, AT(sync.feed), .value = "auto",
	  .words = feed_modes,
	  .meaning = "How changes made in Airtable are noticed between full syncs. Only a webhook reports deletions at once; it needs the token's scopes webhook:manage and schema.bases:read besides data.records:read and data.records:write." },
	{ .name = "sync.feed_interval", .type = SETTING_DURATION,
	  AT(sync.feed_interval_ms), .value = "1s", .min = 100, .max = HOUR,
	  .meaning = "How often the feed of changes is asked while things happen. After ten minutes without a change it is asked less and less often, after twenty every 9.5 seconds, unless this interval is longer. airtable.monthly_calls may make it less often still." },
	{ .name = "sync.public_url", TEXT_AT(sync.public_url), .value = "",
	  .check = check_public_url,
	  .fixed = SETTING_NGINX,
	  .meaning = "Address under which Airtable reaches this server, https://... With it, Airtable reports at once that something has changed (POST /hooks/airtable, verified). Empty: Airtable is only asked." },
	{ .name = "sync.full_interval", .type = SETTING_DURATION,
	  AT(sync.full_interval_ms), .value = "24h", .min = SECOND, .max = 365 * DAY,
	  .meaning = "Time from the end of one full sync to the start of the next." },
	{ .name = "sync.wait", .type = SETTING_DURATION,
	  AT(sync.wait_ms), .value = "25s", .max = 5 * MINUTE,
	  .fixed = SETTING_NGINX,
	  .meaning = "How long POST /api/orders/sync waits for the end of a run before it answers with the progress." },
	{ .name = "sync.max_shrink", .type = SETTING_PERCENT,
	  AT(sync.max_shrink_percent), .value = "50%", .max = 100,
	  .meaning = "A full sync that would delete more than this share of the orders is stopped; syncctl sync --accept-shrink lets it through. The same option lets a field become empty whose values can no longer be read." },

	{ .name = "write.timeout", .type = SETTING_DURATION,
	  AT(write.timeout_ms), .value = "20s", .min = 100, .max = 5 * MINUTE,
	  .fixed = SETTING_NGINX,
	  .meaning = "How long a change waits for Airtable's confirmation." },
	{ .name = "write.gather", .type = SETTING_DURATION,
	  AT(write.gather_ms), .value = "10ms", .max = 10 * SECOND,
	  .meaning = "How long changes may be gathered to travel in one call. Nothing is gathered while calls are plentiful." },
	{ .name = "write.create", .type = SETTING_BOOLEAN, AT(write.create), .value = "false",
	  .meaning = "Whether orders may be created through the API." },
	{ .name = "write.delete", .type = SETTING_BOOLEAN, AT(write.delete), .value = "false",
	  .meaning = "Whether orders may be deleted through the API." },

	{ .name = "summary.time_zone", TEXT_AT(summary.time_zone), .value = "UTC",
	  .check = check_time_zone,
	  .fixed = SETTING_SYNCD | SETTING_API,
	  .meaning = "IANA name of the desk's time zone: the summary counts its calendar days, and dates without a time begin at its midnight." },
	{ .name = "summary.excluded", TEXT_AT(summary.excluded), .value = "Cancelled",
	  .check = check_excluded,
	  .meaning = "Statuses whose orders do not count as revenue, separated by commas; a status that contains a comma is put in double quotes. Empty: all orders count." },
	{ .name = "summary.currency", TEXT_AT(summary.currency), .value = "",
	  .check = check_currency,
	  .meaning = "Symbol of the currency of amounts, at most 8 characters; used if the base's schema is not read or has none." },

	{ .name = "store.path", TEXT_AT(store.path), .value = "/var/lib/orderdeck",
	  .check = check_path,
	  .fixed = SETTING_SYNCD | SETTING_API,
	  .meaning = "Folder of the LMDB environment." },
	{ .name = "store.map_size", .type = SETTING_SIZE,
	  AT(store.map_size_bytes), .value = "1GiB", .min = 256 * KIB, .max = 16 * TIB,
	  .fixed = SETTING_SYNCD,
	  .meaning = "Size of the memory map to start with; it grows by itself." },
	{ .name = "store.map_limit", .type = SETTING_SIZE,
	  AT(store.map_limit_bytes), .value = "64GiB", .min = 256 * KIB, .max = 16 * TIB,
	  .meaning = "The map grows no further than this." },
	{ .name = "store.changes_kept", .type = SETTING_INTEGER,
	  AT(store.changes_kept), .value = "10000", .min = 1, .max = 100000000,
	  .meaning = "How many entries of the change log are kept." },

	{ .name = "audit.retention", .type = SETTING_DURATION,
	  AT(audit.retention_ms), .value = "365d", .min = DAY, .max = 36500 * DAY,
	  .meaning = "How long the history of changes is kept." },

	{ .name = "http.listen", TEXT_AT(http.listen), .value = "127.0.0.1:8080",
	  .check = check_listen,
	  .fixed = SETTING_NGINX,
	  .meaning = "Where nginx listens, host:port." },
	{ .name = "http.trusted_proxies", TEXT_AT(http.trusted_proxies), .value = "",
	  .check = check_networks,
	  .fixed = SETTING_NGINX,
	  .meaning = "Addresses and networks (10.0.0.0/8, ::1) of proxies in front of nginx, separated by commas or spaces. Only they are believed about the client's address (X-Forwarded-For)." },
	{ .name = "http.names", TEXT_AT(http.names), .value = "", .check = check_names,
	  .fixed = SETTING_NGINX,
	  .meaning = "Names and addresses by which people and programs reach the desk (orders.example.org), without ports, separated by commas or spaces. Always known are localhost, loopback addresses, the hosts in http.listen and metrics.listen, any address if one of those listens on all, and the host of sync.public_url. A request for any other Host is answered 421, so that no page of another site can pass as the desk's own." },
	{ .name = "http.auth", .type = SETTING_ENUM, AT(http.auth), .value = "none",
	  .words = auth_modes,
	  .meaning = "What decides who may use the desk, which checks nobody itself: a server in front of it that asks for a password (basic) or a client certificate (mtls) or signs people in by other means (proxy), or a network that keeps everybody else out (network). This is only a statement and switches nothing on: with none, check-config warns if other machines can reach the desk." },
	{ .name = "http.allowed_origins", TEXT_AT(http.allowed_origins), .value = "",
	  .check = check_origins,
	  .fixed = SETTING_NGINX,
	  .meaning = "Other sites whose pages may use the API (https://portal.example.org), separated by commas or spaces. Pages of all other sites can neither read nor change anything." },
	{ .name = "http.user_header", TEXT_AT(http.user_header), .value = "",
	  .check = check_header_or_none,
	  .fixed = SETTING_NGINX,
	  .meaning = "Header in which http.trusted_proxies name the user, such as X-Remote-User; the name is kept in the history of changes. The proxies must set it on every request and drop what the client sent. Empty: nobody is known by name." },

	{ .name = "api.workers", .type = SETTING_INTEGER,
	  AT(api.workers), .value = "0", .max = 64,
	  .fixed = SETTING_NGINX,
	  .meaning = "Worker processes of fcgi-api; 0: one per processor." },
	{ .name = "api.slow_threads", .type = SETTING_INTEGER,
	  AT(api.slow_threads), .value = "8", .min = 1, .max = 256,
	  .meaning = "Threads for long work such as exports." },
	{ .name = "api.share", TEXT_AT(api.share), .value = "/usr/local/share/orderdeck",
	  .check = check_path,
	  .meaning = "Folder with openapi.json and docs.html." },
	{ .name = "api.spool", TEXT_AT(api.spool), .value = "/var/tmp", .check = check_path,
	  .meaning = "Folder, on a disk, for exports while they are made: a few hundred bytes per order." },

	{ .name = "limits.enabled", .type = SETTING_BOOLEAN, AT(limits.enabled),
	  .value = "true", .env = "RATE_LIMIT_ENABLED",
	  .fixed = SETTING_NGINX,
	  .meaning = "Whether to limit how often a client may ask. A client is an IPv4 address or an IPv6 network of 64 bits. Rates hold in any 60 seconds, over all workers; refused requests do not count." },
	{ .name = "limits.orders_list", .type = SETTING_RATE, AT(limits.orders_list),
	  .value = "100/minute", .min = 1, .max = 1000000,
	  .env = "RATE_LIMIT_ORDERS_LIST",
	  .meaning = "GET /api/orders, its exports and GET /api/audit, per client." },
	{ .name = "limits.orders_summary", .type = SETTING_RATE, AT(limits.orders_summary),
	  .value = "60/minute", .min = 1, .max = 1000000,
	  .env = "RATE_LIMIT_ORDERS_SUMMARY",
	  .meaning = "GET /api/orders/summary and /api/orders/summary/today, per client." },
	{ .name = "limits.get_order", .type = SETTING_RATE, AT(limits.get_order),
	  .value = "100/minute", .min = 1, .max = 1000000,
	  .env = "RATE_LIMIT_GET_ORDER",
	  .meaning = "GET /api/orders/{id} and its history, per client." },
	{ .name = "limits.update_order", .type = SETTING_RATE, AT(limits.update_order),
	  .value = "30/minute", .min = 1, .max = 1000000,
	  .env = "RATE_LIMIT_UPDATE_ORDER",
	  .meaning = "Requests that change, create, delete or undo, per client; a bulk edit is one of them." },
	{ .name = "limits.sync_orders", .type = SETTING_RATE, AT(limits.sync_orders),
	  .value = "5/minute", .min = 1, .max = 1000000,
	  .env = "RATE_LIMIT_SYNC_ORDERS",
	  .meaning = "POST /api/orders/sync, per client." },
	{ .name = "limits.changed_orders", .type = SETTING_RATE, AT(limits.changed_orders),
	  .value = "1000/minute", .min = 1, .max = 1000000,
	  .env = "RATE_LIMIT_CHANGED_ORDERS",
	  .meaning = "Orders that are changed, created, deleted or undone, per client: a bulk edit of 100 orders counts as 100. Airtable takes 3000 a minute. One request can't be for more orders than this." },
	{ .name = "limits.requests_per_second", .type = SETTING_INTEGER,
	  AT(limits.requests_per_second), .value = "100", .max = 1000000,
	  .fixed = SETTING_NGINX,
	  .meaning = "Requests of any kind per client, limited by nginx, with bursts of twice as many; 0: no limit." },
	{ .name = "limits.connections", .type = SETTING_INTEGER,
	  AT(limits.connections), .value = "256", .max = 65535,
	  .fixed = SETTING_NGINX,
	  .meaning = "Requests of one client under way at once, including slow bodies and event streams, limited by nginx; 0: no limit." },

	{ .name = "metrics.listen", TEXT_AT(metrics.listen), .value = "127.0.0.1:9464",
	  .check = check_listen_or_none,
	  .fixed = SETTING_NGINX,
	  .meaning = "Where nginx serves /metrics to Prometheus, host:port; empty: nowhere. Anyone who can reach it may read it." },

	{ .name = "events.enabled", .type = SETTING_BOOLEAN, AT(events.enabled),
	  .value = "true",
	  .fixed = SETTING_SYNCD | SETTING_NGINX,
	  .meaning = "Whether browsers are told at once what has changed, at /api/events. This needs nginx's module nchan. A change takes a restart of syncd and a new configuration of nginx." },
	{ .name = "events.buffer", .type = SETTING_DURATION, AT(events.buffer_ms),
	  .value = "5m", .min = 10 * SECOND, .max = HOUR,
	  .fixed = SETTING_API | SETTING_NGINX,
	  .meaning = "How long a client may be away and still get what it has missed. Takes up to 4 MiB of nginx's memory per minute." },
	{ .name = "events.per_client", .type = SETTING_INTEGER, AT(events.per_client),
	  .value = "100", .min = 1, .max = 65535,
	  .fixed = SETTING_NGINX,
	  .meaning = "Connections to /api/events that one address may hold. All clients behind a proxy share its address." },

	{ .name = "run.dir", TEXT_AT(run.dir), .value = "/run/orderdeck",
	  .check = check_run_dir,
	  .fixed = SETTING_SYNCD | SETTING_API | SETTING_NGINX,
	  .meaning = "Folder of sockets and pid files." },
	{ .name = "run.sandbox", .type = SETTING_ENUM, AT(run.sandbox), .value = "auto",
	  .words = sandbox_modes,
	  .fixed = SETTING_SYNCD,
	  .meaning = "Whether syncd and the workers confine themselves once they have started, as far as the kernel can: they then run no other programs, make no sockets but those they need, and use no files but their own. Use off to find out whether the sandbox causes a problem. A change takes a restart of syncd." },

	{ .name = "log.file", TEXT_AT(log.file), .value = "",
	  .check = check_path_or_none,
	  .meaning = "Where log lines go; empty: standard error." },
	{ .name = "log.level", .type = SETTING_ENUM, AT(log.level), .value = "info",
	  .words = log_levels,
	  .meaning = "The lowest level of lines that are written." },
	{ .name = "log.format", .type = SETTING_ENUM, AT(log.format), .value = "logfmt",
	  .words = log_formats,
	  .meaning = "key=value pairs, or one JSON object per line." },
	{ .name = "log.slow", .type = SETTING_DURATION, AT(log.slow_ms), .value = "1s",
	  .max = HOUR,
	  .meaning = "Each request that takes longer gets a line; 0: none does. At level debug every request gets one." }
};

#define TABLE_COUNT	(sizeof(table) / sizeof(table[0]))

size_t
setting_count(void)
{
	return TABLE_COUNT + orders_schema.field_count;
}

void
setting_at(size_t i, struct setting *s)
{
	const struct field *f;

	if (i < TABLE_COUNT) {
		*s = table[i];
		return;
	}
	i -= TABLE_COUNT;
	f = &orders_schema.fields[i];
	*s = (struct setting){
		.type = SETTING_TEXT,
		.offset = offsetof(struct config, orders_fields) +
		    i * sizeof(((struct config *)NULL)->orders_fields[0]),
		.size = sizeof(((struct config *)NULL)->orders_fields[0]),
		.value = f->airtable,
		.check = check_field,
		.meaning = "Airtable's name or id (fld...) of this field."
	};
	(void)snprintf(s->name, sizeof(s->name), "fields.%s.%s",
	    orders_schema.name, f->name);
}

bool
setting_find(struct str name, size_t *i)
{
	struct setting s;

	for (*i = 0; *i < setting_count(); (*i)++) {
		setting_at(*i, &s);
		if (str_is(name, s.name))
			return true;
	}
	return false;
}

static struct str
section_of(const char *name)
{
	return (struct str){ name, strcspn(name, ".") };
}

bool
setting_section_known(struct str section)
{
	struct setting s;

	for (size_t i = 0; i < setting_count(); i++) {
		setting_at(i, &s);
		if (str_eq(section, section_of(s.name)))
			return true;
	}
	return false;
}

/* Levenshtein's edit distance; what is longer than a name is far from all. */
static size_t
distance(struct str a, struct str b)
{
	size_t row[SETTING_NAME_MAX + 1], diagonal, above;

	if (a.len >= SETTING_NAME_MAX || b.len >= SETTING_NAME_MAX)
		return SETTING_NAME_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t best = diagonal + (a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1);

			above = row[j];
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[b.len];
}

/* About a quarter of the letters may differ. */
static bool
closer(struct str name, struct str candidate, size_t *best)
{
	size_t most = candidate.len / 4 + 1, d;

	/* lengths alone rule most of them out */
	if (name.len > candidate.len + most || candidate.len > name.len + most)
		return false;
	if ((d = distance(name, candidate)) >= *best || d > most)
		return false;
	*best = d;
	return true;
}

void
setting_suggest(struct str name, char suggestion[static SETTING_NAME_MAX])
{
	size_t best = SIZE_MAX;
	struct setting s;

	suggestion[0] = '\0';
	for (size_t i = 0; i < setting_count(); i++) {
		setting_at(i, &s);
		if (closer(name, str_of(s.name), &best))
			(void)strcpy(suggestion, s.name);
	}
}

void
setting_suggest_section(struct str section, char suggestion[static SETTING_NAME_MAX])
{
	size_t best = SIZE_MAX;
	struct setting s;

	suggestion[0] = '\0';
	for (size_t i = 0; i < setting_count(); i++) {
		setting_at(i, &s);
		if (closer(section, section_of(s.name), &best))
			(void)snprintf(suggestion, SETTING_NAME_MAX, "%.*s",
			    STR_FMT(section_of(s.name)));
	}
}

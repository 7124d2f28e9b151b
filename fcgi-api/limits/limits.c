#include "fcgi-api/http/decimal.h"
#include "fcgi-api/limits/limits.h"

#define WINDOW_S	60
#define WINDOW_MS	(WINDOW_S * INT64_C(1000))
#define TOLD_TEXT	64	/* of both lines, without names and numbers */

static const char *const names[LIMITS] = {
	[LIMIT_NONE] = "none",
	[LIMIT_ORDERS_LIST] = "orders_list",
	[LIMIT_ORDERS_SUMMARY] = "orders_summary",
	[LIMIT_GET_ORDER] = "get_order",
	[LIMIT_UPDATE_ORDER] = "update_order",
	[LIMIT_SYNC_ORDERS] = "sync_orders",
	[LIMIT_CHANGED_ORDERS] = "changed_orders"
};

const char *
limit_name(enum limit which)
{
	return names[which];
}

static uint32_t
quota_of(const struct config *c, enum limit which)
{
	const int64_t quotas[LIMITS] = {
		[LIMIT_ORDERS_LIST] = c->limits.orders_list,
		[LIMIT_ORDERS_SUMMARY] = c->limits.orders_summary,
		[LIMIT_GET_ORDER] = c->limits.get_order,
		[LIMIT_UPDATE_ORDER] = c->limits.update_order,
		[LIMIT_SYNC_ORDERS] = c->limits.sync_orders,
		[LIMIT_CHANGED_ORDERS] = c->limits.changed_orders
	};

	return c->limits.enabled ? (uint32_t)quotas[which] : 0;
}

void
limits_configure(struct limits *limits, const struct config *config)
{
	for (enum limit i = LIMIT_NONE + 1; i < LIMITS; i++) {
		struct ratelimit **table = &limits->tables[i];
		uint32_t quota = quota_of(config, i);

		if (*table != NULL && ratelimit_quota(*table) == quota)
			continue;
		ratelimit_free(*table);
		*table = quota == 0 ? NULL : ratelimit_new(quota, WINDOW_MS, RATELIMIT_CLIENTS);
	}
}

void
limits_free(struct limits *limits)
{
	for (enum limit i = LIMIT_NONE + 1; i < LIMITS; i++) {
		ratelimit_free(limits->tables[i]);
		limits->tables[i] = NULL;
	}
}

bool
limits_take(const struct limits *limits, enum limit which, struct str address, uint32_t weight,
    int64_t now_ms, struct limit_told *told)
{
	if (limits->tables[which] == NULL)
		return true;
	told->which = which;
	told->verdict = ratelimit_take(limits->tables[which], client_of(address), weight,
	    now_ms);
	return told->verdict.passes;
}

static inline char *
put(char *p, struct str s)
{
	return mempcpy(p, s.ptr, s.len);
}

void
limits_tell(const struct limit_told *told, struct response *r)
{
	const struct ratelimit_verdict *v = &told->verdict;
	struct str name = str_of(names[told->which]);
	struct buf *b = &r->head;	/* its content stays, whatever is composed */
	char text[DECIMAL_SIZE], *begin, *p;

	if (told->which == LIMIT_NONE ||
	    (begin = buf_reserve(b, 2 * name.len + 3 * sizeof(text) + TOLD_TEXT)) == NULL)
		return;
	p = put(begin, STR("RateLimit-Policy: \""));
	p = put(p, name);
	p = put(p, STR("\";q="));
	p = put(p, decimal(v->quota, text));
	p = put(p, STR(";w=60\r\nRateLimit: \""));
	p = put(p, name);
	p = put(p, STR("\";r="));
	p = put(p, decimal(v->remaining, text));
	p = put(p, STR(";t="));
	p = put(p, decimal(v->reset_s, text));
	p = put(p, STR("\r\n"));
	buf_commit(b, (size_t)(p - begin));
}

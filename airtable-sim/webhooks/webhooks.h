#ifndef AIRTABLE_SIM_WEBHOOKS_WEBHOOKS_H
#define AIRTABLE_SIM_WEBHOOKS_WEBHOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "airtable-sim/base/base.h"
#include "airtable-sim/base/settings.h"
#include "airtable-sim/webhooks/webhook_spec.h"
#include "common/base/buf.h"

/*
 * The webhooks of the base: each has a log of payloads, numbered from 1
 * without gaps for all of its life, and an address that may be pinged about
 * new ones.
 * Pure as to time: the simulated clock is passed in.
 *
 * A webhook's life: active until it expires or what it watches goes away
 * (broken); then it gets no further payloads, and its log can be read until
 * webhookGraceMs after the expiry, when it is gone.
 */
#define SIM_WEBHOOKS_MAX	100	/* the setting webhooksMax is Airtable's limit */
#define SIM_SECRET_BYTES	32
#define SIM_WHY_SIZE		128

struct sim_payload {
	int64_t	 at_ms;
	size_t	 len;
	char	*text;		/* JSON */
};

/* Telling the address; pinger.c does the talking. */
struct sim_pinging {
	bool		due, again;	/* one is to be sent (at_ms); another one behind that in flight */
	bool		in_flight;
	bool		copying;	/* what is due repeats one that was well received */
	int64_t		at_ms;
	int64_t		retries;	/* of the one that is due or in flight */
	int64_t		copies;		/* of it that are still to be sent */
	uint64_t	sent, failed;
	int64_t		last_success_ms;	/* 0: never */
	int64_t		last_ms;		/* end of the last attempt; 0: none yet */
	double		last_duration_ms;
	int64_t		last_retry;
	bool		last_ok, last_will_retry;
	char		last_why[SIM_WHY_SIZE];
};

struct sim_webhook {
	char			 id[SIM_ID_SIZE];
	unsigned char		 secret[SIM_SECRET_BYTES];
	char			*url;		/* NULL: none */
	char			*specification;	/* JSON as it was sent */
	struct sim_spec		 spec;
	bool			 notify;
	bool			 broken;
	int64_t			 expires_ms;	/* 0: never */
	struct sim_payload	*log;		/* [head, head + count) are kept; the last is next - 1 */
	size_t			 head, count, capacity, bytes;
	uint64_t		 next;		/* number of the next payload */
	struct sim_pinging	 ping;
};

struct sim_webhooks {
	struct sim_webhook	*list[SIM_WEBHOOKS_MAX];	/* oldest first */
	size_t			 count;
	struct sim_random	 random;
	void			(*wake)(void *cookie);	/* there may be a ping to send; NULL: nobody sends */
	void			*cookie;
};

/* From a zeroed one; ids and secrets are other ones in every run. */
void	sim_webhooks_init(struct sim_webhooks *);
/* Forget all webhooks. */
void	sim_webhooks_clear(struct sim_webhooks *);
/* Drop what is gone by now: webhooks, payloads that are too old. */
void	sim_webhooks_tidy(struct sim_webhooks *, const struct sim_settings *, int64_t now_ms);
/* A new active one, which takes ${url} (or NULL), ${specification} and the spec. NULL: no
 * memory or room; nothing is taken. */
struct sim_webhook *sim_webhooks_add(struct sim_webhooks *, const struct sim_settings *,
	    int64_t now_ms, char *url, char *specification, const struct sim_spec *);
struct sim_webhook *sim_webhooks_find(const struct sim_webhooks *, struct str id);
void	sim_webhooks_remove(struct sim_webhooks *, struct sim_webhook *);
/* Is any of them active? */
bool	sim_webhooks_listen(const struct sim_webhooks *, int64_t now_ms);
/* Somebody must look for due pings again. */
void	sim_webhooks_wake(const struct sim_webhooks *);

bool	sim_webhook_active(const struct sim_webhook *, int64_t now_ms);
/* Its lifetime starts again. */
void	sim_webhook_extend(struct sim_webhook *, const struct sim_settings *, int64_t now_ms);
/* Add a payload to the log and plan a ping; the text is taken.  What exceeds payloadLogBytes goes. */
void	sim_webhook_log(struct sim_webhook *, const struct sim_settings *, int64_t now_ms, char *text);
/* Add an error payload. */
void	sim_webhook_log_error(struct sim_webhook *, const struct sim_settings *, int64_t now_ms,
	    const char *code, uint64_t transaction);
/* Lose all but the newest ${keep} payloads. */
void	sim_webhook_lose(struct sim_webhook *, size_t keep);
/* The number that the next payload to become visible has. */
uint64_t sim_webhook_next(const struct sim_webhook *, const struct sim_settings *, int64_t now_ms);
/* The kept payload of that number, NULL: none. */
const struct sim_payload *sim_webhook_payload(const struct sim_webhook *, uint64_t number);
/* Number of the oldest kept payload; next when there is none. */
uint64_t sim_webhook_first(const struct sim_webhook *);
/* Send a ping at the next opportunity, whether there is news or not. */
void	sim_webhook_ping(struct sim_webhook *, int64_t at_ms);
void	sim_webhook_notify(struct sim_webhook *, bool on, int64_t now_ms);

/* A ping to be sent: from sim_webhooks_take_ping() to sim_ping_free(). */
struct sim_ping {
	char		 webhook[SIM_ID_SIZE];
	char		*url;
	struct buf	 body;
	struct buf	 mac;		/* "hmac-sha256=..." */
};
/*
 * The next ping that is due.  False: none is; *wait_ms is then how long
 * there will be none for certain, -1: until sim_webhooks_wake().
 */
bool	sim_webhooks_take_ping(struct sim_webhooks *, const char *base_id, int64_t now_ms,
	    struct sim_ping *, int64_t *wait_ms);
/* It was sent; ${why} NULL: and well received. */
void	sim_webhooks_pinged(struct sim_webhooks *, const struct sim_settings *, int64_t now_ms,
	    const struct sim_ping *, double duration_ms, const char *why);
void	sim_ping_free(struct sim_ping *);

/* The members of a webhook as its listing has them, without braces. */
void	sim_webhook_json(struct buf *, const struct sim_webhook *, const struct sim_settings *,
	    int64_t now_ms);

#endif

#ifndef FCGI_API_HTTP_API_H
#define FCGI_API_HTTP_API_H

#include <cjson/cJSON.h>

#include "common/config/config.h"
#include "common/query/query.h"
#include "common/store/store.h"
#include "common/store/summary.h"
#include "fcgi-api/fastcgi/connections.h"
#include "fcgi-api/http/counters.h"
#include "fcgi-api/http/docs.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/gzip.h"
#include "fcgi-api/http/page_cache.h"
#include "fcgi-api/http/problem.h"
#include "fcgi-api/http/request.h"
#include "fcgi-api/http/response.h"
#include "fcgi-api/http/syncd_link.h"

#define LIMITS_ASKED	2	/* that of the route, and that of rows changed */

/* What counters, limits and the log need of a request when it is answered. */
struct account {
	int64_t			 began_ns;	/* counters_now() */
	const char		*route;		/* "/api/{table}/{id}", set by route_run(); NULL: none */
	const struct schema	*table;		/* in its place; NULL: none */
	size_t			 counter;	/* its place among counters; COUNTERS_NONE: none */
	enum method		 method;
	struct limit_told	 told[LIMITS_ASKED];
};

/* The last ETag of a summary, what it was made of, and from when until when it holds. */
struct summary_tag {
	uint64_t		 numbers[ETAG_NUMBERS_MAX];
	struct etag		 etag;
	int64_t			 from_ms, until_ms;
};

/* What is kept for one table. */
struct api_table {
	const struct schema	*schema;
	struct query		*query;
	struct summary_cache	*summaries;
	struct summary_tag	 summary_tags[2];	/* of the last summary; and compressed */
	/* route.c's: does a path of its own have the table's name, so that no path leads to it? */
	bool			 looked, hidden;
};

/*
 * What handlers work with: one per worker process or slow thread.  Nothing
 * here is shared between threads but config, docs and tables, which don't change.
 */
struct api {
	const struct config	*config;
	const struct docs	*docs;
	const struct tables	*tables;	/* that are served */
	struct api_table	*of_tables;	/* in the same order */
	bool			 slow;		/* this is a thread of the slow pool */
	const struct limits	*limits;	/* NULL: none */
	struct counters_block	*counters;	/* NULL: nothing is counted */
	struct loop		*loop;		/* fast workers only, as link */
	struct syncd_link	*link;
	struct store		*store;		/* NULL: could not be opened yet */
	int64_t			 store_retry_ms;
	int64_t			 store_looked_ms;	/* last look whether it was replaced */
	struct query_page	 page;
	struct row_view		 rows[QUERY_PAGE_SIZE_MAX];	/* of page */
	struct page_cache	*pages;		/* fast workers only, as gzip and packed */
	struct gzip		*gzip;
	struct buf		 packed;	/* a compressed body */
	struct message_request	 message;
	cJSON			*documents;	/* a list: message's strings point into them */
	/* the request at hand */
	struct connection	*connection;	/* fast workers only */
	struct request		 request;
	const struct schema	*table;		/* that the path names; NULL: none, or all */
	struct api_table	*own;		/* what is kept for it */
	int64_t			 now_ms;	/* instant_now() at api_snapshot(), api_unmoved() */
	struct account		 account;
	struct field_errors	 errors;
	struct response		 response;
	char			 said[512];	/* api_say() */
};

/* ANSWERED: composed in api->response, or sent by the handler itself.  PARKED: it comes later. */
enum outcome { ANSWERED, PARKED };

/* A request that waits for syncd: what is still known of it when the reply comes. */
struct waiting;
typedef void	 waiting_finish(struct api *, const struct waiting *, enum err,
		    const struct message_reply *);
struct waiting {
	struct api		*api;
	struct connection	*connection;
	struct syncd_call	*call;
	waiting_finish		*finish;	/* composes api->response */
	void			*state;		/* the handler's */
	void			(*state_free)(void *);
	struct api_table	*own;
	bool			 head_only;
	struct account		 account;
	char			 request_id[REQUEST_ID_MAX + 1];
	char			 if_none_match[256];
};

/* config, docs and tables stay the caller's.  NULL: out of memory. */
struct api	*api_new(const struct config *, const struct docs *, const struct tables *);
void		 api_free(struct api *);

/*
 * Take the request into api->request and begin its answer, account and log
 * lines; ${envp} and the rest as in request_parse(), whose result it returns.
 */
enum err	 api_begin(struct api *, char *const *envp, struct str body, enum err body_error);
/* The request is about this table; NULL: about none, or all. */
void		 api_use_table(struct api *, struct api_table *);
/* The route's path with the table's name in it: "/api/orders/{id}".  ${table} NULL: as it is. */
#define ROUTE_TEXT_SIZE	(TABLE_NAME_MAX + 40)
void		 api_route_text(const char *route, const struct schema *table,
		    char text[static ROUTE_TEXT_SIZE]);
/* Count the request as answered with ${status}, and log it. */
void		 api_account(struct api *, const struct account *, int status);

/*
 * Take ${weight} from a limit, which may be LIMIT_NONE; the answer says what is
 * left of it.  false: refused, and the problem is composed.
 */
bool		 api_within(struct api *, enum limit, uint32_t weight);

/*
 * A snapshot of the newest generation in api->store, opening the store if
 * need be; the caller ends it with api_release().  api->now_ms is set to the
 * moment that the answer is made for; api_unmoved() sets it, too.
 */
enum err	 api_snapshot(struct api *);
void		 api_release(struct api *);
/*
 * Was nothing committed since the last snapshot?  Then the store's generation
 * and moments are known without a new one, and what was answered before can
 * be answered again; for anything else call api_snapshot() next.
 */
bool		 api_unmoved(struct api *);
/*
 * Is the request's table (without one: any) still being filled for the first time in the
 * store of api_snapshot()?  Then Airtable may have rows that are not in it, and no answer
 * may pass for complete.
 */
bool		 api_filling(const struct api *);
/* Was the store replaced by another one?  Looks once a second; call it without a snapshot. */
bool		 api_store_outdated(struct api *);

/* Answer with a problem; what is in api->errors is listed. */
enum outcome	 api_problem(struct api *, enum err, const char *detail);
/* A detail composed for this request, valid until the next one is. */
const char	*api_say(struct api *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same from syncd's refusal: ${detail} as it came, "" counts as none; ${retry_ms} 0: not known. */
enum outcome	 api_problem_told(struct api *, enum err, const char *detail, int64_t retry_ms);
/* Set Retry-After to ${ms}, in seconds rounded up, at least 1. */
void		 api_retry_after(struct api *, int64_t ms);

/*
 * Send api->message to syncd and park the request at hand until ${finish}
 * has composed its answer, at most ${timeout_ms}.  If it can't be sent,
 * finish is called at once.  ${state} is the finisher's; it is given to
 * ${state_free} (unless NULL) after that, or when the client has gone.
 */
enum outcome	 api_wait(struct api *, int64_t timeout_ms, waiting_finish *finish,
		    void *state, void (*state_free)(void *));

/* Send what is composed in api->response, and account for it. */
void		 api_send(struct api *, struct connection *, const struct account *);

#endif

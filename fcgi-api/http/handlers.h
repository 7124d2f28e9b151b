#ifndef FCGI_API_HTTP_HANDLERS_H
#define FCGI_API_HTTP_HANDLERS_H

#include "fcgi-api/http/api.h"

/*
 * One function per route: api->request in, api->response out.  The caller of
 * a handler releases the snapshot.
 */
enum outcome	 orders_list(struct api *);
enum outcome	 orders_get(struct api *);
enum outcome	 orders_patch(struct api *);
enum outcome	 orders_patch_many(struct api *);
enum outcome	 orders_create(struct api *);
enum outcome	 orders_delete(struct api *);
enum outcome	 orders_undo(struct api *);
enum outcome	 orders_undo_many(struct api *);
enum outcome	 orders_history(struct api *);
enum outcome	 audit_get(struct api *);
enum outcome	 orders_summary(struct api *);
enum outcome	 orders_today(struct api *);
enum outcome	 sync_start(struct api *);
enum outcome	 sync_get(struct api *);
enum outcome	 health_get(struct api *);
enum outcome	 hook_airtable(struct api *);
enum outcome	 openapi_get(struct api *);
enum outcome	 docs_get(struct api *);
enum outcome	 events_resume(struct api *);

/*
 * Handlers of the slow pool write their answer as they go: ${put} returns
 * another code than ERR_OK when the web server is gone.  What they have not
 * put when they return (a problem, a 304) is in api->response, and
 * *streamed is false.
 */
struct sink {
	enum err	(*put)(void *cookie, struct str bytes);
	void		*cookie;
	bool		 streamed;
};
void		 orders_export_csv(struct api *, struct sink *);
void		 orders_export_xlsx(struct api *, struct sink *);

/*
 * The row of the order that the path names, by record id or Order ID.  If
 * there is not exactly one, the problem is composed and false returned.
 */
bool		 order_find(struct api *, struct str id, uint32_t *row);
/* The same, but no answer is composed; ${why} is for people, "" when the error says it all. */
#define ORDER_WHY_SIZE	512
enum err	 order_lookup(struct api *, struct str id, uint32_t *row,
		    char why[static ORDER_WHY_SIZE]);
/* Compose the order in ${row} with its ETag; ${condition}: If-None-Match or none. */
enum outcome	 order_answer(struct api *, uint32_t row, struct str condition);
/* Compose the summary; ${condition} as above. */
enum outcome	 summary_answer(struct api *, struct str condition, struct str accept_encoding);

#endif

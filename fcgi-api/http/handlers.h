#ifndef FCGI_API_HTTP_HANDLERS_H
#define FCGI_API_HTTP_HANDLERS_H

#include "fcgi-api/http/api.h"

/*
 * One function per route: api->request in, api->response out.  The caller of
 * a handler releases the snapshot.
 */
enum outcome	 rows_list(struct api *);
enum outcome	 rows_get(struct api *);
enum outcome	 rows_patch(struct api *);
enum outcome	 rows_patch_many(struct api *);
enum outcome	 rows_create(struct api *);
enum outcome	 rows_delete(struct api *);
enum outcome	 rows_undo(struct api *);
enum outcome	 rows_undo_many(struct api *);
enum outcome	 rows_history(struct api *);
enum outcome	 audit_get(struct api *);
enum outcome	 rows_summary(struct api *);
enum outcome	 rows_today(struct api *);
enum outcome	 tables_get(struct api *);
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
void		 rows_export_csv(struct api *, struct sink *);
void		 rows_export_xlsx(struct api *, struct sink *);

/*
 * The row that the path names in api->table, by record id or by its key.  If
 * there is not exactly one, the problem is composed and false returned.
 */
bool		 row_find(struct api *, struct str id, uint32_t *row);
/* The same, but no answer is composed; ${why} is for people, "" when the error says it all. */
#define ROW_WHY_SIZE	512
enum err	 row_lookup(struct api *, struct str id, uint32_t *row,
		    char why[static ROW_WHY_SIZE]);
/* Compose the row ${row} with its ETag; ${condition}: If-None-Match or none. */
enum outcome	 row_answer(struct api *, uint32_t row, struct str condition);
/* Compose the summary; ${condition} as above. */
enum outcome	 summary_answer(struct api *, struct str condition, struct str accept_encoding);

#endif

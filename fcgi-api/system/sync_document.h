#ifndef FCGI_API_SYSTEM_SYNC_DOCUMENT_H
#define FCGI_API_SYSTEM_SYNC_DOCUMENT_H

#include <cjson/cJSON.h>

#include "common/base/buf.h"
#include "common/base/err.h"

/*
 * The progress document of a sync as clients get it, made from syncd's or the
 * store's: every member is always there, and an error is a problem document.
 */

/*
 * Add it as a JSON object.  ${doc}: NULL when there is none yet; ${feed}: how
 * changes are followed, NULL: not known; ${up}: syncd answers.
 */
void		sync_document_add(struct buf *, const cJSON *doc, const cJSON *feed, bool up);
/* Is a sync under way in it? */
bool		sync_document_running(const cJSON *doc);
/* What its error says; ERR_OK when it has none. */
enum err	sync_document_error(const cJSON *doc);

/* Add member ${name} of ${object} as JSON text, null when missing. */
void		json_member_copy(struct buf *, const char *name, const cJSON *object);

#endif

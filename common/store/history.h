#ifndef COMMON_STORE_HISTORY_H
#define COMMON_STORE_HISTORY_H

#include <stdint.h>

#include "common/store/store.h"

/*
 * Who changed what, when, from what to what: one entry for each change of
 * a row, a finished JSON object as the API sends it:
 *
 *	{"id":"rec...",			null: an order that was not created
 *	 "generation":1043,"at":"2026-11-20T10:00:00.000Z",
 *	 "action":"changed",		created, changed, deleted; notApplied, rejected
 *	 "source":"api",		api, airtable, job
 *	 "by":null|"Ada","requestId":null|"...","bulk":null|"17","undoes":null|"1042.0",
 *	 "change":"1043.0",		names this entry: generation.index
 *	 "fields":[{"field":"status","from":"Pending","to":"Shipped"}],
 *	 "via":"client","user":{"id":"usr...","email":"..."},	airtable only, if it said so
 *	 "asked":"changed",		notApplied and rejected only: created, changed, deleted
 *	 "detail":"..."}		likewise
 *
 * "fields" holds those that differ (of a created or deleted order: those
 * not empty; of what was not applied: those asked for, "from" being what the
 * order had).  A FIELD_STAMP is left out unless nothing else changed.
 *
 * Stored under (table, record id, generation, index); the audit log names the same
 * entries by (generation, index), a bulk edit by (bulk, generation, index).
 * Orders that the very first sync brings are not history.  What an edit
 * overwrote becomes known after the edit, yet its entry stands before the
 * edit's: under the generation before it, with an index of 2^31 or more and
 * the edit's time.
 */
struct history_place {
	uint64_t	generation;
	uint32_t	index;		/* among the entries of one commit */
};

/* The newest place of all: where a listing begins. */
#define HISTORY_NEWEST	((struct history_place){ UINT64_MAX, UINT32_MAX })

/*
 * Entries older than ${from}, newest first, until ${each} fails; its error is
 * returned.  ${json} lies in the map.
 */
typedef enum err history_each(void *cookie, const struct schema *, struct history_place,
		    struct str json);
enum err	history_of_record(struct store *, const struct schema *, struct str record,
		    struct history_place from, history_each *, void *cookie);
enum err	history_audit(struct store *, struct history_place from, history_each *, void *cookie);
/* Every entry of a bulk edit, in the order of commits. */
enum err	history_of_bulk(struct store *, uint64_t bulk, history_each *, void *cookie);
/* The record that entry ${json} is about; len 0: an order that was not created.  ERR_STORE_CORRUPT. */
enum err	history_record(struct str json, struct str *record);
/* One entry.  ERR_NOT_FOUND. */
enum err	history_get(struct store *, const struct schema *, struct str record, struct history_place,
		    struct str *json);

#endif

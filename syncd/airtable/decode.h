#ifndef SYNCD_AIRTABLE_DECODE_H
#define SYNCD_AIRTABLE_DECODE_H

#include <cjson/cJSON.h>

#include "common/base/err.h"
#include "common/base/str.h"
#include "common/tables/schema.h"
#include "syncd/airtable/airtable.h"
#include "syncd/airtable/cell.h"
#include "syncd/airtable/keys.h"

/*
 * Airtable's answers -> our records, or what went wrong.  Nothing here
 * trusts its input: any bytes yield a page or an error.
 */
#define AIRTABLE_RECORDS_MAX	1000	/* in an answer; Airtable sends 100 */
#define AIRTABLE_OFFSET_MAX	1024	/* bytes of an offset; it has to fit into a URL */

enum airtable_shape {
	AIRTABLE_RECORDS,	/* {"records":[...],"offset":"..."} */
	AIRTABLE_KEYED,		/* the same; a text in a field that is not one of the schema's is the record's key */
	AIRTABLE_DELETED	/* {"records":[{"id":...,"deleted":true}]}: ids, no field is known */
};

/*
 * Read the records of a 200's ${body} into ${page}.  All of the page's memory is
 * in *arena, which the caller frees after use.  ERR_AIRTABLE_BAD_RESPONSE: the
 * body is not as expected, ${why} says in what, and nothing of it is kept.
 * ERR_NOMEM.
 */
enum err	airtable_decode_page(const struct schema *, const struct airtable_keys *,
		    enum airtable_shape, struct str body, struct airtable_page *page,
		    void **arena, char *why, size_t why_size);

/*
 * Read the cells of a record, keyed by answer[] of ${keys}, in the shape of
 * listings or of webhooks' payloads.  ${r}'s known gets a bit for each cell that
 * is there (null too), *odd one for each that was not understood or is a
 * formula error; these count as empty.  Texts are written to *text, which is moved
 * behind them; the caller provides CELL_TEXT_FACTOR times all the texts of the
 * document, and CELL_NUMBER_TEXT more bytes for each field.
 */
void		airtable_decode_cells(const struct schema *, const struct airtable_keys *,
		    const struct cJSON *cells, char **text, struct record *r, uint32_t *odd);

/*
 * Fill err, retryable, type and message of ${result} for an answer with
 * ${status} (not 2xx) and ${body}, which may be anything, by the status
 * first and then the type.
 */
void		airtable_decode_error(int status, struct str body, struct airtable_result *result);
/*
 * Let the message begin with ${setting}, the one that people should look at; NULL:
 * leave it as it is.
 */
void		airtable_error_about(struct airtable_result *, const char *setting);

#endif

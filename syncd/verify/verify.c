#include <stdlib.h>
#include <sys/stat.h>

#include "common/base/fold.h"
#include "common/base/json_read.h"
#include "common/base/zone.h"
#include "common/store/change_log.h"
#include "common/store/currency.h"
#include "syncd/calls/budget.h"
#include "syncd/verify/parts.h"

/* false: the file was cut short; reading beyond its end would kill the process. */
static bool
file_whole(struct verify *v)
{
	struct db_space space;
	struct stat file;
	uint64_t needed;

	db_space(v->txn->db, &space);
	needed = space.pages * space.page_bytes;
	if (fstat(db_fd(v->txn->db), &file) == -1 ||
	    (uint64_t)file.st_size >= needed)
		return true;
	verify_fault(v, VERIFY_META, "the file has %lld bytes, but its pages need %llu",
	    (long long)file.st_size, (unsigned long long)needed);
	return false;
}

static void
check_options(struct verify *v, unsigned f)
{
	const struct field *field = &v->schema->fields[f];
	struct str rest = v->further[f];

	while (rest.len > 0) {
		struct str name = { rest.ptr, strnlen(rest.ptr, rest.len) };

		if (name.len == 0 || name.len == rest.len) {
			verify_fault(v, VERIFY_META, "the further options of %s are cut short", field->name);
			return;
		}
		if (options_name(field, v->further[f],
		    options_code(field, v->further[f], name)).ptr != name.ptr)
			verify_fault(v, VERIFY_META, "%s: '%.*s' is listed twice", field->name,
			    STR_FMT(name));
		rest.ptr += name.len + 1;
		rest.len -= name.len + 1;
	}
}

static void
check_offer(struct verify *v, unsigned f)
{
	struct options_offer offer;

	options_offer_load(v->txn, v->dbs->meta, v->schema, f, &offer);
	if (v->txn->fault.error != ERR_OK || (offer.known &&
	    offer.names.len > 0 && offer.names.ptr[offer.names.len - 1] != '\0'))
		verify_fault(v, VERIFY_META, "the options that Airtable offers for %s are cut short",
		    v->schema->fields[f].name);
}

/* The feed's position and the count of calls; syncd silently starts over if it can't read them. */
static void
check_feed(struct verify *v)
{
	struct str s;

	if (meta_get(v->txn, v->dbs->meta, META_FEED, &s)) {
		cJSON *j = cJSON_ParseWithLength(s.ptr, s.len);

		if (json_text(j, "base") == NULL || json_text(j, "webhook") == NULL ||
		    !cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(j, "cursor")))
			verify_fault(v, VERIFY_META, "the feed's position can't be read");
		cJSON_Delete(j);
	}
	if (meta_get(v->txn, v->dbs->meta, META_CALLS, &s) && !budget_sound(s))
		verify_fault(v, VERIFY_META, "the count of this month's calls can't be read");
}

static void
check_meta(struct verify *v)
{
	uint64_t birth;
	struct str s;

	if (!meta_get(v->txn, v->dbs->meta, META_BIRTH, &s) || s.len != sizeof(birth)) {
		verify_fault(v, VERIFY_META, "the generation that the store began with is not known");
	} else {
		memcpy(&birth, s.ptr, sizeof(birth));
		if (birth > store_generation(v->st))
			verify_fault(v, VERIFY_META, "the store began after its current generation");
	}
	if (!meta_get(v->txn, v->dbs->meta, META_ZONE, &s)) {
		verify_fault(v, VERIFY_META, "the zone of the daily totals is not known");
	} else if (!(v->zoned = zone_use(s) == ERR_OK)) {
		/* not a fault of the store: its days can't be counted on this machine */
		v->tell(v->cookie, "meta", "this machine does not know the store's time zone; days are not checked");
	}
	v->other_fold = !meta_get(v->txn, v->dbs->meta, META_FOLD, &s) ||
	    s.len != sizeof(uint32_t) || load_u32(s.ptr, 0) != FOLD_VERSION;
	if (v->other_fold)
		v->tell(v->cookie, "meta", "another build made the texts for search; they are not checked, "
		    "and syncd makes them again when it starts");
	v->excluded = revenue_excluded(v->txn, v->dbs->meta);
	if (v->txn->fault.error != ERR_OK)
		verify_fault(v, VERIFY_META, "the statuses left out of revenue are not known");
	if (meta_get(v->txn, v->dbs->meta, META_LAST_SYNC, &s)) {
		cJSON *j = cJSON_ParseWithLength(s.ptr, s.len);

		if (j == NULL)
			verify_fault(v, VERIFY_META, "the last sync's document is not JSON");
		cJSON_Delete(j);
	}
	if (meta_get(v->txn, v->dbs->meta, META_CURRENCY, &s) && !currency_symbol_valid(s))
		verify_fault(v, VERIFY_META, "the currency's symbol is not valid");
	check_feed(v);
}

static void
check_selects(struct verify *v)
{
	for (unsigned f = 0; f < v->schema->field_count; f++) {
		v->further[f] = options_load(v->txn, v->dbs->meta, v->schema, f);
		check_options(v, f);
		check_offer(v, f);
	}
}

static bool
change_sound(const struct tables *tables, struct str bytes)
{
	struct change_logged logged;
	struct change_log_head head;
	struct str id;

	if (bytes.len < sizeof(head))
		return false;
	memcpy(&head, bytes.ptr, sizeof(head));
	bytes.ptr += sizeof(head);
	bytes.len -= sizeof(head);
	for (uint32_t i = 0; i < head.count; i++)
		if (!change_log_next(&bytes, &logged, &id) || logged.kind < LOGGED_CREATED ||
		    logged.kind > LOGGED_TOLD || tables_numbered(tables, logged.table) == NULL)
			return false;
	return bytes.len == 0;
}

static void
check_changes(struct verify *v)
{
	struct db_cursor c;
	uint64_t generation;

	for (verify_walk(v, &c, v->dbs->changes); c.found; db_next(&c)) {
		memcpy(&generation, c.key.ptr, sizeof(generation));
		if (generation > store_generation(v->st))
			verify_fault(v, VERIFY_CHANGES, "generation %llu is newer than the store",
			    (unsigned long long)generation);
		if (!change_sound(store_tables(v->st), c.value))
			verify_fault(v, VERIFY_CHANGES, "the changes of generation %llu can't be read",
			    (unsigned long long)generation);
	}
	verify_walk_end(v, &c);
}

/* What is kept of one table. */
static void
check_table(struct verify *v, const struct schema *s)
{
	v->schema = s;
	v->end = store_rows_end(v->st, s);
	v->result->rows += store_row_count(v->st, s);
	v->used = calloc(v->end / 64 + 1, sizeof(*v->used));
	v->seen = calloc(v->end / 64 + 1, sizeof(*v->seen));
	if (v->used == NULL || v->seen == NULL) {
		v->error = ERR_NOMEM;
	} else {
		check_selects(v);
		verify_rows(v);
		verify_orderings(v);
		verify_totals(v);
	}
	free(v->used);
	free(v->seen);
	free(v->tallies);
	v->used = v->seen = NULL;
	v->tallies = NULL;
	v->tally_room = v->tally_count = 0;
}

enum err
verify_store(struct store *st, verify_tell *tell, void *cookie, struct verify_result *result)
{
	const struct tables *tables = store_tables(st);
	struct verify v = {
		.st = st, .txn = store_txn(st), .dbs = store_databases(st), .tell = tell,
		.cookie = cookie, .result = result
	};

	result->generation = store_generation(st);
	result->rows = 0;
	result->history = result->outbox = 0;
	result->faults = 0;
	if (!file_whole(&v))
		return ERR_OK;
	check_meta(&v);
	for (size_t i = 0; i < tables->count && v.error == ERR_OK; i++)
		check_table(&v, tables->list[i]);
	if (v.error == ERR_OK) {
		check_changes(&v);
		verify_writes(&v);
		verify_history(&v);
		verify_tell_rest(&v);
	}
	buf_free(&v.folded);
	buf_free(&v.encoded);
	return v.error;
}

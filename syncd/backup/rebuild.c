#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "common/base/fold.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/keys.h"
#include "common/store/row.h"
#include "common/store/stats.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "syncd/backup/parts.h"
#include "syncd/verify/verify.h"

#define LIST_MIN	20000u	/* changes in one commit, at least */
#define LIST_SHARE	4u	/* or 1/4 of the rows copied so far: enough for orderings to be sorted as a whole */

struct rebuild {
	struct new_store	 new;
	struct db		 db;		/* the old store */
	struct store		*from;		/* in a snapshot */
	struct verify_result	 verified;
	uint64_t		*bits;		/* its doubts, of all tables */
	struct backup_facts	*facts;
	struct buf		*why;
};

static void
ignore(void *cookie, const char *where, const char *what)
{
	(void)cookie, (void)where, (void)what;
}

static bool
usable(const struct schema *s, const struct record *r)
{
	for (size_t f = 0; f < s->field_count; f++) {
		const struct value *v = &r->values[f];
		enum field_kind kind = s->fields[f].kind;

		if (v->present && kind_is_text(kind) && !utf8_valid(v->text))
			return false;
	}
	return r->id.len > 0;
}

static bool
take_row(struct rebuild *b, const struct schema *s, uint32_t row, struct change *c)
{
	struct row_view view;
	struct record r;

	if (verify_doubts(&b->verified, s, row) || store_row(b->from, s, row, &view) != ERR_OK ||
	    row_values(&view, s, &r) != ERR_OK || !usable(s, &r))
		return false;
	/* dates begin when their days do in the zone that is configured now */
	for (size_t f = 0; f < s->field_count; f++)
		if (s->fields[f].kind == FIELD_INSTANT && moment_is_date(&r.values[f]) &&
		    moment_parse(r.values[f].text, &r.values[f]) != ERR_OK)
			return false;
	*c = (struct change){ .kind = CHANGE_UPSERT, .table = s, .record = r, .base = CHANGE_ANY_BASE };
	return true;
}

/* Copy the rows in few large lists, as a first sync would; this makes no history. */
static enum err
copy_rows(struct rebuild *b, const struct schema *s, struct apply *a)
{
	const struct apply_meta meta = { .synced_ms = 0 };
	uint32_t end = store_rows_end(b->from, s), row = 0, done = 0;
	enum err e = ERR_OK;

	while (row < end && e == ERR_OK) {
		uint32_t room = done / LIST_SHARE > LIST_MIN ? done / LIST_SHARE : LIST_MIN;
		struct change *list = calloc(room, sizeof(*list));
		struct apply_result r;
		uint32_t n = 0;

		if (list == NULL)
			return ERR_NOMEM;
		for (; row < end && n < room; row++)
			n += take_row(b, s, row, &list[n]);
		if (n > 0)
			e = apply_changes(a, list, n, SOURCE_FULL_SYNC, &meta, instant_now(), &r);
		done += n;
		free(list);
	}
	if (store_row_count(b->from, s) > done)
		b->facts->in_doubt += store_row_count(b->from, s) - done;
	return e;
}

static enum err
copy_outbox(struct rebuild *b, struct apply *a)
{
	struct outbox_list l;
	struct apply_meta meta = { .synced_ms = 0 };
	struct apply_result r;
	enum err e = outbox_list_read(&l, b->from, OUTBOX_STORE);

	if (e == ERR_OK && l.count > 0) {
		meta.outbox = l.steps;
		meta.outbox_count = l.count;
		e = apply_changes(a, NULL, 0, SOURCE_JOB, &meta, instant_now(), &r);
	}
	outbox_list_free(&l);
	return e;
}

/* Make the parts of the new store that follow from rows and outbox. */
static enum err
copy_tables(struct rebuild *b)
{
	const struct tables *tables = b->new.tables;
	struct apply *a = NULL;
	enum err e = apply_open(&b->new.config, tables, &a);

	for (size_t i = 0; i < tables->count && e == ERR_OK; i++)
		e = copy_rows(b, tables->list[i], a);
	if (e == ERR_OK)
		e = copy_outbox(b, a);
	if (e != ERR_OK)
		buf_printf(b->why, "the new store: %s", err_text(e));
	apply_close(a);
	return e;
}

struct raw {
	struct rebuild	*b;
	struct db_txn	 txn;
	struct store_dbs dbs;
};

/* Store the entry, and its mention in the audit log and under its bulk edit, made from it. */
static void
put_history(struct raw *w, const struct schema *table, struct str id, struct str key, struct str json, const cJSON *j)
{
	const cJSON *at = cJSON_GetObjectItemCaseSensitive(j, "at");
	const cJSON *bulk = cJSON_GetObjectItemCaseSensitive(j, "bulk");
	char value[sizeof(struct audit_head) + STORE_KEY_MAX];
	struct audit_head head = { .table = table->number };
	struct store_key k;
	uint64_t generation;
	uint32_t index;

	if (!cJSON_IsString(at) || instant_parse(str_of(at->valuestring), &head.at_ms) != ERR_OK)
		return;
	if (cJSON_IsString(bulk))
		head.bulk = strtoull(bulk->valuestring, NULL, 10);
	place_of_key(key, &generation, &index);
	place_key(&k, generation, index);
	memcpy(value, &head, sizeof(head));
	memcpy(value + sizeof(head), id.ptr, id.len);
	w->b->facts->history++;
	(void)db_put(&w->txn, w->dbs.history, key, json);
	(void)db_put(&w->txn, w->dbs.audit, key_composed(&k),
	    (struct str){ value, sizeof(head) + id.len });
	if (head.bulk == 0)
		return;
	bulk_key(&k, head.bulk, generation, index);
	memcpy(value, &head.table, sizeof(head.table));
	memcpy(value + sizeof(head.table), id.ptr, id.len);
	(void)db_put(&w->txn, w->dbs.bulks, key_composed(&k),
	    (struct str){ value, sizeof(head.table) + id.len });
}

static void
copy_history(struct raw *w)
{
	struct db_cursor c;

	for (db_walk(&c, store_txn(w->b->from), store_databases(w->b->from)->history); c.found;
	    db_next(&c)) {
		const struct schema *table = history_key_table(w->b->new.tables, c.key);
		cJSON *j = cJSON_ParseWithLength(c.value.ptr, c.value.len);

		if (j != NULL && table != NULL)
			put_history(w, table, history_key_record(c.key), c.key, c.value, j);
		cJSON_Delete(j);
	}
	db_walk_end(&c);
}

static void
copy_answers(struct raw *w)
{
	struct db_cursor c;

	for (db_walk(&c, store_txn(w->b->from), store_databases(w->b->from)->answers); c.found;
	    db_next(&c)) {
		struct answer_head head;
		struct store_key k;

		if (c.value.len < sizeof(head))
			continue;
		memcpy(&head, c.value.ptr, sizeof(head));
		answers_due_key(&k, head.due_ms, c.key);
		(void)db_put(&w->txn, w->dbs.answers, c.key, c.value);
		(void)db_put(&w->txn, w->dbs.answers_due, key_composed(&k), STR(""));
	}
	db_walk_end(&c);
}

static uint64_t
number(struct str v)
{
	uint64_t n = 0;

	if (v.len == sizeof(n))
		memcpy(&n, v.ptr, sizeof(n));
	return n;
}

/* Copy what stays valid in meta: the store's birth, the numbers assigned, the last sync. */
static void
copy_meta(struct raw *w)
{
	static const char *const names[] = { META_BIRTH, META_SEQUENCE, META_LAST_SYNC };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str v, own;

		if (!meta_get(store_txn(w->b->from), store_databases(w->b->from)->meta, names[i], &v) ||
		    (i < 2 && v.len != sizeof(uint64_t)))
			continue;
		/* the copied entries may go beyond the noted end */
		if (meta_get(&w->txn, w->dbs.meta, names[i], &own) && i == 1 && number(own) > number(v))
			continue;
		(void)db_put(&w->txn, w->dbs.meta, str_of(names[i]), v);
	}
}

/* The old store is damaged: what can't be read of these is left out. */
static enum err
copy_rest(struct rebuild *b)
{
	const struct db_options options = {
		.max_dbs = store_max_dbs(b->new.tables), .map_bytes = (size_t)b->new.config.store.map_size_bytes,
		.mode = 0660
	};
	struct raw w = { .b = b };
	struct db db;
	enum err e;

	if ((e = db_open(&db, b->new.config.store.path, &options)) != ERR_OK)
		return backup_failed(b->why, "history", &db.fault, e);
	if ((e = db_begin(&db, &w.txn, true)) == ERR_OK &&
	    (e = store_keys_open(&w.txn, b->new.tables, true, &w.dbs)) == ERR_OK) {
		copy_history(&w);
		db_forgive(store_txn(b->from));
		copy_answers(&w);
		db_forgive(store_txn(b->from));
		copy_meta(&w);
		e = db_commit(&w.txn);
	}
	db_abort(&w.txn);
	db_close(&db);
	return e == ERR_OK ? e : backup_failed(b->why, "history", &w.txn.fault,
	    store_files_cause(b->new.path, e));
}

/* The new store is at most as large as the old one's data: free pages are not copied. */
static enum err
make_room(struct rebuild *b)
{
	struct store_stats stats;
	uint64_t used, unused = db_free_pages(store_txn(b->from));

	store_stats(b->from, &stats);
	used = (stats.pages - (unused < stats.pages ? unused : 0)) * stats.page_bytes;
	/* the map must hold all of it from the start */
	if ((uint64_t)b->new.config.store.map_size_bytes < 2 * used)
		b->new.config.store.map_size_bytes = (int64_t)(2 * used);
	return new_store_room(&b->new, used, b->why);
}

/* A bit for each row of each table. */
static enum err
make_bits(struct rebuild *b)
{
	const struct tables *tables = b->new.tables;
	size_t words = 1;	/* even without tables there is something to allocate */

	for (size_t i = 0; i < tables->count; i++)
		words += store_rows_end(b->from, tables->list[i]) / 64 + 1;
	if ((b->bits = calloc(words, sizeof(*b->bits))) == NULL)
		return ERR_NOMEM;
	for (size_t i = tables->count; i-- > 0;) {
		words -= store_rows_end(b->from, tables->list[i]) / 64 + 1;
		b->verified.doubt[tables->list[i]->number] = b->bits + words;
	}
	return ERR_OK;
}

static enum err
open_from(struct rebuild *b)
{
	char path[CONFIG_TEXT_MAX + 16];
	enum err e;

	(void)snprintf(path, sizeof(path), "%s/" STORE_DATA, b->new.path);
	if ((e = backup_open(path, b->new.tables, &b->db, &b->from, b->why)) != ERR_OK)
		return e;
	if ((e = store_begin(b->from)) == ERR_OK && (e = make_bits(b)) == ERR_OK)
		e = verify_store(b->from, ignore, NULL, &b->verified);
	if (e != ERR_OK) {
		buf_printf(b->why, "%s: %s", path, err_text(e));
		return e;
	}
	return make_room(b);
}

enum err
backup_rebuild(const struct config *config, const struct tables *tables, struct backup_facts *f,
    struct buf *why)
{
	struct rebuild b = { .facts = f, .why = why };
	uint32_t in_doubt;
	uint64_t history;
	enum err e;

	*f = (struct backup_facts){ .generation = 0 };
	if ((e = new_store_begin(&b.new, config, tables, why)) != ERR_OK)
		return e;
	if ((e = open_from(&b)) == ERR_OK && (e = copy_tables(&b)) == ERR_OK) {
		e = copy_rest(&b);
		in_doubt = f->in_doubt;
		history = f->history;
		if (e == ERR_OK)
			e = new_store_commit(&b.new, store_head(b.from), false, f, why);
		f->in_doubt = in_doubt;
		f->history = history;
	}
	store_close(b.from);
	db_close(&b.db);
	free(b.bits);
	new_store_end(&b.new);
	return e;
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/currency.h"
#include "syncd/apply/parts.h"
#include "syncd/apply/store_files.h"

#define READERS_CHECK_MS	5000

struct apply {
	const struct config	*config;
	const struct tables	*tables;
	struct db		 db;
	struct db_txn		 txn;		/* for writing */
	struct store		*store;		/* for reading, same environment */
	struct store_dbs	 dbs;
	int			 lock_fd;
	size_t			 map_size;
	int64_t			 readers_checked_ms;	/* wall clock */
	uint64_t		 birth;		/* see META_BIRTH */
	uint64_t		 sequence;	/* the next one to be assigned */
	uint64_t		 sequence_end;	/* see META_SEQUENCE */
	uint32_t		 held[TABLES_MAX];	/* by table's number, see apply_hold() */
	apply_watcher		*watcher;	/* NULL: none */
	void			*watcher_cookie;
	apply_commit_cb		*tell;
	void			*tell_cookie;
};

/* Take the lock, and clean up after an interrupted restore. */
static enum err
take_store(struct apply *a)
{
	int dir = store_files_open(a->config->store.path), cause;

	if (dir != -1 && (a->lock_fd = store_files_lock(dir)) != -1 && store_settle(dir) == 0) {
		(void)close(dir);
		return ERR_OK;
	}
	cause = errno;
	if (dir != -1)
		(void)close(dir);
	if (cause == EWOULDBLOCK) {
		log_error("store: %s is in use by another syncd", a->config->store.path);
		return ERR_STORE_LOCKED;
	}
	log_error("store: %s: %s", a->config->store.path, strerror(cause));
	return err_from_errno(cause);
}

static enum err
open_db(struct apply *a)
{
	const struct db_options options = {
		.max_dbs = store_max_dbs(a->tables), .max_readers = STORE_MAX_READERS,
		.map_bytes = (size_t)a->config->store.map_size_bytes, .mode = 0660
	};
	char path[CONFIG_TEXT_MAX + 16];
	struct db_space space;
	enum err e;

	if ((e = db_open(&a->db, a->config->store.path, &options)) != ERR_OK) {
		log_error("store: %s: %s", a->config->store.path, db_fault_text(&a->db.fault, e));
		return e;
	}
	db_space(&a->db, &space);
	a->map_size = space.map_bytes;
	/* readers of the group need to write to the lock file, never to the data */
	(void)snprintf(path, sizeof(path), "%s/lock.mdb", a->config->store.path);
	if (chmod(path, 0660) == 0) {
		(void)snprintf(path, sizeof(path), "%s/data.mdb", a->config->store.path);
		if (chmod(path, 0640) == 0)
			return ERR_OK;
	}
	e = err_from_errno(errno);
	log_error("store: %s: %s", path, strerror(errno));
	return e;
}

static enum err
meta_u64(struct apply_txn *t, const char *name, uint64_t *n)
{
	struct str v;

	if (!meta_get(t->txn, t->dbs->meta, name, &v))
		return db_absent(t->txn);
	if (v.len != sizeof(*n))
		return ERR_STORE_CORRUPT;
	memcpy(n, v.ptr, sizeof(*n));
	return ERR_OK;
}

static enum err
new_head(struct apply_txn *t)
{
	enum err e;

	t->head = (struct store_head){
		.format = STORE_FORMAT,
		.generation = t->now_ms > STORE_EPOCH_MS ?
		    (uint64_t)(t->now_ms - STORE_EPOCH_MS) : 0
	};
	if ((e = apply_put(t->txn, t->dbs->meta, STR(META_BIRTH),
	    &t->head.generation, sizeof(t->head.generation))) != ERR_OK)
		return e;
	return apply_put_head(t);
}

/* Load where the outbox's sequence numbers continue. */
static enum err
load_sequence(struct apply *a, struct apply_txn *t)
{
	enum err e = meta_u64(t, META_BIRTH, &a->birth);

	if (e != ERR_OK)
		return db_needed(e);
	a->sequence_end = 1;
	e = meta_u64(t, META_SEQUENCE, &a->sequence_end);
	a->sequence = a->sequence_end;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Create what a new store lacks, check an old one. */
static enum err
prepare(struct apply *a)
{
	struct apply_txn t = {
		.txn = &a->txn, .dbs = &a->dbs, .tables = a->tables, .now_ms = instant_now(),
		.source = SOURCE_JOB
	};
	bool newer;
	enum err e = db_begin(&a->db, t.txn, true);

	if (e == ERR_OK && (e = store_keys_open(t.txn, a->tables, true, &a->dbs)) == ERR_OK &&
	    (e = meta_head(t.txn, a->dbs.meta, &t.head)) == ERR_NOT_FOUND)
		e = new_head(&t);
	if (e == ERR_OK && t.head.format == STORE_MIGRATED)
		e = apply_migrate(t.txn, &a->dbs, &t.head);
	if (e == ERR_OK && (e = load_sequence(a, &t)) == ERR_OK &&
	    (e = apply_use_settings(&t, a->config, true, &newer)) == ERR_OK)
		e = db_commit(t.txn);
	db_abort(t.txn);
	apply_plan_free(&t);
	return e;
}

/* Double the map within its limit; no transaction of this process may be open. */
static enum err
grow_map(struct apply *a)
{
	size_t limit = (size_t)a->config->store.map_limit_bytes, size = a->map_size * 2;
	enum err e;

	if (size > limit)
		size = limit;
	if (size <= a->map_size) {
		log_error("store: full at store.map_limit = %zu bytes", limit);
		return ERR_STORE_MAP_FULL;
	}
	if ((e = db_set_map(&a->db, size)) != ERR_OK) {
		log_error("store: no map of %zu bytes: %s", size, db_fault_text(&a->db.fault, e));
		return e;
	}
	log_info("store: map grown to %zu MiB", size >> 20);
	a->map_size = size;
	return ERR_OK;
}

static enum err
reconfigure(struct apply *a)
{
	struct apply_txn t = {
		.txn = &a->txn, .dbs = &a->dbs, .tables = a->tables, .now_ms = instant_now(),
		.source = SOURCE_JOB
	};
	bool newer;
	enum err e = db_begin(&a->db, t.txn, true);

	if (e == ERR_OK && (e = meta_head(t.txn, a->dbs.meta, &t.head)) == ERR_OK &&
	    (e = apply_use_settings(&t, a->config, false, &newer)) == ERR_OK && newer &&
	    (e = db_commit(t.txn)) == ERR_OK && a->tell != NULL)
		a->tell(a->tell_cookie, t.head.generation, buf_str(&t.log));
	db_abort(t.txn);
	apply_plan_free(&t);
	return e;
}

void
apply_reconfigure(struct apply *a)
{
	enum err e;

	while ((e = reconfigure(a)) == ERR_STORE_MAP_FULL)
		if ((e = grow_map(a)) != ERR_OK)
			break;
	if (e != ERR_OK)
		log_error("store: changed settings can't be applied to the summary: %s",
		    db_fault_text(&a->txn.fault, e));
}

enum err
apply_open(const struct config *config, const struct tables *tables, struct apply **out)
{
	struct apply *a = calloc(1, sizeof(*a));
	enum err e;

	if (a == NULL)
		return ERR_NOMEM;
	a->config = config;
	a->tables = tables;
	a->lock_fd = -1;
	if (mkdir(config->store.path, 0750) == -1 && errno != EEXIST) {
		e = err_from_errno(errno);
		log_error("store: %s: %s", config->store.path, strerror(errno));
		goto fail;
	}
	if ((e = take_store(a)) != ERR_OK || (e = apply_check_format(config->store.path)) != ERR_OK)
		goto fail;
	if ((e = open_db(a)) != ERR_OK)
		goto fail;
	while ((e = prepare(a)) == ERR_STORE_MAP_FULL)
		if ((e = grow_map(a)) != ERR_OK)
			break;
	if ((e = db_tell(&a->txn, config->store.path, e)) != ERR_OK ||
	    (e = store_attach(&a->db, tables, &a->store)) != ERR_OK)
		goto fail;
	*out = a;
	return ERR_OK;
fail:
	apply_close(a);
	return e;
}

void
apply_close(struct apply *a)
{
	if (a == NULL)
		return;
	store_close(a->store);
	db_close(&a->db);
	if (a->lock_fd != -1)
		(void)close(a->lock_fd);
	free(a);
}

void
apply_on_commit(struct apply *a, apply_commit_cb *tell, void *cookie)
{
	a->tell = tell;
	a->tell_cookie = cookie;
}

struct store *
apply_store(struct apply *a)
{
	return a->store;
}

uint64_t
apply_generation(struct apply *a)
{
	uint64_t generation;

	if (store_begin(a->store) != ERR_OK)
		return 0;
	generation = store_generation(a->store);
	store_end(a->store);
	return generation;
}

void
apply_watch(struct apply *a, apply_watcher *watcher, void *cookie)
{
	a->watcher = watcher;
	a->watcher_cookie = cookie;
}

void
apply_hold(struct apply *a, const struct schema *table, uint32_t fields)
{
	a->held[table->number] = fields;
}

uint32_t
apply_held(const struct apply *a, const struct schema *table)
{
	return a->held[table->number];
}

uint64_t
apply_sequence(struct apply *a)
{
	return a->sequence++;
}

uint64_t
apply_birth(struct apply *a)
{
	return a->birth;
}

static enum err
put_options(struct apply_table *t)
{
	for (unsigned f = 0; f < t->schema->field_count; f++) {
		char name[META_NAME_SIZE];
		enum err e;

		if (!t->further_new[f])
			continue;
		meta_field_name(name, META_OPTIONS, t->schema, f);
		e = apply_put(t->txn, t->all->dbs->meta, str_of(name),
		    t->further[f].data, t->further[f].len);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* Does what the schema says about amounts change how they are shown? */
static enum err
plan_money(struct apply_txn *t, const struct apply_meta *meta)
{
	struct apply_table *of;
	struct str stored;
	enum err e;

	if (meta->money.len == 0)
		return ERR_OK;
	/* a schema that was never read counts as saying nothing */
	if (!meta_get(t->txn, t->dbs->meta, META_MONEY, &stored))
		stored = STR(CURRENCY_NOTHING);
	if (str_eq(stored, meta->money))
		return t->txn->fault.error;
	if ((e = apply_touch(t, meta->table, &of)) == ERR_OK)
		of->told_new = true;
	return e;
}

/* Plan all that is to be done; ${newer}: it makes a generation. */
static enum err
plan(struct apply_txn *t, const struct change *changes, size_t n, const struct apply_meta *meta,
    bool *newer)
{
	enum err e = ERR_OK;

	t->next = t->head.generation + 1;
	if ((n > 0 && (e = apply_plan(t, changes, n)) != ERR_OK) ||
	    (e = apply_plan_outbox(t, changes, n, meta)) != ERR_OK ||
	    (e = apply_plan_edits(t, meta)) != ERR_OK ||
	    (e = apply_plan_past(t, changes, n)) != ERR_OK ||
	    (e = apply_plan_history(t, meta)) != ERR_OK ||
	    (e = apply_plan_offers(t, meta)) != ERR_OK || (e = plan_money(t, meta)) != ERR_OK)
		return e;
	*newer = t->entry_count > 0;
	for (const struct apply_table *of = t->touched; of != NULL; of = of->next)
		*newer |= of->count > 0 || of->told_new;
	for (size_t i = 0; i < t->overlay_count; i++)
		*newer |= t->overlays[i].visible;
	/* a store without changes is trimmed too, when a sync ends */
	if (!*newer && meta->synced_ms != 0)
		return apply_history_due(t, newer);
	return ERR_OK;
}

static enum err
write_table(struct apply_table *t)
{
	enum err e;

	if (t->count == 0)
		return ERR_OK;
	for (size_t n = 0; n < t->count; n++) {
		t->head->rows_live += !t->items[n].existed;
		t->head->rows_live -= t->items[n].gone;
	}
	if ((e = apply_orderings(t)) != ERR_OK || (e = apply_totals(t)) != ERR_OK ||
	    (e = apply_columns(t)) != ERR_OK || (e = apply_rows(t)) != ERR_OK)
		return e;
	return put_options(t);
}

/* The parts, in the order that apply/parts.h explains. */
static enum err
write_changes(struct apply_txn *t, uint64_t keep)
{
	enum err e;

	t->head.generation = t->next;
	for (struct apply_table *of = t->touched; of != NULL; of = of->next)
		if ((e = write_table(of)) != ERR_OK)
			return e;
	if ((e = apply_log(t, keep)) != ERR_OK)
		return e;
	return apply_history(t);
}

/* Freshness only grows, unless the clock was set back. */
static bool
note_fresh(struct apply_txn *t, const struct apply_meta *meta)
{
	struct table_head *head;

	if (meta->fresh_ms == 0)
		return false;
	head = &t->head.table[meta->table->number];
	if (meta->fresh_ms <= head->fresh_ms && head->fresh_ms <= t->now_ms)
		return false;
	head->fresh_ms = meta->fresh_ms;
	return true;
}

static enum err
put_text(struct apply_txn *t, const char *name, struct str text)
{
	return text.len == 0 ? ERR_OK : apply_put(t->txn, t->dbs->meta, str_of(name), text.ptr,
	    text.len);
}

static enum err
put_last_sync(struct apply_txn *t, const struct apply_meta *meta)
{
	struct buf document = { 0 };
	enum err e;

	if (meta->compose == NULL)
		return put_text(t, META_LAST_SYNC, meta->last_sync);
	meta->compose(meta->compose_cookie, &t->result, &document);
	e = buf_status(&document) != ERR_OK ? ERR_NOMEM :
	    put_text(t, META_LAST_SYNC, buf_str(&document));
	buf_free(&document);
	return e;
}

static enum err
write_meta(struct apply_txn *t, const struct apply_meta *meta, bool newer)
{
	bool fresher = note_fresh(t, meta);
	struct apply_table *of;
	enum err e;

	t->result.generation = t->head.generation;
	if (meta->synced_ms != 0) {
		if ((e = apply_touch(t, meta->table, &of)) != ERR_OK)
			return e;
		of->head->synced_ms = meta->synced_ms;
	}
	if ((e = put_last_sync(t, meta)) != ERR_OK || (e = put_text(t, META_FEED, meta->feed)) != ERR_OK ||
	    (e = put_text(t, META_CALLS, meta->calls)) != ERR_OK ||
	    (e = put_text(t, META_MONEY, meta->money)) != ERR_OK)
		return e;
	if (!newer && meta->synced_ms == 0)
		return fresher ? apply_put_head(t) : ERR_OK;
	e = apply_put_head(t);
	for (of = t->touched; of != NULL && e == ERR_OK; of = of->next)
		e = apply_put_body(of);
	return e;
}

static enum err
try_changes(struct apply *a, struct apply_txn *t, const struct change *changes, size_t n,
    const struct apply_meta *meta)
{
	bool newer = false;
	enum err e;

	if ((e = db_begin(&a->db, t->txn, true)) != ERR_OK)
		return e;
	if ((e = meta_head(t->txn, a->dbs.meta, &t->head)) != ERR_OK ||
	    (e = plan(t, changes, n, meta, &newer)) != ERR_OK ||
	    (newer && (e = write_changes(t, (uint64_t)a->config->store.changes_kept)) != ERR_OK) ||
	    (e = apply_outbox(t, changes, n, meta)) != ERR_OK ||
	    (e = apply_answers(t, meta)) != ERR_OK ||
	    (e = apply_offers(t, meta)) != ERR_OK ||
	    (e = write_meta(t, meta, newer)) != ERR_OK) {
		db_abort(t->txn);
		return e;
	}
	return db_commit(t->txn);
}

/*
 * The snapshot of a killed worker keeps every page freed since from being
 * reused, and the file grows, until the dead reader is removed.
 */
static void
forget_dead_readers(struct apply *a, int64_t now_ms)
{
	unsigned dead;

	/* the clock may have been set back */
	if (now_ms >= a->readers_checked_ms && now_ms - a->readers_checked_ms < READERS_CHECK_MS)
		return;
	a->readers_checked_ms = now_ms;
	if (db_drop_dead_readers(&a->db, &dead) != ERR_OK)
		log_warn("store: readers can't be checked: %s",
		    db_fault_text(&a->db.fault, a->db.fault.error));
	else if (dead > 0)
		log_info("store: %u snapshots of dead processes dropped", dead);
}

static enum err
not_written(struct apply *a, enum err e)
{
	/* ERR_NOT_FOUND here means that something required is missing */
	e = store_files_cause(a->config->store.path, db_needed(e));
	log_error("store: changes not written: %s", db_fault_text(&a->txn.fault, e));
	return e;
}

enum err
apply_changes(struct apply *a, const struct change *changes, size_t n,
    enum change_source source, const struct apply_meta *meta, int64_t now_ms,
    struct apply_result *result)
{
	enum err e;

	forget_dead_readers(a, now_ms);
	do {
		struct apply_txn t = {
			.txn = &a->txn, .dbs = &a->dbs, .tables = a->tables, .source = source,
			.now_ms = now_ms,
			.held = source == SOURCE_FULL_SYNC ? NULL : a->held,
			.history_from_ms = now_ms - a->config->audit.retention_ms,
			.sequence_end = a->sequence_end
		};

		e = try_changes(a, &t, changes, n, meta);
		*result = t.result;
		if (e == ERR_OK)
			a->sequence_end = t.sequence_end;
		if (e == ERR_OK && t.log.len > 0 && a->tell != NULL)
			a->tell(a->tell_cookie, t.head.generation, buf_str(&t.log));
		apply_plan_free(&t);
	} while (e == ERR_STORE_MAP_FULL && (e = grow_map(a)) == ERR_OK);
	if (e != ERR_OK)
		return not_written(a, e);
	if (a->watcher != NULL && n > 0)
		a->watcher(a->watcher_cookie, changes, n, source);
	return ERR_OK;
}

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
	const struct schema	*schema;
	MDB_env			*env;
	struct store		*store;		/* reading, same environment */
	struct store_dbs	 dbs;
	int			 lock_fd;
	size_t			 map_size;
	int64_t			 readers_checked_ms;	/* wall clock */
	uint64_t		 birth;		/* see META_BIRTH */
	uint64_t		 sequence;	/* the next one to be given */
	uint64_t		 sequence_end;	/* see META_SEQUENCE */
	uint32_t		 held;		/* see apply_hold() */
	apply_watcher		*watcher;	/* NULL: nobody looks on */
	void			*watcher_cookie;
	apply_commit_cb		*tell;
	void			*tell_cookie;
};

/* The lock, and what a restore that was interrupted has left. */
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

static int
open_env(struct apply *a)
{
	char path[CONFIG_TEXT_MAX + 16];
	MDB_envinfo info;
	int rc;

	if ((rc = mdb_env_create(&a->env)) != 0)
		return rc;
	if ((rc = mdb_env_set_maxdbs(a->env, STORE_MAX_DBS)) != 0 ||
	    (rc = mdb_env_set_maxreaders(a->env, STORE_MAX_READERS)) != 0 ||
	    (rc = mdb_env_set_mapsize(a->env, (size_t)a->config->store.map_size_bytes)) != 0 ||
	    (rc = mdb_env_open(a->env, a->config->store.path, MDB_NOTLS, 0660)) != 0 ||
	    (rc = mdb_env_info(a->env, &info)) != 0)
		return rc;
	a->map_size = info.me_mapsize;
	/* readers of the group need to write to the lock file, never to the data */
	(void)snprintf(path, sizeof(path), "%s/lock.mdb", a->config->store.path);
	if (chmod(path, 0660) == -1)
		return errno;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", a->config->store.path);
	return chmod(path, 0640) == -1 ? errno : 0;
}

static int
meta_u64(struct apply_txn *t, const char *name, uint64_t *n)
{
	struct str v;
	int rc = meta_get(t->txn, t->dbs->meta, name, &v);

	if (rc != 0)
		return rc;
	if (v.len != sizeof(*n))
		return MDB_CORRUPTED;
	memcpy(n, v.ptr, sizeof(*n));
	return 0;
}

static int
new_head(struct apply_txn *t)
{
	int rc;

	t->head = (struct store_head){
		.format = STORE_FORMAT,
		.generation = t->now_ms > STORE_EPOCH_MS ?
		    (uint64_t)(t->now_ms - STORE_EPOCH_MS) : 0
	};
	if ((rc = apply_put(t->txn, t->dbs->meta, key_str(STR(META_BIRTH)),
	    &t->head.generation, sizeof(t->head.generation))) != 0)
		return rc;
	return apply_put_head(t);
}

/* Where the outbox's numbers go on. */
static int
load_sequence(struct apply *a, struct apply_txn *t)
{
	int rc = meta_u64(t, META_BIRTH, &a->birth);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
	a->sequence_end = 1;
	rc = meta_u64(t, META_SEQUENCE, &a->sequence_end);
	a->sequence = a->sequence_end;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Make what a new store lacks, check what an old one is. */
static int
prepare(struct apply *a)
{
	struct apply_txn t = {
		.dbs = &a->dbs, .schema = a->schema, .now_ms = instant_now(), .source = SOURCE_JOB
	};
	int rc;

	if ((rc = mdb_txn_begin(a->env, NULL, 0, &t.txn)) != 0)
		return rc;
	if ((rc = store_keys_open(t.txn, 1, &a->dbs)) != 0)
		goto fail;
	rc = meta_head(t.txn, a->dbs.meta, &t.head);
	if (rc == MDB_NOTFOUND)
		rc = new_head(&t);
	if (rc != 0 || (rc = load_sequence(a, &t)) != 0 ||
	    (rc = apply_use_settings(&t, a->config, true)) != 0)
		goto fail;
	rc = mdb_txn_commit(t.txn);
	apply_plan_free(&t);
	return rc;
fail:
	mdb_txn_abort(t.txn);
	apply_plan_free(&t);
	return rc;
}

/* Double the map within its limit; no transaction of this process may be open. */
static int
grow_map(struct apply *a)
{
	size_t limit = (size_t)a->config->store.map_limit_bytes, size = a->map_size * 2;
	int rc;

	if (size > limit)
		size = limit;
	if (size <= a->map_size) {
		log_error("store: full at store.map_limit = %zu bytes", limit);
		return MDB_MAP_FULL;
	}
	if ((rc = mdb_env_set_mapsize(a->env, size)) != 0)
		return rc;
	log_info("store: map grown to %zu MiB", size >> 20);
	a->map_size = size;
	return 0;
}

static int
reconfigure(struct apply *a)
{
	struct apply_txn t = {
		.dbs = &a->dbs, .schema = a->schema, .now_ms = instant_now(), .source = SOURCE_JOB
	};
	int rc;

	if ((rc = mdb_txn_begin(a->env, NULL, 0, &t.txn)) != 0)
		return rc;
	if ((rc = meta_head(t.txn, a->dbs.meta, &t.head)) != 0 ||
	    (rc = apply_use_settings(&t, a->config, false)) != 0 || !t.told_new)
		mdb_txn_abort(t.txn);
	else if ((rc = mdb_txn_commit(t.txn)) == 0 && a->tell != NULL)
		a->tell(a->tell_cookie, t.head.generation, buf_str(&t.log));
	apply_plan_free(&t);
	return rc;
}

void
apply_reconfigure(struct apply *a)
{
	int rc;

	while ((rc = reconfigure(a)) == MDB_MAP_FULL)
		if ((rc = grow_map(a)) != 0)
			break;
	if (rc != 0)
		log_error("store: the summary does not follow its settings: %s", mdb_strerror(rc));
}

enum err
apply_open(const struct config *config, const struct schema *schema, struct apply **out)
{
	struct apply *a = calloc(1, sizeof(*a));
	enum err e;
	int rc;

	if (a == NULL)
		return ERR_NOMEM;
	a->config = config;
	a->schema = schema;
	a->lock_fd = -1;
	if (mkdir(config->store.path, 0750) == -1 && errno != EEXIST) {
		e = err_from_errno(errno);
		log_error("store: %s: %s", config->store.path, strerror(errno));
		goto fail;
	}
	if ((e = take_store(a)) != ERR_OK || (e = apply_check_format(config->store.path)) != ERR_OK)
		goto fail;
	if ((rc = open_env(a)) != 0) {
		e = store_error(config->store.path, rc);
		goto fail;
	}
	while ((rc = prepare(a)) == MDB_MAP_FULL)
		if ((rc = grow_map(a)) != 0)
			break;
	if (rc != 0) {
		e = store_error(config->store.path, rc);
		goto fail;
	}
	if ((e = store_attach(a->env, &a->store)) != ERR_OK)
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
	if (a->env != NULL)
		mdb_env_close(a->env);
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
apply_hold(struct apply *a, uint32_t fields)
{
	a->held = fields;
}

uint32_t
apply_held(const struct apply *a)
{
	return a->held;
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

static int
put_options(struct apply_txn *t)
{
	for (unsigned f = 0; f < t->schema->field_count; f++) {
		char name[32];
		int rc;

		if (!t->further_new[f])
			continue;
		(void)snprintf(name, sizeof(name), META_OPTIONS "%u", f);
		rc = apply_put(t->txn, t->dbs->meta, key_str(str_of(name)),
		    t->further[f].data, t->further[f].len);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Are amounts shown in another way by what the schema tells? */
static int
plan_money(struct apply_txn *t, struct str told)
{
	struct str stored;
	int rc;

	if (told.len == 0)
		return 0;
	rc = meta_get(t->txn, t->dbs->meta, META_MONEY, &stored);
	if (rc == MDB_NOTFOUND) {	/* while it was never read nothing was told */
		stored = STR(CURRENCY_NOTHING);
		rc = 0;
	}
	t->told_new |= rc == 0 && !str_eq(stored, told);
	return rc;
}

/* All that is to be done, and whether it makes a generation. */
static int
plan(struct apply_txn *t, const struct change *changes, size_t n, const struct apply_meta *meta,
    bool *newer)
{
	int rc = 0;

	t->next = t->head.generation + 1;
	if ((n > 0 && (rc = apply_plan(t, changes, n)) != 0) ||
	    (rc = apply_plan_outbox(t, changes, n, meta)) != 0 ||
	    (rc = apply_plan_edits(t, meta)) != 0 ||
	    (rc = apply_plan_past(t, changes, n)) != 0 ||
	    (rc = apply_plan_history(t, meta)) != 0 ||
	    (rc = apply_plan_offers(t, meta)) != 0 || (rc = plan_money(t, meta->money)) != 0)
		return rc;
	*newer = t->count > 0 || t->entry_count > 0 || t->told_new;
	for (size_t i = 0; i < t->overlay_count; i++)
		*newer |= t->overlays[i].visible;
	/* a store to which nothing happens forgets too, when a sync ends */
	if (!*newer && meta->synced_ms != 0)
		return apply_history_due(t, newer);
	return 0;
}

/* The parts, in the order that apply/parts.h explains. */
static int
write_changes(struct apply_txn *t, uint64_t keep)
{
	int rc;

	t->head.generation = t->next;
	t->head.rows_live += (uint32_t)t->result.created;
	t->head.rows_live -= (uint32_t)t->result.deleted;
	if (t->count > 0 && ((rc = apply_orderings(t)) != 0 || (rc = apply_totals(t)) != 0 ||
	    (rc = apply_columns(t)) != 0 || (rc = apply_rows(t)) != 0 ||
	    (rc = put_options(t)) != 0))
		return rc;
	if ((rc = apply_log(t, keep)) != 0)
		return rc;
	return apply_history(t);
}

/* It only grows, but for a clock that was set back. */
static bool
note_fresh(struct apply_txn *t, int64_t fresh_ms)
{
	if (fresh_ms == 0 || (fresh_ms <= t->head.fresh_ms && t->head.fresh_ms <= t->now_ms))
		return false;
	t->head.fresh_ms = fresh_ms;
	return true;
}

static int
put_text(struct apply_txn *t, const char *name, struct str text)
{
	return text.len == 0 ? 0 : apply_put(t->txn, t->dbs->meta, key_str(str_of(name)), text.ptr,
	    text.len);
}

static int
put_last_sync(struct apply_txn *t, const struct apply_meta *meta)
{
	struct buf document = { 0 };
	int rc;

	if (meta->compose == NULL)
		return put_text(t, META_LAST_SYNC, meta->last_sync);
	meta->compose(meta->compose_cookie, &t->result, &document);
	rc = buf_status(&document) != ERR_OK ? ENOMEM :
	    put_text(t, META_LAST_SYNC, buf_str(&document));
	buf_free(&document);
	return rc;
}

static int
write_meta(struct apply_txn *t, const struct apply_meta *meta, bool newer)
{
	bool fresher = note_fresh(t, meta->fresh_ms);
	int rc;

	t->result.generation = t->head.generation;
	if (meta->synced_ms != 0)
		t->head.synced_ms = meta->synced_ms;
	if ((rc = put_last_sync(t, meta)) != 0 || (rc = put_text(t, META_FEED, meta->feed)) != 0 ||
	    (rc = put_text(t, META_CALLS, meta->calls)) != 0 ||
	    (rc = put_text(t, META_MONEY, meta->money)) != 0)
		return rc;
	if (!newer && meta->synced_ms == 0)
		return fresher ? apply_put_head(t) : 0;
	if ((rc = apply_put_head(t)) != 0)
		return rc;
	return apply_put_body(t);
}

static int
try_changes(struct apply *a, struct apply_txn *t, const struct change *changes, size_t n,
    const struct apply_meta *meta)
{
	bool newer = false;
	int rc;

	if ((rc = mdb_txn_begin(a->env, NULL, 0, &t->txn)) != 0)
		return rc;
	if ((rc = meta_head(t->txn, a->dbs.meta, &t->head)) != 0 ||
	    (rc = plan(t, changes, n, meta, &newer)) != 0 ||
	    (newer && (rc = write_changes(t, (uint64_t)a->config->store.changes_kept)) != 0) ||
	    (rc = apply_outbox(t, changes, n, meta)) != 0 ||
	    (rc = apply_answers(t, meta)) != 0 ||
	    (rc = apply_offers(t, meta)) != 0 ||
	    (rc = write_meta(t, meta, newer)) != 0) {
		mdb_txn_abort(t->txn);
		return rc;
	}
	return mdb_txn_commit(t->txn);
}

/*
 * The snapshot of a worker that was killed keeps every page freed since from
 * being used again, and the file grows, until somebody looks for it.
 */
static void
forget_dead_readers(struct apply *a, int64_t now_ms)
{
	int dead, rc;

	/* the clock may have been set back */
	if (now_ms >= a->readers_checked_ms && now_ms - a->readers_checked_ms < READERS_CHECK_MS)
		return;
	a->readers_checked_ms = now_ms;
	if ((rc = mdb_reader_check(a->env, &dead)) != 0)
		log_warn("store: readers can't be checked: %s", mdb_strerror(rc));
	else if (dead > 0)
		log_info("store: %d snapshots of dead processes dropped", dead);
}

enum err
apply_changes(struct apply *a, const struct change *changes, size_t n,
    enum change_source source, const struct apply_meta *meta, int64_t now_ms,
    struct apply_result *result)
{
	int rc;

	forget_dead_readers(a, now_ms);
	do {
		struct apply_txn t = {
			.dbs = &a->dbs, .schema = a->schema, .source = source, .now_ms = now_ms,
			.held = source == SOURCE_FULL_SYNC ? 0 : a->held,
			.history_from_ms = now_ms - a->config->audit.retention_ms,
			.sequence_end = a->sequence_end
		};

		rc = try_changes(a, &t, changes, n, meta);
		*result = t.result;
		if (rc == 0)
			a->sequence_end = t.sequence_end;
		if (rc == 0 && t.log.len > 0 && a->tell != NULL)
			a->tell(a->tell_cookie, t.head.generation, buf_str(&t.log));
		apply_plan_free(&t);
	} while (rc == MDB_MAP_FULL && (rc = grow_map(a)) == 0);
	if (rc != 0)
		return store_error("changes not written", store_files_cause(a->config->store.path, rc));
	if (a->watcher != NULL && n > 0)
		a->watcher(a->watcher_cookie, changes, n, source);
	return ERR_OK;
}

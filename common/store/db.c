#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/store/db.h"
#include "common/base/log.h"

#define COPY_TRIES	5

static enum err
error_of(int code)
{
	switch (code) {
	case 0:
		return ERR_OK;
	case MDB_MAP_FULL:
		return ERR_STORE_MAP_FULL;
	case MDB_READERS_FULL:
		return ERR_STORE_READERS;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_PANIC:
	case MDB_BAD_TXN:
	case MDB_INVALID:
	case MDB_NOTFOUND:
		return ERR_STORE_CORRUPT;
	case MDB_VERSION_MISMATCH:
		return ERR_STORE_VERSION;
	default:
		return code > 0 ? err_from_errno(code) : ERR_INTERNAL;
	}
}

static struct db_fault
fault_of(int code)
{
	return (struct db_fault){ error_of(code), code };
}

const char *
db_fault_text(const struct db_fault *f, enum err e)
{
	return f->error == e && f->cause != 0 ? mdb_strerror(f->cause) : err_text(e);
}

/* Record the fault of a transaction, unless it has one already. */
static __attribute__((noinline, cold)) enum err
stick(struct db_txn *t, int code)
{
	if (t->fault.error == ERR_OK)
		t->fault = fault_of(code);
	return t->fault.error;
}

static MDB_val
val(struct str s)
{
	return (MDB_val){ s.len, (void *)(uintptr_t)s.ptr };
}

static struct str
str_of_val(MDB_val v)
{
	return (struct str){ v.mv_data, v.mv_size };
}

/* ---- the environment --------------------------------------------------------- */
static int
set_up(MDB_env *env, const struct db_options *o)
{
	int rc = mdb_env_set_maxdbs(env, o->max_dbs);

	if (rc == 0 && o->max_readers > 0)
		rc = mdb_env_set_maxreaders(env, o->max_readers);
	if (rc == 0 && o->map_bytes > 0)
		rc = mdb_env_set_mapsize(env, o->map_bytes);
	return rc;
}

enum err
db_open(struct db *db, const char *path, const struct db_options *o)
{
	/* NOTLS: a reader slot belongs to the transaction, not to a thread */
	unsigned flags = MDB_NOTLS | (o->read_only ? MDB_RDONLY : 0) |
	    (o->file ? MDB_NOSUBDIR | MDB_NOLOCK : 0);
	int rc;

	*db = (struct db){ .env = NULL };
	if ((rc = mdb_env_create(&db->env)) == 0 && (rc = set_up(db->env, o)) == 0)
		rc = mdb_env_open(db->env, path, flags, o->mode);
	if (rc != 0)
		db_close(db);
	db->fault = fault_of(rc);
	return db->fault.error;
}

void
db_close(struct db *db)
{
	if (db->env != NULL)
		mdb_env_close(db->env);
	db->env = NULL;
}

static enum err
ended(struct db *db, int code)
{
	db->fault = fault_of(code);
	return db->fault.error;
}

enum err
db_set_map(struct db *db, size_t bytes)
{
	return ended(db, mdb_env_set_mapsize(db->env, bytes));
}

enum err
db_follow_map(struct db *db)
{
	return ended(db, mdb_env_set_mapsize(db->env, 0));
}

enum err
db_drop_dead_readers(struct db *db, unsigned *n)
{
	int dead = 0, rc = mdb_reader_check(db->env, &dead);

	*n = (unsigned)dead;
	return ended(db, rc);
}

enum err
db_sync(struct db *db)
{
	return ended(db, mdb_env_sync(db->env, 1));
}

/* A writer may grow the map after it was opened; the copy then begins again. */
enum err
db_copy(struct db *db, int fd)
{
	int rc = mdb_env_copyfd2(db->env, fd, MDB_CP_COMPACT);

	for (int n = 1; rc == MDB_MAP_RESIZED && n < COPY_TRIES; n++) {
		if (lseek(fd, 0, SEEK_SET) == -1 || ftruncate(fd, 0) == -1)
			return ended(db, errno);
		if ((rc = mdb_env_set_mapsize(db->env, 0)) == 0)
			rc = mdb_env_copyfd2(db->env, fd, MDB_CP_COMPACT);
	}
	return ended(db, rc);
}

/* A line of LMDB's table, "pid thread txnid"; "-": no snapshot is open.  The heading has no numbers. */
static int
take_reader(const char *line, void *cookie)
{
	uint64_t *oldest = cookie, id;
	const char *last = strrchr(line, ' ');

	if (last == NULL || last[1] < '0' || last[1] > '9')
		return 0;
	id = strtoull(last + 1, NULL, 10);
	if (*oldest == 0 || id < *oldest)
		*oldest = id;
	return 0;
}

void
db_space(const struct db *db, struct db_space *s)
{
	MDB_envinfo info;
	MDB_stat stat;

	*s = (struct db_space){ .pages = 0 };
	if (mdb_env_info(db->env, &info) != 0 || mdb_env_stat(db->env, &stat) != 0 ||
	    mdb_reader_list(db->env, take_reader, &s->oldest) < 0)
		return;
	s->page_bytes = stat.ms_psize;
	s->pages = info.me_last_pgno + 1;
	s->map_bytes = info.me_mapsize;
	s->readers = info.me_numreaders;
	s->readers_max = info.me_maxreaders;
}

uint64_t
db_newest(const struct db *db)
{
	MDB_envinfo info;

	return mdb_env_info(db->env, &info) == 0 ? info.me_last_txnid : 0;
}

const char *
db_path(const struct db *db)
{
	const char *path = "";

	(void)mdb_env_get_path(db->env, &path);
	return path;
}

int
db_fd(const struct db *db)
{
	mdb_filehandle_t fd;

	return mdb_env_get_fd(db->env, &fd) == 0 ? fd : -1;
}

/* ---- transactions ------------------------------------------------------------ */
static int
begin(struct db_txn *t, bool write)
{
	int rc;

	if (t->txn != NULL)
		return mdb_txn_renew(t->txn);
	if ((rc = mdb_txn_begin(t->db->env, NULL, write ? 0 : MDB_RDONLY, &t->txn)) != 0)
		t->txn = NULL;
	return rc;
}

enum err
db_begin(struct db *db, struct db_txn *t, bool write)
{
	int rc, dead;

	t->db = db;
	t->fault = (struct db_fault){ .error = ERR_OK };
	t->told = false;
	rc = begin(t, write);
	/* LMDB frees the slots of killed processes only when asked to check */
	if (rc == MDB_READERS_FULL && (rc = mdb_reader_check(db->env, &dead)) == 0)
		rc = begin(t, write);
	return rc == 0 ? ERR_OK : stick(t, rc);
}

bool
db_map_moved(const struct db_txn *t)
{
	return t->fault.cause == MDB_MAP_RESIZED;
}

void
db_rest(struct db_txn *t)
{
	mdb_txn_reset(t->txn);
}

enum err
db_commit(struct db_txn *t)
{
	int rc;

	if (t->fault.error != ERR_OK) {
		db_abort(t);
		return t->fault.error;
	}
	rc = mdb_txn_commit(t->txn);	/* frees it either way */
	t->txn = NULL;
	return rc == 0 ? ERR_OK : stick(t, rc);
}

void
db_abort(struct db_txn *t)
{
	if (t->txn != NULL)
		mdb_txn_abort(t->txn);
	t->txn = NULL;
}

uint64_t
db_txn_id(const struct db_txn *t)
{
	return mdb_txn_id(t->txn);
}

enum err
db_fail(struct db_txn *t, enum err e)
{
	if (t->fault.error == ERR_OK)
		t->fault = (struct db_fault){ .error = e };
	return e;
}

void
db_forgive(struct db_txn *t)
{
	t->fault = (struct db_fault){ .error = ERR_OK };
	t->told = false;
}

enum err
db_absent(const struct db_txn *t)
{
	return t->fault.error == ERR_OK ? ERR_NOT_FOUND : t->fault.error;
}

enum err
db_tell(struct db_txn *t, const char *what, enum err e)
{
	if (e == ERR_OK)
		return e;
	e = db_needed(e);
	if (t->fault.error != e || !t->told)
		log_error("store: %s: %s", what, db_fault_text(&t->fault, e));
	t->told = t->fault.error == e;
	return e;
}

enum err
db_tell_absent(struct db_txn *t, const char *what)
{
	enum err e = db_absent(t);

	return e == ERR_NOT_FOUND ? e : db_tell(t, what, e);
}

/* ---- databases ---------------------------------------------------------------- */
bool
db_handle(struct db_txn *t, const char *name, enum db_kind kind, bool create, db_id *dbi)
{
	static const unsigned flags[] = {
		[DB_BYTES] = 0, [DB_INTEGERS] = MDB_INTEGERKEY,
		[DB_PAIRS] = MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP
	};
	int rc;

	if (t->fault.error != ERR_OK)
		return false;
	rc = mdb_dbi_open(t->txn, name, flags[kind] | (create ? MDB_CREATE : 0), dbi);
	if (rc != 0 && rc != MDB_NOTFOUND)
		(void)stick(t, rc);
	return rc == 0;
}

/* Did LMDB find it?  Any other code is a fault. */
static bool
found(struct db_txn *t, int code)
{
	if (code == 0)
		return true;
	if (code != MDB_NOTFOUND)
		(void)stick(t, code);
	return false;
}

bool
db_get(struct db_txn *t, db_id dbi, struct str key, struct str *value)
{
	MDB_val k = val(key), v;

	if (t->fault.error != ERR_OK || !found(t, mdb_get(t->txn, dbi, &k, &v)))
		return false;
	*value = str_of_val(v);
	return true;
}

size_t
db_count(struct db_txn *t, db_id dbi)
{
	MDB_stat s;

	if (t->fault.error != ERR_OK || !found(t, mdb_stat(t->txn, dbi, &s)))
		return 0;
	return s.ms_entries;
}

uint64_t
db_free_pages(struct db_txn *t)
{
	struct db_cursor c;
	uint64_t pages = 0;
	size_t n;

	/* database 0 is LMDB's own list of free pages; each entry begins with a count */
	for (db_walk(&c, t, 0); c.found && c.value.len >= sizeof(n); db_next(&c)) {
		memcpy(&n, c.value.ptr, sizeof(n));
		pages += n;
	}
	db_walk_end(&c);
	return pages;
}

static enum err
put(struct db_txn *t, db_id dbi, struct str key, struct str value, unsigned flags)
{
	MDB_val k = val(key), v = val(value);
	int rc;

	if (t->fault.error != ERR_OK)
		return t->fault.error;
	return (rc = mdb_put(t->txn, dbi, &k, &v, flags)) == 0 ? ERR_OK : stick(t, rc);
}

enum err
db_put(struct db_txn *t, db_id dbi, struct str key, struct str value)
{
	return put(t, dbi, key, value, 0);
}

enum err
db_put_new(struct db_txn *t, db_id dbi, struct str key, struct str value)
{
	return put(t, dbi, key, value, MDB_NOOVERWRITE);
}

static void *
reserve(struct db_txn *t, db_id dbi, struct str key, size_t len, unsigned flags)
{
	MDB_val k = val(key), v = { len, NULL };
	int rc;

	if (t->fault.error != ERR_OK)
		return NULL;
	if ((rc = mdb_put(t->txn, dbi, &k, &v, MDB_RESERVE | flags)) != 0)
		(void)stick(t, rc);
	return rc == 0 ? v.mv_data : NULL;
}

void *
db_reserve(struct db_txn *t, db_id dbi, struct str key, size_t len)
{
	return reserve(t, dbi, key, len, 0);
}

void *
db_reserve_last(struct db_txn *t, db_id dbi, struct str key, size_t len)
{
	return reserve(t, dbi, key, len, MDB_APPEND);
}

enum err
db_put_pair(struct db_txn *t, db_id dbi, struct str key, struct str value)
{
	return put(t, dbi, key, value, MDB_NODUPDATA);
}

/* ${value}: the pair's; NULL: delete all of the key.  ${absent}: the code when there is none. */
static enum err
del(struct db_txn *t, db_id dbi, struct str key, MDB_val *value, int absent)
{
	MDB_val k = val(key);
	int rc;

	if (t->fault.error != ERR_OK)
		return t->fault.error;
	if ((rc = mdb_del(t->txn, dbi, &k, value)) == MDB_NOTFOUND)
		rc = absent;
	return rc == 0 ? ERR_OK : stick(t, rc);
}

enum err
db_del(struct db_txn *t, db_id dbi, struct str key)
{
	return del(t, dbi, key, NULL, MDB_NOTFOUND);
}

enum err
db_drop(struct db_txn *t, db_id dbi, struct str key)
{
	return del(t, dbi, key, NULL, 0);
}

enum err
db_del_pair(struct db_txn *t, db_id dbi, struct str key, struct str value)
{
	MDB_val v = val(value);

	return del(t, dbi, key, &v, MDB_NOTFOUND);
}

bool
db_has_pair(struct db_txn *t, db_id dbi, struct str key, struct str value)
{
	MDB_val k = val(key), v = val(value);
	MDB_cursor *cursor;
	bool has;
	int rc;

	if (t->fault.error != ERR_OK)
		return false;
	if ((rc = mdb_cursor_open(t->txn, dbi, &cursor)) != 0) {
		(void)stick(t, rc);
		return false;
	}
	has = found(t, mdb_cursor_get(cursor, &k, &v, MDB_GET_BOTH));
	mdb_cursor_close(cursor);
	return has;
}

enum err
db_del_range(struct db_txn *t, db_id dbi, struct str from, struct str below)
{
	MDB_val end = val(below);
	struct db_cursor c;

	for (db_walk_from(&c, t, dbi, from); c.found; db_next(&c)) {
		MDB_val key = val(c.key);

		if (mdb_cmp(t->txn, dbi, &key, &end) >= 0 || db_walk_del(&c) != ERR_OK)
			break;
	}
	db_walk_end(&c);
	return t->fault.error;
}

enum err
db_trim(struct db_txn *t, db_id dbi, size_t most, db_keep *keep, void *cookie)
{
	struct db_cursor c;
	size_t n = 0;

	for (db_walk(&c, t, dbi); c.found && n < most; db_next(&c), n++)
		if (keep(cookie, c.key, c.value) || db_walk_del(&c) != ERR_OK)
			break;
	db_walk_end(&c);
	return t->fault.error;
}

/* ---- walks --------------------------------------------------------------------- */
/* Move the cursor; it has found nothing if the key lacks the prefix.  ${key}: for ops that take one. */
static void
go(struct db_cursor *c, struct str key, int op)
{
	MDB_val k = val(key), v;

	c->found = found(c->txn, mdb_cursor_get(c->cursor, &k, &v, (MDB_cursor_op)op));
	if (!c->found)
		return;
	c->key = str_of_val(k);
	c->value = str_of_val(v);
	c->found = c->prefix.len == 0 || (c->key.len >= c->prefix.len &&
	    memcmp(c->key.ptr, c->prefix.ptr, c->prefix.len) == 0);
}

static bool
start(struct db_cursor *c, struct db_txn *t, db_id dbi, int step)
{
	int rc;

	*c = (struct db_cursor){ .txn = t, .step = step };
	if (t->fault.error != ERR_OK)
		return false;
	if ((rc = mdb_cursor_open(t->txn, dbi, &c->cursor)) == 0)
		return true;
	c->cursor = NULL;
	(void)stick(t, rc);
	return false;
}

void
db_walk(struct db_cursor *c, struct db_txn *t, db_id dbi)
{
	if (start(c, t, dbi, MDB_NEXT))
		go(c, STR(""), MDB_FIRST);
}

void
db_walk_from(struct db_cursor *c, struct db_txn *t, db_id dbi, struct str from)
{
	if (start(c, t, dbi, MDB_NEXT))
		go(c, from, MDB_SET_RANGE);
}

void
db_walk_prefix(struct db_cursor *c, struct db_txn *t, db_id dbi, struct str prefix)
{
	if (!start(c, t, dbi, MDB_NEXT))
		return;
	c->prefix = prefix;
	go(c, prefix, MDB_SET_RANGE);
}

void
db_walk_back(struct db_cursor *c, struct db_txn *t, db_id dbi, struct str before, struct str prefix)
{
	if (!start(c, t, dbi, MDB_PREV))
		return;
	go(c, before, MDB_SET_RANGE);
	c->prefix = prefix;
	if (t->fault.error == ERR_OK)
		go(c, STR(""), c->found ? MDB_PREV : MDB_LAST);
}

void
db_walk_pairs(struct db_cursor *c, struct db_txn *t, db_id dbi, struct str key)
{
	if (start(c, t, dbi, MDB_NEXT_DUP))
		go(c, key, MDB_SET_KEY);
}

void
db_next(struct db_cursor *c)
{
	if (c->txn->fault.error == ERR_OK)
		go(c, STR(""), c->step);
	else
		c->found = false;
}

enum err
db_walk_del(struct db_cursor *c)
{
	int rc = mdb_cursor_del(c->cursor, 0);

	return rc == 0 ? ERR_OK : stick(c->txn, rc);
}

void
db_walk_end(struct db_cursor *c)
{
	if (c->cursor != NULL)
		mdb_cursor_close(c->cursor);
	c->cursor = NULL;
	c->found = false;
}

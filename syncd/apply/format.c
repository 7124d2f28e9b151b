#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/store/keys.h"
#include "common/store/store.h"
#include "syncd/apply/parts.h"
#include "syncd/apply/store_files.h"

#define PATH_ROOM	(CONFIG_TEXT_MAX + 40)

/* What can be read from a store of any format. */
struct found {
	uint32_t	format;
	size_t		waiting;	/* entries of its outbox */
};

static bool
look_into(struct db_txn *txn, struct found *f)
{
	struct store_head head;
	db_id dbi;

	if (!db_handle(txn, "meta", DB_BYTES, false, &dbi) || meta_head(txn, dbi, &head) != ERR_OK)
		return false;
	f->format = head.format;
	if (db_handle(txn, "outbox", DB_BYTES, false, &dbi))
		f->waiting = db_count(txn, dbi);
	return true;
}

/* false: there is no store, or not even this can be read. */
static bool
look_at(const char *data, struct found *f)
{
	/* no other writer: syncd.lock is ours */
	static const struct db_options options = {
		.read_only = true, .file = true, .max_dbs = 4
	};
	struct db_txn txn = { .txn = NULL };
	bool known = false;
	struct db db;

	if (access(data, F_OK) == -1 || db_open(&db, data, &options) != ERR_OK)
		return false;
	if (db_begin(&db, &txn, false) == ERR_OK)
		known = look_into(&txn, f);
	db_abort(&txn);
	db_close(&db);
	return known;
}

static enum err
set_aside(const char *store_path, const struct found *f)
{
	char stem[32], aside[STORE_ASIDE_MAX];
	int dir = store_files_open(store_path);
	enum err e = ERR_OK;

	(void)snprintf(stem, sizeof(stem), STORE_DATA ".format-%u", f->format);
	if (dir == -1 || store_set_aside(dir, STORE_DATA, stem, aside) == -1 ||
	    (unlinkat(dir, STORE_READERS, 0) == -1 && errno != ENOENT)) {
		e = err_from_errno(errno);
		log_error("store: %s/%s can't be set aside: %s", store_path, STORE_DATA, strerror(errno));
	} else {
		log_warn("store: it is of format %u, written by an older version; this one builds a new "
		    "store of format %u from Airtable.  The old one, with the history up to now, is kept "
		    "as %s/%s", f->format, STORE_FORMAT, store_path, aside);
	}
	if (dir != -1)
		(void)close(dir);
	return e;
}

uint32_t
apply_store_format(const char *store_path)
{
	struct found f = { .waiting = 0 };
	char data[PATH_ROOM];

	(void)snprintf(data, sizeof(data), "%s/data.mdb", store_path);
	return look_at(data, &f) ? f.format : 0;
}

enum err
apply_check_format(const char *store_path)
{
	struct found f = { .waiting = 0 };
	char data[PATH_ROOM];

	(void)snprintf(data, sizeof(data), "%s/data.mdb", store_path);
	if (!look_at(data, &f) || f.format == STORE_FORMAT || f.format == STORE_MIGRATED)
		return ERR_OK;
	if (f.format < STORE_FORMAT && f.waiting == 0)
		return set_aside(store_path, &f);
	if (f.format > STORE_FORMAT)
		log_error("store: %s is of format %u, written by a newer version; this one uses %u.  "
		    "Install the newer version again; or move the file away, and everything but the "
		    "history is fetched again from Airtable", data, f.format, STORE_FORMAT);
	else
		log_error("store: %s is of format %u, written by an older version; this one uses %u "
		    "and can't read the %zu changes in it that wait for Airtable.  Run the older "
		    "version until \"syncctl status\" shows none, then start this one", data, f.format,
		    STORE_FORMAT, f.waiting);
	return ERR_STORE_VERSION;
}

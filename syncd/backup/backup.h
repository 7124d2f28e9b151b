#ifndef SYNCD_BACKUP_BACKUP_H
#define SYNCD_BACKUP_BACKUP_H

#include "common/config/config.h"
#include "common/store/store.h"
#include "syncd/apply/store_files.h"

/*
 * Backups of the store, and the replacement of a store by another.
 *
 * A backup is an LMDB data file: the store as it was at one generation,
 * without its free pages.  It is made beside a running syncd and its readers
 * and blocks neither.
 *
 * A replacement is first completed in a folder of its own (the store's
 * subfolder STORE_NEW), then the files are exchanged; syncd must not run
 * meanwhile, and is kept from starting.  Workers notice by themselves that the
 * store was replaced.  The old store is set aside under a name with a number
 * (syncd/apply/store_files.h), and earlier ones are never overwritten.  An
 * interrupted replacement is completed or undone when syncd or one of these
 * functions next begins.
 *
 * They are called as the store's user.  The new files have the group and mode
 * of those they replace.
 *
 * The new store takes over the count of this month's calls and the webhook
 * from the old one, if that can be read: both exist at Airtable, where a
 * restore does not turn back time.
 *
 * The new store begins at a generation later than any there was, so that
 * nothing a client has kept matches by accident, and the next full sync brings
 * it in step with Airtable.
 */
struct backup_facts {
	uint64_t	generation;
	uint32_t	rows;		/* of all tables */
	uint32_t	in_doubt;	/* rebuild: rows left out */
	uint64_t	outbox;		/* entries */
	uint64_t	history;	/* entries; rebuild only */
	uint64_t	bytes;		/* of the file */
	char		aside[STORE_ASIDE_MAX];	/* restore, rebuild: the old store's file; "": none */
	uint64_t	aside_outbox;	/* entries of its outbox, if that can be read */
};

/*
 * Copy the store in folder ${store_path} to ${fd}, a file opened for
 * writing, and sync it to the disk.  Here and below, the cause of a failure
 * is appended to ${why}.
 */
enum err	 backup_copy(const char *store_path, int fd, struct buf *why);

/*
 * Open a backup, or the store's own file, read-only.  Close ${store} first,
 * then ${db}.  On failure ${store} is NULL, and ${db} not open.
 */
enum err	 backup_open(const char *file, const struct tables *, struct db *db,
		    struct store **store, struct buf *why);
/* What is in it. */
enum err	 backup_facts(const char *file, const struct tables *, struct backup_facts *,
		    struct buf *why);

/* What becomes of changes in a backup that Airtable had not confirmed when it was made. */
enum backup_outbox { BACKUP_OUTBOX_REFUSE, BACKUP_OUTBOX_KEEP, BACKUP_OUTBOX_DROP };

/* Is the store in ${file} sound?  Trust nothing in it.  false: the cause has been reported. */
typedef bool	 backup_check(void *cookie, const char *file);

/*
 * Replace the store by the backup that is open as ${fd}, once its copy has
 * passed ${check} (NULL: it is known to be sound).
 * ERR_STORE_LOCKED: syncd runs.  ERR_CONFLICT: the backup has an outbox, and
 * BACKUP_OUTBOX_REFUSE was given.  ERR_DISK_FULL: there is no room for it.
 * ERR_STORE_CORRUPT without a cause in ${why}: the check did not pass.
 */
enum err	 backup_restore(const struct config *, const struct tables *, int fd,
		    enum backup_outbox, backup_check *, void *cookie, struct backup_facts *,
		    struct buf *why);

/*
 * Make a new store from what is sound in the old one: rows that neither their
 * own bytes nor their history contradict, outbox, history, kept answers.  What
 * derives from the rows is computed from them again; rows left out come back
 * with the next full sync.
 */
enum err	 backup_rebuild(const struct config *, const struct tables *, struct backup_facts *,
		    struct buf *why);

#endif

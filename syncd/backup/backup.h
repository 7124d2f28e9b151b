#ifndef SYNCD_BACKUP_BACKUP_H
#define SYNCD_BACKUP_BACKUP_H

#include "common/config/config.h"
#include "common/store/store.h"
#include "syncd/apply/store_files.h"

/*
 * Copies of the store, and a store put in the place of another.
 *
 * A backup is an LMDB data file: the store as it was at one generation,
 * without its free pages.  It is made beside a running syncd and its readers
 * and holds nobody up.
 *
 * What is put in place is made complete in a folder of its own first (the
 * store's subfolder STORE_NEW), then the files are exchanged; syncd must not
 * run meanwhile, and is kept from starting.  Workers see by themselves that
 * the store was replaced.  The store that was there is set aside under a name
 * with a number (syncd/apply/store_files.h), whatever was set aside before.  What
 * is interrupted has happened as a whole or not at all, as soon as syncd or
 * one of these begins.
 *
 * They are called as the user whose the store is.  The new files have group
 * and mode of those they replace.
 *
 * It goes on with the count of this month's calls and with the webhook of the
 * store that was there, if that can be read: both are Airtable's, whose time
 * does not go back.
 *
 * A store that was put in place begins at a generation later than any there
 * was, so that nothing a client has kept matches by accident, and the next
 * full sync brings it in step with Airtable.
 */
struct backup_facts {
	uint64_t	generation;
	uint32_t	orders;
	uint32_t	in_doubt;	/* rebuild: rows left out */
	uint64_t	outbox;		/* entries */
	uint64_t	history;	/* entries; rebuild only */
	uint64_t	bytes;		/* of the file */
	char		aside[STORE_ASIDE_MAX];	/* restore, rebuild: the store that was there; "": none */
	uint64_t	aside_outbox;	/* entries of its outbox, if that can be read */
};

/*
 * Copy the store in folder ${store_path} to ${fd}, a file opened for
 * writing, and see to it that it is on the disk.  The cause of a failure is
 * added to ${why}, here and below.
 */
enum err	 backup_copy(const char *store_path, int fd, struct buf *why);

/*
 * Open a backup, or the store's own file, for reading alone: ${store} has to
 * be closed, then ${db}.  On failure ${store} is NULL, and ${db} not open.
 */
enum err	 backup_open(const char *file, struct db *db, struct store **store, struct buf *why);
/* What is in it. */
enum err	 backup_facts(const char *file, struct backup_facts *, struct buf *why);

/* What becomes of changes that a backup holds and Airtable had not confirmed then. */
enum backup_outbox { BACKUP_OUTBOX_REFUSE, BACKUP_OUTBOX_KEEP, BACKUP_OUTBOX_DROP };

/* Whether the store in ${file}, of which nothing is known yet, is sound; the cause has been told. */
typedef bool	 backup_check(void *cookie, const char *file);

/*
 * Put the backup that is open as ${fd}, once ${check} has passed its copy
 * (NULL: it is known to be sound), in the place of the store.
 * ERR_STORE_LOCKED: syncd runs.  ERR_CONFLICT: it has an outbox, and it was
 * not said what is to become of it.  ERR_DISK_FULL: there is no room for it.
 * ERR_STORE_CORRUPT without a cause in ${why}: the check did not pass.
 */
enum err	 backup_restore(const struct config *, int fd, enum backup_outbox,
		    backup_check *, void *cookie, struct backup_facts *, struct buf *why);

/*
 * Make the store anew from what is sound in it: rows that neither their own
 * bytes nor their history contradict, outbox, history, kept answers.  All
 * that is kept beside the rows is made from them; rows left out come again
 * with the next full sync.
 */
enum err	 backup_rebuild(const struct config *, struct backup_facts *, struct buf *why);

#endif

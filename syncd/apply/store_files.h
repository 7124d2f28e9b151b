#ifndef SYNCD_APPLY_STORE_FILES_H
#define SYNCD_APPLY_STORE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/err.h"

/*
 * The files in a store's folder: set aside, exchanged, and put right when
 * that was interrupted.  ${dir} is the folder, open; no link in it is
 * followed, and nothing that was set aside is ever overwritten.  The caller
 * holds the store's lock.
 */
#define STORE_DATA	"data.mdb"
#define STORE_READERS	"lock.mdb"	/* LMDB's table of readers */
#define STORE_LOCK	"syncd.lock"
#define STORE_NEW	"new"		/* the subfolder in which a store is made */
#define STORE_NEXT	"data.mdb.next"	/* complete, while it takes the place of STORE_DATA */
#define STORE_REPLACED	"data.mdb.replaced"	/* and a number: what a restore or rebuild replaced */

/* Open the folder: a descriptor; -1 with errno. */
int	 store_files_open(const char *store_path);
/* Take the lock that keeps syncd out: a descriptor; -1 with errno, EWOULDBLOCK: another has it. */
int	 store_files_lock(int dir);

/* Is there room for ${bytes} more and a reserve?  ${left}: the room there is. */
bool	 store_files_room(int dir, uint64_t bytes, uint64_t *left);
/*
 * LMDB reports a short write as ERR_IO whatever the cause.  This returns
 * ERR_DISK_FULL when the disk below ${path} is all but full, else ${e}.
 */
enum err	 store_files_cause(const char *path, enum err e);

/*
 * Rename ${name} to ${stem} with a number, as in "data.mdb.replaced.3": one
 * more than the highest there is, so that numbers follow the order of time.
 * The new name goes to ${aside}.  -1 with errno.
 */
#define STORE_ASIDE_MAX	64
int	 store_set_aside(int dir, const char *name, const char *stem, char aside[static STORE_ASIDE_MAX]);
/* Count the files of that stem, with a number or without, and their size. */
void	 store_asides(int dir, const char *stem, unsigned *count, uint64_t *bytes);

/*
 * Replace the store by the complete one in the subfolder STORE_NEW.  The old
 * one is set aside as ${aside} (empty: there was none).  -1 with errno.  If it
 * is interrupted at any point, store_settle() makes it all or nothing.
 */
int	 store_exchange(int dir, char aside[static STORE_ASIDE_MAX]);
/*
 * Finish an exchange that was interrupted after the old store had been set
 * aside, undo one that had not got that far, and remove the subfolder
 * STORE_NEW.  -1 with errno.
 */
int	 store_settle(int dir);
/* Remove STORE_NEW and the files of a store in it; does nothing when there is none. */
void	 store_remove_new(int dir);

#endif

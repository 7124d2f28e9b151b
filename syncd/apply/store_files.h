#ifndef SYNCD_APPLY_STORE_FILES_H
#define SYNCD_APPLY_STORE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/err.h"

/*
 * The files in a store's folder: set aside, exchanged, and put right when
 * that was interrupted.  ${dir} is the folder, open; no link in it is
 * followed, and nothing that was set aside is ever overwritten.  Whoever
 * calls holds the store's lock.
 */
#define STORE_DATA	"data.mdb"
#define STORE_READERS	"lock.mdb"	/* LMDB's table of readers */
#define STORE_LOCK	"syncd.lock"
#define STORE_NEW	"new"		/* the subfolder in which a store is made */
#define STORE_NEXT	"data.mdb.next"	/* complete, while it takes the place of STORE_DATA */
#define STORE_REPLACED	"data.mdb.replaced"	/* and a number: what a restore or rebuild left */

/* -1 with errno. */
int	 store_files_open(const char *store_path);
/* Take the lock that keeps syncd out: a descriptor; -1 with errno, EWOULDBLOCK: somebody has it. */
int	 store_files_lock(int dir);

/* Room for ${bytes} more and a reserve?  ${left}: what there is. */
bool	 store_files_room(int dir, uint64_t bytes, uint64_t *left);
/*
 * A write that ends short is ERR_IO to LMDB, whatever the cause: ERR_DISK_FULL
 * when next to nothing is left on the disk below ${path}, else ${e}.
 */
enum err	 store_files_cause(const char *path, enum err e);

/*
 * Rename ${name} to ${stem} with a number behind it, "data.mdb.replaced.3":
 * one more than the highest there is, so that they are in the order of time.
 * The name goes to ${aside}.  -1 with errno.
 */
#define STORE_ASIDE_MAX	64
int	 store_set_aside(int dir, const char *name, const char *stem, char aside[static STORE_ASIDE_MAX]);
/* How many files of that stem there are, with a number or without, and their size. */
void	 store_asides(int dir, const char *stem, unsigned *count, uint64_t *bytes);

/*
 * Put the complete store in the subfolder STORE_NEW in the place of the one
 * there is, which is set aside as ${aside} (empty: there was none).  -1 with
 * errno.  Interrupted at any point, store_settle() makes it all or nothing.
 */
int	 store_exchange(int dir, char aside[static STORE_ASIDE_MAX]);
/*
 * Finish an exchange that was interrupted after the old store had been set
 * aside, undo one that was not as far, and remove the subfolder STORE_NEW.
 * -1 with errno.
 */
int	 store_settle(int dir);
/* Remove STORE_NEW and what a new store has in it; harmless when there is none. */
void	 store_remove_new(int dir);

#endif

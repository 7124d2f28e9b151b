#ifndef SYNCD_BACKUP_PARTS_H
#define SYNCD_BACKUP_PARTS_H

#include "syncd/apply/apply.h"
#include "syncd/backup/backup.h"

/* Between backup*.c. */

/* A store under construction beside the one in use, in its subfolder. */
struct new_store {
	struct config	 config;	/* as given, with the subfolder as store.path */
	const struct tables *tables;
	const char	*path;		/* of the store in use */
	int		 dir, lock_fd;	/* its folder; what keeps syncd from it */
};

/* Lock the store, and make the subfolder, empty.  ERR_STORE_LOCKED. */
enum err	 new_store_begin(struct new_store *, const struct config *, const struct tables *,
		    struct buf *why);
/* Fail early with ERR_DISK_FULL, not after a long copy, when there is no room for ${bytes}. */
enum err	 new_store_room(const struct new_store *, uint64_t bytes, struct buf *why);
/*
 * The new store is complete: move its generation past the old one's, exchange
 * the files, fill in the facts.  ${synced}: the head whose tables say when they were
 * synced; NULL: as it is.  ${birth}: distinguish it from any earlier store.
 */
enum err	 new_store_commit(struct new_store *, const struct store_head *synced, bool birth,
		    struct backup_facts *, struct buf *why);
/* Unlock the store; what was not committed is removed. */
void		 new_store_end(struct new_store *);

/* Append "what: cause" to ${why}; returns the error to pass on. */
enum err	 backup_failed(struct buf *why, const char *what, const struct db_fault *, enum err);
/* The same for what a system call has left in errno. */
enum err	 backup_system_failed(struct buf *why, const char *what);

/*
 * A list of outbox steps of one kind, for every entry of a store that can be
 * read.  It outlives the store.
 */
struct outbox_list {
	struct outbox_entry	*entries;
	struct outbox_step	*steps;
	struct buf		 bytes;		/* their strings */
	size_t			 count;
};
enum err	 outbox_list_read(struct outbox_list *, struct store *, int verb);
void		 outbox_list_free(struct outbox_list *);

#endif

#ifndef SYNCD_WRITE_LINE_H
#define SYNCD_WRITE_LINE_H

#include <sys/queue.h>

#include "syncd/write/entry.h"

/*
 * The entries of a table's record, oldest first: one group travels, the others wait.  Records
 * of two tables may have the same id.
 */
struct line {
	LIST_ENTRY(line)	 in_bucket;	/* the line of a new order is in none */
	struct write_list	 waiting;
	struct group		*group;		/* travels; NULL: the first entry may go */
	struct write		*ready;		/* the first entry, in its errand's ready list */
	const struct schema	*table;
	char			 id[];		/* "": an order to be created */
};
LIST_HEAD(line_bucket, line);

/* Entries of an order that travel as one. */
struct group {
	struct batch		*batch;
	const struct schema	*table;
	struct line		*line;		/* NULL: does not wait for this group any more */
	struct write_list	 writes;
	struct record		 record;	/* everything they ask for, merged */
};

uint64_t	 write_hash(struct str);
/*
 * A new entry of the errand, with copies of all strings of ${entry}: the last of its order's
 * line, or, to create an order, in a line of its own.  line_refresh() is the caller's.  NULL:
 * out of memory.
 */
struct write	*write_new(struct errand *, size_t place, const struct outbox_entry *entry);
/* Take it out of its errand and its line or group. */
void		 write_detach(struct write *);
/* Detach and free it. */
void		 write_free(struct write *);

/* Has this record a line, with entries under way? */
bool		 line_exists(const struct writes *, const struct schema *, struct str id);
/* Is it certain that the entry is neither with Airtable nor on the way there? */
bool		 write_is_unsent(const struct write *);
/* Take a waiting entry out of its line.  line_refresh() is the caller's. */
void		 line_remove(struct writes *, struct write *);
/* Make the entry ready that may go now.  Frees the line when nothing is left of it. */
void		 line_refresh(struct writes *, struct line *);
/*
 * The first entry expects a version, which is not known while a group that has left the
 * line is not settled.  Let the line wait for that group again.  false: there is none.
 */
bool		 line_waits_again(struct writes *, struct line *);
/*
 * Make a group of the line's first entry and those that may travel with it; the
 * line waits for the group.  ${sent}: of the entries at its front that an earlier
 * process has sent.  NULL: out of memory, and nothing has changed.
 */
struct group	*group_take(struct writes *, struct line *, bool sent);
/* Put the group's entries back at the front of their line, and free the group. */
void		 group_return(struct writes *, struct group *);
/* The line does not wait for the group any more. */
void		 group_leave(struct writes *, struct group *);
/* Free the group, but not its entries. */
void		 group_free(struct writes *, struct group *);
/* Merge again what its entries ask for. */
void		 group_merge(struct group *);

#endif

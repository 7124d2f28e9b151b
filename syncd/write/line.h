#ifndef SYNCD_WRITE_LINE_H
#define SYNCD_WRITE_LINE_H

#include <sys/queue.h>

#include "syncd/write/entry.h"

/* The entries of an order, oldest first: one group at work, the others wait. */
struct line {
	LIST_ENTRY(line)	 in_bucket;	/* a new order's is in none */
	struct write_list	 waiting;
	struct group		*group;		/* NULL: the first one may go */
	struct write		*ready;		/* it is in its errand's ready list */
	char			 id[];		/* "": an order to be created */
};
LIST_HEAD(line_bucket, line);

/* Entries of an order that travel as one. */
struct group {
	struct batch		*batch;
	struct line		*line;		/* NULL: it waits for this group no more */
	struct write_list	 writes;
	struct record		 record;	/* all that they ask for */
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

/* Is anything of this record under way? */
bool		 line_exists(const struct writes *, struct str id);
/* Is it surely not at Airtable, nor on the way? */
bool		 write_is_unsent(const struct write *);
/* Take a waiting one out. */
void		 line_remove(struct writes *, struct write *);
/* Who may go has changed.  Frees the line when nothing is left of it. */
void		 line_refresh(struct writes *, struct line *);
/*
 * For a group of its order that it did not wait for, as the first one
 * expects a version, and what that will be is not known yet.  false: there is none.
 */
bool		 line_waits_again(struct writes *, struct line *);
/*
 * The first of the line and what may travel with it, as a group; the line
 * waits for it.  ${sent}: the first and those behind it that an earlier process
 * has sent.  NULL: out of memory, and nothing has changed.
 */
struct group	*group_take(struct writes *, struct line *, bool sent);
/* The group's entries back to the front of the line.  The group is gone. */
void		 group_return(struct writes *, struct group *);
/* The line need not wait for it any more. */
void		 group_leave(struct writes *, struct group *);
/* Over, without its entries. */
void		 group_free(struct writes *, struct group *);
/* What its entries ask for, anew, as one of them has gone. */
void		 group_merge(const struct schema *, struct group *);

#endif

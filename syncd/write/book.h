#ifndef SYNCD_WRITE_BOOK_H
#define SYNCD_WRITE_BOOK_H

#include <sys/queue.h>

#include "syncd/write/errand.h"
#include "syncd/write/line.h"

/* What is decided about an entry. */
struct ruling {
	struct write		*write;
	bool			 over;	/* it ends with the commit */
	enum outbox_verb	 verb;	/* how it goes from the disk */
	bool			 tell;	/* its asker gets the result after the commit */
	bool			 read;	/* together with the order as it is then */
};

struct book {
	struct writes		*all;
	struct change		 changes[AIRTABLE_WRITE_MAX];
	size_t			 change_count;
	struct ruling		*rulings;
	size_t			 count, room;
	struct outbox_step	*steps;
	size_t			 step_count, step_room;
	const struct outbox_entry **edits;
	size_t			 edit_count, edit_room;
	size_t			 edit_at[AIRTABLE_WRITE_MAX];
	struct errand_list	 errands;
	bool			 confirms;	/* for the fault points */
	enum err		 error;		/* ERR_NOMEM: the book is incomplete */
};

void		 book_open(struct book *, struct writes *);
/*
 * News of a record of ${of}'s table, made by those entries of ${by} (NULL: none) that have come
 * true (->has).
 */
struct change	*book_change(struct book *, enum change_kind, const struct batch *of,
		    const struct record *, uint64_t base, const struct group *by);
/* Store the entry as it is now. */
void		 book_store(struct book *, struct write *);
/* End the entry with this result. */
void		 book_end(struct book *, struct write *, enum outbox_verb, enum err, const char *fmt, ...)
		    __attribute__((format(printf, 5, 6)));
/* End the entries of the group that have come true (->has), as confirmed. */
void		 book_end_group(struct book *, const struct group *, struct str record);
/* Tell its asker this, and store that readers see the entry as pending.  It goes on. */
void		 book_show(struct book *, struct write *, enum err, const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));
/* Tell its asker this.  Nothing is stored, and the entry goes on. */
void		 book_say(struct book *, struct write *, enum err, const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));
/*
 * Commit, then tell the askers and free the entries that are over.  On failure
 * nothing has changed and nobody was told: call book_tell_anyway() or book_close().
 */
enum err	 book_commit(struct book *);
/*
 * After a failed commit, for books whose results are true without it: tell the
 * askers.  Entries that are over leave the disk with a later commit.  "Pending" can't
 * be promised without the disk, so those entries are refused.
 */
void		 book_tell_anyway(struct book *);
/* Free the book.  Rulings that were not carried out are undone; errands answer if they can. */
void		 book_close(struct book *);
/*
 * Commit, tell in any case, sweep (batch_sweep()) and close: for books whose results are
 * true without the commit.
 */
void		 book_finish(struct book *);
/* Store the answers of errands that have ended, with everything their askers were told. */
void		 book_keep_answers(struct writes *);

#endif

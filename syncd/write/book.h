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
	bool			 tell;	/* its result is told after the commit */
	bool			 read;	/* with the order as it is then */
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
	enum err		 error;		/* ERR_NOMEM: it can't be kept */
};

void		 book_open(struct book *, struct writes *);
/* News of a record, done by those entries of ${by} that have what they ask for (NULL: none). */
struct change	*book_change(struct book *, enum change_kind, const struct record *, uint64_t base,
		    const struct group *by);
/* The entry is to be stored as it is now. */
void		 book_store(struct book *, struct write *);
/* The entry is over, with this result. */
void		 book_end(struct book *, struct write *, enum outbox_verb, enum err, const char *fmt, ...)
		    __attribute__((format(printf, 5, 6)));
/* Over, confirmed: those that a change of this book is put down to. */
void		 book_end_group(struct book *, const struct group *, struct str record);
/* Tell its asker, and go on with it; readers see it as pending. */
void		 book_show(struct book *, struct write *, enum err, const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));
/* Tell its asker this only; nothing of it is stored. */
void		 book_say(struct book *, struct write *, enum err, const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));
/*
 * Commit, then tell: over with the entries that are.  On failure nothing has
 * changed, and nobody is told: book_tell_anyway() or book_close().
 */
enum err	 book_commit(struct book *);
/*
 * After a failed commit, of books where what is said is true all the same:
 * entries that are over go from the disk with a later commit.  What can't be
 * promised ("pending") is refused.
 */
void		 book_tell_anyway(struct book *);
void		 book_close(struct book *);
/* Commit, tell in any case, sweep (batch_sweep()) and close: of books where what is said is true all the same. */
void		 book_finish(struct book *);
/* The kept answers of errands that have ended, with all that was told. */
void		 book_keep_answers(struct writes *);

#endif

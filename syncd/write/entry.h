#ifndef SYNCD_WRITE_ENTRY_H
#define SYNCD_WRITE_ENTRY_H

#include <sys/queue.h>

#include "syncd/write/write.h"

TAILQ_HEAD(write_list, write);

enum write_disk { DISK_NONE, DISK_ACCEPTED, DISK_SENT };

/*
 * An entry.  While it waits it is in its line's list, else in its group's; until it
 * is over it is in its errand's list too.
 */
struct write {
	TAILQ_ENTRY(write)	 link;		/* line->waiting, group->writes or writes.stale */
	TAILQ_ENTRY(write)	 in_ready;	/* errand->ready, while ${ready} */
	TAILQ_ENTRY(write)	 in_errand;
	TAILQ_ENTRY(write)	 in_fresh;	/* writes.fresh, while DISK_NONE */
	struct errand		*errand;
	size_t			 place;		/* of its item in the errand */
	struct line		*line;		/* NULL: its group has left the line */
	struct group		*group;		/* NULL: it waits */
	struct outbox_entry	 entry;		/* as it is to be stored; strings in ${texts} */
	enum write_disk		 disk;		/* as it is stored */
	bool			 ready;
	bool			 told;		/* its asker got a result: pending, or unknown */
	bool			 alone;		/* was refused when merged: now travels by itself */
	bool			 has;		/* come true: its order has what it asks for */
	unsigned		 sends;		/* calls that ended without an outcome */
	enum outbox_verb	 verb;		/* writes.stale: how it leaves the disk */
	char			 texts[];
};

#endif

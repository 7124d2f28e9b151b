#ifndef SYNCD_WRITE_ENTRY_H
#define SYNCD_WRITE_ENTRY_H

#include <sys/queue.h>

#include "syncd/write/write.h"

TAILQ_HEAD(write_list, write);

enum write_disk { DISK_NONE, DISK_ACCEPTED, DISK_SENT };

/*
 * An entry.  It is in the list of a line while it waits, else in that of a
 * group; in its errand's until it is over.
 */
struct write {
	TAILQ_ENTRY(write)	 link;		/* line->waiting, group->writes or writes.stale */
	TAILQ_ENTRY(write)	 in_ready;	/* errand->ready, while ${ready} */
	TAILQ_ENTRY(write)	 in_errand;
	TAILQ_ENTRY(write)	 in_fresh;	/* writes.fresh, while DISK_NONE */
	struct errand		*errand;
	size_t			 place;		/* among the errand's items */
	struct line		*line;		/* NULL: its group has left it */
	struct group		*group;		/* NULL: it waits */
	struct outbox_entry	 entry;		/* as it ought to be; strings in ${texts} */
	enum write_disk		 disk;		/* as it is stored */
	bool			 ready;
	bool			 told;		/* its asker knows something: pending, or outcome unknown */
	bool			 alone;		/* merged with others it was refused: by itself now */
	bool			 has;		/* its order was seen to have what it asks for */
	unsigned		 sends;		/* that ended without an outcome */
	enum outbox_verb	 verb;		/* writes.stale: how it goes from the disk */
	char			 texts[];
};

#endif

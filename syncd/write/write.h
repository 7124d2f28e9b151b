#ifndef SYNCD_WRITE_WRITE_H
#define SYNCD_WRITE_WRITE_H

#include <uv.h>

#include "common/config/config.h"
#include "syncd/airtable/airtable.h"
#include "syncd/apply/apply.h"
#include "syncd/server/server.h"
#include "syncd/sync/full_sync.h"

/*
 * Changes that people ask for: taken into the outbox, sent to Airtable up to ten
 * records a call, confirmed, committed to the store and then answered, in that order.
 *
 *	an entry is	what happens			leads to
 *	waiting		an earlier change of the same	looking (it expects a version),
 *			order is under way, or no call	sending
 *			is free
 *	looking		its order is read		sending, over (its version has
 *							changed), waiting (no answer)
 *	sending		Airtable has it			over (confirmed or refused),
 *							waiting (certainly not applied),
 *							checking (maybe applied)
 *	checking	its order is read back (an	over (it has the values, or is
 *			order to be created: looked	gone), waiting or over (it
 *			for by its key), repeatedly	certainly has not)
 *
 * 1. An entry is on the disk before the call that carries it leaves, and its outcome
 *    is on the disk before anyone is told.
 * 2. One call at a time per record, and one table in a call.  Entries that wait for the same order are merged
 *    field by field; the later change wins, and each asker gets an answer of its own.
 *    An entry that expects a version is not merged with earlier ones: when its turn
 *    comes its order is read at Airtable, what was read is put into the store, and
 *    the version is compared with that (write/look.c).
 * 3. A call takes one entry of each message in turn, so that a bulk edit does not
 *    hold up a single change.
 * 4. "Not applied" is only said when that is certain.  Otherwise the asker gets
 *    ERR_OUTCOME_UNKNOWN at the deadline; readers then see the change as pending, and
 *    checks go on until it is settled.
 * 5. A call that timed out, or whose connection failed on the way, may still be applied
 *    later.  It can't any more once Airtable has answered or closed the connection,
 *    and it never could if part of the request had not left by then.  While it may,
 *    nothing else is sent about its orders, and a check counts only if it shows that
 *    the call was applied.  After that the unsettled order holds up nobody: a check is
 *    based on the generation at which it began, and says nothing about an order that
 *    has changed since.
 * 6. An entry whose asker has stopped waiting is never sent, unless the asker was told
 *    "pending": then it is sent however long that takes.
 * 7. An order that is created carries a key of ours, by which it is looked for when the
 *    answer is lost.  If it is there it counts as created, whatever has been made of
 *    it since.  It is sent again only when it is not there and the call before
 *    can't be applied any more, as far as that can be known (5), and in a way that
 *    lets Airtable merge it with one that has the key after all.  If it was created
 *    and somebody deleted it before it could be looked for, it is created again.
 */
struct writes;

/*
 * A change of a table that the struct airtable does not serve is refused.  What an earlier
 * process has sent or promised of such a table stays in the outbox, for a process that serves it.
 */
struct writes	*writes_new(uv_loop_t *, const struct config *, struct airtable *,
		    struct apply *, struct full_sync *);
/* Go on with what an earlier process left in the outbox.  Failures are logged. */
enum err	 writes_recover(struct writes *);
/* Take a MESSAGE_WRITE call.  It will be answered. */
void		 writes_submit(struct writes *, struct server_call *);
/* Entries under way, including those that are being settled. */
size_t		 writes_pending(const struct writes *);
/*
 * Answer what has not been sent (with ERR_CANCELLED, or as pending if the asker
 * allows that) and refuse new calls.  ${drained} is called when the others have
 * ended.  The next process goes on with what is left in the outbox.
 */
void		 writes_drain(struct writes *, void (*drained)(void *), void *cookie);
/* Answer every call with what is known now.  Call writes_free() when the loop has run dry. */
void		 writes_stop(struct writes *);
void		 writes_free(struct writes *);

#endif

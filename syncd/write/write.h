#ifndef SYNCD_WRITE_WRITE_H
#define SYNCD_WRITE_WRITE_H

#include <uv.h>

#include "common/config/config.h"
#include "syncd/airtable/airtable.h"
#include "syncd/apply/apply.h"
#include "syncd/server/server.h"
#include "syncd/sync/full_sync.h"

/*
 * Changes that people ask for: taken into the outbox, delivered to Airtable
 * up to ten records a call, confirmed, committed to the store and then
 * answered, in that order.
 *
 *	an entry is	what happens			leads to
 *	waiting		an earlier change of the same	looking (it expects a version),
 *			order is under way, or no call	sending
 *			is free
 *	looking		its order is read		sending, or over (it is not as
 *							was expected), waiting (no answer)
 *	sending		with Airtable			over (confirmed or refused),
 *							waiting (surely not applied),
 *							checking (may be applied)
 *	checking	its order is read back (one	over (it has the values, or is
 *			that was to be created is	gone), waiting or over (it
 *			looked for by its key), again	surely has not)
 *			and again
 *
 * 1. An entry is on the disk before the call that carries it leaves, and
 *    what became of it is on the disk before anyone is told.
 * 2. One call at a time per order.  What waits for the same order is merged,
 *    field by field, the later change wins; each asker has an answer of its
 *    own.  A change that names a version starts anew: its order is read at
 *    Airtable when its turn comes, what was read is put into the store, and
 *    the version is held against that (write/look.c).
 * 3. Calls take from one message after the other, so that a bulk edit does
 *    not hold up a single one.
 * 4. "Not applied" is only said when that is known, else
 *    ERR_OUTCOME_UNKNOWN at the deadline; readers see the change as pending
 *    then, and reading back goes on until it is settled.
 * 5. A call may still come late when it timed out or part of the way failed;
 *    it is over when Airtable answered or ended the connection, and was never
 *    there when part of it had not left by then.  As long as it may, nothing else is sent about its
 *    orders, and what is read back counts only if it shows that the call has
 *    come.  After that such an order holds up nobody: what is read back is
 *    based on the generation of when reading began, and tells nothing about
 *    an order that has changed since.
 * 6. What nobody waits for any more is never sent, unless its asker was
 *    told that it will be ("pending"): then it is sent however long that
 *    takes.
 * 7. An order that is created carries a key of ours by which it is looked
 *    for when the answer is lost: one that is there counts as created, with
 *    whatever has been made of it since.  It is sent again only when it is
 *    not there and the call before can't come any more, as far as that can
 *    be told (5), and then so that Airtable merges it with one that has the
 *    key after all.  One that came
 *    and was deleted by somebody before it could be looked for is made anew.
 */
struct writes;

struct writes	*writes_new(uv_loop_t *, const struct config *, const struct schema *,
		    struct airtable *, struct apply *, struct full_sync *);
/* Take up what an earlier process left in the outbox.  The log says what went wrong. */
enum err	 writes_recover(struct writes *);
/* Take a MESSAGE_WRITE call; it will be answered. */
void		 writes_submit(struct writes *, struct server_call *);
/* Entries under way, those still being settled included. */
size_t		 writes_pending(const struct writes *);
/*
 * Answers what has not been sent (with ERR_CANCELLED, or as pending if that
 * was asked for) and takes no more; ${drained} is called when the others
 * have ended.  What is left in the outbox is the next process's.
 */
void		 writes_drain(struct writes *, void (*drained)(void *), void *cookie);
/* Answer all with what is known now; free it when the loop has run dry. */
void		 writes_stop(struct writes *);
void		 writes_free(struct writes *);

#endif

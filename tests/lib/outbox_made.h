#ifndef TESTS_LIB_OUTBOX_MADE_H
#define TESTS_LIB_OUTBOX_MADE_H

#include "common/store/outbox.h"
#include "syncd/apply/apply.h"
#include "tests/lib/orders_made.h"

/* Outbox entries for tests, and a store to put them in. */

/* A new store that was synced once: it holds ${order}, Pending, Low, of Acme "Inc". */
struct apply	*made_synced(struct config *, struct made_order *order);
/* store_check() on it, in a snapshot of its own. */
void	made_check(struct apply *);

struct made_entry {
	struct outbox_entry	e;
	char			id[64], request_id[32], text[ORDER_FIELDS][64];
};

/* A newly accepted entry with the next sequence that asks for nothing yet; ${id} NULL: a creation. */
void	made_entry(struct made_entry *, struct apply *, enum outbox_kind, const char *id);
/* Let it set a field to this text; NULL: clear the field. */
void	made_ask(struct made_entry *, unsigned field, const char *text);
/* Let it set every field that the record knows. */
void	made_ask_all(struct made_entry *, const struct record *);
/* Assert that both are equal in all that is stored. */
void	made_same(const struct outbox_entry *, const struct outbox_entry *);

/* One commit of nothing but outbox steps; expects success. */
struct apply_result	made_steps(struct apply *, const struct outbox_step *, size_t n, int64_t now_ms);
/* Store, or replace, one entry. */
struct apply_result	made_store(struct apply *, const struct made_entry *, int64_t now_ms);

/*
 * Commit that Airtable confirmed the entries of one record: its row is then
 * ${now}; NULL: it is gone.  Expects success.
 */
struct apply_result	made_confirm(struct apply *, const struct record *now, struct str id,
			    const struct outbox_entry *const *, size_t n, int64_t now_ms);

#endif

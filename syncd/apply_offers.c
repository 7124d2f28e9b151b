#include <stdio.h>

#include "common/options.h"
#include "syncd/apply_parts.h"

static int
differs(struct apply_txn *t, const struct offer_step *step, bool *differ)
{
	struct options_offer stored;
	int rc = options_offer_load(t->txn, t->dbs->meta, t->schema, step->field, &stored);

	*differ = stored.known != step->known || (step->known && !str_eq(stored.names, step->names));
	return rc;
}

int
apply_plan_offers(struct apply_txn *t, const struct apply_meta *meta)
{
	int rc = 0;

	for (size_t i = 0; i < meta->offer_count && rc == 0 && !t->offers_new; i++)
		rc = differs(t, &meta->offers[i], &t->offers_new);
	return rc;
}

static int
put_offer(struct apply_txn *t, const struct offer_step *step)
{
	char name[32];
	MDB_val key;
	int rc;

	(void)snprintf(name, sizeof(name), META_OFFERED "%u", step->field);
	key = key_str(str_of(name));
	if (step->known)
		return apply_put(t->txn, t->dbs->meta, key, step->names.ptr, step->names.len);
	rc = mdb_del(t->txn, t->dbs->meta, &key, NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
apply_offers(struct apply_txn *t, const struct apply_meta *meta)
{
	int rc = 0;

	for (size_t i = 0; i < meta->offer_count && rc == 0; i++) {
		bool differ;

		if ((rc = differs(t, &meta->offers[i], &differ)) == 0 && differ)
			rc = put_offer(t, &meta->offers[i]);
	}
	return rc;
}

#include <stdio.h>

#include "common/store/options.h"
#include "syncd/apply/parts.h"

static int
differs(struct apply_txn *t, const struct offer_step *step, bool *differ)
{
	struct options_offer stored;
	int rc = options_offer_load(t->txn, t->dbs->meta, t->schema, step->field, &stored);

	*differ = stored.known != step->known || (step->known && (stored.several != step->several ||
	    !str_eq(stored.names, step->names)));
	return rc;
}

int
apply_plan_offers(struct apply_txn *t, const struct apply_meta *meta)
{
	int rc = 0;

	for (size_t i = 0; i < meta->offer_count && rc == 0 && !t->told_new; i++)
		rc = differs(t, &meta->offers[i], &t->told_new);
	return rc;
}

/* ${there}: the key of this name and field has that value, else there is none. */
static int
put_key(struct apply_txn *t, const char *prefix, unsigned field, bool there, struct str value)
{
	char name[32];
	MDB_val key;
	int rc;

	(void)snprintf(name, sizeof(name), "%s%u", prefix, field);
	key = key_str(str_of(name));
	if (there)
		return apply_put(t->txn, t->dbs->meta, key, value.ptr, value.len);
	rc = mdb_del(t->txn, t->dbs->meta, &key, NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
put_offer(struct apply_txn *t, const struct offer_step *step)
{
	int rc = put_key(t, META_OFFERED, step->field, step->known, step->names);

	return rc != 0 ? rc : put_key(t, META_SEVERAL, step->field, step->known && step->several,
	    STR("1"));
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

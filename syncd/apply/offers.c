#include "common/store/options.h"
#include "syncd/apply/parts.h"

static enum err
differs(struct apply_txn *t, const struct offer_step *step, bool *differ)
{
	struct options_offer stored;

	options_offer_load(t->txn, t->dbs->meta, step->table, step->field, &stored);
	*differ = stored.known != step->known || (step->known && (stored.several != step->several ||
	    !str_eq(stored.names, step->names)));
	return t->txn->fault.error;
}

enum err
apply_plan_offers(struct apply_txn *t, const struct apply_meta *meta)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < meta->offer_count && e == ERR_OK; i++) {
		struct apply_table *of;
		bool differ;

		if ((e = differs(t, &meta->offers[i], &differ)) == ERR_OK && differ &&
		    (e = apply_touch(t, meta->offers[i].table, &of)) == ERR_OK)
			of->told_new = true;
	}
	return e;
}

/* Store the value under the key of this name and field (${there}), or drop the key. */
static enum err
put_key(struct apply_txn *t, const char *prefix, const struct offer_step *step, bool there,
    struct str value)
{
	char name[META_NAME_SIZE];

	meta_field_name(name, prefix, step->table, step->field);
	return there ? db_put(t->txn, t->dbs->meta, str_of(name), value) :
	    db_drop(t->txn, t->dbs->meta, str_of(name));
}

static enum err
put_offer(struct apply_txn *t, const struct offer_step *step)
{
	enum err e = put_key(t, META_OFFERED, step, step->known, step->names);

	return e != ERR_OK ? e : put_key(t, META_SEVERAL, step, step->known && step->several,
	    STR("1"));
}

enum err
apply_offers(struct apply_txn *t, const struct apply_meta *meta)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < meta->offer_count && e == ERR_OK; i++) {
		bool differ;

		if ((e = differs(t, &meta->offers[i], &differ)) == ERR_OK && differ)
			e = put_offer(t, &meta->offers[i]);
	}
	return e;
}

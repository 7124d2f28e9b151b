#include "common/base/fold.h"
#include "common/base/log.h"
#include "common/base/zone.h"
#include "common/store/revenue.h"
#include "common/store/summary.h"
#include "syncd/apply/parts.h"

/*
 * Bring derived data and the summary to what this build and its settings would
 * have made.  What has to be computed again:
 */
struct anew {
	bool	texts;		/* folded texts, and what is sorted by them */
	bool	dates;		/* where days begin, and all that depends on it */
	bool	days;		/* the totals of days */
};

enum err
apply_put_head(struct apply_txn *t)
{
	enum err e = db_put(t->txn, t->dbs->meta, STR(META_HEAD), meta_head_bytes(&t->head));

	return e != ERR_OK ? e : apply_put(t->txn, t->dbs->meta, STR(META_DERIVED),
	    &t->head.generation, sizeof(t->head.generation));
}

enum err
apply_put_body(struct apply_table *t)
{
	uint64_t k = total_key(TOTAL_BODY, 0, 0);
	struct buf b = { 0 };
	enum err e = summary_compose(&b, t->txn, t->all->dbs, t->schema, &t->all->head,
	    t->all->now_ms) != ERR_OK ? ERR_NOMEM :
	    apply_put(t->txn, t->dbs->totals, key_u64(&k), b.data, b.len);

	buf_free(&b);
	return e;
}

enum err
apply_text_differs(struct apply_txn *t, const char *name, struct str text, bool *differs)
{
	struct str stored;

	*differs = !meta_get(t->txn, t->dbs->meta, name, &stored) || !str_eq(stored, text);
	return t->txn->fault.error;
}

static bool
has_rows(const struct apply_txn *t)
{
	for (const struct apply_table *of = t->touched; of != NULL; of = of->next)
		if (of->head->rows_end > 0)
			return true;
	return false;
}

/*
 * An older build changes rows and leaves derived data that it does not know
 * unchanged; and it does not note for which generation all of it is right.
 */
static enum err
use_derived(struct apply_txn *t, struct anew *anew)
{
	struct str stored;

	if (meta_get(t->txn, t->dbs->meta, META_DERIVED, &stored) && stored.len == sizeof(t->head.generation) &&
	    memcmp(stored.ptr, &t->head.generation, stored.len) == 0)
		return ERR_OK;
	anew->texts = anew->dates = true;
	if (has_rows(t))
		log_info("store: another build wrote it last; recomputing indexes and totals");
	return t->txn->fault.error;
}

/* Days belong to a zone. */
static enum err
use_zone(struct apply_txn *t, const char *name, struct anew *anew)
{
	struct str stored;
	bool known = meta_get(t->txn, t->dbs->meta, META_ZONE, &stored);

	if (zone_use(str_of(name)) != ERR_OK)
		log_warn("store: no time zone '%s' on this machine; days are counted in UTC", name);
	if (known && str_is(stored, name))
		return ERR_OK;
	anew->dates = true;
	if (known)
		log_info("store: time zone is now %s; recounting days", name);
	return apply_put(t->txn, t->dbs->meta, STR(META_ZONE), name, strlen(name));
}

/* Texts may have been folded by other rules than this build's. */
static enum err
use_fold(struct apply_txn *t, struct anew *anew)
{
	const uint32_t now = FOLD_VERSION;
	struct str stored;

	if (meta_get(t->txn, t->dbs->meta, META_FOLD, &stored) && stored.len == sizeof(now) && load_u32(stored.ptr, 0) == now)
		return ERR_OK;
	anew->texts = true;
	if (has_rows(t))
		log_info("store: the folding of texts changed; rebuilding search and orderings");
	return apply_put(t->txn, t->dbs->meta, STR(META_FOLD), &now, sizeof(now));
}

/* Revenue by day is counted again when other statuses are configured. */
static enum err
use_excluded(struct apply_txn *t, const char *setting, struct anew *anew)
{
	struct buf names = { 0 };
	bool differs = false;
	enum err e;

	(void)revenue_parse(setting, &names);
	if ((e = buf_status(&names) != ERR_OK ? ERR_NOMEM : apply_text_differs(t, META_EXCLUDED,
	    buf_str(&names), &differs)) == ERR_OK && differs) {
		anew->days = true;
		for (struct apply_table *of = t->touched; of != NULL; of = of->next)
			of->told_new |= of->schema->state_field != SCHEMA_NO_FIELD;
		e = apply_put(t->txn, t->dbs->meta, STR(META_EXCLUDED), names.data, names.len);
	}
	buf_free(&names);
	return e;
}

static enum err
use_currency(struct apply_txn *t, const char *setting)
{
	bool differs;
	enum err e = apply_text_differs(t, META_CURRENCY, str_of(setting), &differs);

	if (e != ERR_OK || !differs)
		return e;
	for (struct apply_table *of = t->touched; of != NULL; of = of->next)
		of->told_new |= of->schema->sum_field != SCHEMA_NO_FIELD;
	return apply_put(t->txn, t->dbs->meta, STR(META_CURRENCY), setting, strlen(setting));
}

/* A new generation, so that nothing that clients and workers kept of the old one is taken as current. */
static enum err
begin_generation(struct apply_txn *t, const struct config *config)
{
	enum err e;

	t->head.generation++;
	e = apply_put_head(t);
	return e != ERR_OK ? e : apply_log(t, (uint64_t)config->store.changes_kept);
}

/* Make sure that the summaries' bodies are as this build composes them. */
static enum err
use_bodies(struct apply_txn *t)
{
	enum err e = ERR_OK;

	for (struct apply_table *of = t->touched; of != NULL && e == ERR_OK; of = of->next)
		if (summary_check(t->txn, t->dbs, of->schema, &t->head) != ERR_OK)
			e = apply_put_body(of);
	return e;
}

static enum err
renew_table(struct apply_table *t, const struct anew *anew)
{
	enum err e = ERR_OK;

	if (anew->texts || anew->dates)
		e = apply_renew(t, anew->texts, anew->dates);
	if (e == ERR_OK && anew->days && !anew->dates)
		e = apply_rebuild_days(t);
	return e;
}

static enum err
touch_all(struct apply_txn *t)
{
	struct apply_table *of;
	enum err e = ERR_OK;

	for (size_t i = 0; i < t->tables->count && e == ERR_OK; i++)
		e = apply_touch(t, t->tables->list[i], &of);
	return e;
}

enum err
apply_use_settings(struct apply_txn *t, const struct config *config, bool opening, bool *newer)
{
	struct anew anew = { .texts = false };
	enum err e;

	*newer = false;
	if ((e = touch_all(t)) != ERR_OK)
		return e;
	if (opening && ((e = use_derived(t, &anew)) != ERR_OK ||
	    (e = use_zone(t, config->summary.time_zone, &anew)) != ERR_OK ||
	    (e = use_fold(t, &anew)) != ERR_OK))
		return e;
	if ((e = use_excluded(t, config->summary.excluded, &anew)) != ERR_OK ||
	    (e = use_currency(t, config->summary.currency)) != ERR_OK)
		return e;
	for (const struct apply_table *of = t->touched; of != NULL; of = of->next)
		*newer |= of->told_new;
	if (!*newer && !anew.texts && !anew.dates)
		return opening ? use_bodies(t) : ERR_OK;
	if (anew.days && !opening)
		log_info("store: summary.excluded changed; recounting revenue");
	for (struct apply_table *of = t->touched; of != NULL && e == ERR_OK; of = of->next)
		e = renew_table(of, &anew);
	/* a store without rows is new, or nothing was kept of it that could be wrong */
	if (e == ERR_OK && (has_rows(t) || !opening))
		e = begin_generation(t, config);
	else if (e == ERR_OK)
		e = apply_put_head(t);
	for (struct apply_table *of = t->touched; of != NULL && e == ERR_OK; of = of->next)
		e = apply_put_body(of);
	return e;
}

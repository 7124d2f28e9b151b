#include <errno.h>

#include "common/base/fold.h"
#include "common/base/log.h"
#include "common/base/zone.h"
#include "common/store/revenue.h"
#include "common/store/summary.h"
#include "syncd/apply/parts.h"

/*
 * What is kept beside the rows, and what the summary tells, as this build and its
 * settings would have made it.
 */
struct anew {
	bool	texts;		/* folded texts, and what is sorted by them */
	bool	dates;		/* where days begin, and all that goes by it */
	bool	days;		/* the totals of days */
};

int
apply_put_head(struct apply_txn *t)
{
	int rc = apply_put(t->txn, t->dbs->meta, key_str(STR(META_HEAD)), &t->head,
	    sizeof(t->head));

	return rc != 0 ? rc : apply_put(t->txn, t->dbs->meta, key_str(STR(META_DERIVED)),
	    &t->head.generation, sizeof(t->head.generation));
}

int
apply_put_body(struct apply_txn *t)
{
	uint64_t k = total_key(TOTAL_BODY, 0, 0);
	struct buf b = { 0 };
	int rc = summary_compose(&b, t->txn, t->dbs, t->schema, &t->head, t->now_ms) != ERR_OK ?
	    ENOMEM : apply_put(t->txn, t->dbs->orders.totals, key_u64(&k), b.data, b.len);

	buf_free(&b);
	return rc;
}

int
apply_text_differs(struct apply_txn *t, const char *name, struct str text, bool *differs)
{
	struct str stored;
	int rc = meta_get(t->txn, t->dbs->meta, name, &stored);

	*differs = rc == MDB_NOTFOUND || (rc == 0 && !str_eq(stored, text));
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/*
 * An older build leaves what it knows nothing of as it was, beside rows that it
 * has changed; and it does not say for which generation all of it is right.
 */
static int
use_derived(struct apply_txn *t, struct anew *anew)
{
	struct str stored;
	int rc = meta_get(t->txn, t->dbs->meta, META_DERIVED, &stored);

	if (rc == 0 && stored.len == sizeof(t->head.generation) &&
	    memcmp(stored.ptr, &t->head.generation, stored.len) == 0)
		return 0;
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	anew->texts = anew->dates = true;
	if (t->head.rows_end > 0)
		log_info("store: another build has written it; working out anew what goes by its rows");
	return 0;
}

/* Days belong to a zone. */
static int
use_zone(struct apply_txn *t, const char *name, struct anew *anew)
{
	struct str stored;
	int rc = meta_get(t->txn, t->dbs->meta, META_ZONE, &stored);

	if (zone_use(str_of(name)) != ERR_OK)
		log_warn("store: no time zone '%s' on this machine; days are counted in UTC", name);
	if (rc == 0 && str_is(stored, name))
		return 0;
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	anew->dates = true;
	if (rc == 0)
		log_info("store: time zone is now %s; counting days anew", name);
	return apply_put(t->txn, t->dbs->meta, key_str(STR(META_ZONE)), name, strlen(name));
}

/* Texts may have been folded otherwise than this build does it. */
static int
use_fold(struct apply_txn *t, struct anew *anew)
{
	const uint32_t now = FOLD_VERSION;
	struct str stored;
	int rc = meta_get(t->txn, t->dbs->meta, META_FOLD, &stored);

	if (rc == 0 && stored.len == sizeof(now) && load_u32(stored.ptr, 0) == now)
		return 0;
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	anew->texts = true;
	if (t->head.rows_end > 0)
		log_info("store: texts are searched and sorted in another way now; making them anew");
	return apply_put(t->txn, t->dbs->meta, key_str(STR(META_FOLD)), &now, sizeof(now));
}

/* What is revenue of a day's orders: anew when the configured statuses are others. */
static int
use_excluded(struct apply_txn *t, const char *setting, struct anew *anew)
{
	struct buf names = { 0 };
	bool differs = false;
	int rc;

	(void)revenue_parse(setting, &names);
	if ((rc = buf_status(&names) != ERR_OK ? ENOMEM : apply_text_differs(t, META_EXCLUDED,
	    buf_str(&names), &differs)) == 0 && differs) {
		anew->days = t->told_new = true;
		rc = apply_put(t->txn, t->dbs->meta, key_str(STR(META_EXCLUDED)), names.data, names.len);
	}
	buf_free(&names);
	return rc;
}

static int
use_currency(struct apply_txn *t, const char *setting)
{
	bool differs;
	int rc = apply_text_differs(t, META_CURRENCY, str_of(setting), &differs);

	if (rc != 0 || !differs)
		return rc;
	t->told_new = true;
	return apply_put(t->txn, t->dbs->meta, key_str(STR(META_CURRENCY)), setting, strlen(setting));
}

/* Nothing that clients and workers have kept of the generation before is taken for it. */
static int
begin_generation(struct apply_txn *t, const struct config *config)
{
	int rc;

	t->head.generation++;
	rc = apply_put_head(t);
	return rc != 0 ? rc : apply_log(t, (uint64_t)config->store.changes_kept);
}

/* The summary's body as this build composes it. */
static int
use_body(struct apply_txn *t)
{
	return summary_check(t->txn, t->dbs, t->schema, &t->head) == ERR_OK ? 0 : apply_put_body(t);
}

int
apply_use_settings(struct apply_txn *t, const struct config *config, bool opening)
{
	struct anew anew = { .texts = false };
	int rc = 0;

	if (opening && ((rc = use_derived(t, &anew)) != 0 ||
	    (rc = use_zone(t, config->summary.time_zone, &anew)) != 0 ||
	    (rc = use_fold(t, &anew)) != 0))
		return rc;
	if ((rc = use_excluded(t, config->summary.excluded, &anew)) != 0 ||
	    (rc = use_currency(t, config->summary.currency)) != 0)
		return rc;
	if (!t->told_new && !anew.texts && !anew.dates)
		return opening ? use_body(t) : 0;
	if (anew.days && !opening)
		log_info("store: summary.excluded has changed; revenue counted anew");
	if (anew.texts || anew.dates)
		rc = apply_renew(t, anew.texts, anew.dates);
	if (rc == 0 && anew.days && !anew.dates)
		rc = apply_rebuild_days(t);
	/* a store without rows was made just now, or nothing was kept of it that could be wrong */
	if (rc == 0 && (t->head.rows_end > 0 || !opening))
		rc = begin_generation(t, config);
	else if (rc == 0)
		rc = apply_put_head(t);
	return rc != 0 ? rc : apply_put_body(t);
}

#include <stdarg.h>
#include <stdio.h>

#include "syncd/verify/parts.h"

/* What all checks use: reporting a fault and reading a database. */

static const char *const kinds[VERIFY_KINDS] = {
	[VERIFY_META] = "meta", [VERIFY_ROWS] = "rows", [VERIFY_IDS] = "ids",
	[VERIFY_COLUMNS] = "columns", [VERIFY_ORDERINGS] = "orderings",
	[VERIFY_TOTALS] = "totals", [VERIFY_SUMMARY] = "summary", [VERIFY_CHANGES] = "changes",
	[VERIFY_OUTBOX] = "outbox", [VERIFY_PENDING] = "pending",
	[VERIFY_ANSWERS] = "answers", [VERIFY_HISTORY] = "history"
};

void
verify_fault(struct verify *v, enum verify_kind kind, const char *fmt, ...)
{
	char text[400];
	va_list args;

	v->result->faults++;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	db_forgive(v->txn);
	if (++v->faults[kind] > VERIFY_TOLD)
		return;
	v->tell(v->cookie, kinds[kind], text);
}

void
verify_tell_rest(struct verify *v)
{
	char text[64];

	for (size_t k = 0; k < VERIFY_KINDS; k++) {
		if (v->faults[k] <= VERIFY_TOLD)
			continue;
		(void)snprintf(text, sizeof(text), "and %zu more", v->faults[k] - VERIFY_TOLD);
		v->tell(v->cookie, kinds[k], text);
	}
}

void
verify_doubt(struct verify *v, uint32_t row)
{
	uint64_t *bits = v->result->doubt[v->schema->number];

	if (bits != NULL && row < v->end)
		bits[row / 64] |= UINT64_C(1) << (row % 64);
}

static void
tell_unreadable(struct verify *v)
{
	enum err e = v->txn->fault.error;

	if (e != ERR_OK)
		verify_fault(v, VERIFY_META, "a database can't be read: %s",
		    db_fault_text(&v->txn->fault, e));
}

size_t
verify_entries(struct verify *v, db_id dbi)
{
	size_t n;

	db_forgive(v->txn);
	n = db_count(v->txn, dbi);
	tell_unreadable(v);
	return n;
}

void
verify_walk(struct verify *v, struct db_cursor *c, db_id dbi)
{
	db_forgive(v->txn);
	db_walk(c, v->txn, dbi);
	tell_unreadable(v);
}

void
verify_walk_end(struct verify *v, struct db_cursor *c)
{
	db_walk_end(c);
	tell_unreadable(v);
}

#include <stdarg.h>
#include <stdio.h>

#include "syncd/verify/parts.h"

/* What all checks use: how a fault is told, and how a database is read. */

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
	if (++v->faults[kind] > VERIFY_TOLD)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
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
	if (v->result->doubt != NULL && row < v->end)
		v->result->doubt[row / 64] |= UINT64_C(1) << (row % 64);
}

size_t
verify_entries(struct verify *v, MDB_dbi dbi)
{
	MDB_stat s;

	if (mdb_stat(v->txn, dbi, &s) == 0)
		return s.ms_entries;
	verify_fault(v, VERIFY_META, "a database can't be read");
	return 0;
}

MDB_cursor *
verify_cursor(struct verify *v, MDB_dbi dbi)
{
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(v->txn, dbi, &cursor);

	if (rc == 0)
		return cursor;
	verify_fault(v, VERIFY_META, "a database can't be read: %s", mdb_strerror(rc));
	return NULL;
}


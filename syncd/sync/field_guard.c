#include <inttypes.h>
#include <stdio.h>

#include "common/base/buf.h"
#include "syncd/sync/field_guard.h"

void
field_guard_note(struct field_guard *g, const struct schema *schema, const struct record *stored,
    const struct record *now)
{
	g->records++;
	for (size_t f = 0; f < schema->field_count; f++) {
		bool had = stored != NULL && stored->values[f].present;

		if (!(now->known >> f & 1))	/* the base has no such field, which has an alarm of its own */
			continue;
		if (now->values[f].present)
			g->fields[f].present++;
		if (!had)
			continue;
		if (now->values[f].present)
			g->fields[f].kept++;
		else if (now->odd >> f & 1)
			g->fields[f].odd++;
		else if (now->failed >> f & 1)
			g->fields[f].failed++;
		else
			g->fields[f].emptied++;
	}
}

static bool
is_held(const struct field_guard *g, size_t f)
{
	uint64_t broken = g->fields[f].odd + g->fields[f].failed, emptied = g->fields[f].emptied;
	uint64_t had = g->fields[f].kept + broken + emptied;

	if (broken * 2 > had && (broken > FIELD_GUARD_FEW || broken * 2 > g->records))
		return true;
	return g->fields[f].present == 0 && broken + emptied > FIELD_GUARD_FEW;
}

uint32_t
field_guard_held(const struct field_guard *g, const struct schema *schema)
{
	uint32_t held = 0;

	for (size_t f = 0; f < schema->field_count; f++)
		if (is_held(g, f))
			held |= UINT32_C(1) << f;
	return held;
}

static void
explain(const struct field_guard *g, const struct schema *schema, size_t f, struct buf *b)
{
	uint64_t odd = g->fields[f].odd, failed = g->fields[f].failed, emptied = g->fields[f].emptied;
	uint64_t had = g->fields[f].kept + odd + failed + emptied;

	buf_printf(b, "%s%s: of %" PRIu64 " values", b->len > 0 ? "; " : "", schema->fields[f].name, had);
	if (odd > 0)
		buf_printf(b, " %" PRIu64 " are not understood any more", odd);
	if (failed > 0)
		buf_printf(b, "%s %" PRIu64 " are errors of a formula", odd > 0 ? "," : "", failed);
	if (emptied > 0)
		buf_printf(b, "%s %" PRIu64 " are gone", odd + failed > 0 ? "," : "", emptied);
}

void
field_guard_explain(const struct field_guard *g, const struct schema *schema, uint32_t held,
    char *text, size_t size)
{
	struct buf b = { 0 };

	for (size_t f = 0; f < schema->field_count; f++)
		if (held >> f & 1)
			explain(g, schema, f, &b);
	(void)snprintf(text, size, "%s; the stored values stay until the field in Airtable is as it was, or "
	    "another one is configured ([fields]); if it is right as it is: syncctl sync --full "
	    "--accept-shrink", buf_cstr(&b));
	buf_free(&b);
}

#include "common/base/json_write.h"
#include "syncd/airtable/calls.h"

static const char *const names[CALL_KINDS] = {
	[CALL_LIST] = "list",
	[CALL_FIND] = "find",
	[CALL_FIND_KEYS] = "findKeys",
	[CALL_UPDATE] = "update",
	[CALL_CREATE] = "create",
	[CALL_DELETE] = "delete",
	[CALL_META] = "meta",
	[CALL_ASK] = "webhooks"
};

void
airtable_count(struct airtable_call *c, int64_t now_ms)
{
	struct airtable *a = c->owner;
	bool wrote = airtable_call_writes(c);

	outcomes_add(&a->outcomes[c->kind], c->result.err, now_ms - c->started_ms,
	    wrote ? c->id_count : c->page.count);
	if (wrote)
		a->batches[c->id_count]++;
}

void
airtable_add_metrics(const struct airtable *a, struct buf *b)
{
	json_name(b, "calls");
	buf_add_char(b, '[');
	for (size_t i = 0; i < CALL_KINDS; i++)
		outcomes_json(&a->outcomes[i], names[i], b);
	buf_add_char(b, ']');
	json_name(b, "batches");
	buf_add_char(b, '[');
	for (size_t i = 1; i <= AIRTABLE_WRITE_MAX; i++) {
		json_next(b);
		buf_printf(b, "%llu", (unsigned long long)a->batches[i]);
	}
	buf_add_char(b, ']');
}

struct oddities *
airtable_oddities(struct airtable *a, const struct schema *schema)
{
	return &airtable_table_of(a, schema)->oddities;
}

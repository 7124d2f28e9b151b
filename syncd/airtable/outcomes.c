#include "common/base/json_write.h"
#include "syncd/airtable/outcomes.h"

void
outcomes_add(struct outcomes *o, enum err e, int64_t ms, size_t records)
{
	o->counts[(unsigned)e < ERR__COUNT ? e : ERR_INTERNAL]++;
	o->records += records;
	histogram_add(&o->time, ms * 1000000);
}

void
outcomes_json(const struct outcomes *o, const char *kind, struct buf *b)
{
	if (histogram_count(&o->time) == 0)
		return;
	json_next(b);
	buf_add_char(b, '{');
	json_member_string(b, "kind", str_of(kind));
	json_name(b, "outcomes");
	buf_add_char(b, '{');
	for (unsigned e = 0; e < ERR__COUNT; e++)
		if (o->counts[e] > 0)
			json_member_uint(b, err_code((enum err)e), o->counts[e]);
	buf_add_char(b, '}');
	json_member_uint(b, "records", o->records);
	json_name(b, "buckets");
	buf_add_char(b, '[');
	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		json_next(b);
		buf_printf(b, "%llu", (unsigned long long)o->time.counts[i]);
	}
	buf_add_char(b, ']');
	json_member_uint(b, "sumNs", o->time.sum_ns);
	buf_add_char(b, '}');
}

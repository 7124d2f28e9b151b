#include <stdio.h>

#include "common/base/json_write.h"
#include "common/store/row.h"
#include "syncd/sync/drift.h"

static void
note_record(struct drift *d, struct str id)
{
	if (d->record_count == DRIFT_RECORDS || id.len >= sizeof(d->records[0]))
		return;
	memcpy(d->records[d->record_count], id.ptr, id.len);
	d->records[d->record_count++][id.len] = '\0';
}

/* Compare a row with its news, and count the fields that differ. */
static void
compare(struct drift *d, const struct schema *schema, const struct record *stored,
    const struct record *news)
{
	bool differs = false;

	for (size_t f = 0; f < schema->field_count; f++) {
		if (!(news->known >> f & 1) ||
		    value_equal(schema->fields[f].kind, &stored->values[f], &news->values[f]))
			continue;
		d->fields[f]++;
		differs = true;
	}
	if (!differs)
		return;
	d->changed++;
	note_record(d, news->id);
}

enum err
drift_add(struct drift *d, const struct schema *schema, struct store *st,
    const struct change *change)
{
	struct row_view view;
	struct record stored;
	uint32_t row;
	enum err e = store_find_record(st, &orders_schema, change->record.id, &row);

	if (e == ERR_NOT_FOUND) {
		if (change->kind == CHANGE_UPSERT)
			note_record(d, change->record.id);
		return ERR_OK;
	}
	if (e != ERR_OK || (e = store_row(st, &orders_schema, row, &view)) != ERR_OK)
		return e;
	if (view.version > change->base)	/* newer than the news */
		return ERR_OK;
	if (change->kind == CHANGE_GONE) {
		note_record(d, change->record.id);
		return ERR_OK;
	}
	if ((e = row_values(&view, schema, &stored)) == ERR_OK)
		compare(d, schema, &stored, &change->record);
	return e;
}

void
drift_applied(struct drift *d, const struct apply_result *r)
{
	d->missing += r->created;
	d->extra += r->deleted;
}

bool
drift_any(const struct drift *d)
{
	return d->missing + d->extra + d->changed > 0;
}

void
drift_add_json(const struct drift *d, const struct schema *schema, struct buf *b)
{
	if (!d->known) {
		json_member_null(b, "drift");
		return;
	}
	json_name(b, "drift");
	buf_add_char(b, '{');
	json_member_uint(b, "missing", d->missing);
	json_member_uint(b, "extra", d->extra);
	json_member_uint(b, "changed", d->changed);
	json_name(b, "fields");
	buf_add_char(b, '{');
	for (size_t f = 0; f < schema->field_count; f++)
		if (d->fields[f] > 0)
			json_member_uint(b, schema->fields[f].name, d->fields[f]);
	buf_add_char(b, '}');
	json_name(b, "records");
	buf_add_char(b, '[');
	for (size_t i = 0; i < d->record_count; i++) {
		json_next(b);
		json_add_string(b, str_of(d->records[i]));
	}
	buf_add_cstr(b, "]}");
}

void
drift_add_text(const struct drift *d, const struct schema *schema, struct buf *b)
{
	const char *before = " (";

	buf_printf(b, "%llu missing, %llu extra, %llu changed", (unsigned long long)d->missing,
	    (unsigned long long)d->extra, (unsigned long long)d->changed);
	for (size_t f = 0; f < schema->field_count; f++) {
		if (d->fields[f] == 0)
			continue;
		buf_printf(b, "%s%s %llu", before, schema->fields[f].name,
		    (unsigned long long)d->fields[f]);
		before = ", ";
	}
	if (before[0] == ',')
		buf_add_char(b, ')');
	for (size_t i = 0; i < d->record_count; i++)
		buf_printf(b, "%s%s", i == 0 ? ", such as " : ", ", d->records[i]);
}

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/vec.h"
#include "common/store/outbox.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "syncd/verify/parts.h"

#define LL	(unsigned long long)

struct shown {
	uint64_t		sequence;
	const struct schema	*table;
	enum outbox_kind	kind;
	struct record		record;	/* its strings lie in the map */
	bool			found;
};

struct shown_list {
	struct verify	*v;
	struct shown	*list;
	size_t		 count, room;
	uint64_t	 sequence_end;
	uint32_t	 counted[TABLES_MAX];	/* rows that count as pending, by table's number */
};

static bool
add_shown(struct shown_list *l, const struct outbox_entry *e)
{
	if (!vec_room(&l->list, l->count, &l->room)) {
		l->v->error = ERR_NOMEM;
		return false;
	}
	l->list[l->count++] = (struct shown){
		.sequence = e->sequence, .table = e->table, .kind = e->kind, .record = e->record
	};
	return true;
}

static void
gather(struct shown_list *l)
{
	struct verify *v = l->v;
	struct outbox_entry e;
	struct db_cursor c;
	uint64_t sequence;

	for (verify_walk(v, &c, v->dbs->outbox); c.found; db_next(&c)) {
		memcpy(&sequence, c.key.ptr, sizeof(sequence));
		v->result->outbox++;
		if (sequence >= l->sequence_end)
			verify_fault(v, VERIFY_OUTBOX, "entry %llu has a number that is not assigned yet", LL sequence);
		if (outbox_decode(sequence, c.value, store_tables(v->st), &e) != ERR_OK)
			verify_fault(v, VERIFY_OUTBOX, "entry %llu can't be read", LL sequence);
		else if (e.shown && !add_shown(l, &e))
			break;
	}
	verify_walk_end(v, &c);
}

static cJSON *
value_json(const struct schema *schema, unsigned f, const struct value *value)
{
	struct buf b = { 0 };
	cJSON *j;

	kind_add_json(&b, schema->fields[f].kind, value);
	j = buf_status(&b) == ERR_OK ? cJSON_ParseWithLength(b.data, b.len) : NULL;
	buf_free(&b);
	return j;
}

/* The row's JSON with the values of all its shown entries laid over it in order. */
static cJSON *
overlaid(const struct shown_list *l, struct str id, struct str row)
{
	const struct schema *schema = l->v->schema;
	cJSON *j = cJSON_ParseWithLength(row.ptr, row.len), *value;

	for (size_t i = 0; i < l->count && j != NULL; i++) {
		const struct shown *s = &l->list[i];

		if (s->kind != OUTBOX_UPDATE || s->table != schema || !str_eq(s->record.id, id))
			continue;
		for (unsigned f = 0; f < schema->field_count; f++)
			if ((s->record.known >> f & 1) &&
			    (value = value_json(schema, f, &s->record.values[f])) != NULL &&
			    !cJSON_ReplaceItemInObject(j, schema->fields[f].name, value))
				cJSON_Delete(value);
	}
	if (j != NULL)
		(void)cJSON_AddTrueToObject(j, "pending");
	return j;
}

static void
check_overlay(const struct shown_list *l, struct str id, struct str json)
{
	struct verify *v = l->v;
	cJSON *expected, *have;
	struct row_view view;
	uint32_t row;

	if (store_find_record(v->st, v->schema, id, &row) != ERR_OK) {
		if (json.len > 0)
			verify_fault(v, VERIFY_PENDING, "%.*s is shown, but there is no such order",
			    STR_FMT(id));
		return;
	}
	if (store_row(v->st, v->schema, row, &view) != ERR_OK)
		return;		/* reported with the rows */
	expected = overlaid(l, id, view.json);
	have = cJSON_ParseWithLength(json.ptr, json.len);
	if (expected == NULL || have == NULL || !cJSON_Compare(expected, have, true))
		verify_fault(v, VERIFY_PENDING, "%.*s is not shown as its pending changes require",
		    STR_FMT(id));
	cJSON_Delete(expected);
	cJSON_Delete(have);
}

/* The entry with this sequence must be one of this order's shown entries. */
static void
check_shown(struct shown_list *l, uint64_t sequence, struct str key, struct str id)
{
	for (size_t i = 0; i < l->count; i++) {
		struct shown *s = &l->list[i];
		struct store_key k;

		if (s->sequence != sequence)
			continue;
		pending_key(&k, s->table->number, s->kind == OUTBOX_CREATE ? (struct str){ NULL, 0 } : s->record.id,
		    sequence);
		if (!str_eq((struct str){ (char *)k.bytes, k.len }, key))
			verify_fault(l->v, VERIFY_PENDING, "entry %llu is shown with another order",
			    LL sequence);
		if (s->found)
			verify_fault(l->v, VERIFY_PENDING, "entry %llu is shown twice", LL sequence);
		s->found = true;
		return;
	}
	verify_fault(l->v, VERIFY_PENDING, "%.*s shows entry %llu, which is not to be shown",
	    STR_FMT(id), LL sequence);
}

static void
check_pending_one(struct shown_list *l, struct str key, struct str value)
{
	const struct schema *table;
	struct pending_head head;
	uint64_t sequence, last = 0;
	struct str id;

	if (value.len >= sizeof(head))
		memcpy(&head, value.ptr, sizeof(head));
	if (value.len < sizeof(head) || head.count == 0 ||
	    (table = pending_key_table(store_tables(l->v->st), key, &id)) == NULL || value.len !=
	    sizeof(head) + (size_t)head.count * sizeof(uint64_t) + head.json_len) {
		verify_fault(l->v, VERIFY_PENDING, "the pending changes under a key of %zu bytes can't be read", key.len);
		return;
	}
	for (uint32_t i = 0; i < head.count; i++, last = sequence) {
		memcpy(&sequence, value.ptr + sizeof(head) + i * sizeof(sequence), sizeof(sequence));
		if (sequence <= last)
			verify_fault(l->v, VERIFY_PENDING, "the entries of %.*s are out of order",
			    STR_FMT(id));
		check_shown(l, sequence, key, id);
	}
	if (head.since > store_generation(l->v->st))
		verify_fault(l->v, VERIFY_PENDING, "%.*s is shown since a generation newer than the store",
		    STR_FMT(id));
	l->v->schema = table;
	if (id.ptr[0] != '+')
		check_overlay(l, id, (struct str){ value.ptr + value.len - head.json_len,
		    head.json_len });
	l->counted[table->number] += id.ptr[0] == '+' || head.json_len > 0;
}

static void
check_pending(struct verify *v)
{
	struct shown_list l = { .v = v, .sequence_end = 1 };
	const struct tables *tables = store_tables(v->st);
	struct db_cursor c;
	struct str end;

	if (meta_get(v->txn, v->dbs->meta, META_SEQUENCE, &end)) {
		if (end.len == sizeof(l.sequence_end))
			memcpy(&l.sequence_end, end.ptr, sizeof(l.sequence_end));
		else
			verify_fault(v, VERIFY_META, "the outbox's next number can't be read");
	}
	gather(&l);
	for (verify_walk(v, &c, v->dbs->pending); c.found; db_next(&c))
		check_pending_one(&l, c.key, c.value);
	verify_walk_end(v, &c);
	for (size_t i = 0; i < l.count; i++)
		if (!l.list[i].found)
			verify_fault(v, VERIFY_PENDING, "entry %llu is not shown", LL l.list[i].sequence);
	for (size_t i = 0; i < tables->count; i++) {
		const struct schema *s = tables->list[i];

		if (outbox_pending(v->st, s) != l.counted[s->number])
			verify_fault(v, VERIFY_META, "there are %u pending %s by the head's count where "
			    "%u should be", outbox_pending(v->st, s), s->name, l.counted[s->number]);
	}
	free(l.list);
}

static void
check_answers(struct verify *v)
{
	struct db_cursor c;

	if (verify_entries(v, v->dbs->answers) != verify_entries(v, v->dbs->answers_due))
		verify_fault(v, VERIFY_ANSWERS, "%zu answers are kept, but %zu have a noted end",
		    verify_entries(v, v->dbs->answers), verify_entries(v, v->dbs->answers_due));
	for (verify_walk(v, &c, v->dbs->answers); c.found; db_next(&c)) {
		struct answer_head head;
		struct store_key k;

		if (c.value.len < sizeof(head)) {
			verify_fault(v, VERIFY_ANSWERS, "the answer for '%.*s' can't be read",
			    STR_FMT(c.key));
			continue;
		}
		memcpy(&head, c.value.ptr, sizeof(head));
		answers_due_key(&k, head.due_ms, c.key);
		if (!db_has(v->txn, v->dbs->answers_due, key_composed(&k)))
			verify_fault(v, VERIFY_ANSWERS, "the answer for '%.*s' has no noted end",
			    STR_FMT(c.key));
	}
	verify_walk_end(v, &c);
}

void
verify_writes(struct verify *v)
{
	check_pending(v);
	check_answers(v);
}

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/json_read.h"
#include "common/store/history.h"
#include "common/store/row.h"
#include "syncd/verify/parts.h"

/* One order's history, read from its beginning. */
struct chain {
	const struct schema *table;
	struct str	 id;
	bool		 gone;				/* its last entry deleted it */
	bool		 known[SCHEMA_FIELDS_MAX];	/* its value follows from the history */
	cJSON		*values[SCHEMA_FIELDS_MAX];
};

static void
chain_set(struct chain *c, unsigned f, cJSON *value)
{
	cJSON_Delete(c->values[f]);
	c->values[f] = value;
	c->known[f] = value != NULL;
}

static void
chain_forget(struct chain *c)
{
	for (unsigned f = 0; f < SCHEMA_FIELDS_MAX; f++)
		chain_set(c, f, NULL);
}

static void
chain_fields(struct verify *v, struct chain *c, const cJSON *j, const char *what)
{
	const cJSON *field, *from, *to;

	cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(j, "fields")) {
		const char *name = json_text(field, "field");
		int f = name == NULL ? -1 : schema_field(v->schema, str_of(name));

		from = cJSON_GetObjectItemCaseSensitive(field, "from");
		to = cJSON_GetObjectItemCaseSensitive(field, "to");
		if (f < 0 || from == NULL || to == NULL) {
			verify_fault(v, VERIFY_HISTORY, "%s of %.*s has a field that can't be read", what,
			    STR_FMT(c->id));
			continue;
		}
		if (v->schema->fields[f].flags & FIELD_STAMP)
			continue;
		if (cJSON_Compare(from, to, true))
			verify_fault(v, VERIFY_HISTORY, "%s of %.*s does not change %s, though it lists it", what,
			    STR_FMT(c->id), name);
		if (c->known[f] && !cJSON_Compare(from, c->values[f], true))
			verify_fault(v, VERIFY_HISTORY, "%s of %.*s: %s does not begin where it had ended",
			    what, STR_FMT(c->id), name);
		chain_set(c, (unsigned)f, cJSON_Duplicate(to, true));
	}
}

static void
chain_entry(struct verify *v, struct chain *c, const cJSON *j, const char *what)
{
	const char *action = json_text(j, "action");

	if (action == NULL)
		action = "";
	if (strcmp(action, "notApplied") == 0 || strcmp(action, "rejected") == 0) {
		if (json_text(j, "asked") == NULL || json_text(j, "detail") == NULL)
			verify_fault(v, VERIFY_HISTORY, "%s of %.*s does not say what was asked and why it failed",
			    what, STR_FMT(c->id));
		return;
	}
	if (strcmp(action, "created") != 0 && strcmp(action, "changed") != 0 &&
	    strcmp(action, "deleted") != 0) {
		verify_fault(v, VERIFY_HISTORY, "%s of %.*s does not say what was done", what,
		    STR_FMT(c->id));
		return;
	}
	if (strcmp(action, "created") == 0) {
		for (unsigned f = 0; f < v->schema->field_count; f++)
			if (!(v->schema->fields[f].flags & FIELD_STAMP))
				chain_set(c, f, cJSON_CreateNull());
	} else if (c->gone) {	/* it came back before the first sync was complete */
		chain_forget(c);
	}
	chain_fields(v, c, j, what);
	c->gone = strcmp(action, "deleted") == 0;
	for (unsigned f = 0; f < v->schema->field_count && c->gone; f++)
		if (c->known[f] && !cJSON_IsNull(c->values[f]))
			verify_fault(v, VERIFY_HISTORY, "%s of %.*s does not empty %s", what, STR_FMT(c->id),
			    v->schema->fields[f].name);
}

static void
chain_meets_row(struct verify *v, const struct chain *c, uint32_t row)
{
	struct row_view view;
	cJSON *j;

	if (c->gone && store_synced_ms(v->st, v->schema) != 0)
		verify_fault(v, VERIFY_HISTORY, "%.*s exists, though it was deleted", STR_FMT(c->id));
	if (c->gone || store_row(v->st, v->schema, row, &view) != ERR_OK)
		return;
	if ((j = cJSON_ParseWithLength(view.json.ptr, view.json.len)) == NULL)
		return;		/* reported with the rows */
	for (unsigned f = 0; f < v->schema->field_count; f++)
		if (c->known[f] && !cJSON_Compare(c->values[f],
		    cJSON_GetObjectItem(j, v->schema->fields[f].name), true)) {
			verify_fault(v, VERIFY_HISTORY, "%.*s: %s is not the value that its history ends with",
			    STR_FMT(c->id), v->schema->fields[f].name);
			verify_doubt(v, row);
		}
	cJSON_Delete(j);
}

/* The row must be what its history ends with. */
static void
chain_end(struct verify *v, struct chain *c)
{
	bool any = false;
	uint32_t row;

	if (c->table == NULL)
		return;
	for (unsigned f = 0; f < v->schema->field_count; f++)
		any |= c->known[f];
	if (c->id.len > 0 && store_find_record(v->st, v->schema, c->id, &row) == ERR_OK)
		chain_meets_row(v, c, row);
	else if (c->id.len > 0 && !c->gone && any)
		verify_fault(v, VERIFY_HISTORY, "%.*s is missing, though it was not deleted", STR_FMT(c->id));
	chain_forget(c);
	c->id = (struct str){ NULL, 0 };
	c->gone = false;
}

static void
check_audit(struct verify *v, struct str id, uint64_t generation, uint32_t index, const cJSON *j)
{
	const char *at = json_text(j, "at"), *bulk = json_text(j, "bulk");
	struct audit_head head;
	struct store_key k;
	struct str data;
	int64_t at_ms;

	place_key(&k, generation, index);
	if (!db_get(v->txn, v->dbs->audit, key_composed(&k), &data) || data.len < sizeof(head)) {
		verify_fault(v, VERIFY_HISTORY, "%" PRIu64 ".%" PRIu32 " is missing in the audit log", generation,
		    index);
		return;
	}
	memcpy(&head, data.ptr, sizeof(head));
	if (!str_eq((struct str){ data.ptr + sizeof(head), data.len - sizeof(head) }, id) ||
	    at == NULL || instant_parse(str_of(at), &at_ms) != ERR_OK || at_ms != head.at_ms ||
	    head.bulk != (bulk == NULL ? 0 : strtoull(bulk, NULL, 10)) || head.table != v->schema->number)
		verify_fault(v, VERIFY_HISTORY, "%" PRIu64 ".%" PRIu32 " differs from its mention in the audit log",
		    generation, index);
	bulk_key(&k, head.bulk, generation, index);
	if (db_has(v->txn, v->dbs->bulks, key_composed(&k)) != (bulk != NULL))
		verify_fault(v, VERIFY_HISTORY, "%" PRIu64 ".%" PRIu32 " does not match the index of bulk edits",
		    generation, index);
}

/* Check one entry, of a record of v->schema, whose key has the right form. */
static void
check_entry(struct verify *v, struct chain *c, struct str id, struct str key, struct str json,
    size_t *in_bulks)
{
	cJSON *j = cJSON_ParseWithLength(json.ptr, json.len);
	const char *change = json_text(j, "change"), *named = json_text(j, "id");
	uint64_t generation;
	char want[64];
	uint32_t index;

	place_of_key(key, &generation, &index);
	(void)snprintf(want, sizeof(want), "%" PRIu64 ".%" PRIu32, generation, index);
	if (change == NULL || strcmp(change, want) != 0 || !str_eq(id, str_of(named))) {
		verify_fault(v, VERIFY_HISTORY, "the entry at %s of %.*s %s", want, STR_FMT(id),
		    j == NULL ? "is not JSON" : "belongs elsewhere");
		cJSON_Delete(j);
		return;
	}
	if (generation > store_generation(v->st))
		verify_fault(v, VERIFY_HISTORY, "%s is newer than the store", want);
	check_audit(v, id, generation, index, j);
	*in_bulks += json_text(j, "bulk") != NULL;
	chain_entry(v, c, j, want);
	cJSON_Delete(j);
}

void
verify_history(struct verify *v)
{
	struct chain chain = { .id = { NULL, 0 } };
	const struct schema *table;
	size_t in_bulks = 0;
	struct db_cursor c;
	struct str id;

	if (verify_entries(v, v->dbs->history) != verify_entries(v, v->dbs->audit))
		verify_fault(v, VERIFY_HISTORY, "there are %zu entries, and %zu in the audit log",
		    verify_entries(v, v->dbs->history), verify_entries(v, v->dbs->audit));
	for (verify_walk(v, &c, v->dbs->history); c.found; db_next(&c)) {
		v->result->history++;
		if ((table = history_key_table(store_tables(v->st), c.key)) == NULL) {
			verify_fault(v, VERIFY_HISTORY, "a key of %zu bytes, of no table", c.key.len);
			continue;
		}
		id = history_key_record(c.key);
		if (table != chain.table || !str_eq(id, chain.id)) {
			chain_end(v, &chain);
			v->schema = chain.table = table;
			v->end = store_rows_end(v->st, table);
			chain.id = id;
		}
		check_entry(v, &chain, id, c.key, c.value, &in_bulks);
	}
	verify_walk_end(v, &c);
	chain_end(v, &chain);
	if (verify_entries(v, v->dbs->bulks) != in_bulks)
		verify_fault(v, VERIFY_HISTORY, "there are %zu entries of bulk edits where %zu should be",
		    verify_entries(v, v->dbs->bulks), in_bulks);
}

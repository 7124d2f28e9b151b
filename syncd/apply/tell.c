#include <inttypes.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "common/base/vec.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "syncd/apply/parts.h"

/* The entries of the history as JSON, and their later corrections. */

static void
add_fields(struct buf *b, const struct schema *s, const struct apply_told *told)
{
	static const struct value empty = { 0 };

	json_name(b, "fields");
	buf_add_char(b, '[');
	for (size_t f = 0; f < s->field_count; f++) {
		enum field_kind kind = s->fields[f].kind;

		if (!(told->fields >> f & 1))
			continue;
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "field", str_of(s->fields[f].name));
		json_name(b, "from");
		kind_add_json(b, kind, told->from == NULL ? &empty : &told->from->values[f]);
		json_name(b, "to");
		kind_add_json(b, kind, told->to == NULL ? &empty : &told->to->values[f]);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static struct str
or_none(struct str s)
{
	return s.len > 0 ? s : (struct str){ NULL, 0 };
}

/* Who did it, as Airtable reports it. */
static void
add_author(struct buf *b, const struct author *who)
{
	json_member_string_or_null(b, "by", or_none(who->name));
	if (who->via.len > 0)
		json_member_string(b, "via", who->via);
	if (who->id.len == 0 && who->email.len == 0)
		return;
	json_name(b, "user");
	buf_add_char(b, '{');
	json_member_string_or_null(b, "id", or_none(who->id));
	json_member_string_or_null(b, "email", or_none(who->email));
	buf_add_char(b, '}');
}

static void
add_who(struct buf *b, const struct outbox_entry *e, const struct author *who,
    enum change_source source)
{
	struct str none = { NULL, 0 };

	json_member_string(b, "source", e != NULL ? STR("api") :
	    source == SOURCE_JOB ? STR("job") : STR("airtable"));
	if (e == NULL && who != NULL)
		add_author(b, who);
	else
		json_member_string_or_null(b, "by", e != NULL ? or_none(e->by) : none);
	json_member_string_or_null(b, "requestId",
	    e != NULL && e->request_id.len > 0 ? e->request_id : none);
	json_name(b, "bulk");
	if (e != NULL && e->bulk != 0)
		buf_printf(b, "\"%" PRIu64 "\"", e->bulk);
	else
		buf_add_cstr(b, "null");
	json_name(b, "undoes");
	if (e != NULL && e->undoes != 0)
		buf_printf(b, "\"%" PRIu64 ".%" PRIu32 "\"", e->undoes, e->undoes_index);
	else
		buf_add_cstr(b, "null");
}

static const char *
asked(const struct outbox_entry *e)
{
	return e->kind == OUTBOX_CREATE ? "created" :
	    e->kind == OUTBOX_DELETE ? "deleted" : "changed";
}

static enum err
keep_entry(struct apply_txn *t, const struct apply_entry *entry)
{
	if (buf_status(&t->history_bytes) != ERR_OK ||
	    !vec_room(&t->entries, t->entry_count, &t->entry_room))
		return ERR_NOMEM;
	t->entries[t->entry_count] = *entry;
	t->entries[t->entry_count++].len = t->history_bytes.len - entry->at;
	return ERR_OK;
}

enum err
apply_tell(struct apply_txn *t, const struct apply_told *told)
{
	struct buf *b = &t->history_bytes;
	struct str none = { NULL, 0 };
	struct apply_entry entry = { .generation = t->next };

	if (told->place != NULL)
		entry = *told->place;
	else
		entry.index = t->entry_index++;
	entry.table = told->table->number;
	entry.id = told->id;
	entry.at = b->len;
	entry.bulk = told->by == NULL ? 0 : told->by->bulk;
	buf_add_char(b, '{');
	json_member_string_or_null(b, "id", told->id.len > 0 ? told->id : none);
	json_member_uint(b, "generation", entry.generation);
	json_member_instant(b, "at", entry.at_ms != 0 ? entry.at_ms : t->now_ms);
	json_member_string(b, "action", str_of(told->action));
	add_who(b, told->by, told->who, t->source);
	json_name(b, "change");
	buf_printf(b, "\"%" PRIu64 ".%" PRIu32 "\"", entry.generation, entry.index);
	add_fields(b, told->table, told);
	if (told->why.ptr != NULL) {
		json_member_string(b, "asked", str_of(asked(told->by)));
		json_member_string(b, "detail", told->why);
	}
	buf_add_char(b, '}');
	return keep_entry(t, &entry);
}

enum err
apply_tell_adopted(struct apply_txn *t, const struct schema *table, struct str id, struct str key,
    struct str json, const struct outbox_entry *e)
{
	struct buf *b = &t->history_bytes;
	struct apply_entry entry = {
		.table = table->number, .id = id, .at = b->len, .bulk = e->bulk, .anew = true
	};
	const char *who = memmem(json.ptr, json.len, ",\"source\":", 10);
	const char *rest = memmem(json.ptr, json.len, ",\"change\":", 10);

	if (who == NULL || rest == NULL)
		return ERR_STORE_CORRUPT;
	place_of_key(key, &entry.generation, &entry.index);
	buf_add(b, json.ptr, (size_t)(who - json.ptr));
	add_who(b, e, NULL, t->source);
	buf_add(b, rest, (size_t)(json.ptr + json.len - rest));
	return keep_entry(t, &entry);
}

enum err
apply_tell_anew(struct apply_txn *t, const struct apply_retold *r)
{
	struct buf *b = &t->history_bytes;
	struct apply_entry entry = {
		.table = r->table->number, .id = r->id, .at = b->len, .bulk = strtoull(r->bulk, NULL, 10), .anew = true,
		.generation = r->generation, .index = r->index
	};
	struct apply_told told = { .from = r->from, .to = r->to, .fields = r->fields };
	const char *end = r->json.ptr + r->json.len;
	const char *who = memmem(r->json.ptr, r->json.len, ",\"source\":", 10);
	const char *change = memmem(r->json.ptr, r->json.len, ",\"change\":", 10);
	const char *fields = memmem(r->json.ptr, r->json.len, ",\"fields\":", 10);

	if (who == NULL || change == NULL || fields == NULL)
		return ERR_STORE_CORRUPT;
	buf_add(b, r->json.ptr, (size_t)((r->who == NULL ? change : who) - r->json.ptr));
	if (r->who != NULL)
		add_who(b, NULL, r->who, t->source);
	buf_add(b, change, (size_t)((r->from == NULL ? end : fields) - change));
	if (r->from != NULL) {		/* the fields are the last member of a change that was made */
		add_fields(b, r->table, &told);
		buf_add_char(b, '}');
	}
	return keep_entry(t, &entry);
}

/* After all entries of the previous commit, with room for more: no commit assigns such an index. */
#define BETWEEN		(UINT32_C(1) << 31)
#define BETWEEN_EACH	64	/* before one entry */

static bool
is_taken(const struct apply_txn *t, const struct apply_entry *e)
{
	struct store_key k;

	place_key(&k, e->generation, e->index);
	if (db_has(t->txn, t->dbs->audit, key_composed(&k)))
		return true;
	for (size_t i = 0; i < t->entry_count; i++)
		if (t->entries[i].generation == e->generation && t->entries[i].index == e->index)
			return true;
	return false;
}

enum err
apply_tell_before(struct apply_txn *t, const struct schema *table, struct str id,
    uint64_t generation, uint32_t index, const char *at, const struct change_step *step, uint32_t fields)
{
	struct apply_entry place = {
		.generation = generation - 1, .index = BETWEEN + index * BETWEEN_EACH
	};
	struct apply_told told = {
		.table = table, .id = id, .action = "changed", .who = &step->who, .from = step->from, .to = step->to,
		.fields = fields, .place = &place
	};

	if (index >= BETWEEN / BETWEEN_EACH || instant_parse(str_of(at), &place.at_ms) != ERR_OK)
		return ERR_STORE_CORRUPT;
	for (int n = 0; is_taken(t, &place); n++, place.index++)
		if (n + 1 == BETWEEN_EACH)
			return ERR_OK;
	return apply_tell(t, &told);
}

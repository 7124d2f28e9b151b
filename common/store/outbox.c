#include "common/store/keys.h"
#include "common/store/outbox.h"
#include "common/tables/kind.h"

/*
 * The bytes of an entry: this head, the texts one after another, then for each
 * field that is set to a value, in field order, u32 length and the text, or the
 * i64; of an instant u32 length, the date or nothing, and the i64.
 */
struct entry_head {
	int64_t		accepted_ms;
	int64_t		sent_ms;
	uint64_t	version;
	uint64_t	bulk;
	uint64_t	undoes;
	uint32_t	undoes_index;
	uint32_t	known;
	uint32_t	present;	/* of those known */
	uint8_t		kind;
	uint8_t		state;
	uint8_t		flags;		/* enum entry_flag */
	uint8_t		field_count;	/* of the schema it was made with */
	uint16_t	request_id_len;
	uint16_t	by_len;
	uint16_t	create_key_len;
	uint16_t	answer_key_len;
	uint16_t	record_len;
	uint16_t	table;
	uint16_t	unused[2];
};

enum entry_flag { ENTRY_DEFERRED = 1, ENTRY_SHOWN = 2, ENTRY_SEEN = 4, ENTRY_FLAGS = 7 };

static uint32_t
present_fields(const struct schema *s, const struct record *r)
{
	uint32_t present = 0;

	for (size_t f = 0; f < s->field_count; f++)
		if ((r->known >> f & 1) && r->values[f].present)
			present |= UINT32_C(1) << f;
	return present;
}

static bool
has_text(enum field_kind kind)
{
	return kind_is_text(kind) || kind == FIELD_INSTANT;
}

static void
add_values(struct buf *b, const struct schema *s, const struct record *r, uint32_t present)
{
	for (size_t f = 0; f < s->field_count; f++) {
		const struct value *v = &r->values[f];
		uint32_t n = (uint32_t)v->text.len;

		if (!(present >> f & 1))
			continue;
		if (has_text(s->fields[f].kind)) {
			buf_add(b, &n, sizeof(n));
			buf_add_str(b, v->text);
		}
		if (!kind_is_text(s->fields[f].kind))
			buf_add(b, &v->number, sizeof(v->number));
	}
}

void
outbox_encode(struct buf *b, const struct outbox_entry *e)
{
	const struct schema *s = e->table;
	struct entry_head head = {
		.accepted_ms = e->accepted_ms, .sent_ms = e->sent_ms,
		.version = e->version, .bulk = e->bulk,
		.undoes = e->undoes, .undoes_index = e->undoes_index,
		.known = e->record.known & schema_all(s),
		.present = present_fields(s, &e->record),
		.kind = (uint8_t)e->kind, .state = (uint8_t)e->state,
		.flags = (uint8_t)((e->deferred ? ENTRY_DEFERRED : 0) | (e->shown ? ENTRY_SHOWN : 0) |
		    (e->seen ? ENTRY_SEEN : 0)),
		.field_count = (uint8_t)s->field_count,
		.request_id_len = (uint16_t)e->request_id.len, .by_len = (uint16_t)e->by.len,
		.create_key_len = (uint16_t)e->create_key.len,
		.answer_key_len = (uint16_t)e->answer_key.len,
		.record_len = (uint16_t)e->record.id.len, .table = (uint16_t)s->number
	};

	buf_add(b, &head, sizeof(head));
	buf_add_str(b, e->request_id);
	buf_add_str(b, e->by);
	buf_add_str(b, e->create_key);
	buf_add_str(b, e->answer_key);
	buf_add_str(b, e->record.id);
	add_values(b, s, &e->record, head.present);
}

/* Take the next ${n} bytes off *rest; false: there are fewer. */
static bool
take(struct str *rest, size_t n, struct str *out)
{
	if (n > rest->len)
		return false;
	*out = (struct str){ rest->ptr, n };
	rest->ptr += n;
	rest->len -= n;
	return true;
}

static bool
take_value(struct str *rest, enum field_kind kind, struct value *v)
{
	struct str bytes;
	uint32_t n;

	v->present = true;
	if (has_text(kind)) {
		if (!take(rest, sizeof(n), &bytes))
			return false;
		memcpy(&n, bytes.ptr, sizeof(n));
		if (!take(rest, n, &v->text))
			return false;
	}
	if (kind_is_text(kind))
		return true;
	if (!take(rest, sizeof(v->number), &bytes))
		return false;
	memcpy(&v->number, bytes.ptr, sizeof(v->number));
	return true;
}

static bool
head_valid(const struct entry_head *h, const struct schema *s)
{
	return h->kind >= OUTBOX_UPDATE && h->kind <= OUTBOX_DELETE &&
	    h->state >= OUTBOX_ACCEPTED && h->state <= OUTBOX_SENT &&
	    (h->flags & ~ENTRY_FLAGS) == 0 && h->field_count == s->field_count &&
	    (h->known & ~schema_all(s)) == 0 && (h->present & ~h->known) == 0;
}

enum err
outbox_decode(uint64_t sequence, struct str bytes, const struct tables *tables,
    struct outbox_entry *e)
{
	const struct schema *s;
	struct entry_head h;

	if (bytes.len < sizeof(h))
		return ERR_STORE_CORRUPT;
	memcpy(&h, bytes.ptr, sizeof(h));
	if ((s = tables_numbered(tables, h.table)) == NULL || !head_valid(&h, s))
		return ERR_STORE_CORRUPT;
	*e = (struct outbox_entry){
		.sequence = sequence, .table = s,
		.kind = (enum outbox_kind)h.kind, .state = (enum outbox_state)h.state,
		.deferred = (h.flags & ENTRY_DEFERRED) != 0, .shown = (h.flags & ENTRY_SHOWN) != 0,
		.seen = (h.flags & ENTRY_SEEN) != 0,
		.accepted_ms = h.accepted_ms, .sent_ms = h.sent_ms,
		.version = h.version, .bulk = h.bulk,
		.undoes = h.undoes, .undoes_index = h.undoes_index,
		.record.known = h.known
	};
	bytes.ptr += sizeof(h);
	bytes.len -= sizeof(h);
	if (!take(&bytes, h.request_id_len, &e->request_id) || !take(&bytes, h.by_len, &e->by) ||
	    !take(&bytes, h.create_key_len, &e->create_key) ||
	    !take(&bytes, h.answer_key_len, &e->answer_key) ||
	    !take(&bytes, h.record_len, &e->record.id))
		return ERR_STORE_CORRUPT;
	for (size_t f = 0; f < s->field_count; f++)
		if ((h.present >> f & 1) && !take_value(&bytes, s->fields[f].kind, &e->record.values[f]))
			return ERR_STORE_CORRUPT;
	return bytes.len == 0 ? ERR_OK : ERR_STORE_CORRUPT;
}

enum err
outbox_each(struct store *st,
    enum err (*each)(void *cookie, const struct outbox_entry *), void *cookie)
{
	struct outbox_entry entry;
	struct db_cursor c;
	enum err e = ERR_OK;

	for (db_walk(&c, store_txn(st), store_databases(st)->outbox); c.found && e == ERR_OK; db_next(&c)) {
		uint64_t sequence;

		memcpy(&sequence, c.key.ptr, sizeof(sequence));
		e = outbox_decode(sequence, c.value, store_tables(st), &entry);
		if (e == ERR_OK)
			e = each(cookie, &entry);
	}
	db_walk_end(&c);
	return e != ERR_OK ? e : db_tell(store_txn(st), "outbox", store_txn(st)->fault.error);
}

uint32_t
outbox_pending(const struct store *st, const struct schema *s)
{
	return store_head(st)->table[s->number].pending;
}

enum err
outbox_overlay(struct store *st, const struct schema *s, struct str id, struct str *json,
    uint64_t *since)
{
	struct pending_head head;
	struct store_key k;
	struct str data;

	if (outbox_pending(st, s) == 0 || id.len == 0)
		return ERR_NOT_FOUND;
	pending_key(&k, s->number, id, 0);
	if (!db_get(store_txn(st), store_databases(st)->pending, key_composed(&k), &data))
		return db_tell_absent(store_txn(st), "pending");
	if (data.len < sizeof(head))
		return ERR_STORE_CORRUPT;
	memcpy(&head, data.ptr, sizeof(head));
	if (data.len != sizeof(head) + head.count * sizeof(uint64_t) + head.json_len)
		return ERR_STORE_CORRUPT;
	if (head.json_len == 0)
		return ERR_NOT_FOUND;
	*json = (struct str){
		data.ptr + data.len - head.json_len, head.json_len
	};
	if (since != NULL)
		*since = head.since;
	return ERR_OK;
}

enum err
outbox_answer(struct store *st, struct str text, struct kept_answer *a)
{
	struct answer_head head;
	struct str data;

	if (text.len == 0 || text.len > ANSWER_KEY_MAX)
		return ERR_NOT_FOUND;
	if (!db_get(store_txn(st), store_databases(st)->answers, text, &data))
		return db_tell_absent(store_txn(st), "answers");
	if (data.len < sizeof(head))
		return ERR_STORE_CORRUPT;
	memcpy(&head, data.ptr, sizeof(head));
	*a = (struct kept_answer){
		.at_ms = head.at_ms,
		.fingerprint = { head.fingerprint[0], head.fingerprint[1] },
		.first = head.first, .count = head.count,
		.body = { data.ptr + sizeof(head), data.len - sizeof(head) }
	};
	return ERR_OK;
}

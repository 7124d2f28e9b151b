#include <stdio.h>

#include "common/base/fault_point.h"
#include "common/base/log.h"
#include "common/store/change_log.h"
#include "syncd/apply/parts.h"

/*
 * A store of format 3 becomes one of format 4, in one transaction: it knew one
 * table, the orders, and named it nowhere.  Rows, columns, orderings, totals and
 * kept answers stay as they are; what spans tables gets the table's number.
 * The history is as long as it is: it is gone through in pieces.
 */
#define ORDERS		1u	/* the number of the orders' table */
#define OUTBOX_TABLE_AT	66u	/* where an entry of the outbox has its table's number */
#define PIECE_BYTES	(1024u * 1024)

struct head_3 {
	uint32_t	format, rows_live, rows_end, pending;
	uint64_t	generation;
	int64_t		synced_ms, fresh_ms;
};

struct audit_3 {
	int64_t		at_ms;
	uint64_t	bulk;
};

/* One of a piece; key and value follow. */
struct entry {
	uint32_t	key_len, value_len;
};

/* What becomes of an entry: ${key} and ${value} are cleared.  ERR_STORE_CORRUPT. */
typedef enum err	 convert_entry(struct str old_key, struct str old_value, struct buf *key, struct buf *value);

static enum err
convert_change(struct str old_key, struct str old, struct buf *key, struct buf *value)
{
	struct change_log_head head;
	bool told;

	if (old.len < sizeof(head))
		return ERR_STORE_CORRUPT;
	memcpy(&head, old.ptr, sizeof(head));
	told = head.unused[0] != 0;
	memset(head.unused, 0, sizeof(head.unused));
	head.count += told;
	buf_add_str(key, old_key);
	buf_add(value, &head, sizeof(head));
	for (size_t at = sizeof(head); at < old.len;) {
		struct change_logged logged = { .kind = (uint8_t)old.ptr[at], .table = ORDERS };

		if (old.len - at < 2 || (logged.id_len = (uint8_t)old.ptr[at + 1]) > old.len - at - 2)
			return ERR_STORE_CORRUPT;
		buf_add(value, &logged, sizeof(logged));
		buf_add(value, old.ptr + at + 2, logged.id_len);
		at += 2u + logged.id_len;
	}
	if (told)
		buf_add(value, &(struct change_logged){ .kind = LOGGED_TOLD, .table = ORDERS },
		    sizeof(struct change_logged));
	return ERR_OK;
}

/* The number has its place in what was unused. */
static enum err
convert_outbox(struct str old_key, struct str old, struct buf *key, struct buf *value)
{
	const uint16_t number = ORDERS;

	if (old.len < OUTBOX_TABLE_AT + sizeof(number))
		return ERR_STORE_CORRUPT;
	buf_add_str(key, old_key);
	buf_add_str(value, old);
	if (buf_status(value) == ERR_OK)
		memcpy(value->data + OUTBOX_TABLE_AT, &number, sizeof(number));
	return ERR_OK;
}

static enum err
convert_key(struct str old_key, struct str old, struct buf *key, struct buf *value)
{
	static const char number[] = { 0, ORDERS };

	buf_add(key, number, sizeof(number));
	buf_add_str(key, old_key);
	buf_add_str(value, old);
	return ERR_OK;
}

static enum err
convert_audit(struct str old_key, struct str old, struct buf *key, struct buf *value)
{
	struct audit_head head = { .table = ORDERS };
	struct audit_3 was;

	if (old.len < sizeof(was))
		return ERR_STORE_CORRUPT;
	memcpy(&was, old.ptr, sizeof(was));
	head.at_ms = was.at_ms;
	head.bulk = was.bulk;
	buf_add_str(key, old_key);
	buf_add(value, &head, sizeof(head));
	buf_add(value, old.ptr + sizeof(was), old.len - sizeof(was));
	return ERR_OK;
}

static enum err
convert_bulk(struct str old_key, struct str old, struct buf *key, struct buf *value)
{
	const uint32_t number = ORDERS;

	buf_add_str(key, old_key);
	buf_add(value, &number, sizeof(number));
	buf_add_str(value, old);
	return ERR_OK;
}

static enum err
keep_entry(struct buf *piece, struct str key, struct str value)
{
	const struct entry e = { (uint32_t)key.len, (uint32_t)value.len };

	buf_add(piece, &e, sizeof(e));
	buf_add_str(piece, key);
	buf_add_str(piece, value);
	return buf_status(piece);
}

/* One database, or a range of its keys. */
struct span {
	db_id		 dbi;
	convert_entry	*convert;
	bool		 moves;		/* keys are others afterwards */
	struct str	 below;		/* the range ends before this key; len 0: with the database */
	struct buf	 at;		/* the key to begin at; of those that stay: the last one done */
	bool		 begun;
};

static bool
ends(const struct span *s, const struct db_cursor *c)
{
	return !c->found || (s->below.len > 0 && str_cmp(c->key, s->below) >= 0);
}

static enum err
take_one(struct span *s, struct db_cursor *c, struct buf *key, struct buf *value, struct buf *piece)
{
	enum err e;

	buf_clear(key);
	buf_clear(value);
	if ((e = s->convert(c->key, c->value, key, value)) != ERR_OK ||
	    (e = buf_status(key)) != ERR_OK || (e = buf_status(value)) != ERR_OK ||
	    (e = keep_entry(piece, buf_str(key), buf_str(value))) != ERR_OK)
		return e;
	if (s->moves)
		return db_walk_del(c);
	buf_clear(&s->at);
	buf_add_str(&s->at, c->key);
	return buf_status(&s->at);
}

/* Convert the next entries, as many as make a piece; *more: there are further ones. */
static enum err
take_piece(struct db_txn *txn, struct span *s, struct buf *piece, bool *more)
{
	struct buf key = { 0 }, value = { 0 };
	struct db_cursor c;
	enum err e = ERR_OK;

	buf_clear(piece);
	if (s->at.len > 0)
		db_walk_from(&c, txn, s->dbi, buf_str(&s->at));
	else
		db_walk(&c, txn, s->dbi);
	if (s->begun && !s->moves && c.found && str_eq(c.key, buf_str(&s->at)))
		db_next(&c);
	s->begun = true;
	for (; !ends(s, &c) && e == ERR_OK && piece->len < PIECE_BYTES; db_next(&c))
		e = take_one(s, &c, &key, &value, piece);
	*more = !ends(s, &c);
	db_walk_end(&c);
	buf_free(&key);
	buf_free(&value);
	return e != ERR_OK ? e : txn->fault.error;
}

static enum err
put_piece(struct db_txn *txn, db_id dbi, const struct buf *piece)
{
	enum err e = ERR_OK;

	for (size_t at = 0; at < piece->len && e == ERR_OK;) {
		const char *p = piece->data + at;
		struct entry entry;

		memcpy(&entry, p, sizeof(entry));
		p += sizeof(entry);
		e = db_put(txn, dbi, (struct str){ p, entry.key_len },
		    (struct str){ p + entry.key_len, entry.value_len });
		at += sizeof(entry) + entry.key_len + entry.value_len;
	}
	return e;
}

static enum err
convert_span(struct db_txn *txn, struct span s, struct str from)
{
	struct buf piece = { 0 };
	bool more = true;
	enum err e;

	buf_add_str(&s.at, from);
	e = buf_status(&s.at);
	while (more && e == ERR_OK)
		if ((e = take_piece(txn, &s, &piece, &more)) == ERR_OK)
			e = put_piece(txn, s.dbi, &piece);
	buf_free(&piece);
	buf_free(&s.at);
	return e;
}

/*
 * Keys that get the number before them, 00 01: old ones begin with a letter or "+",
 * or with 00 00, which is the NUL after no id and a generation's first byte.
 */
static enum err
convert_keys(struct db_txn *txn, db_id dbi)
{
	static const char first[] = { 0, ORDERS }, after[] = { 0, ORDERS + 1 };
	struct span s = { .dbi = dbi, .convert = convert_key, .moves = true };
	enum err e;

	if ((e = convert_span(txn, s, (struct str){ after, sizeof(after) })) != ERR_OK)
		return e;
	s.below = (struct str){ first, sizeof(first) };
	return convert_span(txn, s, STR(""));
}

static enum err
convert_values(struct db_txn *txn, db_id dbi, convert_entry *convert)
{
	return convert_span(txn, (struct span){ .dbi = dbi, .convert = convert }, STR(""));
}

/* What is known of selects: "options.2" is "options.1.2". */
static enum err
convert_selects(struct db_txn *txn, db_id meta)
{
	static const char *const prefixes[] = { META_OPTIONS, META_OFFERED, META_SEVERAL };
	enum err e = ERR_OK;

	for (size_t i = 0; i < 3; i++)
		for (unsigned f = 0; f < ORDER_FIELDS && e == ERR_OK; f++) {
			char was[META_NAME_SIZE], name[META_NAME_SIZE];
			struct buf kept = { 0 };
			struct str value;

			(void)snprintf(was, sizeof(was), "%s%u", prefixes[i], f);
			meta_field_name(name, prefixes[i], &orders_schema, f);
			if (!meta_get(txn, meta, was, &value))
				continue;
			buf_add_str(&kept, value);
			if ((e = buf_status(&kept)) == ERR_OK &&
			    (e = db_put(txn, meta, str_of(name), buf_str(&kept))) == ERR_OK)
				e = db_del(txn, meta, str_of(was));
			buf_free(&kept);
		}
	return e != ERR_OK ? e : txn->fault.error;
}

static enum err
convert_head(struct db_txn *txn, db_id meta, struct store_head *head)
{
	struct head_3 was;
	struct str stored;

	if (!meta_get(txn, meta, META_HEAD, &stored) || stored.len != sizeof(was))
		return db_needed(db_absent(txn));
	memcpy(&was, stored.ptr, sizeof(was));
	*head = (struct store_head){
		.format = STORE_FORMAT, .generation = was.generation,
		.table[ORDERS] = {
			.rows_live = was.rows_live, .rows_end = was.rows_end, .pending = was.pending,
			.synced_ms = was.synced_ms, .fresh_ms = was.fresh_ms
		}
	};
	return db_put(txn, meta, STR(META_HEAD), meta_head_bytes(head));
}

enum err
apply_migrate(struct db_txn *txn, const struct store_dbs *d, struct store_head *head)
{
	enum err e;

	log_info("store: format %u becomes %u; history and pending changes are kept", head->format,
	    STORE_FORMAT);
	if ((e = convert_head(txn, d->meta, head)) != ERR_OK ||
	    (e = convert_selects(txn, d->meta)) != ERR_OK)
		return e;
	fault_point("migrate-meta");
	if ((e = convert_values(txn, d->changes, convert_change)) != ERR_OK ||
	    (e = convert_values(txn, d->outbox, convert_outbox)) != ERR_OK ||
	    (e = convert_keys(txn, d->pending)) != ERR_OK)
		return e;
	fault_point("migrate-writes");
	if ((e = convert_keys(txn, d->history)) != ERR_OK ||
	    (e = convert_values(txn, d->audit, convert_audit)) != ERR_OK ||
	    (e = convert_values(txn, d->bulks, convert_bulk)) != ERR_OK)
		return e;
	fault_point("migrate-history");
	return ERR_OK;
}

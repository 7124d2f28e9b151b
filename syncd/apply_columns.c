#include <errno.h>
#include <stdlib.h>

#include "syncd/apply_parts.h"

/* The items of one segment: items[from, to). */
struct span {
	uint32_t	segment;
	size_t		from, to;
};

static bool
span_changes(const struct apply_txn *t, const struct span *s, unsigned f)
{
	for (size_t i = s->from; i < s->to; i++)
		if (apply_field_changed(t, &t->items[i], f))
			return true;
	return false;
}

static int64_t
number_of(const struct apply_item *i, unsigned f)
{
	return i->gone || !i->now.values[f].present ? COLUMN_EMPTY : i->now.values[f].number;
}

static void
set_fixed(struct apply_txn *t, const struct span *s, unsigned f, char *bytes)
{
	for (size_t n = s->from; n < s->to; n++) {
		const struct apply_item *i = &t->items[n];
		size_t at = i->row % COLUMN_SEGMENT;

		if (t->schema->fields[f].kind == FIELD_SELECT) {
			bytes[at] = i->gone ? 0 : (char)i->code[f];
		} else {
			int64_t v = number_of(i, f);

			memcpy(bytes + at * sizeof(v), &v, sizeof(v));
		}
	}
}

static int
write_fixed(struct apply_txn *t, const struct span *s, unsigned f, struct str old)
{
	bool select = t->schema->fields[f].kind == FIELD_SELECT;
	size_t size = COLUMN_SEGMENT * (select ? 1 : sizeof(int64_t));
	uint64_t key = column_key(f, s->segment);
	char *bytes = malloc(size);
	int rc;

	if (bytes == NULL)
		return ENOMEM;
	if (old.ptr != NULL) {
		memcpy(bytes, old.ptr, size);
	} else if (select) {
		memset(bytes, 0, size);
	} else {
		int64_t empty = COLUMN_EMPTY;

		for (size_t i = 0; i < COLUMN_SEGMENT; i++)
			memcpy(bytes + i * sizeof(empty), &empty, sizeof(empty));
	}
	set_fixed(t, s, f, bytes);
	rc = apply_put(t->txn, t->dbs->orders.columns, key_u64(&key), bytes, size);
	free(bytes);
	return rc;
}

static int
write_text(struct apply_txn *t, const struct span *s, unsigned f, struct str old)
{
	uint64_t key = column_key(f, s->segment);
	uint32_t ends[COLUMN_SEGMENT] = { 0 };
	struct buf b = { 0 };
	size_t n = s->from;
	int rc;

	buf_add(&b, ends, sizeof(ends));	/* their place; filled in below */
	for (uint32_t i = 0; i < COLUMN_SEGMENT; i++) {
		struct str text = { NULL, 0 };

		if (n < s->to && t->items[n].row % COLUMN_SEGMENT == i) {
			if (!t->items[n].gone)
				text = t->items[n].folded[f];
			n++;
		} else if (old.ptr != NULL) {
			text = column_text(old, i);
		}
		buf_add_str(&b, text);
		ends[i] = (uint32_t)(b.len - sizeof(ends));
		buf_add_char(&b, '\0');
	}
	if (buf_status(&b) != ERR_OK || b.len > UINT32_MAX) {
		rc = ENOMEM;
	} else {
		memcpy(b.data, ends, sizeof(ends));
		rc = apply_put(t->txn, t->dbs->orders.columns, key_u64(&key), b.data, b.len);
	}
	buf_free(&b);
	return rc;
}

static int
write_live(struct apply_txn *t, const struct span *s, struct str old)
{
	uint64_t key = column_key(COLUMN_LIVE, s->segment), bits[COLUMN_WORDS] = { 0 };

	if (old.ptr != NULL)
		memcpy(bits, old.ptr, sizeof(bits));
	for (size_t n = s->from; n < s->to; n++) {
		size_t at = t->items[n].row % COLUMN_SEGMENT;
		uint64_t bit = UINT64_C(1) << (at % 64);

		if (t->items[n].gone)
			bits[at / 64] &= ~bit;
		else
			bits[at / 64] |= bit;
	}
	return apply_put(t->txn, t->dbs->orders.columns, key_u64(&key), bits, sizeof(bits));
}

static int
write_span(struct apply_txn *t, const struct span *s)
{
	MDB_dbi dbi = t->dbs->orders.columns;
	struct str old;
	int rc;

	for (unsigned f = 0; f < t->schema->field_count; f++) {
		old.ptr = NULL;
		rc = column_segment(t->txn, dbi, t->schema, f, s->segment, &old);
		if (rc != 0 && rc != MDB_NOTFOUND)
			return rc;
		if (rc == 0 && !span_changes(t, s, f))
			continue;
		rc = t->schema->fields[f].kind == FIELD_TEXT ?
		    write_text(t, s, f, old) : write_fixed(t, s, f, old);
		if (rc != 0)
			return rc;
	}
	old.ptr = NULL;
	rc = column_segment(t->txn, dbi, t->schema, COLUMN_LIVE, s->segment, &old);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	return write_live(t, s, old);
}

int
apply_columns(struct apply_txn *t)
{
	struct span s = { 0 };
	int rc;

	while (s.to < t->count) {
		s.from = s.to;
		s.segment = t->items[s.from].row / COLUMN_SEGMENT;
		while (s.to < t->count && t->items[s.to].row / COLUMN_SEGMENT == s.segment)
			s.to++;
		if ((rc = write_span(t, &s)) != 0)
			return rc;
	}
	return 0;
}

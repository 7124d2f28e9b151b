#include <stdlib.h>

#include "common/query/text_search.h"
#include "common/tables/kind.h"
#include "syncd/apply/parts.h"

/* The items of one segment: items[from, to). */
struct span {
	uint32_t	segment;
	size_t		from, to;
};

static bool
span_changes(const struct apply_table *t, const struct span *s, unsigned f)
{
	for (size_t i = s->from; i < s->to; i++)
		if (apply_field_changed(t, &t->items[i], f))
			return true;
	return false;
}

static int64_t
number_of(const struct apply_item *i, unsigned f, bool hash)
{
	const struct value *v = &i->now.values[f];

	if (i->gone || !v->present)
		return COLUMN_EMPTY;
	return hash ? text_hash(v->text) : v->number;
}

static enum err
write_codes(struct apply_table *t, const struct span *s, unsigned f, struct str old)
{
	uint64_t key = column_key(f, s->segment);
	uint8_t codes[COLUMN_SEGMENT] = { 0 };

	if (old.ptr != NULL)
		memcpy(codes, old.ptr, sizeof(codes));
	for (size_t n = s->from; n < s->to; n++)
		codes[t->items[n].row % COLUMN_SEGMENT] =
		    t->items[n].gone ? 0 : t->items[n].code[f];
	return apply_put(t->txn, t->dbs->columns, key_u64(&key), codes, sizeof(codes));
}

/* The field's numbers, or the hashes of its texts. */
static enum err
write_numbers(struct apply_table *t, const struct span *s, unsigned f, bool hash, struct str old)
{
	uint64_t key = column_key(hash ? COLUMN_HASH + f : f, s->segment);
	int64_t numbers[COLUMN_SEGMENT];

	if (old.ptr != NULL)
		memcpy(numbers, old.ptr, sizeof(numbers));
	else
		for (size_t i = 0; i < COLUMN_SEGMENT; i++)
			numbers[i] = COLUMN_EMPTY;
	for (size_t n = s->from; n < s->to; n++)
		numbers[t->items[n].row % COLUMN_SEGMENT] = number_of(&t->items[n], f, hash);
	return apply_put(t->txn, t->dbs->columns, key_u64(&key), numbers, sizeof(numbers));
}

static enum err
write_text(struct apply_table *t, const struct span *s, unsigned f, struct str old)
{
	uint64_t key = column_key(f, s->segment);
	uint32_t ends[COLUMN_SEGMENT] = { 0 };
	struct buf b = { 0 };
	size_t n = s->from;
	enum err e;

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
		e = ERR_NOMEM;
	} else {
		memcpy(b.data, ends, sizeof(ends));
		e = apply_put(t->txn, t->dbs->columns, key_u64(&key), b.data, b.len);
	}
	buf_free(&b);
	return e;
}

static enum err
write_live(struct apply_table *t, const struct span *s, struct str old)
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
	return apply_put(t->txn, t->dbs->columns, key_u64(&key), bits, sizeof(bits));
}

/* The stored segment, ptr NULL when there is none yet. */
static enum err
load(struct apply_table *t, unsigned column, uint32_t segment, struct str *old)
{
	enum err e = column_segment(t->txn, t->dbs->columns, t->schema, column, segment, old);

	if (e == ERR_NOT_FOUND)
		old->ptr = NULL;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
write_field(struct apply_table *t, const struct span *s, unsigned f)
{
	const struct field *field = &t->schema->fields[f];
	struct str old;
	enum err e;

	if ((e = load(t, f, s->segment, &old)) != ERR_OK)
		return e;
	if (old.ptr != NULL && !span_changes(t, s, f))
		return ERR_OK;
	switch (kind_storage(field->kind)) {
	case STORED_CODE:
		return write_codes(t, s, f, old);
	case STORED_NUMBER:
		return write_numbers(t, s, f, false, old);
	case STORED_TEXT:
		break;
	}
	if ((e = write_text(t, s, f, old)) != ERR_OK || !(field->flags & FIELD_EXACT) ||
	    (e = load(t, COLUMN_HASH + f, s->segment, &old)) != ERR_OK)
		return e;
	return write_numbers(t, s, f, true, old);
}

static enum err
write_span(struct apply_table *t, const struct span *s)
{
	struct str old;
	enum err e;

	for (unsigned f = 0; f < t->schema->field_count; f++)
		if ((e = write_field(t, s, f)) != ERR_OK)
			return e;
	if ((e = load(t, COLUMN_LIVE, s->segment, &old)) != ERR_OK)
		return e;
	return write_live(t, s, old);
}

enum err
apply_columns(struct apply_table *t)
{
	struct span s = { 0 };
	enum err e;

	while (s.to < t->count) {
		s.from = s.to;
		s.segment = t->items[s.from].row / COLUMN_SEGMENT;
		while (s.to < t->count && t->items[s.to].row / COLUMN_SEGMENT == s.segment)
			s.to++;
		if ((e = write_span(t, &s)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

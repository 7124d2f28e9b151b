#include <stdlib.h>

#include "common/base/vec.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "syncd/apply/orderings.h"

#define FILL		(ORDERING_CHUNK_MAX * 3 / 4)	/* rows per chunk when all are written */

static enum err
column_of(struct sequence *s, uint32_t segment, struct str *bytes)
{
	struct apply_table *t = s->t;

	if (s->segments == NULL) {
		s->segments = calloc(t->head->rows_end / COLUMN_SEGMENT + 1, sizeof(*s->segments));
		if (s->segments == NULL)
			return ERR_NOMEM;
	}
	if (s->segments[segment].ptr == NULL) {
		enum err e = column_segment(t->txn, t->dbs->columns, t->schema, s->field,
		    segment, &s->segments[segment]);

		if (e != ERR_OK)
			return db_needed(e);
	}
	*bytes = s->segments[segment];
	return ERR_OK;
}

static void
item_key(const struct apply_item *i, const struct schema *schema, unsigned f, struct sort_key *k)
{
	const struct value *v = &i->now.values[f];

	*k = (struct sort_key){ .present = v->present, .number = v->number, .id = i->now.id };
	switch (kind_storage(schema->fields[f].kind)) {
	case STORED_NUMBER:
		break;
	case STORED_CODE:
		k->number = i->code[f];
		break;
	case STORED_TEXT:
		k->text = i->folded[f];
		k->present = k->text.len > 0;
		if (k->text.len > ORDERING_TEXT_MAX)
			k->text.len = ORDERING_TEXT_MAX;
		break;
	}
}

static enum err
row_id(struct apply_table *t, uint32_t row, struct str *id)
{
	struct row_view view;
	enum err e = row_get(t->txn, t->dbs->rows, row, &view);

	if (e != ERR_OK)
		return db_needed(e);
	*id = view.id;
	return ERR_OK;
}

enum err
sequence_key(struct sequence *s, uint32_t row, bool with_id, struct sort_key *k)
{
	const struct apply_item *item = s->inserting ? apply_item_of_row(s->t, row) : NULL;
	size_t i = row % COLUMN_SEGMENT;
	struct str bytes;
	enum err e;

	if (item != NULL) {
		item_key(item, s->t->schema, s->field, k);
		return ERR_OK;
	}
	if ((e = column_of(s, row / COLUMN_SEGMENT, &bytes)) != ERR_OK)
		return e;
	sort_key_from_column(s->t->schema->fields[s->field].kind, bytes, i, k);
	return with_id ? row_id(s->t, row, &k->id) : 0;
}

static uint32_t
chunk_row(const struct chunk *c, size_t i)
{
	return c->rows != NULL ? c->rows[i] : load_u32(c->map, i);
}

/* Give the chunk its own copy of the rows, to change. */
static enum err
chunk_own(struct chunk *c)
{
	if (c->rows != NULL)
		return ERR_OK;
	if ((c->rows = malloc((ORDERING_CHUNK_MAX + 1) * sizeof(*c->rows))) == NULL)
		return ERR_NOMEM;
	if (c->n > 0)
		memcpy(c->rows, c->map, c->n * sizeof(*c->rows));
	return ERR_OK;
}

enum err
sequence_load(struct sequence *s)
{
	db_id dbi = s->t->dbs->orderings;
	uint64_t k = ordering_key(s->field, s->descending, 0);
	struct db_txn *txn = s->t->txn;
	const char *directory;
	struct str data;

	s->next_id = 1;
	if (!db_get(txn, dbi, key_u64(&k), &data))
		return txn->fault.error;
	directory = data.ptr;
	s->count = s->room = load_u32(directory, 0);
	s->next_id = load_u32(directory, 1);
	if ((s->chunks = calloc(s->room + 1, sizeof(*s->chunks))) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->count; i++) {
		struct chunk *c = &s->chunks[i];

		c->id = load_u32(directory, 2 + 2 * i);
		k = ordering_key(s->field, s->descending, c->id);
		if (!db_get(txn, dbi, key_u64(&k), &data))
			return db_needed(db_absent(txn));
		c->map = data.ptr;
		c->n = (uint32_t)(data.len / sizeof(uint32_t));
		if (c->n == 0 || c->n > ORDERING_CHUNK_MAX)
			return ERR_STORE_CORRUPT;
	}
	return ERR_OK;
}

void
sequence_free(struct sequence *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->chunks[i].rows);
	free(s->chunks);
	free(s->segments);
}

/* < 0: the row at this place sorts before the key; ids decide ties. */
static enum err
compare_at(struct sequence *s, uint32_t row, const struct sort_key *key, int *result)
{
	struct sort_key k;
	enum err e = sequence_key(s, row, false, &k);

	if (e != ERR_OK)
		return e;
	*result = sort_key_cmp(&k, key, s->descending);
	if (*result != 0)
		return ERR_OK;
	if ((e = sequence_key(s, row, true, &k)) == ERR_OK)
		*result = str_cmp(k.id, key->id);
	return e;
}

/* Find the chunk that the key belongs to, and the place of the first row not before it. */
static enum err
locate(struct sequence *s, const struct sort_key *key, size_t *chunk, uint32_t *at)
{
	size_t low = 0, high = s->count;
	uint32_t first = 0, end;
	enum err e;
	int c;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if ((e = compare_at(s, chunk_row(&s->chunks[middle], 0), key, &c)) != ERR_OK)
			return e;
		if (c <= 0)
			low = middle;
		else
			high = middle;
	}
	*chunk = low;
	for (end = s->chunks[low].n; first < end; ) {
		uint32_t middle = first + (end - first) / 2;

		if ((e = compare_at(s, chunk_row(&s->chunks[low], middle), key, &c)) != ERR_OK)
			return e;
		if (c < 0)
			first = middle + 1;
		else
			end = middle;
	}
	*at = first;
	return ERR_OK;
}

enum err
sequence_remove(struct sequence *s, const struct apply_item *item)
{
	struct sort_key key;
	struct chunk *c;
	uint32_t at;
	size_t i;
	enum err e;

	if ((e = sequence_key(s, item->row, false, &key)) != ERR_OK)
		return e;
	key.id = item->old.id;
	if (s->count == 0)
		return ERR_STORE_CORRUPT;
	if ((e = locate(s, &key, &i, &at)) != ERR_OK)
		return e;
	c = &s->chunks[i];
	if (at >= c->n || chunk_row(c, at) != item->row)
		return ERR_STORE_CORRUPT;
	if ((e = chunk_own(c)) != ERR_OK)
		return e;
	memmove(c->rows + at, c->rows + at + 1, (c->n - at - 1) * sizeof(*c->rows));
	if (--c->n > 0 || s->count == 1)
		return ERR_OK;
	/* an empty chunk can't be searched: drop it */
	{
		uint64_t k = ordering_key(s->field, s->descending, c->id);

		free(c->rows);
		memmove(c, c + 1, (s->count - i - 1) * sizeof(*c));
		s->count--;
		/* a chunk made in this commit is not stored yet */
		return db_drop(s->t->txn, s->t->dbs->orderings, key_u64(&k));
	}
}

/* Add a new, empty chunk at place ${i}. */
static enum err
add_chunk(struct sequence *s, size_t i)
{
	struct chunk *c;

	if (!vec_room(&s->chunks, s->count, &s->room))
		return ERR_NOMEM;
	c = &s->chunks[i];
	memmove(c + 1, c, (s->count - i) * sizeof(*c));
	*c = (struct chunk){ .id = s->next_id++ };
	s->count++;
	return chunk_own(c);
}

/* Make room in a full chunk: its upper half goes to a new one; at the very end nothing moves. */
static enum err
split(struct sequence *s, size_t i, uint32_t *at, size_t *target)
{
	struct chunk *c, *upper;
	uint32_t keep;
	enum err e;

	if ((e = add_chunk(s, i + 1)) != ERR_OK)
		return e;
	c = &s->chunks[i];
	upper = &s->chunks[i + 1];
	keep = i + 2 == s->count && *at == c->n ? c->n : c->n / 2;
	upper->n = c->n - keep;
	memcpy(upper->rows, c->rows + keep, upper->n * sizeof(*c->rows));
	c->n = keep;
	*target = i;
	if (*at > keep || keep == ORDERING_CHUNK_MAX) {
		*target = i + 1;
		*at -= keep;
	}
	return ERR_OK;
}

enum err
sequence_insert(struct sequence *s, const struct apply_item *item)
{
	struct sort_key key;
	struct chunk *c;
	uint32_t at;
	size_t i;
	enum err e;

	if (s->count == 0 && (e = add_chunk(s, 0)) != ERR_OK)
		return e;
	item_key(item, s->t->schema, s->field, &key);
	if ((e = locate(s, &key, &i, &at)) != ERR_OK || (e = chunk_own(&s->chunks[i])) != ERR_OK)
		return e;
	if (s->chunks[i].n == ORDERING_CHUNK_MAX && (e = split(s, i, &at, &i)) != ERR_OK)
		return e;
	c = &s->chunks[i];
	memmove(c->rows + at + 1, c->rows + at, (c->n - at) * sizeof(*c->rows));
	c->rows[at] = item->row;
	c->n++;
	return ERR_OK;
}

static enum err
write_directory(struct apply_table *t, unsigned field, bool descending,
    const struct chunk *chunks, size_t count, uint32_t next_id)
{
	uint64_t k = ordering_key(field, descending, 0);
	uint32_t start = 0, head[2] = { (uint32_t)count, next_id };
	struct buf b = { 0 };
	enum err e;

	buf_add(&b, head, sizeof(head));
	for (size_t i = 0; i < count; i++) {
		uint32_t entry[2] = { chunks[i].id, start };

		buf_add(&b, entry, sizeof(entry));
		start += chunks[i].n;
	}
	e = buf_status(&b) != ERR_OK ? ERR_NOMEM :
	    apply_put(t->txn, t->dbs->orderings, key_u64(&k), b.data, b.len);
	buf_free(&b);
	return e;
}

enum err
sequence_write(struct sequence *s)
{
	if (s->count == 1 && s->chunks[0].n == 0)
		return sequence_replace(s->t, s->field, s->descending, NULL, 0);
	for (size_t i = 0; i < s->count; i++) {
		const struct chunk *c = &s->chunks[i];
		uint64_t k = ordering_key(s->field, s->descending, c->id);
		enum err e;

		if (c->rows == NULL)
			continue;
		e = apply_put(s->t->txn, s->t->dbs->orderings, key_u64(&k), c->rows,
		    c->n * sizeof(*c->rows));
		if (e != ERR_OK)
			return e;
	}
	return write_directory(s->t, s->field, s->descending, s->chunks, s->count, s->next_id);
}

static enum err
forget(struct apply_table *t, unsigned field, bool descending)
{
	uint64_t first = ordering_key(field, descending, 0), after = first + (UINT64_C(1) << 32);

	return db_del_range(t->txn, t->dbs->orderings, key_u64(&first), key_u64(&after));
}

enum err
sequence_replace(struct apply_table *t, unsigned field, bool descending,
    const uint32_t *rows, size_t n)
{
	size_t count = (n + FILL - 1) / FILL;
	struct chunk *chunks = calloc(count + 1, sizeof(*chunks));
	enum err e = chunks == NULL ? ERR_NOMEM : forget(t, field, descending);

	for (size_t i = 0; i < count && e == ERR_OK; i++) {
		uint64_t k = ordering_key(field, descending, (uint32_t)i + 1);

		chunks[i].id = (uint32_t)i + 1;
		chunks[i].n = (uint32_t)(i + 1 < count ? FILL : n - i * FILL);
		e = apply_put(t->txn, t->dbs->orderings, key_u64(&k), rows + i * FILL,
		    chunks[i].n * sizeof(*rows));
	}
	if (e == ERR_OK)
		e = write_directory(t, field, descending, chunks, count, (uint32_t)count + 1);
	free(chunks);
	return e;
}

#include <errno.h>
#include <stdlib.h>

#include "common/base/vec.h"
#include "common/store/row.h"
#include "syncd/apply/orderings.h"

#define FILL		(ORDERING_CHUNK_MAX * 3 / 4)	/* rows a chunk when written anew */

static int
column_of(struct sequence *s, uint32_t segment, struct str *bytes)
{
	struct apply_txn *t = s->t;

	if (s->segments == NULL) {
		s->segments = calloc(t->head.rows_end / COLUMN_SEGMENT + 1, sizeof(*s->segments));
		if (s->segments == NULL)
			return ENOMEM;
	}
	if (s->segments[segment].ptr == NULL) {
		int rc = column_segment(t->txn, t->dbs->orders.columns, t->schema, s->field,
		    segment, &s->segments[segment]);

		if (rc != 0)
			return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
	}
	*bytes = s->segments[segment];
	return 0;
}

static void
item_key(const struct apply_item *i, const struct schema *schema, unsigned f, struct sort_key *k)
{
	const struct value *v = &i->now.values[f];

	*k = (struct sort_key){ .present = v->present, .number = v->number, .id = i->now.id };
	if (schema->fields[f].kind == FIELD_SELECT) {
		k->number = i->code[f];
	} else if (schema->fields[f].kind == FIELD_TEXT) {
		k->text = i->folded[f];
		k->present = k->text.len > 0;
		if (k->text.len > ORDERING_TEXT_MAX)
			k->text.len = ORDERING_TEXT_MAX;
	}
}

static int
row_id(struct apply_txn *t, uint32_t row, struct str *id)
{
	struct row_view view;
	int rc = row_get(t->txn, t->dbs->orders.rows, row, &view);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
	*id = view.id;
	return 0;
}

int
sequence_key(struct sequence *s, uint32_t row, bool with_id, struct sort_key *k)
{
	const struct apply_item *item = s->inserting ? apply_item_of_row(s->t, row) : NULL;
	size_t i = row % COLUMN_SEGMENT;
	struct str bytes;
	int rc;

	if (item != NULL) {
		item_key(item, s->t->schema, s->field, k);
		return 0;
	}
	if ((rc = column_of(s, row / COLUMN_SEGMENT, &bytes)) != 0)
		return rc;
	sort_key_from_column(s->t->schema->fields[s->field].kind, bytes, i, k);
	return with_id ? row_id(s->t, row, &k->id) : 0;
}

static uint32_t
chunk_row(const struct chunk *c, size_t i)
{
	return c->rows != NULL ? c->rows[i] : load_u32(c->map, i);
}

/* Own, changeable rows. */
static int
chunk_own(struct chunk *c)
{
	if (c->rows != NULL)
		return 0;
	if ((c->rows = malloc((ORDERING_CHUNK_MAX + 1) * sizeof(*c->rows))) == NULL)
		return ENOMEM;
	if (c->n > 0)
		memcpy(c->rows, c->map, c->n * sizeof(*c->rows));
	return 0;
}

int
sequence_load(struct sequence *s)
{
	MDB_dbi dbi = s->t->dbs->orders.orderings;
	uint64_t k = ordering_key(s->field, s->descending, 0);
	MDB_val key = key_u64(&k), data;
	const char *directory;
	int rc = mdb_get(s->t->txn, dbi, &key, &data);

	s->next_id = 1;
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return rc;
	directory = data.mv_data;
	s->count = s->room = load_u32(directory, 0);
	s->next_id = load_u32(directory, 1);
	if ((s->chunks = calloc(s->room + 1, sizeof(*s->chunks))) == NULL)
		return ENOMEM;
	for (size_t i = 0; i < s->count; i++) {
		struct chunk *c = &s->chunks[i];

		c->id = load_u32(directory, 2 + 2 * i);
		k = ordering_key(s->field, s->descending, c->id);
		if ((rc = mdb_get(s->t->txn, dbi, &key, &data)) != 0)
			return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
		c->map = data.mv_data;
		c->n = (uint32_t)(data.mv_size / sizeof(uint32_t));
		if (c->n == 0 || c->n > ORDERING_CHUNK_MAX)
			return MDB_CORRUPTED;
	}
	return 0;
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
static int
compare_at(struct sequence *s, uint32_t row, const struct sort_key *key, int *result)
{
	struct sort_key k;
	int rc = sequence_key(s, row, false, &k);

	if (rc != 0)
		return rc;
	*result = sort_key_cmp(&k, key, s->descending);
	if (*result != 0)
		return 0;
	if ((rc = sequence_key(s, row, true, &k)) == 0)
		*result = str_cmp(k.id, key->id);
	return rc;
}

/* The chunk that the key belongs to and the place of the first row not before it. */
static int
locate(struct sequence *s, const struct sort_key *key, size_t *chunk, uint32_t *at)
{
	size_t low = 0, high = s->count;
	uint32_t first = 0, end;
	int rc, c;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if ((rc = compare_at(s, chunk_row(&s->chunks[middle], 0), key, &c)) != 0)
			return rc;
		if (c <= 0)
			low = middle;
		else
			high = middle;
	}
	*chunk = low;
	for (end = s->chunks[low].n; first < end; ) {
		uint32_t middle = first + (end - first) / 2;

		if ((rc = compare_at(s, chunk_row(&s->chunks[low], middle), key, &c)) != 0)
			return rc;
		if (c < 0)
			first = middle + 1;
		else
			end = middle;
	}
	*at = first;
	return 0;
}

int
sequence_remove(struct sequence *s, const struct apply_item *item)
{
	struct sort_key key;
	struct chunk *c;
	uint32_t at;
	size_t i;
	int rc;

	if ((rc = sequence_key(s, item->row, false, &key)) != 0)
		return rc;
	key.id = item->old.id;
	if (s->count == 0)
		return MDB_CORRUPTED;
	if ((rc = locate(s, &key, &i, &at)) != 0)
		return rc;
	c = &s->chunks[i];
	if (at >= c->n || chunk_row(c, at) != item->row)
		return MDB_CORRUPTED;
	if ((rc = chunk_own(c)) != 0)
		return rc;
	memmove(c->rows + at, c->rows + at + 1, (c->n - at - 1) * sizeof(*c->rows));
	if (--c->n > 0 || s->count == 1)
		return 0;
	/* an empty chunk can't be searched: out with it */
	{
		uint64_t k = ordering_key(s->field, s->descending, c->id);
		MDB_val gone = key_u64(&k);

		free(c->rows);
		memmove(c, c + 1, (s->count - i - 1) * sizeof(*c));
		s->count--;
		rc = mdb_del(s->t->txn, s->t->dbs->orders.orderings, &gone, NULL);
		return rc == MDB_NOTFOUND ? 0 : rc;	/* made in this commit */
	}
}

/* A new, empty chunk at place ${i}. */
static int
add_chunk(struct sequence *s, size_t i)
{
	struct chunk *c;

	if (!vec_room(&s->chunks, s->count, &s->room))
		return ENOMEM;
	c = &s->chunks[i];
	memmove(c + 1, c, (s->count - i) * sizeof(*c));
	*c = (struct chunk){ .id = s->next_id++ };
	s->count++;
	return chunk_own(c);
}

/* Make room in a full chunk: its upper half goes to a new one; at the very end nothing moves. */
static int
split(struct sequence *s, size_t i, uint32_t *at, size_t *target)
{
	struct chunk *c, *upper;
	uint32_t keep;
	int rc;

	if ((rc = add_chunk(s, i + 1)) != 0)
		return rc;
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
	return 0;
}

int
sequence_insert(struct sequence *s, const struct apply_item *item)
{
	struct sort_key key;
	struct chunk *c;
	uint32_t at;
	size_t i;
	int rc;

	if (s->count == 0 && (rc = add_chunk(s, 0)) != 0)
		return rc;
	item_key(item, s->t->schema, s->field, &key);
	if ((rc = locate(s, &key, &i, &at)) != 0 || (rc = chunk_own(&s->chunks[i])) != 0)
		return rc;
	if (s->chunks[i].n == ORDERING_CHUNK_MAX && (rc = split(s, i, &at, &i)) != 0)
		return rc;
	c = &s->chunks[i];
	memmove(c->rows + at + 1, c->rows + at, (c->n - at) * sizeof(*c->rows));
	c->rows[at] = item->row;
	c->n++;
	return 0;
}

static int
write_directory(struct apply_txn *t, unsigned field, bool descending,
    const struct chunk *chunks, size_t count, uint32_t next_id)
{
	uint64_t k = ordering_key(field, descending, 0);
	uint32_t start = 0, head[2] = { (uint32_t)count, next_id };
	struct buf b = { 0 };
	int rc;

	buf_add(&b, head, sizeof(head));
	for (size_t i = 0; i < count; i++) {
		uint32_t entry[2] = { chunks[i].id, start };

		buf_add(&b, entry, sizeof(entry));
		start += chunks[i].n;
	}
	rc = buf_status(&b) != ERR_OK ? ENOMEM :
	    apply_put(t->txn, t->dbs->orders.orderings, key_u64(&k), b.data, b.len);
	buf_free(&b);
	return rc;
}

int
sequence_write(struct sequence *s)
{
	if (s->count == 1 && s->chunks[0].n == 0)
		return sequence_replace(s->t, s->field, s->descending, NULL, 0);
	for (size_t i = 0; i < s->count; i++) {
		const struct chunk *c = &s->chunks[i];
		uint64_t k = ordering_key(s->field, s->descending, c->id);
		int rc;

		if (c->rows == NULL)
			continue;
		rc = apply_put(s->t->txn, s->t->dbs->orders.orderings, key_u64(&k), c->rows,
		    c->n * sizeof(*c->rows));
		if (rc != 0)
			return rc;
	}
	return write_directory(s->t, s->field, s->descending, s->chunks, s->count, s->next_id);
}

static int
forget(struct apply_txn *t, unsigned field, bool descending)
{
	uint64_t first = ordering_key(field, descending, 0), k;
	MDB_val key = key_u64(&first), data;
	MDB_cursor *cursor;
	int rc;

	if ((rc = mdb_cursor_open(t->txn, t->dbs->orders.orderings, &cursor)) != 0)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
	while (rc == 0) {
		memcpy(&k, key.mv_data, sizeof(k));
		if (k >> 32 != first >> 32)
			break;
		if ((rc = mdb_cursor_del(cursor, 0)) == 0)
			rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
sequence_replace(struct apply_txn *t, unsigned field, bool descending,
    const uint32_t *rows, size_t n)
{
	size_t count = (n + FILL - 1) / FILL;
	struct chunk *chunks = calloc(count + 1, sizeof(*chunks));
	int rc = chunks == NULL ? ENOMEM : forget(t, field, descending);

	for (size_t i = 0; i < count && rc == 0; i++) {
		uint64_t k = ordering_key(field, descending, (uint32_t)i + 1);

		chunks[i].id = (uint32_t)i + 1;
		chunks[i].n = (uint32_t)(i + 1 < count ? FILL : n - i * FILL);
		rc = apply_put(t->txn, t->dbs->orders.orderings, key_u64(&k), rows + i * FILL,
		    chunks[i].n * sizeof(*rows));
	}
	if (rc == 0)
		rc = write_directory(t, field, descending, chunks, count, (uint32_t)count + 1);
	free(chunks);
	return rc;
}

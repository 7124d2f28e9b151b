#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "airtable-sim/api/comments.h"
#include "airtable-sim/base/base.h"
#include "airtable-sim/formula/formula.h"
#include "common/base/hash.h"

char *
sim_copy(struct str s)
{
	char *copy;

	if ((copy = malloc(s.len + 1)) == NULL)
		return NULL;
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

bool
sim_id_valid(struct str s, const char *prefix)
{
	if (s.len != SIM_ID_LEN || memcmp(s.ptr, prefix, 3) != 0)
		return false;
	for (size_t i = 3; i < s.len; i++) {
		char c = s.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
			return false;
	}
	return true;
}

struct sim_base *
sim_base_new(const char *id, const char *name, uint64_t seed)
{
	struct sim_base *b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	(void)strncpy(b->id, id, SIM_ID_LEN);	/* calloc put the NUL behind */
	b->random.state = seed;
	(void)sim_base_add_user(b, &(struct sim_user){ SIM_USER_ID, SIM_USER_NAME, SIM_USER_EMAIL });
	if ((b->name = sim_copy(str_of(name))) == NULL) {
		free(b);
		return NULL;
	}
	return b;
}

static void
free_cell(struct sim_cell *c)
{
	if (c->kind >= SIM_TEXT && !c->shared)
		free(c->text);
}

static void
free_field(struct sim_field *f)
{
	for (uint32_t i = 0; i < f->choice_count; i++) {
		free(f->choices[i].name);
		free(f->choices[i].color);
	}
	free(f->choices);
	free(f->name);
	free(f->description);
	free(f->symbol);
	free(f->zone);
	free(f->formula_text);
	formula_free(f->formula);
}

static void
free_table(struct sim_table *t)
{
	for (uint32_t i = 0; i < t->row_count; i++) {
		for (size_t f = 0; f < t->rows[i].cell_count; f++)
			free_cell(&t->rows[i].cells[f]);
		free(t->rows[i].cells);
	}
	for (size_t f = 0; f < t->field_count; f++)
		free_field(&t->fields[f]);
	free(t->rows);
	free(t->index);
	free(t->fields);
	free(t->name);
	free(t->description);
	free(t);
}

void
sim_base_free(struct sim_base *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->table_count; i++)
		free_table(b->tables[i]);
	for (size_t i = 0; i < b->pool_count; i++)
		free(b->pool[i]);
	for (size_t i = 0; i < b->kept_count; i++)
		free(b->kept[i]);
	sim_comments_free(b);
	free(b->kept);
	free(b->pool);
	free(b->name);
	free(b);
}

size_t
sim_base_add_user(struct sim_base *b, const struct sim_user *u)
{
	const struct sim_user *known = sim_base_user(b, str_of(u->id));

	if (known != NULL)
		return (size_t)(known - b->collaborators);
	if (b->collaborator_count == SIM_COLLABORATORS_MAX)
		return 0;
	b->collaborators[b->collaborator_count] = *u;
	return b->collaborator_count++;
}

const struct sim_user *
sim_base_user(const struct sim_base *b, struct str key)
{
	for (size_t i = 0; i < b->collaborator_count; i++) {
		const struct sim_user *u = &b->collaborators[i];

		if (str_is(key, u->id) || str_is(key, u->name) || (key.len == strlen(u->email) &&
		    strncasecmp(key.ptr, u->email, key.len) == 0))
			return u;
	}
	return NULL;
}

bool
sim_base_pool(struct sim_base *b, char *text)
{
	char **pool = realloc(b->pool, (b->pool_count + 1) * sizeof(*pool));

	if (pool == NULL) {
		free(text);
		return false;
	}
	b->pool = pool;
	b->pool[b->pool_count++] = text;
	return true;
}

bool
sim_base_keep(struct sim_base *b, void *block)
{
	void **kept = realloc(b->kept, (b->kept_count + 1) * sizeof(*kept));

	if (kept == NULL) {
		free(block);
		return false;
	}
	b->kept = kept;
	b->kept[b->kept_count++] = block;
	return true;
}

struct sim_table *
sim_base_table(const struct sim_base *b, struct str key)
{
	for (size_t i = 0; i < b->table_count; i++)
		if (!b->tables[i]->removed &&
		    (str_is(key, b->tables[i]->id) || str_is(key, b->tables[i]->name)))
			return b->tables[i];
	return NULL;
}

struct sim_table *
sim_table_new(struct sim_base *b, const char *name)
{
	struct sim_table *t;

	if (b->table_count == SIM_TABLES_MAX || (t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	if ((t->name = sim_copy(str_of(name))) == NULL) {
		free(t);
		return NULL;
	}
	t->base = b;
	sim_random_id(&b->random, "tbl", t->id);
	sim_random_id(&b->random, "viw", t->view_id);
	b->tables[b->table_count++] = t;
	return t;
}

struct sim_field *
sim_table_add_field(struct sim_base *b, struct sim_table *t, const char *name, enum sim_type type)
{
	struct sim_field *fields, *f;

	if (t->field_count == SIM_FIELDS_MAX)
		return NULL;
	if ((fields = realloc(t->fields, (t->field_count + 1) * sizeof(*fields))) == NULL)
		return NULL;
	t->fields = fields;
	f = &fields[t->field_count];
	memset(f, 0, sizeof(*f));
	if ((f->name = sim_copy(str_of(name))) == NULL)
		return NULL;
	f->type = type;
	sim_random_id(&b->random, "fld", f->id);
	t->field_count++;
	return f;
}

void
sim_base_drop_last_table(struct sim_base *b)
{
	free_table(b->tables[--b->table_count]);
}

void
sim_table_drop_last_field(struct sim_table *t)
{
	free_field(&t->fields[--t->field_count]);
}

int
sim_table_field(const struct sim_table *t, struct str key)
{
	for (size_t i = 0; i < t->field_count; i++)
		if (!t->fields[i].removed &&
		    (str_is(key, t->fields[i].name) || str_is(key, t->fields[i].id)))
			return (int)i;
	return -1;
}

/* The place in the index where ${id} is, or where it would go. */
static uint32_t
index_place(const struct sim_table *t, const char *id)
{
	uint64_t h = hash_place(hash_add(HASH_BEGIN, id, SIM_ID_LEN));
	uint32_t mask = t->index_size - 1, i = (uint32_t)h & mask;

	while (t->index[i] != 0 &&
	    memcmp(t->rows[t->index[i] - 1].id, id, SIM_ID_LEN) != 0)
		i = (i + 1) & mask;
	return i;
}

uint32_t
sim_table_row(const struct sim_table *t, struct str id)
{
	if (id.len != SIM_ID_LEN || t->index_size == 0)
		return SIM_NO_ROW;
	return t->index[index_place(t, id.ptr)] - 1;	/* 0 - 1 is SIM_NO_ROW */
}

static bool
grow_index(struct sim_table *t, uint32_t rows)
{
	uint32_t size = 64, *old = t->index;

	while (size < rows * 2)
		size *= 2;
	if (size <= t->index_size)
		return true;
	if ((t->index = calloc(size, sizeof(*t->index))) == NULL) {
		t->index = old;
		return false;
	}
	free(old);
	t->index_size = size;
	for (uint32_t i = 0; i < t->row_count; i++)
		t->index[index_place(t, t->rows[i].id)] = i + 1;
	return true;
}

bool
sim_table_reserve(struct sim_table *t, uint32_t rows)
{
	struct sim_row *grown;

	if (rows >= UINT32_MAX / 4)
		return false;
	if (rows > t->row_capacity) {
		if ((grown = realloc(t->rows, rows * sizeof(*grown))) == NULL)
			return false;
		t->rows = grown;
		t->row_capacity = rows;
	}
	return grow_index(t, rows);
}

uint32_t
sim_table_add_row(struct sim_base *b, struct sim_table *t, const char *id, int64_t created_ms)
{
	struct sim_row *row;
	uint32_t slot = t->row_count;

	if (slot == t->row_capacity && !sim_table_reserve(t, slot < 64 ? 64 : slot + slot / 2))
		return SIM_NO_ROW;
	row = &t->rows[slot];
	memset(row, 0, sizeof(*row));
	do {	/* twice the same needs luck of 1 to 62^14 */
		if (id == NULL)
			sim_random_id(&b->random, "rec", row->id);
		else
			memcpy(row->id, id, SIM_ID_LEN);
	} while (id == NULL && t->index[index_place(t, row->id)] != 0);
	created_ms -= created_ms % 1000;	/* Airtable keeps whole seconds */
	row->created_ms = row->modified_ms = row->before_ms = created_ms;
	t->index[index_place(t, row->id)] = slot + 1;
	t->row_count++;
	t->live_count++;
	return slot;
}

void
sim_table_delete_row(struct sim_table *t, uint32_t slot)
{
	if (t->rows[slot].deleted)
		return;
	t->rows[slot].deleted = true;
	t->live_count--;
}

void
sim_table_restore_row(struct sim_table *t, uint32_t slot)
{
	if (!t->rows[slot].deleted)
		return;
	t->rows[slot].deleted = false;
	t->live_count++;
}

int
sim_field_choice(const struct sim_field *f, struct str name)
{
	for (uint32_t i = 0; i < f->choice_count; i++)
		if (!f->choices[i].removed && str_is(name, f->choices[i].name))
			return (int)i;
	return -1;
}

int
sim_field_add_choice(struct sim_base *b, struct sim_field *f, struct str name)
{
	struct sim_choice *grown, *c;
	int place = sim_field_choice(f, name);

	if (place >= 0)
		return place;
	if ((grown = realloc(f->choices, (f->choice_count + 1) * sizeof(*grown))) == NULL)
		return -1;
	f->choices = grown;
	c = &grown[f->choice_count];
	memset(c, 0, sizeof(*c));
	if ((c->name = sim_copy(name)) == NULL)
		return -1;
	sim_random_id(&b->random, "sel", c->id);
	return (int)f->choice_count++;
}

bool
sim_field_follows(const struct sim_table *t, const struct sim_field *f)
{
	const struct sim_field *links = f->via == 0 ? NULL : &t->fields[f->via - 1];

	if (links == NULL || links->removed || links->type != SIM_LINKS || links->linked == NULL ||
	    links->linked->removed)
		return false;
	return f->type == SIM_COUNT || (f->target < links->linked->field_count &&
	    !links->linked->fields[f->target].removed);
}

void
sim_row_touch(struct sim_row *row, bool milliseconds, int64_t now_ms, size_t by)
{
	row->modified_by = (uint8_t)by;
	row->before_ms = row->modified_ms;
	row->modified_ms = milliseconds ? now_ms : now_ms - now_ms % 1000;
}

const struct sim_cell *
sim_row_cell(const struct sim_row *row, size_t field)
{
	static const struct sim_cell empty;

	return field < row->cell_count ? &row->cells[field] : &empty;
}

const uint32_t *
sim_links(const struct sim_cell *c, size_t *count)
{
	*count = c->kind == SIM_LINKED ? c->len : 0;
	return *count > 0 ? c->links : NULL;
}

bool
sim_row_set(struct sim_row *row, size_t field, struct sim_cell cell)
{
	if (field >= row->cell_count) {
		struct sim_cell *grown = realloc(row->cells, (field + 1) * sizeof(*grown));

		if (grown == NULL)
			return false;
		memset(grown + row->cell_count, 0,
		    (field + 1 - row->cell_count) * sizeof(*grown));
		row->cells = grown;
		row->cell_count = (uint16_t)(field + 1);
	}
	free_cell(&row->cells[field]);
	row->cells[field] = cell;
	return true;
}

#include <math.h>
#include <stdlib.h>

#include "airtable-sim/api/comments.h"
#include "airtable-sim/base/row_json.h"
#include "airtable-sim/cells/kinds.h"
#include "airtable-sim/formula/formula.h"
#include "common/base/instant.h"
#include "common/base/json_write.h"

static void
add_time(struct buf *b, int64_t ms)
{
	char text[INSTANT_TEXT_SIZE];

	(void)instant_format(ms, text);	/* times of the simulated clock are in range */
	json_add_string(b, str_of(text));
}

/* How a value is written, and how far lookups of lookups have gone. */
struct telling {
	bool		 webhook;	/* as webhooks send it, not as records have it */
	int64_t		 now_ms;
	unsigned	 level, reads;
};

static void	add_value(struct buf *, const struct sim_table *, const struct sim_row *, size_t field,
		    struct telling *);

/* The values in ${json}, which may be a list of them, behind those that are in ${b}. */
static void
add_values(struct buf *b, struct str json)
{
	if (json.len > 0 && json.ptr[0] == '[') {
		json.ptr++;
		json.len -= 2;
	}
	if (json.len == 0)
		return;
	json_next(b);
	buf_add_str(b, json);
}

/* What the lookup finds in one linked record. */
static void
look_up_one(struct buf *b, const struct sim_table *linked, uint32_t slot, size_t field,
    struct telling *how)
{
	struct buf json = { 0 };

	add_value(&json, linked, &linked->rows[slot], field, how);
	add_values(b, buf_str(&json));
	if (buf_status(&json) != ERR_OK)
		b->error = ERR_NOMEM;
	buf_free(&json);
}

/* All that it finds as a list. */
static void
look_up_list(struct buf *b, const struct sim_field *f, const struct sim_table *linked,
    const uint32_t *links, size_t n, struct telling *how)
{
	size_t start = b->len;

	buf_add_char(b, '[');
	for (size_t i = 0; i < n; i++)
		look_up_one(b, linked, links[i], f->target, how);
	if (buf_status(b) == ERR_OK && b->len == start + 1)
		b->len = start;		/* nothing at all is an empty cell */
	else
		buf_add_char(b, ']');
}

/* All that it finds by record. */
static void
look_up_by_record(struct buf *b, const struct sim_field *f, const struct sim_table *linked,
    const uint32_t *links, size_t n, struct telling *how)
{
	buf_add_cstr(b, "{\"linkedRecordIds\":[");
	for (size_t i = 0; i < n; i++) {
		json_next(b);
		json_add_string(b, str_of(linked->rows[links[i]].id));
	}
	buf_add_cstr(b, "],\"valuesByLinkedRecordId\":{");
	for (size_t i = 0; i < n; i++) {
		json_name(b, linked->rows[links[i]].id);
		buf_add_char(b, '[');
		look_up_one(b, linked, links[i], f->target, how);
		buf_add_char(b, ']');
	}
	buf_add_cstr(b, "}}");
}

static void
add_looked_up(struct buf *b, const struct sim_table *t, const struct sim_row *row,
    const struct sim_field *f, struct telling *how)
{
	const uint32_t *links;
	size_t n;

	if (!sim_field_follows(t, f) || how->level == FORMULA_LEVELS_MAX)
		return;
	links = sim_links(sim_row_cell(row, f->via - 1u), &n);
	if (how->level > 0)
		how->reads += (unsigned)n;
	if (n == 0 || how->reads > FORMULA_READS_MAX)
		return;
	how->level++;
	if (how->webhook)
		look_up_by_record(b, f, t->fields[f->via - 1].linked, links, n, how);
	else
		look_up_list(b, f, t->fields[f->via - 1].linked, links, n, how);
	how->level--;
}

static void
add_computed(struct buf *b, const struct sim_table *t, const struct sim_row *row,
    const struct sim_field *f, struct telling *how)
{
	struct formula_context context = {
		.table = t, .row = row, .modified_ms = row->modified_ms, .now_ms = how->now_ms
	};

	switch (f->type) {
	case SIM_CREATED_TIME:
		add_time(b, row->created_ms);
		break;
	case SIM_LAST_MODIFIED_TIME:
		add_time(b, row->modified_ms);
		break;
	case SIM_CREATED_BY:
		sim_add_user(b, &t->base->collaborators[row->created_by]);
		break;
	case SIM_LAST_MODIFIED_BY:
		sim_add_user(b, &t->base->collaborators[row->modified_by]);
		break;
	case SIM_LOOKUP:
		add_looked_up(b, t, row, f, how);
		break;
	case SIM_COUNT:
		if (sim_field_follows(t, f))
			formula_field_json(b, (size_t)(f - t->fields), &context);
		break;
	case SIM_ROLLUP:
	case SIM_AUTO_NUMBER:
		if (f->type == SIM_AUTO_NUMBER || f->via != 0)
			formula_field_json(b, (size_t)(f - t->fields), &context);
		break;
	default:
		if (f->formula != NULL)
			formula_json(b, f->formula, &context);
		break;
	}
}

/* A cell, stored or computed; nothing is added for an empty one. */
static void
add_value(struct buf *b, const struct sim_table *t, const struct sim_row *row, size_t field,
    struct telling *how)
{
	const struct sim_field *f = &t->fields[field];
	const struct sim_cell *c = sim_row_cell(row, field);

	if (c->kind == SIM_EMPTY && sim_type_is_computed(f->type))
		add_computed(b, t, row, f, how);
	else if (how->webhook)
		sim_cell_json_v2(b, f, c);
	else
		sim_cell_json(b, f, c);
}

/* A number is shown the way its formula says that results are formatted. */
static void
show_result(struct buf *b, const struct sim_showing *s, const struct formula_context *context)
{
	const struct sim_kind *kind = sim_kind_of(s->field->result);
	struct buf plain = { 0 };
	struct sim_cell number = { .kind = SIM_NUM };
	char *end;

	formula_field_plain(&plain, (size_t)(s->field - context->table->fields), context);
	number.number = strtod(buf_cstr(&plain), &end);
	if (plain.len > 0 && *end == '\0' && isfinite(number.number) && kind->show != NULL &&
	    s->field->result >= SIM_CURRENCY && s->field->result <= SIM_DURATION)
		kind->show(b, s, &number);
	else
		buf_add_str(b, buf_str(&plain));
	buf_free(&plain);
}

/* The value of a computed field as people are shown it. */
static void
show_computed(struct buf *b, const struct sim_showing *s, const struct sim_table *t,
    const struct sim_row *row, int64_t now_ms)
{
	struct formula_context context = {
		.table = t, .row = row, .modified_ms = row->modified_ms, .now_ms = now_ms
	};

	if (s->field->type == SIM_CREATED_TIME)
		sim_show_moment(b, s, true, row->created_ms);
	else if (s->field->type == SIM_LAST_MODIFIED_TIME)
		sim_show_moment(b, s, true, row->modified_ms);
	else if (s->field->formula != NULL)
		show_result(b, s, &context);
	else if (sim_type_is_computed(s->field->type) &&
	    (s->field->via == 0 || sim_field_follows(t, s->field)))
		formula_field_plain(b, (size_t)(s->field - t->fields), &context);
}

/* What people are shown, as a JSON string; nothing when that is nothing. */
static void
add_shown(struct buf *b, const struct sim_table *t, const struct sim_row *row, size_t place,
    const struct sim_projection *p, int64_t now_ms)
{
	struct sim_showing s = { .field = &t->fields[place], .zone = p->zone, .locale = p->locale };
	const struct sim_cell *c = sim_row_cell(row, place);
	const struct sim_kind *kind = sim_kind_of(s.field->type);
	struct buf text = { 0 };

	if (c->kind == SIM_EMPTY)
		show_computed(&text, &s, t, row, now_ms);
	else if (kind->show != NULL)
		kind->show(&text, &s, c);
	else
		sim_cell_plain(&text, s.field, c);
	if (text.len > 0)
		json_add_string(b, buf_str(&text));
	buf_free(&text);
}

/* The member "name":value, or nothing. */
static void
add_cell(struct buf *b, const struct sim_table *t, const struct sim_row *row, size_t place,
    const struct sim_projection *p, int64_t now_ms)
{
	const struct sim_field *f = &t->fields[place];
	const struct sim_cell *c = sim_row_cell(row, place);
	struct telling how = { .now_ms = now_ms };
	size_t start = b->len, empty;

	if (c->kind == SIM_EMPTY && !sim_type_is_computed(f->type))
		return;
	json_next(b);
	json_add_string(b, str_of(p->by_id ? f->id : f->name));
	buf_add_char(b, ':');
	empty = b->len;
	if (p->plain)
		add_shown(b, t, row, place, p, now_ms);
	else
		add_value(b, t, row, place, &how);
	if (b->len == empty)
		b->len = start;
}

void
sim_row_json(struct buf *b, const struct sim_table *t, const struct sim_row *row,
    const struct sim_projection *p, int64_t now_ms)
{
	buf_add_char(b, '{');
	json_member_string(b, "id", (struct str){ row->id, SIM_ID_LEN });
	json_name(b, "createdTime");
	add_time(b, row->created_ms);
	if (p->comments != NULL)
		json_member_int(b, "commentCount", (int64_t)sim_comments_of(p->comments, row->id));
	json_name(b, "fields");
	buf_add_char(b, '{');
	for (size_t i = 0; i < t->field_count; i++)
		if (!t->fields[i].removed && (!p->some || p->wanted[i]))
			add_cell(b, t, row, i, p, now_ms);
	buf_add_cstr(b, "}}");
}

void
sim_row_value_v2(struct buf *b, const struct sim_table *t, const struct sim_row *row,
    size_t field, int64_t now_ms)
{
	struct telling how = { .webhook = true, .now_ms = now_ms };

	add_value(b, t, row, field, &how);
}

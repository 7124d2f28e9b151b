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

static void
add_computed(struct buf *b, const struct sim_table *t, const struct sim_row *row,
    const struct sim_field *f, int64_t now_ms)
{
	struct formula_context context = {
		.table = t, .row = row, .modified_ms = row->modified_ms, .now_ms = now_ms
	};

	if (f->type == SIM_CREATED_TIME)
		add_time(b, row->created_ms);
	else if (f->type == SIM_LAST_MODIFIED_TIME)
		add_time(b, row->modified_ms);
	else if (f->formula != NULL)
		formula_json(b, f->formula, &context);
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
		formula_plain(b, s->field->formula, &context);
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
	size_t start = b->len, empty;

	if (c->kind == SIM_EMPTY && !sim_type_is_computed(f->type))
		return;
	json_next(b);
	json_add_string(b, str_of(p->by_id ? f->id : f->name));
	buf_add_char(b, ':');
	empty = b->len;
	if (p->plain)
		add_shown(b, t, row, place, p, now_ms);
	else if (c->kind == SIM_EMPTY)
		add_computed(b, t, row, f, now_ms);
	else
		sim_cell_json(b, f, c);
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
	const struct sim_field *f = &t->fields[field];
	const struct sim_cell *c = sim_row_cell(row, field);

	if (c->kind == SIM_EMPTY && sim_type_is_computed(f->type))
		add_computed(b, t, row, f, now_ms);
	else
		sim_cell_json_v2(b, f, c);
}

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "airtable-sim/api/list_query.h"
#include "airtable-sim/cells/cell.h"
#include "airtable-sim/formula/formula.h"
#include "common/base/json_write.h"

int64_t
sim_seen_modified(const struct sim_row *row, const struct sim_settings *s, int64_t now_ms)
{
	if (now_ms - row->modified_ms < s->visibility_lag_ms)
		return row->before_ms;
	return row->modified_ms;
}

void
sim_reply_no_record(struct sim_reply *reply, const struct sim_settings *s)
{
	if (s->deleted_status == 403)
		sim_reply_forbidden(reply);
	else
		sim_reply_errorf(reply, 404, "MODEL_ID_NOT_FOUND", "Record not found");
}

/* A record in the order that is being made: the cells that decide it. */
struct sorted {
	uint32_t		 slot;
	const struct sim_cell	*keys;
};

/* Empty cells come first; selects by the order of their choices. */
static int
compare_cells(const struct sim_cell *a, const struct sim_cell *b)
{
	size_t n;
	int c;

	if (a->kind != b->kind)
		return (a->kind > b->kind) - (a->kind < b->kind);
	switch ((enum sim_cell_kind)a->kind) {
	case SIM_NUM:
		return (a->number > b->number) - (a->number < b->number);
	case SIM_INSTANT:
		return (a->instant > b->instant) - (a->instant < b->instant);
	case SIM_CHOICE:
		return (a->choice > b->choice) - (a->choice < b->choice);
	case SIM_TEXT:
	case SIM_JSON:
	case SIM_NEW_CHOICE:
	case SIM_NEW_LINKS:
		n = a->len < b->len ? a->len : b->len;
		c = strncasecmp(a->text, b->text, n);
		return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
	case SIM_EMPTY:
	case SIM_TRUE:
	case SIM_LINKED:	/* became names */
		break;
	}
	return 0;
}

/* The text of a link or a computed cell, or the number if it is one.  False: out of memory. */
static bool
computed_key(const struct sim_table *t, const struct sim_row *row, size_t field, int64_t now_ms,
    struct sim_cell *key)
{
	struct formula_context context = {
		.table = t, .row = row, .modified_ms = row->modified_ms, .now_ms = now_ms
	};
	struct buf text = { 0 };
	char *end;
	double number;
	bool ok = true;

	formula_field_plain(&text, field, &context);
	number = strtod(buf_cstr(&text), &end);
	if (text.len > 0 && *end == '\0')
		*key = (struct sim_cell){ .kind = SIM_NUM, .number = number };
	else if (text.len > 0)
		ok = sim_cell_text(key, buf_str(&text));
	buf_free(&text);
	return ok;
}

/* What the record is sorted by.  False: out of memory; the key may be freed all the same. */
static bool
sort_key(const struct sim_table *t, const struct sim_row *row, size_t field, int64_t now_ms,
    struct sim_cell *key)
{
	*key = *sim_row_cell(row, field);
	key->shared = true;
	if (key->kind != SIM_EMPTY && key->kind != SIM_LINKED)
		return true;
	if (key->kind == SIM_EMPTY && !sim_type_is_computed(t->fields[field].type))
		return true;
	*key = (struct sim_cell){ .kind = SIM_EMPTY };
	if (t->fields[field].type == SIM_CREATED_TIME)
		*key = (struct sim_cell){ .kind = SIM_INSTANT, .instant = row->created_ms };
	else if (t->fields[field].type == SIM_LAST_MODIFIED_TIME)
		*key = (struct sim_cell){ .kind = SIM_INSTANT, .instant = row->modified_ms };
	else
		return computed_key(t, row, field, now_ms, key);
	return true;
}

static int
compare_sorted(const void *a, const void *b, void *cookie)
{
	const struct sim_list_query *q = cookie;
	const struct sorted *x = a, *y = b;

	for (size_t i = 0; i < q->sort_count; i++) {
		int c = compare_cells(&x->keys[i], &y->keys[i]);

		if (c != 0)
			return q->sort[i].descending ? -c : c;
	}
	return (x->slot > y->slot) - (x->slot < y->slot);
}

/* Put the listing in the order that was asked for.  False: out of memory. */
static bool
sort(const struct sim_call *call, const struct sim_list_query *q, struct sim_iterator *it)
{
	const struct sim_table *t = call->table;
	struct sorted *list = calloc(it->count, sizeof(*list));
	struct sim_cell *keys = calloc(it->count * q->sort_count, sizeof(*keys));
	bool ok = list != NULL && keys != NULL;

	for (size_t i = 0; i < it->count && ok; i++) {
		list[i] = (struct sorted){ it->slots[i], &keys[i * q->sort_count] };
		for (size_t k = 0; k < q->sort_count && ok; k++)
			ok = sort_key(t, &t->rows[it->slots[i]], q->sort[k].field, call->now_ms,
			    &keys[i * q->sort_count + k]);
	}
	if (ok)
		qsort_r(list, it->count, sizeof(*list), compare_sorted, (void *)(uintptr_t)q);
	for (size_t i = 0; i < it->count && ok; i++)
		it->slots[i] = list[i].slot;
	for (size_t i = 0; i < it->count * q->sort_count && keys != NULL; i++)
		sim_cell_free(&keys[i]);
	free(keys);
	free(list);
	return ok;
}

static uint32_t
gcd(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

/*
 * Without a sort and a view the order is arbitrary: a walk through all
 * slots in steps that have no divisor in common with their number.
 */
static uint32_t
arbitrary_step(uint32_t n)
{
	uint32_t step = n / 2 + n / 8 + 1;

	while (gcd(step, n) != 1)
		step++;
	return step;
}

/* Is the row in a new listing? */
static bool
is_listed(struct sim_call *call, const struct formula *filter, const struct sim_row *row)
{
	struct formula_context context = { .table = call->table, .row = row, .now_ms = call->now_ms };

	if (row->deleted || (call->settings->visibility_lag_ms > 0 &&
	    call->now_ms - row->created_ms < call->settings->visibility_lag_ms))
		return false;
	if (filter == NULL)
		return true;
	context.modified_ms = sim_seen_modified(row, call->settings, call->now_ms);
	return formula_keeps(filter, &context);
}

static bool
fill_iterator(struct sim_call *call, const struct sim_list_query *q, const struct formula *filter,
    struct sim_iterator *it)
{
	struct sim_table *t = call->table;
	bool arbitrary = q->sort_count == 0 && q->view.len == 0;
	uint32_t n = t->row_count, step = n > 2 && arbitrary ? arbitrary_step(n) : 1, slot = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (is_listed(call, filter, &t->rows[slot]) && !sim_iterator_push(it, slot))
			return false;
		slot = (uint32_t)(((uint64_t)slot + step) % n);
	}
	if (q->sort_count > 0 && it->count > 1 && !sort(call, q, it))
		return false;
	if (q->max_records > 0 && it->count > q->max_records)
		it->count = q->max_records;
	it->rows_seen = n;
	it->complete = filter != NULL || q->max_records > 0;
	return true;
}

/* A new listing; NULL with the error in the reply. */
static struct sim_iterator *
begin_listing(struct sim_call *call, const struct sim_list_query *q, struct sim_reply *reply)
{
	struct formula *filter = NULL;
	struct sim_iterator *it;
	struct buf why = { .limit = 4096 };
	enum err err;

	if (q->filter.len > 0 &&
	    (err = formula_parse(q->filter, call->table, &filter, &why)) != ERR_OK) {
		if (err == ERR_NOMEM)
			sim_reply_internal(reply);
		else
			sim_reply_error(reply, 422, SIM_SHAPE_C, "INVALID_FILTER_BY_FORMULA",
			    buf_str(&why));
		buf_free(&why);
		return NULL;
	}
	it = sim_iterators_add(call->iterators, call->table, call->now_ms);
	if (it != NULL && !fill_iterator(call, q, filter, it)) {
		sim_iterators_drop(call->iterators, it);
		it = NULL;
	}
	formula_free(filter);
	if (it == NULL)
		sim_reply_internal(reply);
	return it;
}

static struct sim_iterator *
continue_listing(struct sim_call *call, const struct sim_list_query *q, size_t *place,
    struct sim_reply *reply)
{
	struct sim_iterator *it;

	switch (sim_iterators_find(call->iterators, call->table, q->offset, call->now_ms,
	    call->settings->iterator_ttl_ms, &it, place)) {
	case SIM_OFFSET_OK:
		break;
	case SIM_OFFSET_EXPIRED:
		sim_reply_error(reply, 422, SIM_SHAPE_B, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE",
		    STR(""));
		return NULL;
	case SIM_OFFSET_INVALID:
		sim_reply_errorf(reply, 422, "INVALID_OFFSET_VALUE",
		    "The value of offset %.*s is invalid", STR_FMT(q->offset));
		return NULL;
	}
	if (call->settings->created_in_pages && !it->complete)
		for (; it->rows_seen < call->table->row_count; it->rows_seen++)
			if (!sim_iterator_push(it, it->rows_seen)) {
				sim_reply_internal(reply);
				return NULL;
			}
	return it;
}

static bool
is_sent(const struct sim_call *call, const struct sim_row *row)
{
	return !row->deleted || call->settings->deleted_in_pages;
}

/* The next record that will be sent from ${place} on; count: none. */
static size_t
next_sent(const struct sim_call *call, const struct sim_iterator *it, size_t place)
{
	while (place < it->count && !is_sent(call, &call->table->rows[it->slots[place]]))
		place++;
	return place;
}

void
sim_list_records(struct sim_call *call, struct sim_reply *reply)
{
	struct sim_list_query q = { 0 };
	struct sim_iterator *it;
	size_t place = 0;
	struct buf *b = &reply->body;

	if (!sim_list_query_read(&q, call, reply))
		return;
	if (q.offset.len == 0)
		it = begin_listing(call, &q, reply);
	else
		it = continue_listing(call, &q, &place, reply);
	if (it == NULL)
		return;
	reply->status = 200;
	buf_add_cstr(b, "{\"records\":[");
	for (place = next_sent(call, it, place); place < it->count && reply->records < q.page_size;
	    place = next_sent(call, it, place + 1)) {
		json_next(b);
		sim_row_json(b, call->table, &call->table->rows[it->slots[place]], &q.projection,
		    call->now_ms);
		reply->records++;
	}
	buf_add_char(b, ']');
	if (place < it->count) {
		it->next = place;
		buf_printf(b, ",\"offset\":\"%s/%s\"", it->id,
		    call->table->rows[it->slots[place]].id);
	} else if (q.offset.len == 0) {
		sim_iterators_drop(call->iterators, it);	/* one page: nobody comes back */
	}
	buf_add_char(b, '}');
}

/* The record in its own table, or with the switch in any; NULL: nowhere. */
static const struct sim_row *
find_record(struct sim_call *call, const struct sim_table **table)
{
	for (size_t i = 0; i < call->base->table_count; i++) {
		struct sim_table *t = call->base->tables[i];
		uint32_t slot;

		if (t != call->table && !call->settings->get_across_tables)
			continue;
		slot = sim_table_row(t, call->record);
		if (slot != SIM_NO_ROW && !t->rows[slot].deleted) {
			*table = t;
			return &t->rows[slot];
		}
	}
	return NULL;
}

void
sim_get_record(struct sim_call *call, struct sim_reply *reply)
{
	struct sim_projection projection = { 0 };
	const struct sim_table *table;
	const struct sim_row *row;

	for (size_t i = 0; i < call->uri->param_count; i++) {
		const struct sim_param *p = &call->uri->params[i];

		bool ok;

		if (!sim_projection_set(&projection, p->name, p->value, &ok))
			ok = !call->settings->strict_parameters;
		if (!ok) {
			sim_reply_invalid(reply);
			return;
		}
	}
	if (!sim_projection_check(&projection, reply))
		return;
	if ((row = find_record(call, &table)) == NULL) {
		sim_reply_no_record(reply, call->settings);
		return;
	}
	reply->status = 200;
	reply->records = 1;
	sim_row_json(&reply->body, table, row, &projection, call->now_ms);
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/base/editor.h"
#include "airtable-sim/base/edits.h"
#include "airtable-sim/base/state.h"
#include "common/base/instant.h"
#include "common/base/json_write.h"

#define RATE_MAX	1000
#define WEIGHT_MAX	1000000
#define PASTE_MAX	100000
#define OPTIONS_MAX	20	/* choices of a select, beyond which it adds no further one */

static const struct {
	const char	*name;
	int64_t		 weight;	/* by default */
} kinds[SIM_EDIT_KINDS] = {
	[SIM_EDIT_CELLS] = { "edit", 900 },
	[SIM_EDIT_CREATE] = { "create", 50 },
	[SIM_EDIT_DELETE] = { "delete", 45 },
	[SIM_EDIT_PASTE] = { "paste", 5 },
	[SIM_EDIT_SCHEMA] = { "schema", 0 },
};

void
sim_editor_reset(struct sim_editor *e, uint64_t seed)
{
	e->per_second = e->calls_per_second = 0;
	for (int k = 0; k < SIM_EDIT_KINDS; k++)
		e->weights[k] = kinds[k].weight;
	e->paste_records = 500;
	e->random.state = seed * 31 + 7;
	memset(e->made, 0, sizeof(e->made));
	e->calls = 0;
	for (size_t i = 0; i < SIM_EDITS_MAX; i++) {
		free(e->ring[i]);
		e->ring[i] = NULL;
	}
	e->last = 0;
}

bool
sim_editor_init(struct sim_editor *e, uint64_t seed)
{
	pthread_condattr_t attributes;
	bool ok;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
	    pthread_cond_init(&e->changed, &attributes) == 0;
	(void)pthread_condattr_destroy(&attributes);
	if (ok)
		sim_editor_reset(e, seed);
	return ok;
}

void
sim_editor_free(struct sim_editor *e)
{
	sim_editor_reset(e, 0);
	(void)pthread_cond_destroy(&e->changed);
}

static bool
read_number(const cJSON *object, const char *name, double max, double *out)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	if (v == NULL)
		return true;
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0) || !(v->valuedouble <= max))
		return false;
	*out = v->valuedouble;
	return true;
}

static bool
known_member(const char *name)
{
	static const char *const others[] = { "perSecond", "callsPerSecond", "pasteRecords", "seed",
	    "now" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	for (int k = 0; k < SIM_EDIT_KINDS; k++)
		if (strcmp(name, kinds[k].name) == 0)
			return true;
	return false;
}

bool
sim_editor_set(struct sim_editor *e, const cJSON *body, const char **why)
{
	double per_second = e->per_second, calls = e->calls_per_second, seed = -1;
	double paste = (double)e->paste_records, weights[SIM_EDIT_KINDS], sum = 0;
	const cJSON *member;

	*why = "a member is unknown, no number, or out of range";
	cJSON_ArrayForEach(member, body)
		if (!known_member(member->string))
			return false;
	if (!read_number(body, "perSecond", RATE_MAX, &per_second) ||
	    !read_number(body, "callsPerSecond", RATE_MAX, &calls) ||
	    !read_number(body, "pasteRecords", PASTE_MAX, &paste) ||
	    !read_number(body, "seed", 9e15, &seed))
		return false;
	for (int k = 0; k < SIM_EDIT_KINDS; k++) {
		weights[k] = (double)e->weights[k];
		if (!read_number(body, kinds[k].name, WEIGHT_MAX, &weights[k]))
			return false;
		sum += weights[k];
	}
	*why = "at least one of edit, create, delete, paste and schema must not be 0";
	if (sum < 1)
		return false;
	e->per_second = per_second;
	e->calls_per_second = calls;
	e->paste_records = (int64_t)paste;
	for (int k = 0; k < SIM_EDIT_KINDS; k++)
		e->weights[k] = (int64_t)weights[k];
	if (seed >= 0)
		e->random.state = (uint64_t)seed;
	(void)pthread_cond_broadcast(&e->changed);
	return true;
}

/* A live row from a random place on; SIM_NO_ROW: there is none. */
static uint32_t
random_row(struct sim_random *r, const struct sim_table *t)
{
	uint32_t slot;

	if (t->live_count == 0)
		return SIM_NO_ROW;
	for (int tries = 0; tries < 32; tries++)
		if (!t->rows[slot = sim_random_below(r, t->row_count)].deleted)
			return slot;
	for (slot = sim_random_below(r, t->row_count); t->rows[slot].deleted;)
		slot = (slot + 1) % t->row_count;
	return slot;
}

static bool
add_text(cJSON *fields, const struct sim_field *f, const char *text)
{
	return f->removed || cJSON_AddStringToObject(fields, f->id, text) != NULL;
}

static bool
add_choice(struct sim_random *r, cJSON *fields, const struct sim_field *f)
{
	const struct sim_choice *c;

	if (f->choice_count == 0)
		return true;
	c = &f->choices[sim_random_below(r, f->choice_count)];
	return c->removed || add_text(fields, f, c->name);
}

/* A new value for one of the fields that people edit; 1 in 16 is emptied.  False: no memory. */
static bool
add_random_value(struct sim_editor *e, const struct sim_base *b, const struct sim_table *t,
    cJSON *fields, int64_t now)
{
	static const enum sim_order_field edited[] = { SIM_ORDER_STATUS, SIM_ORDER_STATUS,
	    SIM_ORDER_STATUS, SIM_ORDER_TOTAL, SIM_ORDER_TOTAL, SIM_ORDER_CUSTOMER,
	    SIM_ORDER_PRIORITY, SIM_ORDER_NOTES, SIM_ORDER_CREATED_AT };
	struct sim_random *r = &e->random;
	enum sim_order_field which = edited[sim_random_below(r, sizeof(edited) / sizeof(edited[0]))];
	const struct sim_field *f = &t->fields[which];
	char text[96];

	if (f->removed || cJSON_HasObjectItem(fields, f->id))
		return true;
	if (sim_random_below(r, 16) == 0)
		return cJSON_AddNullToObject(fields, f->id) != NULL;
	switch (which) {
	case SIM_ORDER_STATUS:
	case SIM_ORDER_PRIORITY:
		return add_choice(r, fields, f);
	case SIM_ORDER_TOTAL:
		return cJSON_AddNumberToObject(fields, f->id, sim_random_below(r, 500000) / 100.0) != NULL;
	case SIM_ORDER_CUSTOMER:
		return add_text(fields, f, b->pool[sim_random_below(r, (uint32_t)b->pool_count)]);
	case SIM_ORDER_CREATED_AT:
		if (instant_format(now - (int64_t)sim_random_below(r, 45u * 86400) * 1000, text) != ERR_OK)
			return true;
		return add_text(fields, f, text);
	default:
		(void)snprintf(text, sizeof(text), "edited %llu \xe2\x9c\x8f",
		    (unsigned long long)e->last + 1);
		return add_text(fields, f, text);
	}
}

/* What an action leaves in the ring. */
struct trace {
	struct buf	 ids;
	cJSON		*fields;	/* NULL: none */
};

static void
add_id(struct trace *trace, const char *id)
{
	json_next(&trace->ids);
	json_add_string(&trace->ids, str_of(id));
}

/* The same values into ${n} records that lie below each other. */
static void
edit_rows(struct sim_state *s, struct sim_action *a, struct sim_table *t, int64_t n,
    struct trace *trace)
{
	struct sim_editor *e = &s->editor;
	uint32_t slot = random_row(&e->random, t);
	struct sim_reply why = { 0 };
	bool changed;

	if (slot == SIM_NO_ROW || (trace->fields = cJSON_CreateObject()) == NULL)
		return;
	for (int tries = 0; tries < 8 && trace->fields->child == NULL; tries++)
		if (!add_random_value(e, s->base, t, trace->fields, a->now_ms) ||
		    (sim_random_below(&e->random, 4) == 0 &&
		    !add_random_value(e, s->base, t, trace->fields, a->now_ms)))
			return;
	for (; slot < t->row_count && n > 0; slot++) {
		if (t->rows[slot].deleted)
			continue;
		if (!sim_edit_row(a, t, slot, trace->fields, SIM_STAGE_TYPECAST, false, &changed, &why))
			break;
		if (changed)
			add_id(trace, t->rows[slot].id);
		n--;
	}
	sim_reply_free(&why);
}

/* A field gets or loses a mark behind its name, or a select a further choice. */
static void
change_schema(struct sim_state *s, struct sim_action *a, struct sim_table *t)
{
	static const char mark[] = " *";
	struct sim_random *r = &s->editor.random;
	size_t place = sim_random_below(r, SIM_ORDER_FIELDS);
	const struct sim_field *f = &t->fields[place];
	char name[300];
	cJSON *change = cJSON_CreateObject();
	struct buf ids = { 0 };
	size_t n = strlen(f->name);

	if (change != NULL && !f->removed && n < sizeof(name) - sizeof(mark)) {
		bool option = (f->type == SIM_SINGLE_SELECT) && f->choice_count < OPTIONS_MAX;

		if (option)
			(void)snprintf(name, sizeof(name), "Option %u", f->choice_count + 1);
		else if (n > 2 && strcmp(f->name + n - 2, mark) == 0)
			(void)snprintf(name, sizeof(name), "%.*s", (int)n - 2, f->name);
		else
			(void)snprintf(name, sizeof(name), "%s%s", f->name, mark);
		if (cJSON_AddStringToObject(change, "field", f->id) != NULL &&
		    cJSON_AddStringToObject(change, "name", name) != NULL)
			(void)sim_edit_schema(a, t, option ? "addOption" : "rename", change, &ids);
	}
	buf_free(&ids);
	cJSON_Delete(change);
}

static void
keep_entry(struct sim_editor *e, enum sim_edit_kind kind, int64_t now, const struct trace *trace)
{
	char *fields = trace->fields == NULL ? NULL : cJSON_PrintUnformatted(trace->fields);
	struct buf b = { 0 };
	char **place;

	e->made[kind]++;
	place = &e->ring[++e->last % SIM_EDITS_MAX];
	buf_add_char(&b, '{');
	json_member_uint(&b, "seq", e->last);
	json_member_int(&b, "atMs", instant_now());
	json_member_int(&b, "simulatedMs", now);
	json_member_string(&b, "kind", str_of(kinds[kind].name));
	json_name(&b, "ids");
	buf_add_char(&b, '[');
	buf_add_str(&b, buf_str(&trace->ids));
	buf_add_char(&b, ']');
	if (fields != NULL) {
		json_name(&b, "fields");
		buf_add_cstr(&b, fields);
	}
	buf_add_char(&b, '}');
	free(*place);
	*place = buf_status(&b) == ERR_OK ? sim_copy(buf_str(&b)) : NULL;
	cJSON_free(fields);
	buf_free(&b);
}

static enum sim_edit_kind
random_kind(struct sim_editor *e)
{
	uint32_t sum = 0, roll;
	int k = 0;

	for (int i = 0; i < SIM_EDIT_KINDS; i++)
		sum += (uint32_t)e->weights[i];
	roll = sim_random_below(&e->random, sum);
	while (k < SIM_EDIT_KINDS - 1 && roll >= (uint32_t)e->weights[k])
		roll -= (uint32_t)e->weights[k++];
	return (enum sim_edit_kind)k;
}

void
sim_editor_act(struct sim_state *s, int64_t now)
{
	static const char *const users[] = { "Ada Lovelace", "Grace Hopper", "J\xc3\xb6rg M\xc3\xbcller",
	    "Hedy Lamarr", "Katherine Johnson" };
	struct sim_editor *e = &s->editor;
	enum sim_edit_kind kind = random_kind(e);
	struct sim_table *t = s->base->tables[0];
	struct sim_action action;
	struct sim_reply why = { 0 };
	struct trace trace = { 0 };
	uint32_t slot;

	sim_edit_begin(&action, s, now, SIM_FROM_CLIENT,
	    users[sim_random_below(&e->random, sizeof(users) / sizeof(users[0]))]);
	switch (kind) {
	case SIM_EDIT_CELLS:
		edit_rows(s, &action, t, 1, &trace);
		break;
	case SIM_EDIT_PASTE:
		edit_rows(s, &action, t, e->paste_records, &trace);
		break;
	case SIM_EDIT_CREATE:
		if ((slot = sim_edit_create(&action, s, t, NULL, SIM_STAGE_RAW, &why)) != SIM_NO_ROW)
			add_id(&trace, t->rows[slot].id);
		break;
	case SIM_EDIT_DELETE:
		if ((slot = random_row(&e->random, t)) != SIM_NO_ROW) {
			add_id(&trace, t->rows[slot].id);
			sim_edit_delete(&action, t, slot);
		}
		break;
	case SIM_EDIT_SCHEMA:
	case SIM_EDIT_KINDS:
		change_schema(s, &action, t);
		break;
	}
	sim_action_commit(&action);
	keep_entry(e, kind, now, &trace);
	cJSON_Delete(trace.fields);
	buf_free(&trace.ids);
	sim_reply_free(&why);
}

void
sim_editor_json(struct buf *b, const struct sim_editor *e, uint64_t since, uint64_t max)
{
	uint64_t oldest = e->last >= SIM_EDITS_MAX ? e->last - SIM_EDITS_MAX + 1 : 1;

	buf_printf(b, "{\"perSecond\":%g,\"callsPerSecond\":%g", e->per_second, e->calls_per_second);
	json_member_int(b, "pasteRecords", e->paste_records);
	buf_add_cstr(b, ",\"weights\":{");
	for (int k = 0; k < SIM_EDIT_KINDS; k++)
		json_member_int(b, kinds[k].name, e->weights[k]);
	buf_add_cstr(b, "},\"made\":{");
	for (int k = 0; k < SIM_EDIT_KINDS; k++)
		json_member_uint(b, kinds[k].name, e->made[k]);
	buf_add_char(b, '}');
	json_member_uint(b, "calls", e->calls);
	json_member_uint(b, "last", e->last);
	buf_add_cstr(b, ",\"entries\":[");
	for (uint64_t n = since + 1 > oldest ? since + 1 : oldest; n <= e->last && max > 0; n++) {
		if (e->ring[n % SIM_EDITS_MAX] == NULL)
			continue;
		json_next(b);
		buf_add_cstr(b, e->ring[n % SIM_EDITS_MAX]);
		max--;
	}
	buf_add_cstr(b, "]}");
}

#include "tests/lib/history_lines.h"

struct value
text(const char *s)
{
	return (struct value){ .present = s != NULL, .text = str_of(s) };
}

void
add(char *line, const char *fmt, const char *one, const char *two)
{
	size_t len = strlen(line);

	(void)snprintf(line + len, 400 - len, fmt, one, two);
}

const char *
shown(const cJSON *j, const char *name, char *room)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, name);

	ck_assert_msg(v != NULL, "no %s", name);
	if (cJSON_IsString(v))
		return v->valuestring;
	ck_assert(cJSON_PrintPreallocated((cJSON *)(uintptr_t)v, room, 64, false));
	return room;
}

enum err
add_line(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	struct lines *l = cookie;
	char *line = l->line[l->n++], room[2][64];
	cJSON *j = cJSON_ParseWithLength(json.ptr, json.len);
	const cJSON *f;

	(void)s;
	ck_assert_uint_lt(l->n, 400);
	(void)snprintf(room[0], 64, "%" PRIu64 ".%" PRIu32, place.generation, place.index);
	ck_assert_str_eq(shown(j, "change", room[1]), room[0]);
	line[0] = '\0';
	add(line, "%s %s", shown(j, "action", room[0]), shown(j, "source", room[1]));
	add(line, "%s%s", cJSON_IsNull(cJSON_GetObjectItem(j, "requestId")) ? "" : " ",
	    cJSON_IsNull(cJSON_GetObjectItem(j, "requestId")) ? "" : shown(j, "requestId", room[0]));
	if (cJSON_HasObjectItem(j, "via"))
		add(line, " %s/%s", shown(j, "by", room[0]), shown(j, "via", room[1]));
	cJSON_ArrayForEach(f, cJSON_GetObjectItemCaseSensitive(j, "fields")) {
		add(line, " %s:%s", shown(f, "field", room[0]), shown(f, "from", room[1]));
		add(line, ">%s%s", shown(f, "to", room[1]), "");
	}
	if (cJSON_HasObjectItem(j, "detail"))
		add(line, " %s: %s", shown(j, "asked", room[0]), shown(j, "detail", room[1]));
	cJSON_Delete(j);
	return ERR_OK;
}

struct lines *
turned(struct lines *l)
{
	for (size_t i = 0; i < l->n / 2; i++) {
		char line[400];

		memcpy(line, l->line[i], 400);
		memcpy(l->line[i], l->line[l->n - 1 - i], 400);
		memcpy(l->line[l->n - 1 - i], line, 400);
	}
	return l;
}

struct lines *
history_of(struct str id)
{
	static struct lines l;

	l.n = 0;
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(history_of_record(st, &orders_schema, id, HISTORY_NEWEST, add_line, &l), ERR_OK);
	store_end(st);
	return turned(&l);
}

struct lines *
audit(void)
{
	static struct lines l;

	l.n = 0;
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(history_audit(st, HISTORY_NEWEST, add_line, &l), ERR_OK);
	store_end(st);
	return turned(&l);
}

void
expect_lines(struct lines *l, size_t n, const char *const *lines)
{
	for (size_t i = 0; i < n && i < l->n; i++)
		ck_assert_str_eq(l->line[i], lines[i]);
	ck_assert_uint_eq(l->n, n);
}

struct record
order_with(const char *status, const char *priority)
{
	struct record r = order.r;

	r.values[ORDER_STATUS] = text(status);
	r.values[ORDER_PRIORITY] = text(priority);
	return r;
}

struct apply_result
news(const struct record *r, struct str id, enum change_source source, int64_t now_ms)
{
	struct change c = { .table = &orders_schema, .kind = r == NULL ? CHANGE_GONE : CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
	const struct apply_meta meta = { 0 };
	struct apply_result result;

	if (r != NULL)
		c.record = *r;
	c.record.id = id;
	ck_assert_int_eq(apply_changes(a, &c, 1, source, &meta, now_ms, &result), ERR_OK);
	return result;
}

void
ask_status(struct made_entry *m, const char *status)
{
	made_entry(m, a, OUTBOX_UPDATE, order.id);
	made_ask(m, ORDER_STATUS, status);
	m->e.state = OUTBOX_SENT;
	(void)made_store(a, m, NOW_MS);
}

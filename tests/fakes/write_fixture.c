#include "tests/fakes/write_fixture.h"

struct config config;
struct writes *writes;

const struct message_request *
server_call_request(const struct server_call *call)
{
	return &call->request;
}

static void
keep_told(void *cookie, size_t i, const struct message_result *r)
{
	struct asked *a = cookie;
	struct told *t = &a->results[i];

	t->err = r->err;
	t->pending = r->pending;
	(void)snprintf(t->record, sizeof(t->record), "%s", r->record);
	(void)snprintf(t->order, sizeof(t->order), "%.*s", STR_FMT(r->order));
	(void)snprintf(t->detail, sizeof(t->detail), "%s", r->detail);
	(void)snprintf(t->problem, sizeof(t->problem), "%.*s", STR_FMT(r->problem));
	a->count = i + 1;
}

void
server_reply(struct server_call *call, const struct message_reply *reply)
{
	struct asked *a = call->asked;

	a->replies++;
	a->reply = *reply;
	if (a->results == NULL)
		ck_assert_ptr_nonnull(a->results = calloc(ITEMS_MAX, sizeof(*a->results)));
	if (reply->body.len > 0) {
		free(a->body);
		ck_assert_ptr_nonnull(a->body = strndup(reply->body.ptr, reply->body.len));
		ck_assert_int_eq(message_each_result(str_of(a->body), 0, &a->bulk, keep_told, a), ERR_OK);
	}
	a->reply.body = (struct str){ NULL, 0 };
	free(call->request.items);
	free(call);
}

void
asked_free(struct asked *a)
{
	free(a->body);
	free(a->results);
	*a = (struct asked){ 0 };
}

struct message_item *
form_add(struct form *f, enum message_kind kind, const char *id)
{
	struct message_item *item = &f->items[f->m.item_count++];

	ck_assert_uint_le(f->m.item_count, ITEMS_MAX);
	item->kind = kind;
	item->record.id = str_of(id);
	return item;
}

void
want(struct message_item *item, unsigned field, const char *text)
{
	item->record.known |= 1u << field;
	item->record.values[field] = (struct value){ .present = true, .text = str_of(text) };
}

void
submit(struct form *f, struct asked *a)
{
	struct server_call *call = calloc(1, sizeof(*call));
	size_t bytes = f->m.item_count * sizeof(f->items[0]);

	ck_assert_ptr_nonnull(call);
	call->request = f->m;
	if (call->request.table == NULL)
		call->request.table = &orders_schema;
	call->asked = a;
	ck_assert_ptr_nonnull(call->request.items = malloc(bytes));
	memcpy(call->request.items, f->items, bytes);
	writes_submit(writes, call);
}

void
set_status(struct asked *a, const char *id, const char *status)
{
	struct form f = { .m.request_id = "test" };

	want(form_add(&f, MESSAGE_UPDATE, id), ORDER_STATUS, status);
	submit(&f, a);
}

void
set_status_later(struct asked *a, const char *id, const char *status)
{
	struct form f = { .m.defer = true };

	want(form_add(&f, MESSAGE_UPDATE, id), ORDER_STATUS, status);
	submit(&f, a);
}

void
answered(struct asked *a)
{
	ck_assert_msg(canned_run(&loop, &a->replies, 1, 5000), "no answer");
	ck_assert_int_eq(a->replies, 1);
}

void
pass(int64_t ms)
{
	int never = 0;

	ck_assert(!canned_run(&loop, &never, 1, ms));
}

void
order_json(const char *id, char json[static 600])
{
	struct store *st = apply_store(apply);
	struct row_view view;
	struct str text;
	uint32_t row;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(store_find_record(st, &orders_schema, str_of(id), &row), ERR_OK);
	ck_assert_int_eq(store_row(st, &orders_schema, row, &view), ERR_OK);
	text = view.json;
	(void)outbox_overlay(st, &orders_schema, str_of(id), &text, NULL);
	(void)snprintf(json, 600, "%.*s", STR_FMT(text));
	store_end(st);
}

uint64_t
version_of(const char *id)
{
	struct store *st = apply_store(apply);
	struct row_view view;
	uint32_t row;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(store_find_record(st, &orders_schema, str_of(id), &row), ERR_OK);
	ck_assert_int_eq(store_row(st, &orders_schema, row, &view), ERR_OK);
	store_end(st);
	return view.version;
}

static enum err
count_all(void *cookie, const struct outbox_entry *e)
{
	(void)e;
	++*(size_t *)cookie;
	return ERR_OK;
}

size_t
outbox_count(void)
{
	struct store *st = apply_store(apply);
	size_t n = 0;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(outbox_each(st, count_all, &n), ERR_OK);
	store_end(st);
	return n;
}

uint32_t
pending_count(void)
{
	struct store *st = apply_store(apply);
	uint32_t n;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	n = outbox_pending(st, &orders_schema);
	store_check(st);
	store_end(st);
	return n;
}

void
in_agreement(void)
{
	char json[600], part[64];

	(void)pending_count();
	for (size_t i = 0; i < fake.count; i++) {
		if (fake.held[i].gone)
			continue;
		order_json(fake.held[i].id, json);
		(void)snprintf(part, sizeof(part), "\"status\":\"%s\",\"priority\":\"%s\"",
		    fake.held[i].status, fake.held[i].priority);
		ck_assert_msg(strstr(json, part) != NULL, "no %s in %s", part, json);
	}
}

void
until_settled(void)
{
	for (int i = 0; i < 400 && outbox_count() > 0; i++)
		pass(20);
	ck_assert_uint_eq(outbox_count(), 0);
	ck_assert_uint_eq(writes_pending(writes), 0);
	ck_assert_uint_eq(pending_count(), 0);
	in_agreement();
}

static enum err
keep_entry(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	struct found *f = cookie;

	(void)s, (void)place;
	(void)snprintf(f->json[f->count++], sizeof(f->json[0]), "%.*s", STR_FMT(json));
	return f->count < 16 ? ERR_OK : ERR_CANCELLED;
}

void
history(const char *id, struct found *f)
{
	struct store *st = apply_store(apply);

	f->count = 0;
	ck_assert_int_eq(store_begin(st), ERR_OK);
	(void)history_of_record(st, &orders_schema, str_of(id), HISTORY_NEWEST, keep_entry, f);
	store_end(st);
}

void
newest_history(const char *id, char json[static 1000])
{
	struct found f;

	history(id, &f);
	(void)snprintf(json, 1000, "%s", f.count > 0 ? f.json[0] : "");
}

static void
fill_store(void)
{
	struct change c[ORDERS];

	for (size_t i = 0; i < ORDERS; i++) {
		struct held *h = &fake.held[i];

		*h = (struct held){ .status = "Pending", .priority = "Low", .customer = "Acme" };
		(void)snprintf(h->id, sizeof(h->id), "rec%014zu", i);
		(void)snprintf(h->order_id, sizeof(h->order_id), "ORD-%03zu", i);
		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
		held_record(h, &c[i].record);
	}
	fake.count = ORDERS;
	(void)made_apply(apply, c, ORDERS);
}

void
open_writes(void)
{
	ck_assert_ptr_nonnull(writes = writes_new(&loop, &config, NULL, apply, NULL));
	ck_assert_int_eq(writes_recover(writes), ERR_OK);
}

void
close_writes(void)
{
	writes_stop(writes);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	writes_free(writes);
}

void
write_setup(void)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	memset(&fake, 0, sizeof(fake));
	TAILQ_INIT(&fake.waiting);
	TAILQ_INIT(&fake.flying);
	fake.room = CALLS_MAX;
	(void)uv_timer_init(&loop, &fake.turn);
	made_config(&config, tmpdir_new());
	config.airtable.requests_per_second = 5;
	config.airtable.request_timeout_ms = patience(300);
	config.write.timeout_ms = patience(1000);
	config.write.gather_ms = 10;
	config.write.create = config.write.delete = true;
	(void)strcpy(config.airtable.create_key, "Key");
	ck_assert_int_eq(apply_open(&config, &made_tables, &apply), ERR_OK);
	fill_store();
	open_writes();
}

void
write_teardown(void)
{
	struct airtable_call *c;

	close_writes();
	while ((c = TAILQ_FIRST(&fake.flying)) != NULL) {
		TAILQ_REMOVE(&fake.flying, c, link);
		end_call(c);
	}
	uv_close((uv_handle_t *)&fake.turn, NULL);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	apply_close(apply);
}

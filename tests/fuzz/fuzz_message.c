#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/message.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A second table, so that a message has a choice. */
static const struct field parcel_fields[] = {
	{ .name = "code", .kind = FIELD_TEXT, .flags = FIELD_KEY | FIELD_CREATE },
	{ .name = "state", .kind = FIELD_SELECT, .flags = FIELD_WRITE | FIELD_CREATE }
};
static const struct schema parcels = { .name = "parcels", .number = 100, .fields = parcel_fields, .field_count = 2 };
static const struct schema *const list[] = { &orders_schema, &parcels };
static const struct tables tables = { list, 2 };

static void
expect(int condition)
{
	if (!condition)
		abort();
}

static bool
same_record(const struct record *a, const struct record *b)
{
	if (!str_eq(a->id, b->id) || a->known != b->known)
		return false;
	for (size_t f = 0; f < SCHEMA_FIELDS_MAX; f++)
		if (a->values[f].present != b->values[f].present ||
		    a->values[f].number != b->values[f].number ||
		    !str_eq(a->values[f].text, b->values[f].text))
			return false;
	return true;
}

static bool
same_request(const struct message_request *a, const struct message_request *b)
{
	if (a->id != b->id || a->type != b->type || a->table != b->table || a->item_count != b->item_count ||
	    a->bulk != b->bulk || a->defer != b->defer || a->timeout_ms != b->timeout_ms || a->deadline_ms != b->deadline_ms ||
	    a->full != b->full || a->accept_shrink != b->accept_shrink ||
	    a->wait_ms != b->wait_ms || strcmp(a->request_id, b->request_id) != 0 ||
	    strcmp(a->key, b->key) != 0 || strcmp(a->by, b->by) != 0)
		return false;
	if (a->key[0] != '\0' && (a->fingerprint[0] != b->fingerprint[0] ||
	    a->fingerprint[1] != b->fingerprint[1]))
		return false;
	for (size_t i = 0; i < a->item_count; i++)
		if (a->items[i].kind != b->items[i].kind ||
		    a->items[i].version != b->items[i].version ||
		    a->items[i].undoes != b->items[i].undoes ||
		    a->items[i].undoes_index != b->items[i].undoes_index ||
		    a->items[i].code != b->items[i].code || !str_eq(a->items[i].problem, b->items[i].problem) ||
		    !same_record(&a->items[i].record, &b->items[i].record))
			return false;
	return true;
}

/* A request that was read is written and read again: it must be the same, and one line. */
static void
check_request(struct str line)
{
	struct message_request first, again;
	struct buf out = { 0 };
	char why[128];

	if (message_parse_request(line, &tables, &first, why) != ERR_OK) {
		expect(why[0] != '\0' && memchr(why, '\0', sizeof(why)) != NULL);
		expect(first.items == NULL && first.texts.data == NULL);
		return;
	}
	message_add_request(&out, &first);
	expect(memchr(out.data, '\n', out.len) == out.data + out.len - 1);
	if (out.len <= MESSAGE_BYTES_MAX) {	/* escapes may have made it longer */
		expect(message_parse_request((struct str){ out.data, out.len - 1 },
		    &tables, &again, why) == ERR_OK);
		expect(same_request(&first, &again));
		message_request_free(&again);
	}
	message_request_free(&first);
	buf_free(&out);
}

#define RESULTS_MAX	64

struct results {
	struct message_result	list[RESULTS_MAX];
	struct buf		orders;		/* texts of all, one after another */
	size_t			n;
};

static void
take_result(void *cookie, size_t i, const struct message_result *r)
{
	struct results *all = cookie;

	expect(i == all->n);
	if (all->n < RESULTS_MAX) {
		all->list[all->n] = *r;
		all->list[all->n].order.ptr = NULL;	/* it was valid during the call */
		if (r->problem.len > 0)
			all->list[all->n].problem = STR("{}");
		buf_add_str(&all->orders, r->order);
	}
	all->n++;
}

/* The same for the results of a write. */
static void
check_results(struct str text)
{
	struct results first = { .n = 0 }, again = { .n = 0 };
	struct buf out = { 0 };
	uint64_t bulk, bulk_again;
	size_t at = 0;

	if (message_each_result(text, 0, &bulk, take_result, &first) == ERR_OK &&
	    first.n <= RESULTS_MAX) {
		for (size_t i = 0; i < first.n && first.orders.len > 0; i++) {
			first.list[i].order.ptr = first.orders.data + at;
			at += first.list[i].order.len;
		}
		message_add_results(&out, bulk, first.list, first.n);
		expect(message_each_result(buf_str(&out), first.n, &bulk_again,
		    take_result, &again) == ERR_OK || out.len > MESSAGE_BYTES_MAX);
		expect(again.n == first.n && bulk == bulk_again);
		for (size_t i = 0; i < first.n; i++)
			expect(first.list[i].err == again.list[i].err &&
			    strcmp(first.list[i].record, again.list[i].record) == 0);
	}
	buf_free(&first.orders);
	buf_free(&again.orders);
	buf_free(&out);
}

static void
check_reply(struct str line)
{
	struct message_reply first, again;
	struct buf out = { 0 }, body = { 0 }, body_again = { 0 };

	if (message_parse_reply(line, &first, &body) == ERR_OK) {
		message_add_reply(&out, &first);
		expect(memchr(out.data, '\n', out.len) == out.data + out.len - 1);
		/* detail may have come with fewer escapes than it leaves with */
		if (out.len <= MESSAGE_BYTES_MAX) {
			expect(message_parse_reply((struct str){ out.data, out.len - 1 },
			    &again, &body_again) == ERR_OK);
			expect(first.id == again.id && first.err == again.err &&
			    first.generation == again.generation &&
			    first.retry_after_ms == again.retry_after_ms &&
			    strcmp(first.detail, again.detail) == 0 &&
			    str_eq(first.body, again.body));
		}
	}
	buf_free(&out);
	buf_free(&body);
	buf_free(&body_again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str line = { (const char *)data, len };

	check_request(line);
	check_reply(line);
	check_results(line);
	return 0;
}

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fold.h"
#include "syncd/feed/payload.h"
#include "syncd/feed/state.h"
#include "tests/lib/feed_table.h"

/*
 * Airtable's answers about webhooks, and the feed's state as the store keeps it:
 * the first byte chooses one, the rest is the text.
 */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct config config = { .airtable.base_id = "appA", .airtable.orders_table = "Orders" };
static const struct webhook_remembered none = {
	.table = "", .names = { "", "", "", "", "", "", "", "" },
	.fields = { "", "", "", "", "", "", "", "" }
};

static void
require(bool it)
{
	if (!it)
		abort();
}

/* Count the record's steps; each must have what its kind requires. */
static size_t
try_steps(const struct payload_record *r)
{
	size_t n = 0;

	for (const struct change_step *s = r->steps; s != NULL; s = s->next, n++) {
		require((s->to == NULL) == (s->kind == STEP_GONE));
		require((s->from != NULL) == (s->kind == STEP_CHANGED));
		require(s->who.name.len <= 254 && utf8_valid(s->who.name));
		require(s->who.id.len <= AIRTABLE_ID_MAX && s->who.via.len <= 32);
		require(s->next != NULL || s == r->last);
	}
	return n;
}

static void
try_page(const struct webhook_table *table, struct str body)
{
	struct payload_page page;
	char why[WEBHOOK_WHY_SIZE] = "";
	size_t steps = 0;
	enum err e = payload_page_read(&page, &orders_schema, table, body, why);

	require(e == ERR_OK || (e == ERR_AIRTABLE_BAD_RESPONSE && why[0] != '\0'));
	require(e == ERR_OK || page.count == 0);
	require(e != ERR_OK || page.cursor > 0);
	for (size_t i = 0; i < page.count; i++) {
		const struct payload_record *r = &page.records[i];

		require(r->now.id.len > 0 && r->now.id.len <= AIRTABLE_ID_MAX);
		require(payload_page_find(&page, r->now.id) == r);
		require(!r->created || r->gone || r->unclear ||
		    r->now.known == schema_all(&orders_schema));
		require((r->before.known & ~schema_all(&orders_schema)) == 0);
		steps += try_steps(r);
	}
	require(steps == page.step_count && page.told_count <= 2 * page.step_count);
	payload_page_free(&page);
}

static void
try_state(struct str text)
{
	struct feed_state s, again;
	struct buf b = { 0 };

	require(feed_state_init(&s) == ERR_OK && feed_state_init(&again) == ERR_OK);
	feed_state_read(&s, &config, text);
	feed_state_add(&s, &config, &b);
	feed_state_read(&again, &config, buf_str(&b));
	require(strcmp(s.webhook, again.webhook) == 0 && s.again_count == again.again_count);
	require(s.gap == again.gap && s.other_count == again.other_count);
	buf_free(&b);
	feed_state_free(&s);
	feed_state_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct webhook_seen seen[WEBHOOKS_MAX];
	struct webhook_table table = { .fields_known = false };
	struct webhook_made made;
	char why[WEBHOOK_WHY_SIZE];
	struct str body;
	size_t n;

	if (len == 0)
		return 0;
	body = (struct str){ (const char *)data + 1, len - 1 };
	require(webhook_table_read(&table, &config, &orders_schema, &none,
	    STR(FEED_SCHEMA("Customer", FEED_OPTIONS)), why) == ERR_OK);
	switch (data[0] % 5) {
	case 0:
		try_page(&table, body);
		break;
	case 1:
		(void)webhook_list_read(seen, &n, body, STR(""), body, why);
		require(n <= WEBHOOKS_MAX);
		break;
	case 2:
		(void)webhook_made_read(&made, body, why);
		break;
	case 3:
		try_state(body);
		break;
	default:
		(void)webhook_table_read(&table, &config, &orders_schema, &none, body, why);
		(void)webhook_table_keeps_options(&table, &table);
	}
	webhook_table_free(&table);
	return 0;
}

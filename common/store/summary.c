#include <ctype.h>
#include <stdlib.h>
#include <zlib.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "common/base/money.h"
#include "common/base/zone.h"
#include "common/store/currency.h"
#include "common/store/options.h"
#include "common/store/revenue.h"
#include "common/store/summary.h"
#include "common/tables/kind.h"

/*
 * Stored under total_key(TOTAL_BODY, 0, 0): this head, the JSON, its gzip.
 * It may lie unaligned.
 */
struct body_head {
	int32_t		day;
	uint32_t	json_len;
	int64_t		synced_ms;
	int64_t		from_ms;	/* "today" is right from then on ... */
	int64_t		until_ms;	/* ... until before then */
	uint64_t	generation;	/* that the body has: the last that changed it */
};

#define GZIP_WINDOW_BITS	(15 + 16)	/* zlib: 16 more means a gzip header */
#define GZIP_LEVEL		6
#define GZIP_TRAILER		8

struct composer {
	struct db_txn		*txn;
	const struct store_dbs	*dbs;
	const struct schema	*schema;
	struct buf		*out;
	enum err		 error;		/* a fault that is not the transaction's */
};

static struct total
get_total(struct composer *c, enum total_kind kind, unsigned field, uint32_t which)
{
	uint64_t k = total_key(kind, field, which);
	struct total t = { 0 };
	struct str data;

	if (!db_get(c->txn, store_table(c->dbs, c->schema)->totals, key_u64(&k), &data))
		return t;
	if (data.len == sizeof(t))
		memcpy(&t, data.ptr, sizeof(t));
	else
		c->error = ERR_STORE_CORRUPT;
	return t;
}

static void
add_figures(struct composer *c, struct total t)
{
	json_member_int(c->out, "count", t.count);
	if (c->schema->sum_field == SCHEMA_NO_FIELD)
		return;
	json_name(c->out, c->schema->fields[c->schema->sum_field].name);
	money_add(c->out, total_sum(&t));
}

static void
take_out(struct total *from, const struct total *what)
{
	from->count -= what->count;
	total_set_sum(from, total_sum(from) - total_sum(what));
}

/* Add ${all} without the options that bring no revenue. */
static void
add_revenue(struct composer *c, struct total all, struct str excluded)
{
	unsigned f = (unsigned)c->schema->state_field;
	struct str further = options_load(c->txn, c->dbs->meta, c->schema, f), names = excluded;
	bool out[256];

	revenue_codes(c->schema, further, excluded, out);
	for (unsigned code = 0; code < OPTION_OTHER; code++) {
		struct total t = { 0 };

		if (!out[code])
			continue;
		t = get_total(c, TOTAL_OPTION, f, code);
		take_out(&all, &t);
	}
	buf_add_cstr(c->out, ",\"revenue\":{");
	add_figures(c, all);
	buf_add_cstr(c->out, ",\"excludes\":[");
	for (struct str one = revenue_next(&names); one.len > 0; one = revenue_next(&names)) {
		json_next(c->out);
		json_add_string(c->out, one);
	}
	buf_add_cstr(c->out, "]}");
}

static void
add_option(struct composer *c, unsigned f, struct str name, struct total t)
{
	json_next(c->out);
	buf_add_char(c->out, '{');
	json_member_string_or_null(c->out, c->schema->fields[f].name, name);
	add_figures(c, t);
	buf_add_char(c->out, '}');
}

/* Add the options that can be set, in their order, even those that no order has; ${listed}: their codes. */
static void
add_offered(struct composer *c, unsigned f, struct str further, bool listed[static 256])
{
	const struct field *field = &c->schema->fields[f];
	bool full = options_count(field, further) >= OPTION_OTHER - 1;
	struct options_offer offer;
	struct str name;

	options_offer_load(c->txn, c->dbs->meta, c->schema, f, &offer);
	/* further names are not known to be on offer: they are listed only while orders have them */
	if (!offer.known)
		offer.names.len = 0;
	while ((name = options_offer_next(&offer)).ptr != NULL) {
		unsigned code = options_code(field, further, name);
		struct total none = { 0 };

		/* no order has an option without a code, unless it may be any of "(other)" */
		if (code == OPTION_NONE ? !full : !listed[code])
			add_option(c, f, name, code == OPTION_NONE ? none :
			    get_total(c, TOTAL_OPTION, f, code));
		listed[code] = code != OPTION_NONE;
	}
}

static void
add_group(struct composer *c, unsigned f, struct str further)
{
	const struct field *field = &c->schema->fields[f];
	unsigned n = options_count(field, further);
	bool listed[256] = { false };
	struct buf *b = c->out;

	buf_printf(b, ",\"by%c%s\":[", toupper((unsigned char)field->name[0]), field->name + 1);
	add_offered(c, f, further, listed);
	for (unsigned i = 1; i <= n + 2; i++) {
		/* then the other options that orders have, "(other)", and empty */
		unsigned code = i <= n ? i : i == n + 1 ? OPTION_OTHER : OPTION_NONE;
		struct total t = { 0 };

		if (listed[code])
			continue;
		t = get_total(c, TOTAL_OPTION, f, code);
		if (t.count != 0)
			add_option(c, f, code == OPTION_OTHER ? STR(OPTION_OTHER_NAME) :
			    options_name(field, further, code), t);
	}
	buf_add_char(b, ']');
}

/* Add the selects in which several options can be set at a time. */
static void
add_several(struct composer *c, uint32_t fields)
{
	if (fields == 0)
		return;
	buf_add_cstr(c->out, ",\"several\":[");
	for (unsigned f = 0; f < c->schema->field_count; f++) {
		if (!(fields >> f & 1))
			continue;
		json_next(c->out);
		json_add_string(c->out, str_of(c->schema->fields[f].name));
	}
	buf_add_char(c->out, ']');
}

/* Add the options that can be set, for the selects for which Airtable offers a list. */
static void
add_offers(struct composer *c)
{
	uint32_t several = 0;
	bool any = false;

	for (unsigned f = 0; f < c->schema->field_count; f++) {
		struct options_offer offer;
		struct str name;

		if (kind_storage(c->schema->fields[f].kind) != STORED_CODE)
			continue;
		options_offer_load(c->txn, c->dbs->meta, c->schema, f, &offer);
		if (!offer.known)
			continue;
		buf_add_cstr(c->out, any ? "," : ",\"offered\":{");
		any = true;
		several |= (uint32_t)offer.several << f;
		buf_printf(c->out, "\"%s\":[", c->schema->fields[f].name);
		while ((name = options_offer_next(&offer)).ptr != NULL) {
			json_next(c->out);
			json_add_string(c->out, name);
		}
		buf_add_char(c->out, ']');
	}
	if (any)
		buf_add_char(c->out, '}');
	add_several(c, several);
}

static void
add_days(struct composer *c, int32_t today, bool revenue)
{
	if (c->schema->day_field == SCHEMA_NO_FIELD)
		return;
	buf_add_cstr(c->out, ",\"daily\":[");
	for (int32_t day = today - SUMMARY_DAYS + 1; day <= today; day++) {
		struct total all = get_total(c, TOTAL_DAY, (unsigned)c->schema->day_field, total_day(day));
		struct total out = get_total(c, TOTAL_DAY_OUT, (unsigned)c->schema->day_field,
		    total_day(day));
		int y, m, d;

		instant_civil_from_day(day, &y, &m, &d);
		json_next(c->out);
		buf_printf(c->out, "{\"date\":\"%04d-%02d-%02d\"", y, m, d);
		add_figures(c, all);
		if (revenue) {
			take_out(&all, &out);
			buf_add_cstr(c->out, ",\"revenue\":{");
			add_figures(c, all);
			buf_add_char(c->out, '}');
		}
		buf_add_char(c->out, '}');
	}
	buf_add_char(c->out, ']');
}

/* Add how amounts are shown; nothing if a build that knew no currencies wrote the store. */
static void
add_currency(struct composer *c)
{
	struct currency currency;
	struct str symbol;

	if (c->schema->sum_field == SCHEMA_NO_FIELD ||
	    !currency_load(c->txn, c->dbs->meta, &currency))
		return;
	symbol = str_of(currency.symbol);
	if (symbol.len == 0)
		symbol.ptr = NULL;
	buf_add_cstr(c->out, ",\"currency\":{");
	json_member_string_or_null(c->out, "symbol", symbol);
	json_member_int(c->out, "precision", currency.precision);
	buf_add_char(c->out, '}');
}

static void
add_json(struct composer *c, const struct store_head *head, int32_t today)
{
	struct buf *b = c->out;
	struct total all = get_total(c, TOTAL_ALL, 0, 0);
	const struct table_head *table = &head->table[c->schema->number];
	struct str excluded = { NULL, 0 }, zone;

	if (c->schema->state_field != SCHEMA_NO_FIELD)
		excluded = revenue_excluded(c->txn, c->dbs->meta);
	if (!meta_get(c->txn, c->dbs->meta, META_ZONE, &zone))
		zone = STR("UTC");
	buf_add_char(b, '{');
	json_member_uint(b, "generation", head->generation);
	json_member_instant(b, "syncedAt", table->synced_ms);
	json_member_string(b, "timeZone", zone);
	add_currency(c);
	buf_add_cstr(b, ",\"total\":{");
	add_figures(c, all);
	buf_add_char(b, '}');
	if (excluded.ptr != NULL)
		add_revenue(c, all, excluded);
	json_member_uint(b, "pending", table->pending);
	for (unsigned f = 0; f < c->schema->field_count; f++)
		if (c->schema->fields[f].flags & FIELD_GROUP)
			add_group(c, f, options_load(c->txn, c->dbs->meta, c->schema, f));
	add_offers(c);
	add_days(c, today, excluded.ptr != NULL);
	buf_add_char(b, '}');
}

/* Compress the bytes of ${b} from ${at} on and add the result to its end. */
static enum err
add_gzip(struct buf *b, size_t at)
{
	z_stream z = { 0 };
	size_t json_len = b->len - at, room;
	enum err e = ERR_NOMEM;
	char *out;

	if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, 8,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		return ERR_NOMEM;
	room = deflateBound(&z, (uLong)json_len);
	if ((out = buf_reserve(b, room)) != NULL) {
		z.next_in = (Bytef *)b->data + at;
		z.avail_in = (uInt)json_len;
		z.next_out = (Bytef *)out;
		z.avail_out = (uInt)room;
		e = deflate(&z, Z_FINISH) == Z_STREAM_END ? ERR_OK : ERR_INTERNAL;
		buf_commit(b, room - z.avail_out);
	}
	(void)deflateEnd(&z);
	return e;
}

enum err
summary_compose(struct buf *b, struct db_txn *txn, const struct store_dbs *dbs,
    const struct schema *schema, const struct store_head *head, int64_t now_ms)
{
	struct composer c = { .txn = txn, .dbs = dbs, .schema = schema, .out = b };
	struct body_head h = {
		.synced_ms = head->table[schema->number].synced_ms, .generation = head->generation
	};
	size_t start = b->len;
	enum err e;

	h.day = zone_day(now_ms);
	h.from_ms = zone_day_start(h.day);
	h.until_ms = zone_day_start(h.day + 1);
	buf_add(b, &h, sizeof(h));
	add_json(&c, head, h.day);
	if ((e = txn->fault.error != ERR_OK ? txn->fault.error : c.error) != ERR_OK)
		return db_tell(txn, "totals", e);
	if ((e = buf_status(b)) != ERR_OK)
		return e;
	h.json_len = (uint32_t)(b->len - start - sizeof(h));
	memcpy(b->data + start, &h, sizeof(h));
	return add_gzip(b, start + sizeof(h));
}

/* Does it decompress to ${json}?  Compressed bytes may differ between versions of zlib. */
static bool
gzip_holds(struct str gzip, struct str json)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)gzip.ptr, .avail_in = (uInt)gzip.len };
	struct buf b = { 0 };
	char *out = buf_reserve(&b, json.len + 1);
	bool good = false;

	if (out != NULL && inflateInit2(&z, GZIP_WINDOW_BITS) == Z_OK) {
		z.next_out = (Bytef *)out;
		z.avail_out = (uInt)json.len + 1;
		good = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0 &&
		    z.total_out == json.len && memcmp(out, json.ptr, json.len) == 0;
		(void)inflateEnd(&z);
	}
	buf_free(&b);
	return good;
}

enum err
summary_check(struct db_txn *txn, const struct store_dbs *dbs, const struct schema *schema,
    const struct store_head *head)
{
	uint64_t k = total_key(TOTAL_BODY, 0, 0);
	struct store_head then = *head;
	struct str json, data;
	struct buf b = { 0 };
	struct body_head h;
	enum err e;

	if (!db_get(txn, store_table(dbs, schema)->totals, key_u64(&k), &data) || data.len < sizeof(h))
		return ERR_STORE_CORRUPT;
	memcpy(&h, data.ptr, sizeof(h));
	then.generation = h.generation;
	if (h.json_len > data.len - sizeof(h) || h.generation > head->generation || h.from_ms < INSTANT_MIN || h.from_ms > INSTANT_MAX)
		return ERR_STORE_CORRUPT;
	json = (struct str){ data.ptr + sizeof(h), h.json_len };
	if ((e = summary_compose(&b, txn, dbs, schema, &then, h.from_ms)) == ERR_OK &&
	    (b.len < sizeof(h) + h.json_len ||
	    memcmp(b.data, data.ptr, sizeof(h) + h.json_len) != 0 ||
	    !gzip_holds((struct str){ json.ptr + json.len, data.len - sizeof(h) - json.len }, json)))
		e = ERR_STORE_CORRUPT;
	buf_free(&b);
	return e;
}

struct summary_cache {
	struct buf	stored;
	uint64_t	generation;	/* for which stored was composed */
};

struct summary_cache *
summary_cache_new(void)
{
	return calloc(1, sizeof(struct summary_cache));
}

void
summary_cache_free(struct summary_cache *c)
{
	if (c == NULL)
		return;
	buf_free(&c->stored);
	free(c);
}

static bool
read_body(struct str stored, int64_t now_ms, struct summary_body *body)
{
	struct body_head h;

	if (stored.len < sizeof(h))
		return false;
	memcpy(&h, stored.ptr, sizeof(h));
	if (h.json_len > stored.len - sizeof(h))
		return false;
	*body = (struct summary_body){
		.json = { stored.ptr + sizeof(h), h.json_len },
		.gzip = { stored.ptr + sizeof(h) + h.json_len,
		    stored.len - sizeof(h) - h.json_len },
		.day = h.day, .from_ms = h.from_ms, .until_ms = h.until_ms, .synced_ms = h.synced_ms
	};
	/* gzip ends with the checksum and the length (RFC 1952) */
	if (body->gzip.len >= GZIP_TRAILER)
		memcpy(&body->checksum, body->gzip.ptr + body->gzip.len - GZIP_TRAILER,
		    sizeof(body->checksum));
	return now_ms >= h.from_ms && now_ms < h.until_ms;
}

enum err
summary_get(struct summary_cache *c, struct store *st, const struct schema *schema, int64_t now_ms,
    struct summary_body *body)
{
	const struct store_dbs *dbs = store_databases(st);
	uint64_t k = total_key(TOTAL_BODY, 0, 0);
	struct db_txn *txn = store_txn(st);
	struct store_head head;
	struct str zone, stored;
	enum err e;

	if (!db_get(txn, store_table(dbs, schema)->totals, key_u64(&k), &stored))
		return db_tell(txn, "summary", db_absent(txn));
	if (read_body(stored, now_ms, body))
		return ERR_OK;
	/* a new day has begun since */
	if (c->generation == store_generation(st) &&
	    read_body(buf_str(&c->stored), now_ms, body) &&
	    body->synced_ms == store_synced_ms(st, schema))
		return ERR_OK;
	if ((e = meta_head(txn, dbs->meta, &head)) != ERR_OK)
		return db_tell(txn, "head", e);
	if (meta_get(txn, dbs->meta, META_ZONE, &zone))
		(void)zone_use(zone);	/* UTC when this machine lacks it */
	buf_clear(&c->stored);
	if ((e = summary_compose(&c->stored, txn, dbs, schema, &head, now_ms)) != ERR_OK)
		return e;
	c->generation = head.generation;
	return read_body(buf_str(&c->stored), now_ms, body) ? ERR_OK : ERR_INTERNAL;
}

#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/keys.h"
#include "common/store/options.h"
#include "common/tables/kind.h"
#include "syncd/feed/parts.h"

#define OPTIONS_MS	600000	/* at least between two looks at the options, */
#define OPTION_SEEN_MS	10000	/* the same if an order has an option that was not offered, */
#define OPTIONS_POLLS	100	/* and no less than so many polls take, so that looks are rare where calls are scarce */

/*
 * What the base's schema and payloads say about our fields, and what follows from
 * it.  A field that was changed (another formula, another type) may have other cells
 * in all records, and no payload names these.  A field that was missing and is back
 * has values that the store has never seen.  Both are gaps.
 */

static void
add_names(const struct feed *f, uint32_t fields, struct buf *b)
{
	for (size_t i = 0; i < f->schema->field_count; i++)
		if (fields >> i & 1)
			buf_printf(b, "%s%s", b->len == 0 ? "" : ", ", f->schema->fields[i].name);
}

static void
gap_of(struct feed *f, uint32_t fields, const char *what)
{
	struct buf names = { 0 };

	if (fields == 0)
		return;
	add_names(f, fields, &names);
	feed_gap(f, "%s in Airtable: %s", what, buf_cstr(&names));
	buf_free(&names);
}

static uint32_t
selects(const struct schema *s)
{
	uint32_t fields = 0;

	for (size_t i = 0; i < s->field_count; i++)
		if (kind_storage(s->fields[i].kind) == STORED_CODE)
			fields |= UINT32_C(1) << i;
	return fields;
}

void
feed_fields_payloads(struct feed *f)
{
	const struct payload_page *p = &f->page;
	const struct webhook_table *t = &f->table;
	uint32_t changed = p->changed | p->renamed;

	if (!t->fields_known)
		return;
	/*
	 * changes of a select's options are not gaps by themselves: the schema shows which
	 * options changed
	 */
	changed = p->retyped | (changed & t->computed) | (p->changed & ~selects(f->schema));
	gap_of(f, changed, "fields were changed");
	f->fields_told |= changed;
	if (p->foreign && t->derived != 0 && !f->kept.gap)
		gap_of(f, t->derived, "a field changed that other fields may be computed from");
}

/* Fields whose definition changed since ${before} was read, or since an earlier process read it. */
static uint32_t
reshaped(const struct feed *f, const struct webhook_table *before)
{
	const struct webhook_table *t = &f->table;
	uint32_t fields = 0;

	for (size_t i = 0; i < f->schema->field_count; i++) {
		uint32_t bit = UINT32_C(1) << i;
		bool same = f->kept.shapes[i] == 0 || f->kept.shapes[i] == t->shapes[i];

		if ((t->keys.missing | before->keys.missing) & bit || same)
			continue;
		if (!before->fields_known || strcmp(before->forms.field[i].type,
		    t->forms.field[i].type) != 0 ||
		    t->computed & bit)
			fields |= bit;
	}
	return fields;
}

/* Our fields that stand for other fields in Airtable than before. */
static uint32_t
mapped_anew(const struct feed *f)
{
	const struct webhook_table *t = &f->table;
	uint32_t fields = 0;

	for (size_t i = 0; i < f->schema->field_count; i++)
		if (f->kept.fields[i][0] != '\0' && t->keys.answer[i][0] != '\0' &&
		    strcmp(f->kept.fields[i], t->keys.answer[i]) != 0)
			fields |= UINT32_C(1) << i;
	return fields;
}

/* Only write.create needs the key's field. */
static void
tell_create_key(struct feed *f)
{
	if (f->config->write.create)
		airtable_set_create_key(f->airtable, f->schema, f->table.create_key,
		    f->table.create_key_type);
	else
		airtable_set_create_key(f->airtable, f->schema, AIRTABLE_KEY_NOT_KNOWN, "");
}

void
feed_fields_told(struct feed *f, const struct webhook_table *before)
{
	uint32_t others = mapped_anew(f);

	gap_of(f, others, "other fields are mapped");
	gap_of(f, reshaped(f, before) & ~others & ~f->fields_told, "fields were changed");
	tell_create_key(f);
	f->fields_told = 0;
	f->option_seen = false;
	if (before->fields_known && !webhook_table_keeps_options(before, &f->table))
		feed_gap(f, "options of a select were renamed or removed");
	f->looked_ms = instant_monotonic();
}

/* Does the schema say about amounts what the store does not have yet? */
static bool
money_is_news(struct feed *f)
{
	struct buf told = { 0 };

	if (f->table.money_known)
		currency_add(&f->table.money, &told);
	if (told.len == 0 || buf_status(&told) != ERR_OK ||
	    str_eq(buf_str(&told), buf_str(&f->money))) {
		buf_free(&told);
	} else {
		buf_free(&f->money);
		f->money = told;
		f->money_kept = false;
	}
	return f->money.len > 0 && !f->money_kept;
}

void
feed_fields_check(struct feed *f)
{
	uint32_t missing = airtable_missing(f->airtable, f->schema), before = f->kept.missing;
	enum err e;

	if (!money_is_news(f) && missing == before)
		return;
	f->kept.missing = missing;
	gap_of(f, before & ~missing, "fields are there again");
	if ((e = feed_commit(f, NULL, 0, true)) != ERR_OK)
		log_error("feed: %s; the list of fields will be stored later", err_text(e));
}

/* Payloads do not tell every change of a select's options, and polls by time tell none. */
bool
feed_fields_due(struct feed *f)
{
	int64_t age = instant_monotonic() - f->looked_ms;

	if (f->kept.missing != 0 || airtable_create_key(f->airtable, f->schema) > AIRTABLE_KEY_FIT)
		return age >= AIRTABLE_FIELDS_MS;
	if ((f->option_seen || airtable_doubts_forms(f->airtable, f->schema)) && age >= OPTION_SEEN_MS &&
	    age >= 2 * feed_pause(f))
		return true;
	return f->table.fields_known && age >= OPTIONS_MS && age >= OPTIONS_POLLS * feed_pause(f);
}

static bool
takes_several(const struct webhook_table *t, size_t field)
{
	return t->forms.field[field].form == FORM_SEVERAL;
}

static bool
offers(const struct feed *f, size_t field, const struct value *v)
{
	const struct webhook_table *t = &f->table;
	struct options_offer offer = {
		.field = &f->schema->fields[field], .known = true,
		.several = takes_several(t, field), .names = buf_str(&t->offered[field])
	};
	struct options_several names;

	return !v->present || (t->offers >> field & 1) == 0 ||
	    options_offer_read(offer, v->text, &names) != OPTIONS_NONSENSE;
}

void
feed_fields_seen(struct feed *f, const struct change *c)
{
	if (f->option_seen || c->kind == CHANGE_GONE || f->table.offers == 0)
		return;
	for (size_t i = 0; i < f->schema->field_count; i++)
		if (c->record.known >> i & 1 && !offers(f, i, &c->record.values[i]))
			f->option_seen = true;
}

void
feed_fields_offer(struct feed *f)
{
	struct offer_step steps[SCHEMA_FIELDS_MAX];
	struct apply_meta meta = { .offers = steps };
	static const struct change none;
	struct apply_result result;
	enum err e;

	for (unsigned i = 0; i < f->schema->field_count; i++)
		if (kind_storage(f->schema->fields[i].kind) == STORED_CODE)
			steps[meta.offer_count++] = (struct offer_step){
			    .table = f->schema, .field = i,
			    .known = f->table.offers >> i & 1, .several = takes_several(&f->table, i),
			    .names = buf_str(&f->table.offered[i]) };
	if ((e = apply_changes(f->apply, &none, 0, SOURCE_FEED, &meta, instant_now(),
	    &result)) != ERR_OK)
		log_error("feed: %s; the options that can be set will be stored later",
		    err_text(e));
}

/* Writes promised before a restart are sent before the schema has been read again. */
void
feed_fields_load(struct feed *f)
{
	struct airtable_forms forms = { .field[0].form = FORM_NOT_KNOWN };
	struct store *st = apply_store(f->apply);
	struct options_offer offer;

	if (f->config->sync.feed == FEED_OFF || store_begin(st) != ERR_OK)
		return;
	for (unsigned i = 0; i < f->schema->field_count; i++) {
		if (kind_storage(f->schema->fields[i].kind) != STORED_CODE)
			continue;
		options_offer_load(store_txn(st), store_databases(st)->meta, f->schema, i, &offer);
		if (offer.several)
			(void)airtable_forms_set(&forms, i, "multipleSelects", offer.names);
	}
	store_end(st);
	airtable_use_forms(f->airtable, f->schema, &forms);
	airtable_forms_clear(&forms);
}

void
feed_fields_offer_none(struct feed *f)
{
	f->table.offers = 0;
	feed_fields_offer(f);
}

uint32_t
feed_fields_derived(const struct feed *f)
{
	if (!f->table.fields_known)
		return schema_all(f->schema) & ~airtable_missing(f->airtable, f->schema);
	return f->table.derived & airtable_keys_asked(&f->table.keys);
}

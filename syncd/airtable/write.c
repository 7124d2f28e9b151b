#include "common/base/log.h"
#include "syncd/airtable/calls.h"
#include "syncd/airtable/request.h"

void
airtable_use_forms(struct airtable *a, const struct schema *schema,
    const struct airtable_forms *forms)
{
	struct airtable_table *t = airtable_table_of(a, schema);
	bool known = true;

	for (size_t f = 0; f < schema->field_count; f++)
		known &= airtable_forms_set(&t->forms, f, forms->field[f].type,
		    buf_str(&forms->field[f].names));
	if (!known)
		log_error("airtable: the fields' types can't be kept: %s", err_text(ERR_NOMEM));
	t->doubted = false;
}

bool
airtable_doubts_forms(const struct airtable *a, const struct schema *schema)
{
	return airtable_table_of(a, schema)->doubted;
}

struct airtable_call *
airtable_write(struct airtable *a, const struct schema *schema, airtable_compose *compose,
    airtable_cb *refused, void *cookie)
{
	struct airtable_table *t = airtable_table_of(a, schema);
	struct airtable_call *c;

	if ((c = airtable_call_new(a, t, CALL_UPDATE, AIRTABLE_WRITE, 0, refused, cookie)) == NULL)
		return NULL;
	c->compose = compose;
	airtable_add_table_path(&c->path, a->config, airtable_table_called(t));
	if (!airtable_call_complete(c)) {
		airtable_call_free(c);
		return NULL;
	}
	airtable_enqueue(c);
	return c;
}

/* What is wrong with the values to be written, for people; "": nothing. */
static void
check_values(const struct airtable_table *t, const struct airtable_write *w, char *why, size_t size)
{
	why[0] = '\0';
	for (size_t i = 0; i < w->count && i < AIRTABLE_WRITE_MAX && w->change != AIRTABLE_DELETE; i++)
		if (!airtable_forms_fit(&t->forms, t->owner->config, t->schema, w->records[i], why, size))
			return;
}

/* Add path, query and body.  false: an id or a value can't be a record's. */
static bool
add_content(struct airtable_call *c, const struct airtable_write *w)
{
	const struct airtable_table *t = c->table;
	const struct config *config = t->owner->config;

	/* the URL may also have changed since the call was queued */
	buf_clear(&c->path);
	buf_clear(&c->url);
	airtable_add_table_path(&c->path, config, airtable_table_called(t));
	buf_add_cstr(&c->url, config->airtable.api_url);
	buf_add_str(&c->url, buf_str(&c->path));
	if (w->count == 0 || w->count > AIRTABLE_WRITE_MAX)
		return false;
	if (c->kind == CALL_CREATE) {
		c->id_count = w->count;
		airtable_add_upsert(&c->json, t->schema, &c->keys, &t->forms,
		    airtable_create_field(config, t->schema), w->records, w->keys, w->count);
	} else {
		for (size_t i = 0; i < w->count; i++)
			if (!airtable_call_expect(c, w->records[i]->id))
				return false;
		if (c->kind == CALL_UPDATE)
			airtable_add_patch(&c->json, t->schema, &c->keys, &t->forms, w->records,
			    w->count);
		else
			airtable_add_delete_query(&c->url, w->records, w->count);
	}
	return buf_status(&c->json) != ERR_INVALID_PARAMETER;	/* an instant out of range */
}

bool
airtable_call_compose(struct airtable_call *c)
{
	static const enum call_kind kinds[] = {
		[AIRTABLE_UPDATE] = CALL_UPDATE, [AIRTABLE_CREATE] = CALL_CREATE,
		[AIRTABLE_DELETE] = CALL_DELETE
	};
	struct airtable_write w = { .count = 0 };
	airtable_compose *compose = c->compose;
	char why[sizeof(c->result.message)];
	bool sensible;

	c->compose = NULL;
	if (!compose(c->cookie, &w)) {
		airtable_withdraw(c);
		airtable_call_free(c);
		return false;
	}
	c->kind = kinds[w.change];
	c->callback = w.callback;
	c->cookie = w.cookie;
	c->timeout_ms = w.timeout_ms;
	if (!(sensible = add_content(c, &w)))
		buf_clear(&c->json);
	check_values(c->table, &w, why, sizeof(why));
	if (why[0] != '\0')
		airtable_fail(c, ERR_AIRTABLE_REJECTED, 0, why);
	else if (!sensible)
		airtable_fail(c, ERR_AIRTABLE_REJECTED, 0, "the values do not make a valid record");
	else if (!airtable_call_complete(c))
		airtable_fail(c, ERR_NOMEM, 0, NULL);
	else
		return true;
	return false;
}

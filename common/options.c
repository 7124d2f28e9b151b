#include <stdio.h>

#include "common/options.h"
#include "common/store_keys.h"

int
options_load(MDB_txn *txn, MDB_dbi meta, unsigned field, struct str *further)
{
	char name[32];
	int rc;

	(void)snprintf(name, sizeof(name), META_OPTIONS "%u", field);
	rc = meta_get(txn, meta, name, further);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
options_offer_load(MDB_txn *txn, MDB_dbi meta, const struct schema *schema, unsigned field,
    struct options_offer *offer)
{
	char name[32];
	int rc;

	*offer = (struct options_offer){ .field = &schema->fields[field] };
	(void)snprintf(name, sizeof(name), META_OFFERED "%u", field);
	rc = meta_get(txn, meta, name, &offer->names);
	if (rc == MDB_NOTFOUND)
		return options_load(txn, meta, field, &offer->names);
	offer->known = rc == 0;
	return rc;
}

/* Take the next name off the front of ${rest}. */
static struct str
next_name(struct str *rest)
{
	size_t n = strnlen(rest->ptr, rest->len);
	struct str name = { rest->ptr, n };

	n += n < rest->len ? 1 : 0;
	rest->ptr += n;
	rest->len -= n;
	return name;
}

unsigned
options_code(const struct field *f, struct str further, struct str name)
{
	unsigned code = 1;

	for (size_t i = 0; i < f->option_count; i++, code++)
		if (str_is(name, f->options[i]))
			return code;
	for (; further.len > 0; code++)
		if (str_eq(next_name(&further), name))
			return code;
	return OPTION_NONE;
}

struct str
options_name(const struct field *f, struct str further, unsigned code)
{
	struct str name = { NULL, 0 };

	if (code == OPTION_NONE)
		return name;
	if (code <= f->option_count)
		return str_of(f->options[code - 1]);
	for (unsigned c = (unsigned)f->option_count + 1; further.len > 0; c++) {
		name = next_name(&further);
		if (c == code)
			return name;
	}
	return (struct str){ NULL, 0 };
}

unsigned
options_count(const struct field *f, struct str further)
{
	unsigned n = (unsigned)f->option_count;

	while (further.len > 0) {
		(void)next_name(&further);
		n++;
	}
	return n;
}

struct str
options_offer_next(struct options_offer *o)
{
	if (!o->known && o->own < o->field->option_count)
		return str_of(o->field->options[o->own++]);
	return o->names.len > 0 ? next_name(&o->names) : (struct str){ NULL, 0 };
}

bool
options_offer_has(struct options_offer offer, struct str name)
{
	struct str one;

	while ((one = options_offer_next(&offer)).ptr != NULL)
		if (str_eq(one, name))
			return true;
	return false;
}

#include <stdio.h>

#include "common/store/keys.h"
#include "common/store/options.h"

struct str
options_load(struct db_txn *txn, db_id meta, const struct schema *schema, unsigned field)
{
	struct str further;
	char name[META_NAME_SIZE];

	meta_field_name(name, META_OPTIONS, schema, field);
	(void)meta_get(txn, meta, name, &further);
	return further;
}

void
options_offer_load(struct db_txn *txn, db_id meta, const struct schema *schema, unsigned field,
    struct options_offer *offer)
{
	struct str several;
	char name[META_NAME_SIZE];

	*offer = (struct options_offer){ .field = &schema->fields[field] };
	meta_field_name(name, META_OFFERED, schema, field);
	if (!(offer->known = meta_get(txn, meta, name, &offer->names))) {
		offer->names = options_load(txn, meta, schema, field);
		return;
	}
	meta_field_name(name, META_SEVERAL, schema, field);
	offer->several = meta_get(txn, meta, name, &several);
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

void
options_offer_tell(struct options_offer offer, char text[static OPTIONS_TOLD_SIZE])
{
	static const char more[] = "..., ";
	struct str name;
	size_t at = 0;

	text[0] = '\0';
	while ((name = options_offer_next(&offer)).ptr != NULL) {
		if (at + name.len + strlen(", ") + sizeof(more) > OPTIONS_TOLD_SIZE) {
			(void)strcpy(text + at, more);
			return;
		}
		at += (size_t)snprintf(text + at, OPTIONS_TOLD_SIZE - at, "%.*s, ", STR_FMT(name));
	}
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

/*
 * Where the names of the value begin and end: a name leads from place from[i] to
 * its end at i.  ways[i]: in how many ways the value can be read up to i (2: two
 * or more).
 */
struct reading {
	struct str	value;
	uint16_t	from[OPTIONS_VALUE_MAX + 1];
	uint8_t		ways[OPTIONS_VALUE_MAX + 1];
};

/* Note every name that begins at ${at} and is followed by ", " or by the value's end. */
static void
read_from(struct reading *r, size_t at, struct options_offer offer)
{
	bool several = offer.several;
	struct str name;

	while ((name = options_offer_next(&offer)).ptr != NULL) {
		struct str rest = { r->value.ptr + at, r->value.len - at };
		size_t end = at + name.len;

		if (name.len == 0 || name.len > rest.len || memcmp(rest.ptr, name.ptr, name.len) != 0)
			continue;
		if (r->ways[end] > 0 && r->from[end] == at)
			continue;	/* the same name again */
		if (end != r->value.len && (!several || r->value.len - end <= 2 ||
		    memcmp(r->value.ptr + end, ", ", 2) != 0))
			continue;
		r->from[end] = (uint16_t)at;
		r->ways[end] = r->ways[end] + r->ways[at - (at > 0 ? 2 : 0)] > 1 ? 2 : 1;
	}
}

/* The names, first to last. */
static enum options_sense
collect(const struct reading *r, struct options_several *names)
{
	size_t at = r->value.len, n = 0;

	for (;; n++) {
		size_t from = r->from[at];

		names->names[n] = (struct str){ r->value.ptr + from, at - from };
		if (from == 0)
			break;
		at = from - 2;
	}
	names->count = n + 1;
	for (size_t i = 0; i < names->count / 2; i++) {
		struct str other = names->names[n - i];

		names->names[n - i] = names->names[i];
		names->names[i] = other;
	}
	for (size_t i = 0; i < names->count; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(names->names[i], names->names[k]))
				return OPTIONS_TWICE;
	return OPTIONS_SENSE;
}

enum options_sense
options_offer_read(struct options_offer offer, struct str value, struct options_several *names)
{
	struct reading r = { .value = value };

	if (value.len == 0 || value.len > OPTIONS_VALUE_MAX)
		return OPTIONS_NONSENSE;
	r.ways[0] = 1;	/* the beginning; no name is empty, so none ends there */
	read_from(&r, 0, offer);
	for (size_t end = 1; end + 2 < value.len; end++)
		if (r.ways[end] > 0)
			read_from(&r, end + 2, offer);
	if (r.ways[value.len] == 0)
		return OPTIONS_NONSENSE;
	return r.ways[value.len] > 1 ? OPTIONS_AMBIGUOUS : collect(&r, names);
}

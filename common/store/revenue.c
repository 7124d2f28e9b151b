#include <string.h>

#include "common/store/keys.h"
#include "common/store/options.h"
#include "common/store/revenue.h"

static const char *
skip_spaces(const char *p)
{
	return p + strspn(p, " \t");
}

/* Take a name off the front, and what stands behind it up to the comma. */
static bool
take_name(const char **p, struct str *name)
{
	const char *end;

	if (**p == '"') {
		if ((end = strchr(*p + 1, '"')) == NULL)
			return false;
		*name = (struct str){ *p + 1, (size_t)(end - *p) - 1 };
		*p = skip_spaces(end + 1);
	} else {
		*name = (struct str){ *p, strcspn(*p, ",\"") };
		*p += name->len;
		while (name->len > 0 && strchr(" \t", name->ptr[name->len - 1]) != NULL)
			name->len--;
	}
	return name->len > 0 && (**p == ',' || **p == '\0');
}

bool
revenue_parse(const char *setting, struct buf *names)
{
	const char *p = skip_spaces(setting);
	struct str name;

	while (*p != '\0') {
		if (!take_name(&p, &name))
			return false;
		if (names != NULL && !revenue_excludes(buf_str(names), name)) {
			buf_add_str(names, name);
			buf_add_char(names, '\0');
		}
		if (*p == ',' && *(p = skip_spaces(p + 1)) == '\0')
			return false;
	}
	return true;
}

struct str
revenue_excluded(struct db_txn *txn, db_id meta)
{
	struct str names;

	(void)meta_get(txn, meta, META_EXCLUDED, &names);
	return names;
}

struct str
revenue_next(struct str *names)
{
	const char *end = names->len == 0 ? NULL : memchr(names->ptr, '\0', names->len);
	struct str one = { names->ptr, end == NULL ? 0 : (size_t)(end - names->ptr) };

	if (end == NULL) {
		names->len = 0;
	} else {
		names->ptr += one.len + 1;
		names->len -= one.len + 1;
	}
	return one;
}

bool
revenue_excludes(struct str names, struct str option)
{
	for (struct str one = revenue_next(&names); one.len > 0; one = revenue_next(&names))
		if (str_eq(one, option))
			return true;
	return false;
}

void
revenue_codes(const struct schema *s, struct str further, struct str names, bool out[static 256])
{
	const struct field *f = &s->fields[s->state_field];

	memset(out, 0, 256 * sizeof(*out));
	for (struct str one = revenue_next(&names); one.len > 0; one = revenue_next(&names)) {
		unsigned code = options_code(f, further, one);

		if (code != OPTION_NONE && code < OPTION_OTHER)
			out[code] = true;
	}
}

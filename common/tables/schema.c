#include "common/tables/schema.h"

int
schema_field(const struct schema *s, struct str name)
{
	for (size_t i = 0; i < s->field_count; i++)
		if (str_is(name, s->fields[i].name))
			return (int)i;
	return -1;
}

size_t
schema_key(const struct schema *s)
{
	for (size_t i = 0; i < s->field_count; i++)
		if (s->fields[i].flags & FIELD_KEY)
			return i;
	return SCHEMA_NO_FIELD;
}

#include "fcgi-api/http/query_string.h"

bool
percent_decode(struct str text, bool plus, char **scratch, struct str *out)
{
	char *to = *scratch;

	out->ptr = to;
	/* nearly always there is nothing to decode */
	if (text.len > 0 && memchr(text.ptr, '%', text.len) == NULL &&
	    (!plus || memchr(text.ptr, '+', text.len) == NULL)) {
		memcpy(to, text.ptr, text.len);
		out->len = text.len;
		*scratch += text.len;
		return true;
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '+' && plus) {
			c = ' ';
		} else if (c == '%') {
			int hi, lo;

			if (text.len - i < 3 || (hi = hex_digit(text.ptr[i + 1])) == -1 ||
			    (lo = hex_digit(text.ptr[i + 2])) == -1)
				return false;
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		*to++ = c;
	}
	out->len = (size_t)(to - *scratch);
	*scratch = to;
	return true;
}

/* One "name=value".  false: it is in errors. */
static bool
parse_pair(struct str pair, char **scratch, struct param *p, struct field_errors *errors)
{
	const char *eq = memchr(pair.ptr, '=', pair.len);
	struct str name = pair, value = { pair.ptr + pair.len, 0 };

	if (eq != NULL) {
		name.len = (size_t)(eq - pair.ptr);
		value = (struct str){ eq + 1, pair.len - name.len - 1 };
	}
	if (!percent_decode(name, true, scratch, &p->name)) {
		field_errors_add(errors, name, "malformed percent-encoding in the name");
		return false;
	}
	if (memchr(p->name.ptr, '\0', p->name.len) != NULL) {
		field_errors_add(errors, name, "the name must not contain a NUL");
		return false;
	}
	if (!percent_decode(value, true, scratch, &p->value)) {
		field_errors_add(errors, p->name, "malformed percent-encoding");
		return false;
	}
	if (p->value.len > 0 && memchr(p->value.ptr, '\0', p->value.len) != NULL) {
		field_errors_add(errors, p->name, "must not contain a NUL");
		return false;
	}
	return true;
}

enum err
query_string_parse(struct str query, char *scratch,
    struct param params[static QUERY_PARAMS_MAX], size_t *n, struct field_errors *errors)
{
	size_t before = errors->count;

	*n = 0;
	while (query.len > 0) {
		const char *amp = memchr(query.ptr, '&', query.len);
		struct str pair = query;

		if (amp != NULL)
			pair.len = (size_t)(amp - query.ptr);
		query.ptr += pair.len + (amp != NULL);
		query.len -= pair.len + (amp != NULL);
		if (pair.len == 0)
			continue;
		if (*n == QUERY_PARAMS_MAX) {
			field_errors_add(errors, STR("query"), "more than %d parameters",
			    QUERY_PARAMS_MAX);
			break;
		}
		if (parse_pair(pair, &scratch, &params[*n], errors))
			(*n)++;
	}
	return errors->count == before ? ERR_OK : ERR_INVALID_PARAMETER;
}

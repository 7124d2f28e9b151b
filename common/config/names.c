#include <ctype.h>
#include <string.h>

#include "common/config/table.h"

/* Names and ids of bases, tables and fields, and how copying them from the browser goes wrong. */

#define ID_LENGTH	17

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool
ends(const char *text, const char *with)
{
	size_t len = strlen(text), n = strlen(with);

	return len >= n && strcmp(text + len - n, with) == 0;
}

static bool
is_alphanumeric(const char *text)
{
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text))
			return false;
	return true;
}

static bool
is_id(const char *text, const char *prefix)
{
	return begins(text, prefix) && strlen(text) == ID_LENGTH && is_alphanumeric(text);
}

/* What is wrong with how it was copied, or NULL. */
static const char *
badly_copied(const char *text)
{
	static const char *const plain[] = { "\"", "'", "`" };
	static const char *const printed[] = { "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e",
	    "\xe2\x80\x98", "\xe2\x80\x99" };
	/* no-break space, zero width space, byte order mark */
	static const char *const unseen[] = { "\xc2\xa0", "\xe2\x80\x8b", "\xef\xbb\xbf" };
	bool quoted = false, before = false, behind = false;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		quoted |= begins(text, plain[i]) && ends(text, plain[i]);
	for (size_t i = 0; i < sizeof(printed) / sizeof(printed[0]); i++) {
		before |= begins(text, printed[i]);
		behind |= ends(text, printed[i]);
	}
	if (quoted || (before && behind))
		return "is in quotes: remove them, values are used as written";
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (begins(text, unseen[i]) || ends(text, unseen[i]))
			return "begins or ends with an invisible blank: type it again";
	return NULL;
}

const char *
check_base_id(char *text)
{
	const char *bad = badly_copied(text);

	if (bad != NULL || text[0] == '\0')
		return bad;
	if (!begins(text, "app") || text[3] == '\0' || !is_alphanumeric(text))
		return "is not the id of a base: app, then letters and digits, as in the base's "
		    "address";
	return NULL;
}

/* Nobody gives a table or a field a name that is the id of something else. */
static const char *
is_of_another_kind(const char *text, const char *wanted, const char *problem)
{
	static const char *const kinds[] = { "app", "tbl", "fld", "viw", "rec", "usr", "sel", "ach" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], wanted) != 0 && is_id(text, kinds[i]))
			return problem;
	return NULL;
}

const char *
check_table(char *text)
{
	const char *bad = badly_copied(text);

	if (bad != NULL)
		return bad;
	if (begins(text, "app") && strchr(text, '/') != NULL)
		return "is part of an address: the table's id is the part that begins with tbl";
	return is_of_another_kind(text, "tbl", "is an id, but not of a table (tbl...)");
}

const char *
check_field_or_none(char *text)
{
	const char *bad = badly_copied(text);

	return bad != NULL ? bad :
	    is_of_another_kind(text, "fld", "is an id, but not of a field (fld...)");
}

const char *
check_field(char *text)
{
	return text[0] == '\0' ? "must not be empty" : check_field_or_none(text);
}

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/api/uri.h"

/* In place; a "%" without two hex digits stands for itself. */
static struct str
decode(char *s, bool plus)
{
	struct str out = { s, 0 };
	char *to = s;

	for (; *s != '\0'; s++) {
		if (*s == '%' && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0) {
			*to++ = (char)(hex_digit(s[1]) << 4 | hex_digit(s[2]));
			s += 2;
		} else {
			*to++ = *s == '+' && plus ? ' ' : *s;
		}
	}
	*to = '\0';
	out.len = (size_t)(to - out.ptr);
	return out;
}

static void
split_path(struct sim_uri *u, char *path)
{
	char *next;

	for (; path != NULL; path = next) {
		if ((next = strchr(path, '/')) != NULL)
			*next++ = '\0';
		if (*path == '\0')
			continue;
		if (u->path_count >= SIM_SEGMENTS_MAX) {
			u->path_count = SIM_SEGMENTS_MAX + 1;
			return;
		}
		u->path[u->path_count++] = decode(path, false);
	}
}

static enum err
split_query(struct sim_uri *u, char *query)
{
	size_t n = 1;
	char *next, *value;

	for (const char *p = query; (p = strchr(p, '&')) != NULL; p++)
		n++;
	if ((u->params = calloc(n, sizeof(*u->params))) == NULL)
		return ERR_NOMEM;
	for (; query != NULL; query = next) {
		struct sim_param *param = &u->params[u->param_count];

		if ((next = strchr(query, '&')) != NULL)
			*next++ = '\0';
		if (*query == '\0')
			continue;
		if ((value = strchr(query, '=')) != NULL)
			*value++ = '\0';
		param->name = decode(query, true);
		param->value = value == NULL ? STR("") : decode(value, true);
		u->param_count++;
	}
	return ERR_OK;
}

enum err
sim_uri_parse(struct sim_uri *u, const char *target)
{
	char *query;

	*u = (struct sim_uri){ 0 };
	if ((u->memory = strdup(target)) == NULL)
		return ERR_NOMEM;
	if ((query = strchr(u->memory, '?')) != NULL)
		*query++ = '\0';
	split_path(u, u->memory);
	if (query != NULL && split_query(u, query) != ERR_OK) {
		sim_uri_free(u);
		return ERR_NOMEM;
	}
	return ERR_OK;
}

void
sim_uri_free(struct sim_uri *u)
{
	free(u->params);
	free(u->memory);
	*u = (struct sim_uri){ 0 };
}

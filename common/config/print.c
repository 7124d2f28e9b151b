#include <stdlib.h>
#include <string.h>

#include "common/config/origin.h"

static void
add_origin(struct buf *b, const struct setting *s, const struct origin *o, const char *file)
{
	char env[SETTING_ENV_MAX];

	switch (o->kind) {
	case ORIGIN_DEFAULT:
		buf_add_cstr(b, "default");
		break;
	case ORIGIN_FILE:
		buf_printf(b, "from file %s:%zu", file, o->line);
		break;
	case ORIGIN_NAMED_ENV:
		buf_printf(b, "from environment %s", s->env);
		break;
	case ORIGIN_ENV:
		setting_env_name(s, env);
		buf_printf(b, "from environment %s", env);
		break;
	case ORIGIN_OPTION:
		buf_add_cstr(b, "from option -o");
	}
}

/* "name = value" below its comment; ${origin} may be NULL. */
static void
add_setting(struct buf *b, const struct config *c, const struct setting *s,
    const struct origin *origin, const char *file)
{
	if (origin != NULL) {
		buf_add_cstr(b, "# ");
		add_origin(b, s, origin, file);
		buf_add_char(b, '\n');
	}
	buf_printf(b, "%s = ", strchr(s->name, '.') + 1);
	setting_format(s, c, b);
	buf_add_char(b, '\n');
}

static void
print(const struct config *c, const struct origin *origins, const char *file, struct buf *b)
{
	char section[SETTING_NAME_MAX] = "";
	struct setting s;
	size_t len;

	for (size_t i = 0; i < setting_count(); i++) {
		setting_at(i, &s);
		len = strcspn(s.name, ".");
		if (strlen(section) != len || memcmp(section, s.name, len) != 0) {
			memcpy(section, s.name, len);
			section[len] = '\0';
			buf_printf(b, "%s[%s]\n", i == 0 ? "" : "\n", section);
		}
		add_setting(b, c, &s, origins == NULL ? NULL : &origins[i], file);
	}
}

void
config_print(const struct config *c, struct buf *b)
{
	print(c, NULL, NULL, b);
}

static enum err
load(struct config *c, const struct config_source *source, struct origin **origins,
    struct buf *errors)
{
	enum err e;

	if ((*origins = calloc(setting_count(), sizeof(**origins))) == NULL) {
		buf_add_cstr(errors, "out of memory\n");
		return ERR_NOMEM;
	}
	if ((e = config_load_traced(c, source, *origins, errors)) != ERR_OK) {
		free(*origins);
		*origins = NULL;
	}
	return e;
}

enum err
config_explain(const struct config_source *source, struct buf *out, struct buf *errors)
{
	struct origin *origins;
	struct config c;
	enum err e;

	if ((e = load(&c, source, &origins, errors)) != ERR_OK)
		return e;
	print(&c, origins, source->file, out);
	free(origins);
	return ERR_OK;
}

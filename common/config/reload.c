#include <string.h>

#include "common/config/table.h"
#include "common/wire/frame.h"

/* How many bytes of struct config a setting takes. */
static size_t
size_of(const struct setting *s)
{
	switch (s->type) {
	case SETTING_TEXT:
		return s->size;
	case SETTING_BOOLEAN:
		return sizeof(bool);
	case SETTING_ENUM:
		return sizeof(unsigned);
	default:
		return sizeof(int64_t);
	}
}

static bool
differs(const struct setting *s, const struct config *config, const struct config *old)
{
	return memcmp((const char *)config + s->offset, (const char *)old + s->offset,
	    size_of(s)) != 0;
}

static void
add_name(struct buf *names, const struct setting *s)
{
	buf_printf(names, "%s%s", names->len == 0 ? "" : ", ", s->name);
}

void
config_keep(struct config *config, const struct config *old, enum config_program program,
    struct buf *names)
{
	struct setting s;

	for (size_t i = 0; i < setting_count(); i++) {
		setting_at(i, &s);
		if ((s.fixed & (unsigned)program) == 0 || !differs(&s, config, old))
			continue;
		add_name(names, &s);
		memcpy((char *)config + s.offset, (const char *)old + s.offset, size_of(&s));
	}
}

void
config_name_nginx(const struct config *config, const struct config *old, struct buf *names)
{
	struct setting s;

	for (size_t i = 0; i < setting_count(); i++) {
		setting_at(i, &s);
		if ((s.fixed & SETTING_NGINX) != 0 && differs(&s, config, old))
			add_name(names, &s);
	}
}

void
config_log(enum log_level level, const char *what, const struct buf *lines)
{
	struct str line;
	size_t at = 0;

	while (frame_next(lines, &at, &line)) {
		if (line.len > 9 && memcmp(line.ptr, "warning: ", 9) == 0)	/* the level says so */
			line = (struct str){ line.ptr + 9, line.len - 9 };
		if (level == LOG_ERROR)
			log_error("%s: %.*s", what, STR_FMT(line));
		else
			log_warn("%s: %.*s", what, STR_FMT(line));
	}
}

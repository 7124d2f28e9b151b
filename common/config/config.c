#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

#include "common/config/origin.h"

#define FILE_MAX	(1024 * 1024)
#define LINE_MAX_BYTES	4096
#define ENV_PREFIX	"ORDERS_"

struct loader {
	struct config	*config;
	struct origin	*origins;
	const char	*file;		/* as errors name it */
	struct buf	*errors;
	size_t		 faults;
	struct str	 section;	/* of the file, where reading is; ptr NULL: none yet */
	bool		 section_known;
};

/* One line of errors: "<where>: <what>". */
static void __attribute__((format(printf, 3, 4)))
fault(struct loader *l, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (l->faults++ >= CONFIG_FAULTS_MAX) {
		if (l->faults == CONFIG_FAULTS_MAX + 1)
			buf_add_cstr(l->errors, "more errors follow\n");
		return;
	}
	buf_printf(l->errors, "%s: ", where);
	va_start(ap, fmt);
	buf_vprintf(l->errors, fmt, ap);
	va_end(ap);
	buf_add_char(l->errors, '\n');
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct str
trim(struct str s)
{
	while (s.len > 0 && is_space(s.ptr[0]))
		s.ptr++, s.len--;
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/* What is wrong with the bytes of a line or a value, or NULL. */
static const char *
bad_bytes(struct str s)
{
	for (size_t i = 0; i < s.len; ) {
		unsigned char c = (unsigned char)s.ptr[i];
		utf8proc_int32_t codepoint;
		utf8proc_ssize_t n;

		if (c == '\0')
			return "holds a NUL byte";
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return "holds a control character";
		n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + i,
		    (utf8proc_ssize_t)(s.len - i), &codepoint);
		if (n <= 0)
			return "is not valid UTF-8";
		i += (size_t)n;
	}
	return NULL;
}

static void
unknown_setting(struct loader *l, const char *where, struct str name)
{
	char suggestion[SETTING_NAME_MAX];

	/* a fault beyond those that are described needs no suggestion */
	if (name.len > 2 * SETTING_NAME_MAX || l->faults >= CONFIG_FAULTS_MAX) {
		fault(l, where, "unknown setting");
		return;
	}
	if (str_is(name, "airtable.token") || str_is(name, "airtable.api_key")) {
		fault(l, where, "%.*s is not a setting: the token comes from "
		    "airtable.token_file or AIRTABLE_API_KEY", STR_FMT(name));
		return;
	}
	setting_suggest(name, suggestion);
	if (suggestion[0] == '\0')
		fault(l, where, "unknown setting %.*s", STR_FMT(name));
	else
		fault(l, where, "unknown setting %.*s; did you mean %s?",
		    STR_FMT(name), suggestion);
}

/* Give setting ${i} the value ${text}. */
static bool
assign(struct loader *l, size_t i, struct str text, const char *where)
{
	struct buf why = { 0 };
	struct setting s;
	const char *bad;
	bool ok = false;

	setting_at(i, &s);
	if ((bad = bad_bytes(text)) != NULL)
		fault(l, where, "%s: %s", s.name, bad);
	else if (!(ok = setting_parse(&s, text, l->config, &why)))
		fault(l, where, "%s: %s", s.name, buf_cstr(&why));
	if (!ok)
		l->origins[i].bad = true;
	buf_free(&why);
	return ok;
}

static void
load_defaults(struct loader *l)
{
	struct setting s;

	memset(l->config, 0, sizeof(*l->config));
	for (size_t i = 0; i < setting_count(); i++) {
		setting_at(i, &s);
		(void)assign(l, i, str_of(s.value), "default");
	}
}

static void
read_section(struct loader *l, struct str line, const char *where)
{
	char suggestion[SETTING_NAME_MAX];

	l->section_known = false;
	l->section = STR("");
	if (line.len < 2 || line.ptr[line.len - 1] != ']') {
		fault(l, where, "a section is written [name]");
		return;
	}
	l->section = trim((struct str){ line.ptr + 1, line.len - 2 });
	if (l->section.len >= SETTING_NAME_MAX || l->faults >= CONFIG_FAULTS_MAX) {
		if (!(l->section_known = setting_section_known(l->section)))
			fault(l, where, "unknown section");
		return;
	}
	if ((l->section_known = setting_section_known(l->section)))
		return;
	setting_suggest_section(l->section, suggestion);
	if (suggestion[0] == '\0')
		fault(l, where, "unknown section [%.*s]", STR_FMT(l->section));
	else
		fault(l, where, "unknown section [%.*s]; did you mean [%s]?",
		    STR_FMT(l->section), suggestion);
}

static void
read_key(struct loader *l, struct str line, size_t number, const char *where)
{
	const char *equals = memchr(line.ptr, '=', line.len);
	char full[2 * SETTING_NAME_MAX + 2];
	struct str key;
	size_t i;

	if (equals == NULL) {
		fault(l, where, "neither [section] nor key = value");
		return;
	}
	if (l->section.ptr == NULL) {
		fault(l, where, "a key before the first [section]");
		return;
	}
	if (!l->section_known)
		return;		/* already reported */
	key = trim((struct str){ line.ptr, (size_t)(equals - line.ptr) });
	if (key.len == 0 || key.len > SETTING_NAME_MAX) {
		fault(l, where, key.len == 0 ? "no key before =" : "unknown setting");
		return;
	}
	(void)snprintf(full, sizeof(full), "%.*s.%.*s", STR_FMT(l->section), STR_FMT(key));
	if (!setting_find(str_of(full), &i)) {
		unknown_setting(l, where, str_of(full));
		return;
	}
	if (l->origins[i].line != 0) {
		fault(l, where, "%s is already set in line %zu", full, l->origins[i].line);
		return;
	}
	(void)assign(l, i, trim((struct str){ equals + 1,
	    (size_t)(line.ptr + line.len - equals) - 1 }), where);
	l->origins[i].kind = ORIGIN_FILE;
	l->origins[i].line = number;
}

static void
read_line(struct loader *l, struct str line, size_t number)
{
	char where[CONFIG_TEXT_MAX];
	const char *bad;

	(void)snprintf(where, sizeof(where), "%s:%zu", l->file, number);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (line.len > LINE_MAX_BYTES) {
		fault(l, where, "the line is longer than %d bytes", LINE_MAX_BYTES);
		return;
	}
	if ((bad = bad_bytes(line)) != NULL) {
		fault(l, where, "the line %s", bad);
		return;
	}
	line = trim(line);
	if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
		return;
	if (line.ptr[0] == '[')
		read_section(l, line, where);
	else
		read_key(l, line, number, where);
}

static void
read_lines(struct loader *l, struct str text)
{
	if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
		text.ptr += 3, text.len -= 3;	/* a byte order mark */
	for (size_t number = 1; text.len > 0; number++) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);
		size_t used = end == NULL ? len : len + 1;

		read_line(l, (struct str){ text.ptr, len }, number);
		text.ptr += used;
		text.len -= used;
	}
}

/* Read the whole file into ${b}, up to its limit.  ERR_TOO_LARGE, or ERR_IO with errno. */
static enum err
read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	ssize_t n;
	char *at;

	if (fd == -1)
		return ERR_IO;
	do {
		/* the limit is one byte more than the largest file, so a larger one is noticed */
		size_t room = b->limit - b->len < 16384 ? b->limit - b->len : 16384;

		if (room == 0 || (at = buf_reserve(b, room)) == NULL) {
			(void)close(fd);
			return room == 0 ? ERR_TOO_LARGE : buf_status(b);
		}
		if ((n = read(fd, at, room)) > 0)
			buf_commit(b, (size_t)n);
	} while (n > 0 || (n == -1 && errno == EINTR));
	saved = errno;
	(void)close(fd);
	errno = saved;
	return n == 0 ? ERR_OK : ERR_IO;
}

static void
load_file(struct loader *l)
{
	struct buf text = { .limit = FILE_MAX + 1 };
	enum err e = read_file(l->file, &text);

	/* what the file would have set is not known, so no other faults are reported */
	for (size_t i = 0; e != ERR_OK && i < setting_count(); i++)
		l->origins[i].bad = true;
	switch (e) {
	case ERR_OK:
		read_lines(l, buf_str(&text));
		break;
	case ERR_TOO_LARGE:
		fault(l, l->file, "larger than %d bytes", FILE_MAX);
		break;
	case ERR_NOMEM:
		fault(l, l->file, "out of memory");
		break;
	default:
		fault(l, l->file, "%s", strerror(errno));
	}
	buf_free(&text);
}

void
setting_env_name(const struct setting *s, char name[static SETTING_ENV_MAX])
{
	char *p;

	(void)snprintf(name, SETTING_ENV_MAX, ENV_PREFIX "%s", s->name);
	for (p = name; *p != '\0'; p++)
		*p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
}

/* The setting that variable ${name} sets: its own variable if ${named}, else ORDERS_... */
static bool
find_by_env(struct str name, bool named, size_t *i)
{
	char generated[SETTING_ENV_MAX];
	struct setting s;

	for (*i = 0; *i < setting_count(); (*i)++) {
		setting_at(*i, &s);
		if (named && s.env != NULL && str_is(name, s.env))
			return true;
		if (named)
			continue;
		setting_env_name(&s, generated);
		if (str_is(name, generated))
			return true;
	}
	return false;
}

/*
 * ORDERS_SYNC_WIAT is a typing error; ORDERS_PORT, whose second word is not a
 * section, is somebody else's variable.
 */
static void
unknown_variable(struct loader *l, struct str name, const char *where)
{
	char dotted[2 * SETTING_NAME_MAX];
	struct str rest = { name.ptr + strlen(ENV_PREFIX), name.len - strlen(ENV_PREFIX) };
	size_t section = 0;

	if (rest.len >= sizeof(dotted))
		return;
	for (size_t i = 0; i < rest.len; i++) {
		dotted[i] = (char)tolower((unsigned char)rest.ptr[i]);
		if (section == 0 && dotted[i] == '_') {
			section = i;
			dotted[i] = '.';
		}
	}
	if (section == 0 || !setting_section_known((struct str){ dotted, section }))
		return;
	unknown_setting(l, where, (struct str){ dotted, rest.len });
}

static void
load_variable(struct loader *l, const char *variable, bool named)
{
	size_t len = strcspn(variable, "=");
	struct str name = { variable, len };
	char where[128];
	size_t i;

	if (variable[len] == '\0' ||
	    (!named && strncmp(variable, ENV_PREFIX, strlen(ENV_PREFIX)) != 0))
		return;
	(void)snprintf(where, sizeof(where), "environment %.*s",
	    (int)(len < 100 ? len : 100), variable);
	if (find_by_env(name, named, &i)) {
		if (named && variable[len + 1] == '\0')
			return;
		(void)assign(l, i, trim(str_of(variable + len + 1)), where);
		l->origins[i].kind = named ? ORIGIN_NAMED_ENV : ORIGIN_ENV;
	} else if (!named && bad_bytes(name) == NULL)
		unknown_variable(l, name, where);
}

static void
load_environment(struct loader *l, char *const *env)
{
	if (env == NULL)
		return;
	for (size_t i = 0; env[i] != NULL; i++)
		load_variable(l, env[i], true);
	for (size_t i = 0; env[i] != NULL; i++)
		load_variable(l, env[i], false);
}

static void
load_option(struct loader *l, const char *option)
{
	const char *equals = strchr(option, '=');
	struct str name;
	size_t i;

	if (equals == NULL) {
		fault(l, "option -o", "not of the form section.key=value");
		return;
	}
	name = trim((struct str){ option, (size_t)(equals - option) });
	if (bad_bytes(name) != NULL) {
		fault(l, "option -o", "unknown setting");
	} else if (!setting_find(name, &i)) {
		unknown_setting(l, "option -o", name);
	} else {
		(void)assign(l, i, trim(str_of(equals + 1)), "option -o");
		l->origins[i].kind = ORIGIN_OPTION;
	}
}

size_t
config_read(struct config *config, const struct config_source *source, struct origin *origins,
    struct buf *errors)
{
	struct loader l = { .config = config, .origins = origins, .file = source->file,
	    .errors = errors };

	load_defaults(&l);
	if (source->file != NULL)
		load_file(&l);
	load_environment(&l, source->env);
	for (size_t i = 0; i < source->option_count; i++)
		load_option(&l, source->options[i]);
	return l.faults;
}

bool
config_run_path(const struct config *config, const char *name, char path[static 108])
{
	int n = snprintf(path, 108, "%s/%s", config->run.dir, name);

	return n > 0 && n < 108;
}

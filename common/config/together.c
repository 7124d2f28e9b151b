#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/origin.h"

/* Faults and warnings about several settings together, each with the place to correct. */

struct checker {
	const struct config	*config;
	const char		*file;
	const struct origin	*origins;
	struct buf		*errors;
	size_t			 faults;
};

void
config_add_place(struct buf *b, size_t i, const char *file, const struct origin *origins)
{
	const struct origin *o = &origins[i];
	char env[SETTING_ENV_MAX];
	struct setting s;

	setting_at(i, &s);
	setting_env_name(&s, env);
	if (o->kind == ORIGIN_FILE)
		buf_printf(b, "%s:%zu: ", file, o->line);
	else if (o->kind == ORIGIN_NAMED_ENV || o->kind == ORIGIN_ENV)
		buf_printf(b, "environment %s: ", o->kind == ORIGIN_ENV ? env : s.env);
	else if (o->kind == ORIGIN_OPTION)
		buf_add_cstr(b, "option -o: ");
	else if (file != NULL)
		buf_printf(b, "%s: ", file);
	buf_printf(b, "%s: ", s.name);
}

static size_t
index_of(const char *name)
{
	size_t i;

	return setting_find(str_of(name), &i) ? i : 0;
}

/* Has neither a fault that was reported before?  A bad value must not lead to a second fault. */
static bool
sound(const struct checker *c, const char *name, const char *other)
{
	return !c->origins[index_of(name)].bad && !c->origins[index_of(other)].bad;
}

static void __attribute__((format(printf, 3, 4)))
fault(struct checker *c, const char *name, const char *fmt, ...)
{
	va_list ap;

	c->faults++;
	config_add_place(c->errors, index_of(name), c->file, c->origins);
	va_start(ap, fmt);
	buf_vprintf(c->errors, fmt, ap);
	va_end(ap);
	buf_add_char(c->errors, '\n');
}

/* Has somebody set it?  Of two settings that clash, that one is named first. */
static bool
given(const struct checker *c, const char *name)
{
	return c->origins[index_of(name)].kind != ORIGIN_DEFAULT;
}

static void
check_listens(struct checker *c)
{
	const struct config *config = c->config;
	const char *first = given(c, "metrics.listen") ? "metrics.listen" : "http.listen";
	const char *second = given(c, "metrics.listen") ? "http.listen" : "metrics.listen";

	if (sound(c, "http.listen", "metrics.listen") &&
	    listens_clash(config->http.listen, config->metrics.listen))
		fault(c, first, "the same address and port as %s: give one of them another port", second);
	if (sound(c, "http.listen", "airtable.api_url") &&
	    url_is_at(config->airtable.api_url, config->http.listen))
		fault(c, "airtable.api_url", "that is where http.listen has nginx listen: give one of them "
		    "another port");
	if (sound(c, "metrics.listen", "airtable.api_url") &&
	    url_is_at(config->airtable.api_url, config->metrics.listen))
		fault(c, "airtable.api_url", "that is where metrics.listen has nginx listen: give one of them "
		    "another port");
}

/* The setting of field ${f}: fields are in the order of the schema. */
static const char *
field_setting(size_t f, struct setting *s)
{
	setting_at(setting_count() - orders_schema.field_count + f, s);
	return s->name;
}

static void
check_fields(struct checker *c)
{
	const struct config *config = c->config;
	struct setting s, other;

	for (size_t i = 0; i < orders_schema.field_count; i++)
		for (size_t j = i + 1; j < orders_schema.field_count; j++) {
			const char *a = field_setting(i, &s), *b = field_setting(j, &other);

			if (strcmp(config->orders_fields[i], config->orders_fields[j]) == 0 && sound(c, a, b))
				fault(c, given(c, b) ? b : a, "'%s' is already the Airtable field of %s: each "
				    "needs one of its own", config->orders_fields[i], given(c, b) ? a : b);
		}
	for (size_t i = 0; i < orders_schema.field_count; i++)
		if (strcmp(config->orders_fields[i], config->airtable.create_key) == 0 &&
		    sound(c, "airtable.create_key", field_setting(i, &s)))
			fault(c, "airtable.create_key", "'%s' is the Airtable field of %s: the key needs one of "
			    "its own", config->airtable.create_key, s.name);
}

/* Faults between settings, as far as they have none by themselves.  Returns their number. */
static size_t
check_together(const struct config *config, const char *file, const struct origin *origins,
    struct buf *errors)
{
	struct checker c = { .config = config, .file = file, .origins = origins, .errors = errors };
	char path[108];

	if (sound(&c, "store.map_size", "store.map_limit") &&
	    config->store.map_size_bytes > config->store.map_limit_bytes)
		fault(&c, given(&c, "store.map_size") ? "store.map_size" : "store.map_limit",
		    "store.map_size is larger than store.map_limit: raise the limit");
	if (sound(&c, "http.user_header", "http.trusted_proxies") &&
	    config->http.user_header[0] != '\0' && config->http.trusted_proxies[0] == '\0')
		fault(&c, "http.user_header", "only believed from http.trusted_proxies, which is empty: "
		    "name the proxies there");
	if (sound(&c, "run.dir", "run.dir") && !config_run_path(config, "events/nginx.sock", path))
		fault(&c, "run.dir", "too long for the name of a Unix socket in it: 89 bytes at most");
	check_listens(&c);
	check_fields(&c);
	return c.faults;
}

enum err
config_load_traced(struct config *config, const struct config_source *source,
    struct origin *origins, struct buf *errors)
{
	size_t faults = config_read(config, source, origins, errors);

	if (faults < CONFIG_FAULTS_MAX)
		faults += check_together(config, source->file, origins, errors);
	return faults == 0 ? ERR_OK : ERR_INVALID_PARAMETER;
}

enum err
config_load(struct config *config, const struct config_source *source, struct buf *errors)
{
	struct origin *origins = calloc(setting_count(), sizeof(*origins));
	enum err e;

	if (origins == NULL) {
		buf_add_cstr(errors, "out of memory\n");
		return ERR_NOMEM;
	}
	e = config_load_traced(config, source, origins, errors);
	free(origins);
	return e;
}

/* ---- what syncd needs --------------------------------------------------------- */
static void
check_needed(struct checker *c)
{
	const struct config *config = c->config;

	if (config->airtable.base_id[0] == '\0' && sound(c, "airtable.base_id", "airtable.base_id"))
		fault(c, "airtable.base_id", "not set: say which base holds the orders, app... (or "
		    "AIRTABLE_BASE_ID)");
	if (config->airtable.orders_table[0] == '\0' &&
	    sound(c, "airtable.orders_table", "airtable.orders_table"))
		fault(c, "airtable.orders_table", "not set: say which table of the base holds the orders, by "
		    "name or by id, tbl... (or AIRTABLE_TABLE_ID)");
	if (config->write.create && config->airtable.create_key[0] == '\0' &&
	    sound(c, "airtable.create_key", "write.create"))
		fault(c, "airtable.create_key", "not set, and write.create needs it: name a single line text "
		    "field of the table");
}

/* Add the token's fault, with the place of airtable.token_file if it is about that file. */
static void
tell_token(struct checker *c, struct buf *why, struct buf *to)
{
	static const char name[] = "airtable.token_file: ";
	const char *text = buf_cstr(why);

	if (strncmp(text, name, sizeof(name) - 1) == 0) {
		config_add_place(to, index_of("airtable.token_file"), c->file, c->origins);
		text += sizeof(name) - 1;
	}
	buf_add_cstr(to, text);
}

static void
check_token(struct checker *c, struct config *config, char *const *env, bool others_ask,
    struct buf *warnings)
{
	struct buf why = { 0 };
	enum config_token had;

	if (!sound(c, "airtable.token_file", "airtable.token_file"))
		return;
	had = config_find_token(config, env, &why);
	if (had == TOKEN_BAD || (had != TOKEN_LOADED && !others_ask)) {
		c->faults++;
		tell_token(c, &why, c->errors);
	} else if (had != TOKEN_LOADED) {
		buf_add_cstr(warnings, "warning: ");
		tell_token(c, &why, warnings);
	}
	buf_free(&why);
}

/* ---- what is allowed but probably not meant --------------------------------------- */
static void
warn(const struct checker *c, struct buf *b)
{
	const struct config *config = c->config;

	if (config->sync.feed != FEED_OFF && !given(c, "airtable.monthly_calls"))
		buf_add_cstr(b, "warning: airtable.monthly_calls: not set, so nothing bounds the calls: a "
		    "quiet desk makes about 10000 a day, a busy one 90000: say how many a month the plan "
		    "has, or 0 if it has no limit\n");
	if (config->http.auth != AUTH_NONE)
		return;
	if (listens_for_others(config->http.listen))
		buf_printf(b, "warning: http.listen: other machines reach '%s', and anyone who "
		    "does may read and change all orders: say in http.auth what checks users\n",
		    config->http.listen);
	if (listens_for_others(config->metrics.listen))
		buf_printf(b, "warning: metrics.listen: other machines reach '%s', and anyone "
		    "who does may read the metrics: say in http.auth what checks users\n",
		    config->metrics.listen);
}

static enum err
load(struct config *config, const struct config_source *source, enum config_program program,
    bool others_ask, struct buf *errors, struct buf *warnings)
{
	struct origin *origins = calloc(setting_count(), sizeof(*origins));
	struct checker c = { .config = config, .file = source->file, .origins = origins,
	    .errors = errors };

	if (origins == NULL) {
		buf_add_cstr(errors, "out of memory\n");
		return ERR_NOMEM;
	}
	if (config_load_traced(config, source, origins, errors) != ERR_OK)
		c.faults++;
	if (program == CONFIG_SYNCD) {
		check_needed(&c);
		check_token(&c, config, source->env, others_ask, warnings);
	}
	warn(&c, warnings);
	free(origins);
	return c.faults == 0 ? ERR_OK : ERR_INVALID_PARAMETER;
}

enum err
config_load_for(struct config *config, const struct config_source *source,
    enum config_program program, struct buf *errors, struct buf *warnings)
{
	return load(config, source, program, false, errors, warnings);
}

enum err
config_check(const struct config_source *source, enum config_program program, struct buf *errors,
    struct buf *warnings)
{
	struct config *config = calloc(1, sizeof(*config));
	enum err e;

	if (config == NULL) {
		buf_add_cstr(errors, "out of memory\n");
		return ERR_NOMEM;
	}
	e = load(config, source, program, true, errors, warnings);
	explicit_bzero(config->airtable.token, sizeof(config->airtable.token));
	free(config);
	return e;
}

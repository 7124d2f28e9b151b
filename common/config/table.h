#ifndef COMMON_CONFIG_TABLE_H
#define COMMON_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/str.h"
#include "common/config/config.h"

/*
 * The table of settings, for config/ and for the tests that compare the
 * documentation with it.
 */
#define SETTING_NAME_MAX	64

enum setting_type {
	SETTING_TEXT,
	SETTING_INTEGER,
	SETTING_BOOLEAN,	/* true|false, yes|no, on|off */
	SETTING_DURATION,	/* "250ms", "25s", "5m", "24h", "7d"; kept in ms */
	SETTING_SIZE,		/* "64MiB", "1GiB"; kept in bytes */
	SETTING_PERCENT,	/* "50%" or "50" */
	SETTING_RATE,		/* "100/minute" or "100"; kept per minute */
	SETTING_ENUM
};

#define SETTING_SYNCD	((unsigned)CONFIG_SYNCD)
#define SETTING_API	((unsigned)CONFIG_API)
#define SETTING_NGINX	4u	/* it is in nginx's configuration */

struct setting {
	char			 name[SETTING_NAME_MAX];	/* "section.key" */
	enum setting_type	 type;
	size_t			 offset;	/* of the value in struct config */
	size_t			 size;		/* SETTING_TEXT: bytes there, the NUL included */
	const char		*value;		/* default, as it would stand in a file */
	int64_t			 min, max;	/* numbers, in the unit they are kept in */
	const char *const	*words;		/* SETTING_ENUM: NULL-ended, in the enum's order */
	/*
	 * SETTING_TEXT: returns what is wrong with the text, or NULL; it may
	 * shorten the text.  No check: any text is right.
	 */
	const char		*(*check)(char *text);
	unsigned		 fixed;		/* which programs ignore it in a reload: SETTING_SYNCD, ... */
	const char		*env;		/* a second name in the environment, or NULL */
	const char		*meaning;
};

/* How many settings there are, and number ${i} of them; those of a section follow one another. */
size_t	 setting_count(void);
void	 setting_at(size_t i, struct setting *);
/* By full name.  false: there is none. */
bool	 setting_find(struct str name, size_t *i);
/* Is there a setting in this section? */
bool	 setting_section_known(struct str section);
/* The setting or section whose name is closest to ${name}, or "" if none comes close. */
void	 setting_suggest(struct str name, char suggestion[static SETTING_NAME_MAX]);
void	 setting_suggest_section(struct str section, char suggestion[static SETTING_NAME_MAX]);

/* Put the value written as ${text} into *config.  false, with the reason added to ${why}. */
bool	 setting_parse(const struct setting *, struct str text, struct config *, struct buf *why);
/* The value as it would stand in a file. */
void	 setting_format(const struct setting *, const struct config *, struct buf *);
/* "duration, 1s to 5m", "error, warn, info or debug"...: what may stand there. */
void	 setting_describe(const struct setting *, struct buf *);

/* Would nginx find both at the same address?  "" listens nowhere. */
bool	 listens_clash(const char *listen, const char *other);
/* Can other machines reach it? */
bool	 listens_for_others(const char *listen);
/* Does ${url} lead to ${listen} on this machine? */
bool	 url_is_at(const char *url, const char *listen);

/* Text checks (config/check.c, config/names.c). */
const char	*check_base_id(char *text);
const char	*check_table(char *text);
const char	*check_field(char *text);
const char	*check_field_or_none(char *text);
const char	*check_run_dir(char *text);
const char	*check_path_or_none(char *text);
const char	*check_api_url(char *text);
const char	*check_public_url(char *text);
const char	*check_time_zone(char *text);
const char	*check_excluded(char *text);
const char	*check_currency(char *text);
const char	*check_listen(char *text);
const char	*check_listen_or_none(char *text);
const char	*check_networks(char *text);
const char	*check_names(char *text);
const char	*check_origins(char *text);
const char	*check_header_or_none(char *text);
const char	*check_path(char *text);
const char	*check_token_file(char *text);

#endif

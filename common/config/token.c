#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config/origin.h"

#define CREDENTIAL	"airtable-token"

static const char *
env_value(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return (*env)[len + 1] == '\0' ? NULL : *env + len + 1;
	return NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Trim and check; no message may show any of it. */
static enum config_token
accept_token(struct config *c, struct str text, const char *where, struct buf *errors)
{
	while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
		text.len--;
	while (text.len > 0 && is_blank(text.ptr[0]))
		text.ptr++, text.len--;
	if (text.len == 0) {
		buf_printf(errors, "%s: no token in it: put Airtable's access token there\n", where);
		return TOKEN_BAD;
	}
	if (text.len >= sizeof(c->airtable.token)) {
		buf_printf(errors, "%s: longer than a token can be: only the token belongs there\n", where);
		return TOKEN_BAD;
	}
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
			buf_printf(errors, "%s: the token holds a character that no token has: a token is "
			    "one line without blanks\n", where);
			return TOKEN_BAD;
		}
	memcpy(c->airtable.token, text.ptr, text.len);
	c->airtable.token[text.len] = '\0';
	return TOKEN_LOADED;
}

/*
 * What makes the file unfit to hold the token, or NULL.  ${others_refused}: group
 * and others must have no access.
 */
static const char *
unfit(int fd, bool others_refused)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file: name the file that holds the token";
	if (others_refused && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return "group or others have access to it (chmod 600)";
	return NULL;
}

/*
 * The file's name is not in the messages: if somebody puts the token itself
 * where its file's name belongs, it must not get into the log.
 */
static enum config_token
read_token(struct config *c, const char *path, const char *where, bool others_refused,
    struct buf *errors)
{
	char text[2 * CONFIG_TEXT_MAX];
	enum config_token had;
	const char *problem;
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1) {
		buf_printf(errors, "%s: %s: the file must exist and belong to syncd's user\n", where,
		    strerror(errno));
		return errno == EACCES ? TOKEN_HIDDEN : TOKEN_BAD;
	}
	if ((problem = unfit(fd, others_refused)) == NULL &&
	    (n = read(fd, text, sizeof(text))) == -1)
		problem = strerror(errno);
	(void)close(fd);
	if (problem != NULL) {
		buf_printf(errors, "%s: %s\n", where, problem);
		return TOKEN_BAD;
	}
	had = accept_token(c, (struct str){ text, (size_t)n }, where, errors);
	explicit_bzero(text, sizeof(text));
	return had;
}

enum config_token
config_find_token(struct config *c, char *const *env, struct buf *errors)
{
	const char *value, *folder;
	char path[1024];

	if ((value = env_value(env, "AIRTABLE_API_KEY")) != NULL)
		return accept_token(c, str_of(value), "AIRTABLE_API_KEY", errors);
	if (c->airtable.token_file[0] != '\0')
		return read_token(c, c->airtable.token_file, "airtable.token_file", true, errors);
	if ((folder = env_value(env, "CREDENTIALS_DIRECTORY")) != NULL) {
		if ((size_t)snprintf(path, sizeof(path), "%s/" CREDENTIAL, folder) < sizeof(path))
			return read_token(c, path, "credential " CREDENTIAL, false, errors);
		buf_add_cstr(errors, "CREDENTIALS_DIRECTORY: too long\n");
		return TOKEN_BAD;
	}
	buf_add_cstr(errors, "no token: set airtable.token_file or AIRTABLE_API_KEY, or give syncd's "
	    "service the credential " CREDENTIAL "\n");
	return TOKEN_NOWHERE;
}

enum err
config_load_token(struct config *c, char *const *env, struct buf *errors)
{
	return config_find_token(c, env, errors) == TOKEN_LOADED ? ERR_OK : ERR_INVALID_PARAMETER;
}

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "syncd/feed/parts.h"

/*
 * The secret that signs Airtable's pings has a file of its own, with "<webhook>
 * <secret>" in one line, that only syncd's user can read.  The store can be read by
 * the workers.
 */
#define SECRET_FILE	"webhook.secret"
#define LINE_MAX_BYTES	(AIRTABLE_ID_MAX + 1 + WEBHOOK_SECRET_MAX + 1)
#define PATH_BYTES	(sizeof(((struct config *)NULL)->store.path) + sizeof(SECRET_FILE) + 8)

static void
path_of(const struct feed *f, const char *suffix, char path[static PATH_BYTES])
{
	(void)snprintf(path, PATH_BYTES, "%s/%s%s", f->config->store.path, SECRET_FILE, suffix);
}

void
feed_secret_load(struct feed *f)
{
	char path[PATH_BYTES], line[LINE_MAX_BYTES + 1];
	size_t id = strlen(f->kept.webhook);
	ssize_t n;
	int fd;

	f->secret[0] = '\0';
	path_of(f, "", path);
	if (id == 0 || (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	if ((n = read(fd, line, sizeof(line) - 1)) == -1)
		log_warn("feed: %s: %s", path, strerror(errno));
	(void)close(fd);	/* only read, so no error matters */
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	/* the secret of another webhook is of no use */
	if (strncmp(line, f->kept.webhook, id) == 0 && line[id] == ' ')
		(void)snprintf(f->secret, sizeof(f->secret), "%s", line + id + 1);
	explicit_bzero(line, sizeof(line));
}

/* Write a file that no other user can ever have opened. */
static bool
write_file(const char *path, const char *line)
{
	size_t n = strlen(line);
	bool good;
	int fd;

	if ((unlink(path) == -1 && errno != ENOENT) ||
	    (fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == -1)
		return false;
	good = write(fd, line, n) == (ssize_t)n && fsync(fd) == 0;
	return close(fd) == 0 && good;
}

void
feed_secret_keep(struct feed *f)
{
	char path[PATH_BYTES], new[PATH_BYTES], line[LINE_MAX_BYTES + 1];

	path_of(f, "", path);
	path_of(f, ".new", new);
	(void)snprintf(line, sizeof(line), "%s %s\n", f->kept.webhook, f->secret);
	if (!write_file(new, line) || rename(new, path) == -1)
		log_error("feed: %s: %s; the next start makes a new webhook", path,
		    strerror(errno));
	explicit_bzero(line, sizeof(line));
}

bool
feed_secret_missing(const struct feed *f)
{
	return f->url.len > 0 && f->secret[0] == '\0';
}

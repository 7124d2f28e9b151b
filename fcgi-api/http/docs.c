#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/hash.h"
#include "common/base/log.h"
#include "fcgi-api/http/docs.h"
#include "fcgi-api/http/handlers.h"

#define FILE_MAX	(4 * 1024 * 1024)

static void
file_tag(struct docs_file *f)
{
	(void)snprintf(f->etag, sizeof(f->etag), "\"d%016llx\"",
	    (unsigned long long)hash_str(f->text));
}

static char *
read_whole(int fd, size_t size)
{
	char *text = malloc(size + 1);
	size_t at = 0;

	while (text != NULL && at < size) {
		ssize_t n = read(fd, text + at, size - at);

		if (n > 0) {
			at += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			free(text);
			return NULL;
		}
	}
	return text;
}

static void
load(struct docs_file *f, const char *folder, const char *name)
{
	char path[CONFIG_TEXT_MAX + 32];
	struct stat st;
	char *text;
	int fd;

	*f = (struct docs_file){ .text = { NULL, 0 } };
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 || fstat(fd, &st) == -1) {
		log_warn("docs: %s: %s", path, strerror(errno));
	} else if (st.st_size > FILE_MAX || !S_ISREG(st.st_mode)) {
		log_warn("docs: %s: not a file of at most %d bytes", path, FILE_MAX);
	} else if ((text = read_whole(fd, (size_t)st.st_size)) == NULL) {
		log_warn("docs: %s: can't be read", path);
	} else {
		f->text = (struct str){ text, (size_t)st.st_size };
		file_tag(f);
	}
	if (fd != -1)
		(void)close(fd);	/* only read */
}

void
docs_load(struct docs *d, const char *folder)
{
	load(&d->openapi, folder, "openapi.json");
	load(&d->page, folder, "docs.html");
}

void
docs_free(struct docs *d)
{
	free((void *)(uintptr_t)d->openapi.text.ptr);
	free((void *)(uintptr_t)d->page.text.ptr);
	*d = (struct docs){ .openapi = { .text = { NULL, 0 } } };
}

static enum outcome
answer(struct api *api, const struct docs_file *f, const char *type)
{
	struct response *r = &api->response;
	enum err e;

	if ((e = request_no_params(&api->request, &api->errors)) != ERR_OK)
		return api_problem(api, e, NULL);
	if (f->text.ptr == NULL)
		return api_problem(api, ERR_NOT_FOUND, "this file is not installed");
	if (!response_validators(r, api->request.if_none_match, str_of(f->etag),
	    NO_GENERATION))
		response_body(r, type, f->text);
	return ANSWERED;
}

enum outcome
openapi_get(struct api *api)
{
	return answer(api, &api->docs->openapi, "application/json");
}

enum outcome
docs_get(struct api *api)
{
	return answer(api, &api->docs->page, "text/html; charset=utf-8");
}

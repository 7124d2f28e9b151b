#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/config/config.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
expect(int condition)
{
	if (!condition)
		abort();
}

/* A file with this content, and its name. */
static int
file_with(const void *data, size_t len, char name[static 32])
{
	int fd = memfd_create("orders.conf", MFD_CLOEXEC);

	expect(fd != -1 && write(fd, data, len) == (ssize_t)len);
	(void)snprintf(name, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/* The text after the first NUL, if there is one, is used as an option and as the environment. */
static enum err
load(const uint8_t *data, size_t len, struct config *c, struct buf *errors)
{
	const uint8_t *nul = memchr(data, '\0', len);
	char *rest = nul == NULL ? NULL : strndup((const char *)nul + 1, len - (size_t)(nul - data) - 1);
	const char *options[] = { rest };
	char *env[] = { rest, NULL };
	char name[32];
	int fd = file_with(data, nul == NULL ? len : (size_t)(nul - data), name);
	enum err e = config_load(c, &(struct config_source){ .file = name, .env = env,
	    .options = options, .option_count = rest == NULL ? 0 : 1 }, errors);

	(void)close(fd);
	free(rest);
	return e;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf errors = { 0 }, printed = { 0 }, again = { 0 };
	struct config first, second;
	char name[32];
	int fd;

	if (len == 0)
		return 0;
	if (load(data, len, &first, &errors) == ERR_OK) {
		/* the printed file must mean the same */
		config_print(&first, &printed);
		fd = file_with(printed.data, printed.len, name);
		expect(config_load(&second, &(struct config_source){ .file = name }, &errors) == ERR_OK);
		(void)close(fd);
		config_print(&second, &again);
		expect(str_eq(buf_str(&printed), buf_str(&again)));
		expect(errors.len == 0);
	} else {
		expect(errors.len > 0 && errors.data[errors.len - 1] == '\n');
	}
	buf_free(&errors);
	buf_free(&printed);
	buf_free(&again);
	return 0;
}

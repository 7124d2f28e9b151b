#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * replay DIR...: give each file of the folders to a fuzz target once, and the
 * first half of it as well, without a fuzzer.  Each file's name is printed before
 * it is used, so that a crash shows which one it was.
 */
#define INPUT_MAX	(4u << 20)

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A copy of exactly its size, so that ASan sees a read past the end. */
static void
feed(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static bool
replay_file(const char *path, uint8_t *room)
{
	FILE *f = fopen(path, "rb");
	size_t len;
	bool whole;

	if (f == NULL)
		return false;
	len = fread(room, 1, INPUT_MAX, f);
	whole = !ferror(f);
	if (fclose(f) != 0 || !whole)
		return false;
	feed(room, len);
	feed(room, len / 2);
	return true;
}

/* How many files were given to the target; -1: the folder or a file can't be read. */
static int
replay_folder(const char *folder, uint8_t *room)
{
	char path[4096];
	struct dirent *e;
	int n = 0;
	DIR *d = opendir(folder);

	if (d == NULL) {
		perror(folder);
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		(void)fprintf(stderr, "%s\n", path);
		if (!replay_file(path, room)) {
			perror(path);
			n = -1;
			break;
		}
		n++;
	}
	(void)closedir(d);
	return n;
}

int
main(int argc, char **argv)
{
	uint8_t *room;
	int files = 0, n;

	if (argc < 2 || (room = malloc(INPUT_MAX)) == NULL)
		return EXIT_FAILURE;
	feed((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		if ((n = replay_folder(argv[i], room)) < 0) {
			free(room);
			return EXIT_FAILURE;
		}
		files += n;
	}
	free(room);
	(void)printf("%d passed, %d failed\n", files, files > 0 ? 0 : 1);
	return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "common/log.h"
#include "fcgi-api/master.h"

#define EXIT_USAGE	2
#define OPTIONS_MAX	256

static int
usage(void)
{
	(void)fprintf(stderr, "usage: fcgi-api -c file [-o section.key=value] ...\n");
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	static struct config config;
	const char *options[OPTIONS_MAX];
	struct master_setup setup = { .env = environ, .options = options };
	struct buf errors = { .data = NULL };
	int c;

	while ((c = getopt(argc, argv, "c:o:")) != -1) {
		if (c == 'c')
			setup.config_file = optarg;
		else if (c == 'o' && setup.option_count < OPTIONS_MAX)
			options[setup.option_count++] = optarg;
		else
			return usage();
	}
	if (optind != argc || setup.config_file == NULL)
		return usage();
	if (config_load(&config, setup.config_file, setup.env, options,
	    setup.option_count, &errors) != ERR_OK) {
		(void)fprintf(stderr, "%s", buf_cstr(&errors));
		buf_free(&errors);
		return EXIT_FAILURE;
	}
	buf_free(&errors);
	if (log_open("fcgi-api", config.log.file, config.log.level, config.log.format) == -1) {
		(void)fprintf(stderr, "fcgi-api: %s: %s\n", config.log.file, strerror(errno));
		return EXIT_FAILURE;
	}
	return master_run(&setup, &config);
}

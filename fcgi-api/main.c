#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/version.h"
#include "fcgi-api/listeners.h"
#include "fcgi-api/master.h"

#define EXIT_USAGE	2
#define OPTIONS_MAX	256

static const char usage_text[] =
    "usage: fcgi-api -c file [-o section.key=value]... [--check-config | --print-config]\n"
    "       fcgi-api --version | --help\n";

/* What it was asked to do instead of running. */
enum action { ACTION_RUN, ACTION_CHECK, ACTION_PRINT };

static int
check_or_print(enum action action, const struct master_setup *s)
{
	static struct config config;
	struct buf out = { .data = NULL }, errors = { .data = NULL };
	enum err e = action == ACTION_CHECK ?
	    config_load(&config, s->config_file, s->env, s->options, s->option_count, &errors) :
	    config_explain(s->config_file, s->env, s->options, s->option_count, &out, &errors);
	int status = e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;

	if (e == ERR_OK && action == ACTION_CHECK)
		buf_add_cstr(&out, "the configuration is valid\n");
	if (fputs(buf_cstr(&out), stdout) == EOF || fflush(stdout) == EOF)
		status = EXIT_FAILURE;
	(void)fputs(buf_cstr(&errors), stderr);
	buf_free(&out);
	buf_free(&errors);
	return status;
}

static int
run(const struct master_setup *setup)
{
	static struct config config;
	struct buf errors = { .data = NULL };
	enum err e;

	listeners_adopt();
	notify_open();
	e = config_load(&config, setup->config_file, setup->env, setup->options,
	    setup->option_count, &errors);
	(void)fputs(buf_cstr(&errors), stderr);
	buf_free(&errors);
	if (e != ERR_OK)
		return EXIT_FAILURE;
	if (log_open("fcgi-api", config.log.file, config.log.level, config.log.format) == -1) {
		(void)fprintf(stderr, "fcgi-api: %s: %s\n", config.log.file, strerror(errno));
		return EXIT_FAILURE;
	}
	return master_run(setup, &config);
}

static int
usage(void)
{
	(void)fputs(usage_text, stderr);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "check-config", no_argument, NULL, 'C' },
		{ "print-config", no_argument, NULL, 'P' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *options[OPTIONS_MAX];
	struct master_setup setup = { .env = environ, .options = options };
	enum action action = ACTION_RUN;
	int c;

	while ((c = getopt_long(argc, argv, "c:o:h", longs, NULL)) != -1) {
		if (c == 'c')
			setup.config_file = optarg;
		else if (c == 'o' && setup.option_count < OPTIONS_MAX)
			options[setup.option_count++] = optarg;
		else if (c == 'C')
			action = ACTION_CHECK;
		else if (c == 'P')
			action = ACTION_PRINT;
		else if (c == 'V')
			return puts("fcgi-api " ORDERDECK_VERSION) == EOF;
		else if (c == 'h')
			return fputs(usage_text, stdout) == EOF;
		else
			return usage();
	}
	if (optind != argc || setup.config_file == NULL)
		return usage();
	return action == ACTION_RUN ? run(&setup) : check_or_print(action, &setup);
}

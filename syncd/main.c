#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/sandbox.h"
#include "common/version.h"
#include "syncd/daemon.h"

#define EXIT_USAGE	2
#define OPTIONS_MAX	256

static const char usage_text[] =
    "usage: syncd [-c file] [-o section.key=value]... [--check-config | --print-config]\n"
    "       syncd --version | --help\n";

/* What it was asked to do instead of running. */
enum action { ACTION_RUN, ACTION_CHECK, ACTION_PRINT };

/* syncd needs more than every program does: base and table. */
static enum err
check(const struct daemon_setup *s, struct buf *out, struct buf *errors)
{
	static struct config config;
	enum err e = config_load(&config, s->config_file, s->env, s->options,
	    s->option_count, errors);

	if (e == ERR_OK)
		e = config_check_syncd(&config, errors);
	if (e == ERR_OK)
		buf_add_cstr(out, "the configuration is valid\n");
	return e;
}

static int
check_or_print(enum action action, const struct daemon_setup *s)
{
	struct buf out = { 0 }, errors = { 0 };
	enum err e = action == ACTION_CHECK ? check(s, &out, &errors) :
	    config_explain(s->config_file, s->env, s->options, s->option_count, &out, &errors);
	int status = e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;

	if (fputs(buf_cstr(&out), stdout) == EOF || fflush(stdout) == EOF)
		status = EXIT_FAILURE;
	(void)fputs(buf_cstr(&errors), stderr);
	buf_free(&out);
	buf_free(&errors);
	return status;
}

static int
load(const struct daemon_setup *s, struct config *config)
{
	struct buf errors = { 0 };
	int status = 0;

	if (config_load(config, s->config_file, s->env, s->options, s->option_count,
	    &errors) != ERR_OK || config_check_syncd(config, &errors) != ERR_OK ||
	    config_load_token(config, s->env, &errors) != ERR_OK) {
		(void)fputs(buf_cstr(&errors), stderr);
		status = -1;
	} else if (log_open("syncd", config->log.file, config->log.level,
	    config->log.format) == -1) {
		(void)fprintf(stderr, "syncd: %s: %s\n", config->log.file, strerror(errno));
		status = -1;
	}
	buf_free(&errors);
	return status;
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
	static struct config config;
	const char *options[OPTIONS_MAX];
	struct daemon_setup setup = { .env = environ, .options = options };
	enum action action = ACTION_RUN;
	int c, status;

	while ((c = getopt_long(argc, argv, "c:o:h", longs, NULL)) != -1) {
		if (c == 'c') {
			setup.config_file = optarg;
		} else if (c == 'o' && setup.option_count < OPTIONS_MAX) {
			options[setup.option_count++] = optarg;
		} else if (c == 'C') {
			action = ACTION_CHECK;
		} else if (c == 'P') {
			action = ACTION_PRINT;
		} else if (c == 'V') {
			return puts("syncd " ORDERDECK_VERSION) == EOF;
		} else if (c == 'h') {
			return fputs(usage_text, stdout) == EOF;
		} else {
			(void)fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc) {
		(void)fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	if (action != ACTION_RUN)
		return check_or_print(action, &setup);
	notify_open();
	sandbox_hide_memory();	/* the token will be in it */
	if (load(&setup, &config) == -1)
		return EXIT_FAILURE;
	status = daemon_run(&setup, &config);
	explicit_bzero(config.airtable.token, sizeof(config.airtable.token));
	return status;
}

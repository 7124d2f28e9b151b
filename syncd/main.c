#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/notify.h"
#include "common/config/command_line.h"
#include "common/config/config.h"
#include "common/sandbox/sandbox.h"
#include "syncd/daemon.h"

static int
load(const struct config_source *source, struct config *config)
{
	struct buf errors = { 0 }, warnings = { 0 };
	int status = 0;

	if (config_load_for(config, source, CONFIG_SYNCD, &errors, &warnings) != ERR_OK) {
		(void)fputs(buf_cstr(&errors), stderr);
		status = -1;
	} else if (log_open("syncd", config->log.file, config->log.level,
	    config->log.format) == -1) {
		(void)fprintf(stderr, "syncd: %s: %s\n", config->log.file, strerror(errno));
		status = -1;
	} else {
		config_log(LOG_WARN, "start", &warnings);
	}
	buf_free(&errors);
	buf_free(&warnings);
	return status;
}

int
main(int argc, char **argv)
{
	static struct command_line line = {
		.program = "syncd", .for_program = CONFIG_SYNCD, .usage =
		    "usage: syncd [-c file] [-o section.key=value]... [--check-config | --print-config]\n"
		    "       syncd --version | --help\n"
	};
	static struct config config;
	int status;

	if (!command_line_read(&line, argc, argv))
		return COMMAND_LINE_MISUSED;
	if (line.action != COMMAND_RUN)
		return command_line_act(&line);
	notify_open();
	sandbox_hide_memory();	/* the token will be in it */
	if (load(&line.source, &config) == -1)
		return EXIT_FAILURE;
	status = daemon_run(&line.source, &config);
	explicit_bzero(config.airtable.token, sizeof(config.airtable.token));
	return status;
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/notify.h"
#include "common/config/command_line.h"
#include "common/config/config.h"
#include "fcgi-api/fastcgi/listeners.h"
#include "fcgi-api/master.h"

static int
run(const struct config_source *source)
{
	static struct config config;
	struct buf errors = { .data = NULL };
	enum err e;

	listeners_adopt();
	notify_open();
	e = config_load(&config, source, &errors);
	(void)fputs(buf_cstr(&errors), stderr);
	buf_free(&errors);
	if (e != ERR_OK)
		return EXIT_FAILURE;
	if (log_open("fcgi-api", config.log.file, config.log.level, config.log.format) == -1) {
		(void)fprintf(stderr, "fcgi-api: %s: %s\n", config.log.file, strerror(errno));
		return EXIT_FAILURE;
	}
	return master_run(source, &config);
}

int
main(int argc, char **argv)
{
	static struct command_line line = {
		.program = "fcgi-api", .for_program = CONFIG_API, .file_needed = true, .usage =
		    "usage: fcgi-api -c file [-o section.key=value]... [--check-config | --print-config]\n"
		    "       fcgi-api --version | --help\n"
	};

	if (!command_line_read(&line, argc, argv))
		return COMMAND_LINE_MISUSED;
	return line.action == COMMAND_RUN ? run(&line.source) : command_line_act(&line);
}

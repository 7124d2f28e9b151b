#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/version.h"
#include "common/config/command_line.h"

static bool
read_option(struct command_line *line, int option)
{
	switch (option) {
	case 'c':
		line->source.file = optarg;
		return true;
	case 'o':
		if (line->source.option_count == COMMAND_LINE_OPTIONS)
			return false;
		line->options[line->source.option_count++] = optarg;
		return true;
	case 'C':
		line->action = COMMAND_CHECK;
		return true;
	case 'P':
		line->action = COMMAND_PRINT;
		return true;
	case 'V':
		line->action = COMMAND_VERSION;
		return true;
	case 'h':
		line->action = COMMAND_HELP;
		return true;
	default:
		return false;
	}
}

/* For help and the version nothing else is needed. */
static bool
asks(const struct command_line *line)
{
	return line->action == COMMAND_VERSION || line->action == COMMAND_HELP;
}

bool
command_line_read(struct command_line *line, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "check-config", no_argument, NULL, 'C' },
		{ "print-config", no_argument, NULL, 'P' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	bool good = true;
	int c;

	line->source = (struct config_source){ .env = environ, .options = line->options };
	line->action = COMMAND_RUN;
	while (good && !asks(line) && (c = getopt_long(argc, argv, "c:o:h", longs, NULL)) != -1)
		good = read_option(line, c);
	if (good && !asks(line))
		good = optind == argc && (line->source.file != NULL || !line->file_needed);
	if (!good)
		(void)fputs(line->usage, stderr);
	return good;
}

static enum err
check(const struct command_line *line, struct buf *out, struct buf *errors)
{
	struct buf warnings = { 0 };
	enum err e = config_check(&line->source, line->for_program, errors, &warnings);

	if (e == ERR_OK)
		buf_add_cstr(out, "the configuration is valid\n");
	buf_add_str(errors, buf_str(&warnings));
	buf_free(&warnings);
	return e;
}

int
command_line_act(const struct command_line *line)
{
	struct buf out = { .data = NULL }, errors = { .data = NULL };
	enum err e = ERR_OK;
	int status;

	if (line->action == COMMAND_VERSION)
		buf_printf(&out, "%s %s\n", line->program, ORDERDECK_VERSION);
	else if (line->action == COMMAND_HELP)
		buf_add_cstr(&out, line->usage);
	else if (line->action == COMMAND_CHECK)
		e = check(line, &out, &errors);
	else
		e = config_explain(&line->source, &out, &errors);
	status = e == ERR_OK && fputs(buf_cstr(&out), stdout) != EOF && fflush(stdout) != EOF ?
	    EXIT_SUCCESS : EXIT_FAILURE;
	(void)fputs(buf_cstr(&errors), stderr);
	buf_free(&out);
	buf_free(&errors);
	return status;
}

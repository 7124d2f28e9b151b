#ifndef COMMON_CONFIG_COMMAND_LINE_H
#define COMMON_CONFIG_COMMAND_LINE_H

#include "common/config/config.h"

/*
 * The command line of the daemons: -c file, -o section.key=value, and what
 * they may do instead of running: --check-config, --print-config, --version,
 * --help.
 */
#define COMMAND_LINE_OPTIONS	256	/* -o, at most */
#define COMMAND_LINE_MISUSED	2	/* the exit status */

enum command_action { COMMAND_RUN, COMMAND_CHECK, COMMAND_PRINT, COMMAND_VERSION, COMMAND_HELP };

struct command_line {
	const char		*program;	/* its name */
	const char		*usage;		/* lines of text */
	enum config_program	 for_program;	/* what --check-config checks for */
	bool			 file_needed;
	/* filled by command_line_read(): */
	struct config_source	 source;	/* points into argv, environ and this */
	const char		*options[COMMAND_LINE_OPTIONS];
	enum command_action	 action;
};

/* false: misused; how to use it has been written to standard error. */
bool	command_line_read(struct command_line *, int argc, char **argv);
/* Perform the action, which is not COMMAND_RUN.  Returns the exit status. */
int	command_line_act(const struct command_line *);

#endif

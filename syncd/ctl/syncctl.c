#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/version.h"
#include "common/config/table.h"
#include "syncd/ctl/ctl.h"

struct command {
	const char	*name;
	enum ctl_exit (*run)(struct ctl *);
	int		 least, most;	/* arguments */
};

static const char usage_text[] =
    "usage: syncctl [-c FILE] [-s SOCKET] [--json] [--timeout TIME] COMMAND\n"
    "       syncctl --version | --help\n"
    "commands:\n"
    "  status                                  what syncd is doing\n"
    "  sync [--full] [--wait] [--accept-shrink]  start a sync, or join the one that runs\n"
    "  ping                                    does syncd answer?\n"
    "  check-config                            is the configuration right?\n"
    "  print-config                            every setting and where it came from\n"
    "  backup FILE                             a copy of the store at one generation\n"
    "  verify [FILE]                           is the store (or a backup) sound?\n"
    "  restore FILE [--keep-outbox|--drop-outbox]  a backup in the store's place\n"
    "  rebuild                                 a new store from what is sound in the old one\n"
    "exit status: 0 done, 1 failed, 2 usage, 3 syncd not reachable\n";

static const struct command commands[] = {
	{ "status", ctl_status, 0, 0 },
	{ "sync", ctl_sync, 0, 0 },
	{ "ping", ctl_ping, 0, 0 },
	{ "check-config", ctl_check_config, 0, 0 },
	{ "print-config", ctl_print_config, 0, 0 },
	{ "backup", ctl_backup, 1, 1 },
	{ "verify", ctl_verify, 0, 1 },
	{ "restore", ctl_restore, 1, 1 },
	{ "rebuild", ctl_rebuild, 0, 0 }
};

static enum ctl_exit
usage(const char *problem)
{
	(void)fprintf(stderr, "syncctl: %s\n%s", problem, usage_text);
	return CTL_USAGE;
}

/* A time such as "10s", in the configuration's form. */
static bool
read_timeout(struct ctl *ctl, const char *text)
{
	const struct setting duration = { .type = SETTING_DURATION,
	    .offset = offsetof(struct config, sync.wait_ms), .min = 1, .max = MESSAGE_WAIT_MAX_MS };
	struct buf why = { 0 };
	struct config scratch;
	bool good = setting_parse(&duration, str_of(text), &scratch, &why);

	if (good)
		ctl->timeout_ms = scratch.sync.wait_ms;
	else
		(void)fprintf(stderr, "syncctl: --timeout: %s\n", buf_cstr(&why));
	buf_free(&why);
	return good;
}

enum { OPT_JSON = 256, OPT_TIMEOUT, OPT_FULL, OPT_WAIT, OPT_ACCEPT_SHRINK,
       OPT_KEEP_OUTBOX, OPT_DROP_OUTBOX, OPT_VERSION };

static const struct option long_options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "full", no_argument, NULL, OPT_FULL },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "accept-shrink", no_argument, NULL, OPT_ACCEPT_SHRINK },
	{ "keep-outbox", no_argument, NULL, OPT_KEEP_OUTBOX },
	{ "drop-outbox", no_argument, NULL, OPT_DROP_OUTBOX },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

/* true: go on; false: *status says how to end. */
static bool
read_option(struct ctl *ctl, int option, enum ctl_exit *status)
{
	*status = CTL_USAGE;
	switch (option) {
	case 'c':
		ctl->source.file = optarg;
		return true;
	case 's':
		ctl->socket = optarg;
		return true;
	case OPT_JSON:
		return ctl->json = true;
	case OPT_TIMEOUT:
		return read_timeout(ctl, optarg);
	case OPT_FULL:
		return ctl->full = true;
	case OPT_WAIT:
		return ctl->wait = true;
	case OPT_ACCEPT_SHRINK:
		return ctl->accept_shrink = true;
	case OPT_KEEP_OUTBOX:
		return ctl->keep_outbox = true;
	case OPT_DROP_OUTBOX:
		return ctl->drop_outbox = true;
	case 'h':
	case OPT_VERSION:
		(void)fputs(option == 'h' ? usage_text :
		    "syncctl " ORDERDECK_VERSION "\n", stdout);
		*status = CTL_DONE;
		return false;
	default:	/* getopt has said what is wrong */
		(void)fputs(usage_text, stderr);
		return false;
	}
}

static enum ctl_exit
run_command(struct ctl *ctl, const char *name, int arguments)
{
	const struct command *command = NULL;
	enum ctl_exit status;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			command = &commands[i];
	if (command == NULL)
		return usage("no such command");
	if ((ctl->full || ctl->wait || ctl->accept_shrink) && command->run != ctl_sync)
		return usage("--full, --wait and --accept-shrink belong to sync");
	if ((ctl->keep_outbox || ctl->drop_outbox) && command->run != ctl_restore)
		return usage("--keep-outbox and --drop-outbox belong to restore");
	if (ctl->keep_outbox && ctl->drop_outbox)
		return usage("either --keep-outbox or --drop-outbox");
	if (arguments < command->least)
		return usage("the command needs a file");
	if (arguments > command->most)
		return usage("one command at a time");
	if (ctl->source.file == NULL && access(CONFIG_FILE_DEFAULT, F_OK) == 0)
		ctl->source.file = CONFIG_FILE_DEFAULT;
	status = command->run(ctl);
	ctl_close(ctl->link);
	return status;
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { .source = { .env = environ } };
	enum ctl_exit status;
	int option;

	while ((option = getopt_long(argc, argv, "c:hs:", long_options, NULL)) != -1)
		if (!read_option(&ctl, option, &status))
			return (int)status;
	if (optind == argc)
		return (int)usage("no command");
	ctl.argument = argv[optind + 1];	/* NULL behind the last one */
	return (int)run_command(&ctl, argv[optind], argc - optind - 1);
}

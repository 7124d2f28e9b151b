#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/base/data_more.h"
#include "airtable-sim/door/door.h"
#include "airtable-sim/http/http.h"
#include "airtable-sim/webhooks/pinger.h"
#include "common/base/instant.h"
#include "common/base/version.h"
#include "common/base/zone.h"

#define MISUSED	2	/* the exit status */

struct arguments {
	struct sim_options	 options;
	uint16_t		 port;
	const char		*port_file;
};

static const char usage[] =
    "usage: airtable-sim --token T [options]\n"
    "       airtable-sim --version | --help\n";

static void
help(void)
{
	struct buf settings = { 0 };

	sim_settings_help(&settings);
	(void)printf("%s"
	    "A stand-in for Airtable's API on http://127.0.0.1:PORT/v0, with made-up orders.\n\n"
	    "  --port P         TCP port; 0 (default): any free one\n"
	    "  --port-file F    write the port there once it serves\n"
	    "  --orders N       orders to begin with, up to %u (2000)\n"
	    "  --tables LIST    further tables, with commas between: shop (Products, Suppliers,\n"
	    "                   Customers, linked with Orders), everything (a field of each kind)\n"
	    "  --seed S         the same seed and now make the same orders (1)\n"
	    "  --now TIME       simulated clock at the start, RFC 3339 or ms (the real one)\n"
	    "  --token T        the access token (or environment AIRTABLE_API_KEY)\n"
	    "  --base ID        id of the base (" SIM_DATA_BASE_ID ")\n"
	    "  --rate N         = --set rate=N        --penalty-ms N  = --set penaltyMs=N\n"
	    "  --monthly N      = --set monthly=N     --latency-ms N  = --set latencyMs=N\n"
	    "  --set NAME=VALUE any setting below; the /_sim/settings door changes them later\n"
	    "\nSettings, their defaults and meanings:\n%s\n"
	    "Faults, other users and the request log: the door /_sim/ (airtable-sim/door/door.h):\n%s",
	    usage, SIM_DATA_ORDERS_MAX, buf_cstr(&settings), sim_door_help);
	buf_free(&settings);
}

static bool
read_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' && *out <= max;
}

static bool
read_setting(struct sim_settings *s, const char *text)
{
	const char *equals = strchr(text, '=');

	return equals != NULL && sim_settings_set(s,
	    (struct str){ text, (size_t)(equals - text) }, str_of(equals + 1));
}

static bool
read_copy(const char *text, char *out, size_t size)
{
	size_t n = strlen(text);

	if (n == 0 || n >= size)
		return false;
	memcpy(out, text, n + 1);
	return true;
}

enum { OPT_PORT = 1, OPT_PORT_FILE, OPT_ORDERS, OPT_TABLES, OPT_SEED, OPT_NOW, OPT_TOKEN, OPT_BASE,
    OPT_RATE, OPT_PENALTY, OPT_MONTHLY, OPT_LATENCY, OPT_SET };

/* One option; false: its value is not valid. */
static bool
read_option(struct arguments *a, int option, const char *value)
{
	struct sim_options *o = &a->options;
	uint64_t n;

	switch (option) {
	case OPT_PORT:
		if (!read_number(value, UINT16_MAX, &n))
			return false;
		a->port = (uint16_t)n;
		return true;
	case OPT_PORT_FILE:
		a->port_file = value;
		return true;
	case OPT_ORDERS:
		if (!read_number(value, SIM_DATA_ORDERS_MAX, &n))
			return false;
		o->orders = (uint32_t)n;
		return true;
	case OPT_TABLES:
		return sim_tables_read(value, &o->tables);
	case OPT_SEED:
		return read_number(value, UINT64_MAX, &o->seed);
	case OPT_NOW:
		if (read_number(value, INSTANT_MAX, &n))
			o->now_ms = (int64_t)n;
		else if (instant_parse(str_of(value), &o->now_ms) != ERR_OK)
			return false;
		return o->now_ms >= 0;
	case OPT_TOKEN:
		return read_copy(value, o->token, sizeof(o->token));
	case OPT_BASE:
		return sim_id_valid(str_of(value), "app") &&
		    read_copy(value, o->base_id, sizeof(o->base_id));
	case OPT_RATE:
		return sim_settings_set(&o->settings, STR("rate"), str_of(value));
	case OPT_PENALTY:
		return sim_settings_set(&o->settings, STR("penaltyMs"), str_of(value));
	case OPT_MONTHLY:
		return sim_settings_set(&o->settings, STR("monthly"), str_of(value));
	case OPT_LATENCY:
		return sim_settings_set(&o->settings, STR("latencyMs"), str_of(value));
	default:
		return read_setting(&o->settings, value);
	}
}

/* What needs no other option; or the end of the program for a wrong call. */
static void
answer(int option)
{
	if (option == 'h')
		help();
	else if (option == 'V')
		(void)printf("airtable-sim " ORDERDECK_VERSION "\n");
	else
		(void)fputs(usage, stderr);
	exit(option == '?' ? MISUSED : EXIT_SUCCESS);
}

/* Exits with --help, --version and on faults. */
static void
read_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option names[] = {
		{ "port", required_argument, NULL, OPT_PORT },
		{ "port-file", required_argument, NULL, OPT_PORT_FILE },
		{ "orders", required_argument, NULL, OPT_ORDERS },
		{ "tables", required_argument, NULL, OPT_TABLES },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "now", required_argument, NULL, OPT_NOW },
		{ "token", required_argument, NULL, OPT_TOKEN },
		{ "base", required_argument, NULL, OPT_BASE },
		{ "rate", required_argument, NULL, OPT_RATE },
		{ "penalty-ms", required_argument, NULL, OPT_PENALTY },
		{ "monthly", required_argument, NULL, OPT_MONTHLY },
		{ "latency-ms", required_argument, NULL, OPT_LATENCY },
		{ "set", required_argument, NULL, OPT_SET },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	const char *token = getenv("AIRTABLE_API_KEY");
	int option, index = 0;

	*a = (struct arguments){ .options = { .base_id = SIM_DATA_BASE_ID, .orders = 2000,
	    .seed = 1, .now_ms = instant_now() } };
	sim_settings_default(&a->options.settings);
	if (token != NULL)
		(void)read_copy(token, a->options.token, sizeof(a->options.token));
	while ((option = getopt_long(argc, argv, "h", names, &index)) != -1) {
		if (option == '?' || option == 'h' || option == 'V')
			answer(option);	/* getopt has said what is wrong */
		if (!read_option(a, option, optarg)) {
			(void)fprintf(stderr, "airtable-sim: --%s: '%s' is not valid\n",
			    names[index].name, optarg);
			answer('?');
		}
	}
	if (optind != argc || a->options.token[0] == '\0') {
		(void)fprintf(stderr, "airtable-sim: %s\n",
		    optind != argc ? "too many arguments" : "no --token");
		answer('?');
	}
}

/* The number appears whole or not at all. */
static bool
write_port(const char *path, uint16_t port)
{
	struct buf temporary = { 0 };
	FILE *f;
	bool ok = false;

	buf_printf(&temporary, "%s.new", path);
	if (buf_status(&temporary) == ERR_OK && (f = fopen(buf_cstr(&temporary), "w")) != NULL) {
		ok = fprintf(f, "%u\n", port) > 0;
		ok = fclose(f) == 0 && ok && rename(buf_cstr(&temporary), path) == 0;
	}
	buf_free(&temporary);
	return ok;
}

int
main(int argc, char **argv)
{
	struct arguments a;
	struct sim_state *state;
	struct sim_server *server = NULL;
	struct sim_pinger *pinger = NULL;
	struct sim_editing *editing = NULL;
	sigset_t ends;
	int signal_number, status = 1;

	read_arguments(&a, argc, argv);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)zone_use(STR("UTC"));	/* from now on TZ is there: threads that look at others only replace it */
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &ends, NULL);	/* inherited by all threads: main waits for them */
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK ||
	    (state = sim_state_new(&a.options)) == NULL) {
		(void)fprintf(stderr, "airtable-sim: out of memory\n");
		return 1;
	}
	if ((pinger = sim_pinger_start(state)) == NULL ||
	    (editing = sim_editing_start(state)) == NULL) {
		(void)fprintf(stderr, "airtable-sim: no resources for its threads\n");
		goto out;
	}
	if ((server = sim_server_start(state, a.port)) == NULL) {
		(void)fprintf(stderr, "airtable-sim: can't serve on port %u: %s\n", a.port,
		    strerror(errno));
		goto out;
	}
	(void)printf("airtable-sim: http://127.0.0.1:%u base=%s table=%s orders=%u\n",
	    sim_server_port(server), a.options.base_id, SIM_DATA_TABLE_ID, a.options.orders);
	(void)fflush(stdout);
	if (a.port_file != NULL && !write_port(a.port_file, sim_server_port(server))) {
		(void)fprintf(stderr, "airtable-sim: %s: %s\n", a.port_file, strerror(errno));
		goto out;
	}
	(void)sigwait(&ends, &signal_number);
	status = 0;
out:
	sim_server_stop(server);
	sim_editing_stop(editing);
	sim_pinger_stop(pinger);
	sim_state_free(state);
	curl_global_cleanup();
	return status;
}

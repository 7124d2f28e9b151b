#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/notify.h"
#include "common/base/pid_file.h"
#include "common/base/version.h"
#include "syncd/commands.h"
#include "syncd/confine.h"
#include "syncd/daemon.h"
#include "syncd/events/publisher.h"

#define DRAIN_MS	30000	/* for work under way at SIGTERM */

enum { SIGNAL_HUP, SIGNAL_USR1, SIGNAL_USR2, SIGNAL_TERM, SIGNAL_INT, SIGNALS };

static const int signal_numbers[SIGNALS] = {
	[SIGNAL_HUP] = SIGHUP, [SIGNAL_USR1] = SIGUSR1, [SIGNAL_USR2] = SIGUSR2,
	[SIGNAL_TERM] = SIGTERM, [SIGNAL_INT] = SIGINT
};

struct daemon {
	const struct config_source	*source;
	struct config			*config;
	uv_loop_t			 loop;
	uv_signal_t			 signals[SIGNALS];
	uv_timer_t			 patience;	/* while stopping */
	uv_timer_t			 watchdog;	/* tells the service manager that the loop runs */
	bool				 stopping;
	struct apply			*apply;
	struct publisher		*publisher;	/* NULL: live events are off */
	struct airtable			*airtable;
	struct ledger			*ledger;
	struct full_sync		*full_sync;
	struct feed			*feed;
	struct writes			*writes;
	struct server			*server;
	struct commands			 commands;
	int				 pid_fd;
	char				 pid_path[108];
};

/* Keep settings that can't change while the daemon runs, and log them. */
static void
keep_fixed(const struct config *old, struct config *new)
{
	struct buf names = { 0 };

	config_keep(new, old, CONFIG_SYNCD, &names);
	if (names.len > 0)
		log_warn("reload: these settings need a restart of syncd: %s", buf_cstr(&names));
	buf_free(&names);
}

/* Log the likely cause of a fault: syncd is confined to the folders that it started with. */
static void
explain_fault(const struct config *old, const struct config *new)
{
	if (strcmp(old->airtable.token_file, new->airtable.token_file) != 0 &&
	    old->run.sandbox != SANDBOX_OFF)
		log_error("reload: airtable.token_file: a file in another folder needs a restart of syncd");
}

static void
reload_log(struct config *config, const char *old_file)
{
	if (log_open("syncd", config->log.file, config->log.level, config->log.format) == 0)
		return;
	log_error("reload: log.file: %s: %s; logging goes on to the old file%s", config->log.file,
	    strerror(errno), config->run.sandbox == SANDBOX_OFF ? "" :
	    "; a file in another folder needs a restart of syncd");
	(void)snprintf(config->log.file, sizeof(config->log.file), "%s", old_file);
	/* level and format change all the same */
	if (log_open("syncd", config->log.file, config->log.level, config->log.format) == -1)
		log_error("reload: log.file: %s: %s", config->log.file, strerror(errno));
}

static void
take(struct daemon *d, struct config *new)
{
	char old_file[sizeof(new->log.file)];

	(void)snprintf(old_file, sizeof(old_file), "%s", d->config->log.file);
	keep_fixed(d->config, new);
	*d->config = *new;
	airtable_reconfigure(d->airtable);
	apply_reconfigure(d->apply);
	ledger_reconfigure(d->ledger);
	feed_reconfigure(d->feed);
	reload_log(d->config, old_file);
	log_info("reload: done");
}

static void
reload(struct daemon *d)
{
	struct config *new = calloc(1, sizeof(*new));
	struct buf errors = { 0 }, warnings = { 0 };

	notify_reloading();
	if (new == NULL) {
		log_error("reload: the old configuration stays in force: out of memory");
	} else if (config_load_for(new, d->source, CONFIG_SYNCD, &errors, &warnings) != ERR_OK) {
		config_log(LOG_ERROR, "reload: the old configuration stays in force", &errors);
		explain_fault(d->config, new);
	} else {
		config_log(LOG_WARN, "reload", &warnings);
		take(d, new);
	}
	notify_ready("serving");
	if (new != NULL)
		explicit_bzero(new->airtable.token, sizeof(new->airtable.token));
	free(new);
	buf_free(&errors);
	buf_free(&warnings);
}

static void
close_handle(uv_handle_t *h)
{
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

/* No answers are due any more, or the start failed half-way: close what keeps the loop alive. */
static void
stop_rest(void *cookie)
{
	struct daemon *d = cookie;

	if (d->writes != NULL)
		writes_stop(d->writes);
	if (d->feed != NULL)
		feed_stop(d->feed);
	if (d->full_sync != NULL)
		full_sync_stop(d->full_sync);
	if (d->airtable != NULL)
		airtable_cancel_all(d->airtable);
	if (d->ledger != NULL)
		ledger_stop(d->ledger);
	airtable_free(d->airtable);
	d->airtable = NULL;
	if (d->publisher != NULL) {
		apply_on_commit(d->apply, NULL, NULL);
		publisher_on_listener(d->publisher, NULL, NULL);
	}
	publisher_free(d->publisher);
	d->publisher = NULL;
	server_free(d->server);
	d->server = NULL;
	close_handle((uv_handle_t *)&d->patience);
	close_handle((uv_handle_t *)&d->watchdog);
	for (int i = 0; i < SIGNALS; i++)
		close_handle((uv_handle_t *)&d->signals[i]);
	uv_stop(&d->loop);
}

static void
patience_ended(uv_timer_t *t)
{
	log_warn("stop: giving up on work under way");
	stop_rest(t->data);
}

static void
writes_ended(void *cookie)
{
	struct daemon *d = cookie;

	/* the last answers go out, then the connections close */
	server_drain(d->server, stop_rest, d);
}

static void
stop(struct daemon *d)
{
	if (d->stopping)
		return;
	d->stopping = true;
	notify_stopping();
	log_info("stop: %zu writes under way", writes_pending(d->writes));
	(void)uv_timer_start(&d->patience, patience_ended, DRAIN_MS, 0);
	/* a sync can be repeated, people's changes can't */
	feed_cancel(d->feed);
	full_sync_cancel(d->full_sync);
	writes_drain(d->writes, writes_ended, d);
}

static void
on_signal(uv_signal_t *h, int number)
{
	struct daemon *d = h->data;

	if (number == SIGTERM || number == SIGINT)
		stop(d);
	else if (d->stopping)
		return;
	else if (number == SIGHUP)
		reload(d);
	else if (number == SIGUSR1)
		full_sync_start(d->full_sync, false);
	else
		log_reopen();
}

static void
watchdog_due(uv_timer_t *t)
{
	(void)t;
	notify_alive();
}

static int
open_loop(struct daemon *d)
{
	int rc = uv_loop_init(&d->loop);

	if (rc != 0)
		return rc;
	if ((rc = uv_timer_init(&d->loop, &d->patience)) != 0)
		return rc;
	d->patience.data = d;
	if ((rc = uv_timer_init(&d->loop, &d->watchdog)) != 0)
		return rc;
	if (notify_interval() > 0 && (rc = uv_timer_start(&d->watchdog, watchdog_due, 0,
	    (uint64_t)notify_interval())) != 0)
		return rc;
	for (int i = 0; i < SIGNALS; i++) {
		if ((rc = uv_signal_init(&d->loop, &d->signals[i])) != 0)
			return rc;
		d->signals[i].data = d;
		if ((rc = uv_signal_start(&d->signals[i], on_signal, signal_numbers[i])) != 0)
			return rc;
	}
	return 0;
}

static void
listener_came(void *cookie)
{
	struct daemon *d = cookie;

	feed_listened(d->feed);
}

/* Open the parts in the order of their start.  A part that fails has logged why. */
static bool
open_parts(struct daemon *d)
{
	char socket_path[108];

	if (apply_open(d->config, &tables_builtin, &d->apply) != ERR_OK)
		return false;
	if (d->config->events.enabled) {
		if ((d->publisher = publisher_new(&d->loop, d->config, &tables_builtin)) == NULL)
			return false;
		apply_on_commit(d->apply, publisher_note, d->publisher);
	}
	d->airtable = airtable_new(&d->loop, d->config, &tables_builtin);
	if (d->airtable != NULL)
		d->ledger = ledger_new(&d->loop, d->config, d->airtable, d->apply);
	if (d->ledger != NULL)
		d->full_sync = full_sync_new(&d->loop, d->config, &orders_schema, d->airtable,
		    d->apply, d->ledger);
	if (d->full_sync != NULL)
		d->feed = feed_new(&d->loop, d->config, &orders_schema, d->airtable, d->apply,
		    d->full_sync, d->ledger);
	if (d->feed != NULL && d->publisher != NULL)
		publisher_on_listener(d->publisher, listener_came, d);
	if (d->feed != NULL)
		d->writes = writes_new(&d->loop, d->config, d->airtable, d->apply, d->full_sync);
	if (d->writes == NULL) {
		log_error("start: out of memory");
		return false;
	}
	if (writes_recover(d->writes) != ERR_OK)
		return false;
	d->commands = (struct commands){
		.config = d->config, .airtable = d->airtable, .apply = d->apply,
		.full_sync = d->full_sync, .feed = d->feed, .writes = d->writes,
		.started_ms = instant_now()
	};
	if (!config_run_path(d->config, "syncd.sock", socket_path)) {
		log_error("start: run.dir is too long for a socket");
		return false;
	}
	d->server = server_new(&d->loop, socket_path, &tables_builtin, commands_request,
	    &d->commands);
	if (d->server != NULL)
		server_on_reply(d->server, commands_replied, &d->commands);
	return d->server != NULL;
}

static void
close_parts(struct daemon *d)
{
	writes_free(d->writes);
	feed_free(d->feed);
	full_sync_free(d->full_sync);
	ledger_free(d->ledger);
	apply_close(d->apply);
}

/* Let the loop's handles finish closing. */
static void
run_dry(struct daemon *d)
{
	while (uv_loop_close(&d->loop) == UV_EBUSY)
		(void)uv_run(&d->loop, UV_RUN_ONCE);
}

static bool
hold_run_dir(struct daemon *d)
{
	if (mkdir(d->config->run.dir, 0755) == -1 && errno != EEXIST) {
		log_error("start: %s: %s", d->config->run.dir, strerror(errno));
		return false;
	}
	if (!config_run_path(d->config, "syncd.pid", d->pid_path)) {
		log_error("start: run.dir is too long");
		return false;
	}
	return (d->pid_fd = pid_file_open(d->pid_path)) != -1;
}

int
daemon_run(const struct config_source *source, struct config *config)
{
	struct daemon *d = calloc(1, sizeof(*d));
	int status = EXIT_FAILURE, rc;

	if (d == NULL)
		return EXIT_FAILURE;
	d->source = source;
	d->config = config;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(027);
	if (!hold_run_dir(d))
		goto err0;
	if ((rc = open_loop(d)) != 0) {
		log_error("start: event loop: %s", uv_strerror(rc));
		goto err1;
	}
	if (!open_parts(d)) {
		stop_rest(d);
		run_dry(d);
		close_parts(d);
		goto err1;
	}
	confine_syncd(config, source->file);
	log_info("start: syncd %s, base %s, store %s", ORDERDECK_VERSION,
	    config->airtable.base_id, config->store.path);
	feed_start(d->feed);
	notify_ready("serving");
	(void)uv_run(&d->loop, UV_RUN_DEFAULT);
	run_dry(d);
	close_parts(d);
	log_info("stop: done");
	status = EXIT_SUCCESS;
err1:
	pid_file_close(d->pid_fd, d->pid_path);
err0:
	free(d);
	return status;
}

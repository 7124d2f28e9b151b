#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/config/config.h"
#include "syncd/ctl/ctl.h"
#include "syncd/ctl/show.h"

/* Standard output is the result, so failing to write it is a failure of the command. */
enum ctl_exit
ctl_print(struct buf *b)
{
	bool good = buf_status(b) == ERR_OK && fwrite(b->data, 1, b->len, stdout) == b->len &&
	    fflush(stdout) == 0;

	if (!good)
		(void)fprintf(stderr, "syncctl: output: %s\n",
		    buf_status(b) == ERR_OK ? strerror(errno) : err_text(buf_status(b)));
	buf_free(b);
	return good ? CTL_DONE : CTL_FAILED;
}

enum ctl_exit
ctl_unreachable(struct ctl *ctl, enum ctl_outcome outcome)
{
	if (ctl->painted)
		(void)fputc('\n', stderr);
	(void)fprintf(stderr, "syncctl: syncd at %s: %s\n", ctl->path,
	    outcome == CTL_TIMEOUT ? "no answer in time" :
	    errno == 0 ? "closed the connection" :
	    errno == EPROTO ? "the answer is of a form that this syncctl does not know" : strerror(errno));
	return CTL_UNREACHABLE;
}

/* Print a refusal's cause on stderr, and as JSON if requested. */
enum ctl_exit
ctl_refused(const struct ctl *ctl, const struct message_reply *reply)
{
	struct buf text = { 0 };

	if (ctl->painted)
		(void)fputc('\n', stderr);
	ctl_show_text(reply->detail[0] != '\0' ? reply->detail : err_text(reply->err), &text);
	(void)fprintf(stderr, "syncctl: %s: %s\n", err_code(reply->err), buf_cstr(&text));
	buf_free(&text);
	if (ctl->json) {
		struct message_reply plain = *reply;

		plain.id = 0;
		message_add_reply(&text, &plain);
		(void)ctl_print(&text);
	}
	return CTL_FAILED;
}

static bool
print_errors(struct buf *errors)
{
	(void)fputs(buf_cstr(errors), stderr);
	buf_free(errors);
	return false;
}

/* The socket's path, from -s or the configuration. */
static bool
find_socket(struct ctl *ctl)
{
	struct buf errors = { 0 };
	struct config config;

	if (ctl->socket != NULL) {
		if ((size_t)snprintf(ctl->path, sizeof(ctl->path), "%s", ctl->socket) <
		    sizeof(ctl->path))
			return true;
		(void)fprintf(stderr, "syncctl: -s: the path is too long for a socket\n");
		return false;
	}
	if (config_load(&config, &ctl->source, &errors) != ERR_OK)
		return print_errors(&errors);
	return config_run_path(&config, "syncd.sock", ctl->path);
}

int64_t
ctl_deadline(const struct ctl *ctl, int64_t otherwise_ms)
{
	return instant_monotonic() + (ctl->timeout_ms > 0 ? ctl->timeout_ms : otherwise_ms);
}

enum ctl_exit
ctl_connect(struct ctl *ctl)
{
	enum ctl_outcome outcome;

	if (!find_socket(ctl))
		return CTL_USAGE;
	if ((outcome = ctl_open(ctl->path, ctl_deadline(ctl, CTL_TIMEOUT_MS), &ctl->link)) != CTL_OK)
		return ctl_unreachable(ctl, outcome);
	return CTL_DONE;
}

/* A status request with the next id. */
enum ctl_outcome
ctl_ask_status(struct ctl *ctl, int64_t deadline_ms)
{
	struct message_request request = { .id = ++ctl->last_id, .type = MESSAGE_STATUS };

	return ctl_send(ctl->link, &request, deadline_ms);
}

cJSON *
ctl_body(const struct message_reply *reply)
{
	return reply->body.len == 0 ? NULL :
	    cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
}

/* Connect, ask, and get the answer; CTL_DONE: ${reply} is filled. */
static enum ctl_exit
fetch_status(struct ctl *ctl, struct message_reply *reply)
{
	int64_t until = ctl_deadline(ctl, CTL_TIMEOUT_MS);
	enum ctl_outcome outcome;
	enum ctl_exit status;

	if ((status = ctl_connect(ctl)) != CTL_DONE)
		return status;
	if ((outcome = ctl_ask_status(ctl, until)) != CTL_OK ||
	    (outcome = ctl_receive(ctl->link, reply, until)) != CTL_OK)
		return ctl_unreachable(ctl, outcome);
	return reply->err == ERR_OK ? CTL_DONE : ctl_refused(ctl, reply);
}

static enum ctl_exit
print_body(struct str body)
{
	struct buf out = { 0 };

	buf_add_str(&out, body);
	buf_add_char(&out, '\n');
	return ctl_print(&out);
}

enum ctl_exit
ctl_status(struct ctl *ctl)
{
	struct message_reply reply;
	struct buf out = { 0 };
	enum ctl_exit status;
	cJSON *body;

	if ((status = fetch_status(ctl, &reply)) != CTL_DONE)
		return status;
	if (ctl->json)
		return print_body(reply.body);
	body = ctl_body(&reply);
	ctl_show_status(body, &out);
	cJSON_Delete(body);
	return ctl_print(&out);
}

enum ctl_exit
ctl_ping(struct ctl *ctl)
{
	int64_t started = instant_monotonic();
	struct message_reply reply;
	struct buf out = { 0 };
	enum ctl_exit status;
	cJSON *body;

	if ((status = fetch_status(ctl, &reply)) != CTL_DONE)
		return status;
	if (ctl->json)
		return print_body(STR("{\"ok\":true}"));
	body = ctl_body(&reply);
	buf_printf(&out, "syncd answers: pid %.0f, generation %.0f, %lld ms\n",
	    ctl_number(body, "pid", 0), ctl_number(body, "generation", (double)reply.generation),
	    (long long)(instant_monotonic() - started));
	cJSON_Delete(body);
	return ctl_print(&out);
}

enum ctl_exit
ctl_check_config(struct ctl *ctl)
{
	struct buf out = { 0 }, errors = { 0 }, warnings = { 0 };
	enum err e = config_check(&ctl->source, CONFIG_SYNCD, &errors, &warnings);

	buf_add_str(&errors, buf_str(&warnings));
	buf_free(&warnings);
	(void)fputs(buf_cstr(&errors), stderr);
	buf_free(&errors);
	if (e != ERR_OK)
		return CTL_FAILED;
	buf_printf(&out, "%s: ok\n",
	    ctl->source.file != NULL ? ctl->source.file : "configuration");
	return ctl_print(&out);
}

enum ctl_exit
ctl_print_config(struct ctl *ctl)
{
	struct buf out = { 0 }, errors = { 0 };

	if (config_explain(&ctl->source, &out, &errors) == ERR_OK)
		return ctl_print(&out);
	buf_free(&out);
	(void)print_errors(&errors);
	return CTL_FAILED;
}

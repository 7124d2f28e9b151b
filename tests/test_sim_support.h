#ifndef TESTS_TEST_SIM_SUPPORT_H
#define TESTS_TEST_SIM_SUPPORT_H

/* For the tests of airtable-sim: one simulator, called without HTTP. */
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/api.h"
#include "airtable-sim/data.h"
#include "tests/support.h"

#define SIM_NOW		INT64_C(1795176000000)	/* 2026-11-20T12:00:00Z */
#define SIM_TOKEN	"patTest"
#define SIM_ORDERS	"/v0/" SIM_DATA_BASE_ID "/Orders"

static struct sim_state *sim;
static struct sim_reply reply;

static inline void
sim_start(uint32_t orders)
{
	struct sim_options o = { .base_id = SIM_DATA_BASE_ID, .token = SIM_TOKEN,
	    .orders = orders, .seed = 1, .now_ms = SIM_NOW };

	sim_settings_default(&o.settings);
	ck_assert_ptr_nonnull(sim = sim_state_new(&o));
}

static inline void
sim_end(void)
{
	sim_reply_free(&reply);
	sim_state_free(sim);
	sim = NULL;
}

/* The call's status; its body is then in reply. */
static inline int
call_at(int64_t now_ms, const char *method, const char *target, const char *body)
{
	struct sim_request q = { .method = method, .target = target,
	    .authorization = "Bearer " SIM_TOKEN, .content_type = "application/json",
	    .body = str_of(body) };

	sim_reply_free(&reply);
	ck_assert_int_eq(sim_uri_parse(&q.uri, target), ERR_OK);
	sim_api_serve(sim, &q, now_ms, &reply);
	sim_uri_free(&q.uri);
	return reply.status;
}

static inline int
call(const char *method, const char *target, const char *body)
{
	return call_at(SIM_NOW, method, target, body);
}

static inline bool
reply_has(const char *text)
{
	return strstr(buf_cstr(&reply.body), text) != NULL;
}

static inline size_t
reply_count(const char *text)
{
	size_t n = 0;

	for (const char *p = buf_cstr(&reply.body); (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}

static inline struct sim_table *
orders_table(void)
{
	return sim->base->tables[0];
}

#endif

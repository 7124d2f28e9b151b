#ifndef TESTS_LIB_SIM_SUPPORT_H
#define TESTS_LIB_SIM_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/api/api.h"
#include "airtable-sim/base/data.h"
#include "airtable-sim/door/door.h"
#include "airtable-sim/formula/formula.h"
#include "tests/lib/support.h"

#include <cjson/cJSON.h>

/* For the tests of airtable-sim: one simulator, called without HTTP. */

#define SIM_NOW		INT64_C(1795176000000)	/* 2026-11-20T12:00:00Z */
#define SIM_TOKEN	"patTest"
#define SIM_ORDERS	"/v0/" SIM_DATA_BASE_ID "/Orders"

extern struct sim_state *sim;

extern struct sim_reply reply;

void sim_start(uint32_t orders);
void sim_end(void);

/* Make a call and return its status; the body is then in reply. */
int call_at(int64_t now_ms, const char *method, const char *target, const char *body);

int call(const char *method, const char *target, const char *body);

/* Give a command at the door /_sim/, which uses the simulated clock, and return its status. */
int door(const char *method, const char *name, const char *body);

/* Change a setting; the value must be valid. */
void set(const char *name, const char *value);

/* The member of the last reply at ${path}: names and indices joined by '/'.  NULL: there is none. */
const cJSON *at(const char *path);

const char *text_at(const char *path);
int number_at(const char *path);

/* How many members or elements; -1: it is not there. */
int size_at(const char *path);

bool reply_has(const char *text);
size_t reply_count(const char *text);
struct sim_table *orders_table(void);

/* The result as JSON, or the reason for which the formula was refused. */
const char *formula_result(const struct sim_row *row, const char *text);

#endif

#ifndef TESTS_LIB_HISTORY_LINES_H
#define TESTS_LIB_HISTORY_LINES_H

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/store/history.h"
#include "tests/lib/outbox_fixture.h"

/* The history of a store with one order as lines of text, for the programs that test it. */

struct value text(const char *s);

/*
 * Entries as one line each, oldest first: "changed api req-1 status:Pending>Shipped",
 * "changed airtable Ada/client status:Pending>Shipped".
 */
struct lines {
	char	line[400][400];
	size_t	n;
};

void add(char *line, const char *fmt, const char *one, const char *two);
const char *shown(const cJSON *j, const char *name, char *room);
enum err add_line(void *cookie, const struct schema *s, struct history_place place, struct str json);
struct lines *turned(struct lines *l);
struct lines *history_of(struct str id);
struct lines *audit(void);
void expect_lines(struct lines *l, size_t n, const char *const *lines);

#define EXPECT(l, ...)	expect_lines((l), sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), \
    (const char *[]){ __VA_ARGS__ })

/* The order's record with some other values. */
struct record order_with(const char *status, const char *priority);

/* Apply news of a sync, a job or a read-back; ${r} NULL: the order is gone. */
struct apply_result news(const struct record *r, struct str id, enum change_source source,
    int64_t now_ms);

void ask_status(struct made_entry *m, const char *status);

#endif

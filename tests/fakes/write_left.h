#ifndef TESTS_FAKES_WRITE_LEFT_H
#define TESTS_FAKES_WRITE_LEFT_H

#include "tests/lib/outbox_made.h"
#include "tests/fakes/write_fixture.h"

/* An outbox as a killed process leaves it, and a process that takes it over. */
#define LEFT_MAX	40

extern struct made_entry left[LEFT_MAX];

/* Add an entry to the outbox that the killed process leaves. */
struct made_entry *leave(enum outbox_kind kind, const char *id, const char *status,
    enum outbox_state state);

void promise(struct made_entry *m);

/* End the running process as if killed, with this outbox; another one takes over. */
void restart(void);

void until_empty(void);

#endif

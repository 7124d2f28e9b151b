#ifndef TESTS_FAKES_WRITE_LEFT_H
#define TESTS_FAKES_WRITE_LEFT_H

#include "tests/lib/outbox_made.h"
#include "tests/fakes/write_fixture.h"

/* An outbox as a process that has died leaves it, and one that takes it up. */
#define LEFT_MAX	40

extern struct made_entry left[LEFT_MAX];

/* An entry in the outbox of a process that has died. */
struct made_entry *leave(enum outbox_kind kind, const char *id, const char *status,
    enum outbox_state state);

void promise(struct made_entry *m);

/* The process before ends as if it had been killed, with this outbox; another takes over. */
void restart(void);

void until_empty(void);

#endif

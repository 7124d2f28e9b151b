#ifndef TESTS_LIB_WRITE_LEFT_H
#define TESTS_LIB_WRITE_LEFT_H

#include "tests/lib/outbox_made.h"
#include "tests/lib/write_fixture.h"

/* An outbox as a process that has died leaves it, and one that takes it up. */
#define LEFT_MAX	40

static struct made_entry left[LEFT_MAX];
static size_t left_count;

/* An entry in the outbox of a process that has died. */
static __attribute__((unused)) struct made_entry *
leave(enum outbox_kind kind, const char *id, const char *status, enum outbox_state state)
{
	struct made_entry *m = &left[left_count++];

	made_entry(m, apply, kind, id);
	if (status != NULL)
		made_ask(m, ORDER_STATUS, status);
	m->e.state = state;
	m->e.accepted_ms = instant_now();
	if (state == OUTBOX_SENT)
		m->e.sent_ms = instant_now();
	return m;
}

static __attribute__((unused)) void
promise(struct made_entry *m)
{
	m->e.deferred = m->e.shown = true;
}

/* The process before ends as if it had been killed, with this outbox; another takes over. */
static __attribute__((unused)) void
restart(void)
{
	struct outbox_step steps[LEFT_MAX];

	close_writes();
	for (size_t i = 0; i < left_count; i++)
		steps[i] = (struct outbox_step){ .verb = OUTBOX_STORE, .entry = &left[i].e };
	if (left_count > 0)
		(void)made_steps(apply, steps, left_count, instant_now());
	left_count = 0;
	open_writes();
}

static __attribute__((unused)) void
until_empty(void)
{
	for (int i = 0; i < 400 && outbox_count() > 0; i++)
		pass(20);
	ck_assert_uint_eq(outbox_count(), 0);
	ck_assert_uint_eq(writes_pending(writes), 0);
	ck_assert_uint_eq(pending_count(), 0);
}

#endif

#include "tests/fakes/write_left.h"

struct made_entry left[LEFT_MAX];
static size_t left_count;

struct made_entry *
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

void
promise(struct made_entry *m)
{
	m->e.deferred = m->e.shown = true;
}

void
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

void
until_empty(void)
{
	for (int i = 0; i < 400 && outbox_count() > 0; i++)
		pass(20);
	ck_assert_uint_eq(outbox_count(), 0);
	ck_assert_uint_eq(writes_pending(writes), 0);
	ck_assert_uint_eq(pending_count(), 0);
}

#include <inttypes.h>
#include <stdio.h>

#include "tests/lib/outbox_fixture.h"

#define ORDERS	40	/* few, so that things meet */
#define WAITING	60

/* What the outbox should hold. */
static struct made_entry waiting[WAITING];
static struct made_order asked_for[WAITING];	/* strings of creations */
static bool in_use[WAITING];

struct round {
	uint64_t		*seed;
	struct change		 changes[16];
	struct made_order	 orders[16];
	const struct outbox_entry *edits[16][4];
	size_t			 change_count;
	struct outbox_step	 steps[16];
	size_t			 step_count;
	struct answer_step	 answers[4];
	char			 keys[4][32];
	size_t			 answer_count;
	bool			 ends[WAITING];	/* leaves the outbox in this round */
	unsigned		 news;		/* of new orders' numbers */
};

static const char *
some_status(uint64_t *seed)
{
	static const char *const list[] = { "Pending", "Processing", "Shipped", "Delivered", NULL };

	return list[made_random(seed, 5)];
}

static void
accept_one(struct round *r, size_t w)
{
	unsigned n = (unsigned)made_random(r->seed, ORDERS);
	unsigned kind = (unsigned)made_random(r->seed, 10);
	struct made_entry *m = &waiting[w];

	made_order(&asked_for[w], n, r->seed);
	made_entry(m, a, kind == 0 ? OUTBOX_CREATE : kind == 1 ? OUTBOX_DELETE : OUTBOX_UPDATE,
	    kind == 0 ? NULL : asked_for[w].id);
	if (kind == 0)
		made_ask_all(m, &asked_for[w].r);
	if (kind > 1)
		made_ask(m, ORDER_STATUS, some_status(r->seed));
	if (kind > 6)
		made_ask(m, ORDER_PRIORITY, made_random(r->seed, 2) == 0 ? "High" : NULL);
	m->e.bulk = made_random(r->seed, 3) == 0 ? made_random(r->seed, 50) + 1 : 0;
	m->e.undoes = made_random(r->seed, 9) == 0 ? 17 : 0;
	m->e.deferred = made_random(r->seed, 3) == 0;
	m->e.shown = m->e.deferred || made_random(r->seed, 6) == 0;
	in_use[w] = true;
	r->steps[r->step_count++] = (struct outbox_step){ .verb = OUTBOX_STORE, .entry = &m->e };
}

static void
replace_one(struct round *r, size_t w)
{
	struct made_entry *m = &waiting[w];

	m->e.state = made_random(r->seed, 2) == 0 ? OUTBOX_SENT : OUTBOX_ACCEPTED;
	m->e.sent_ms = NOW_MS;
	if (made_random(r->seed, 2) == 0)
		m->e.shown = !m->e.shown;
	r->steps[r->step_count++] = (struct outbox_step){ .verb = OUTBOX_STORE, .entry = &m->e };
}

static void
end_one(struct round *r, size_t w)
{
	unsigned verb = (unsigned)made_random(r->seed, 3);

	r->ends[w] = true;
	r->steps[r->step_count++] = (struct outbox_step){
		.verb = verb == 0 ? OUTBOX_DROP : verb == 1 ? OUTBOX_NOT_APPLIED : OUTBOX_REJECTED,
		.entry = &waiting[w].e, .why = STR("INVALID_VALUE: \"so\"")
	};
}

/* The record as Airtable has it after applying the entry, and perhaps other changes. */
static void
confirm_one(struct round *r, size_t w)
{
	struct change *c = &r->changes[r->change_count];
	struct made_order *o = &r->orders[r->change_count];
	const struct outbox_entry *e = &waiting[w].e;
	size_t n = 0;

	made_order(o, (unsigned)made_random(r->seed, ORDERS), r->seed);
	*c = (struct change){
		.table = &orders_schema,
		.kind = e->kind == OUTBOX_DELETE ? CHANGE_GONE : CHANGE_UPSERT,
		.record = o->r, .base = CHANGE_ANY_BASE, .edits = r->edits[r->change_count]
	};
	if (e->kind == OUTBOX_CREATE) {
		made_order(o, ORDERS + r->news++ % ORDERS, r->seed);
		c->record.id = o->r.id;
	} else {
		c->record.id = e->record.id;
	}
	if (made_random(r->seed, 2) == 0)	/* no news beside */
		c->record.known = e->record.known;
	if (made_random(r->seed, 8) == 0)
		c->base = apply_generation(a) - made_random(r->seed, 20);
	for (size_t i = w; i < WAITING && n < 4; i++) {
		if (!in_use[i] || r->ends[i] || waiting[i].e.kind != e->kind ||
		    (i > w && (e->kind == OUTBOX_CREATE || !str_eq(waiting[i].e.record.id, e->record.id))))
			continue;
		if (n > 0 && waiting[i].e.sequence < r->edits[r->change_count][n - 1]->sequence)
			continue;
		for (unsigned f = 0; f < ORDER_FIELDS; f++)
			if (waiting[i].e.record.known >> f & 1)
				c->record.values[f] = waiting[i].e.record.values[f];
		r->edits[r->change_count][n++] = &waiting[i].e;
		r->ends[i] = true;
	}
	c->edit_count = n;
	r->change_count++;
}

static void
news_of_one(struct round *r)
{
	struct change *c = &r->changes[r->change_count];
	struct made_order *o = &r->orders[r->change_count];
	size_t w = (size_t)made_random(r->seed, WAITING);

	made_order(o, (unsigned)made_random(r->seed, 2 * ORDERS), r->seed);
	*c = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = o->r, .base = CHANGE_ANY_BASE };
	if (made_random(r->seed, 6) == 0)
		c->kind = CHANGE_GONE;
	else if (made_random(r->seed, 3) == 0)
		c->record.known = (uint32_t)made_random(r->seed, 128);
	if (in_use[w] && !r->ends[w] && waiting[w].e.kind == OUTBOX_UPDATE &&
	    made_random(r->seed, 3) == 0) {	/* what we have sent arrives by the sync first */
		c->record.id = waiting[w].e.record.id;
		c->record.known = waiting[w].e.record.known;
		for (unsigned f = 0; f < ORDER_FIELDS; f++)
			c->record.values[f] = waiting[w].e.record.values[f];
	}
	r->change_count++;
}

static void
keep_one(struct round *r)
{
	size_t n = r->answer_count++;
	bool settled = made_random(r->seed, 2) == 0;

	(void)snprintf(r->keys[n], sizeof(r->keys[n]), "key %u", (unsigned)made_random(r->seed, 50));
	r->answers[n] = (struct answer_step){
		.key = str_of(r->keys[n]),
		.answer = {
			.at_ms = NOW_MS + (int64_t)made_random(r->seed, 1000),
			.count = made_random(r->seed, 5) == 0 ? 0 : 1,
			.body = settled ? STR("{\"results\":[]}") : (struct str){ NULL, 0 }
		}
	};
}

static void
play_round(struct round *r, int64_t now_ms)
{
	struct apply_meta meta = {
		.outbox = r->steps, .answers = r->answers,
		.table = &orders_schema, .synced_ms = made_random(r->seed, 20) == 0 ? now_ms : 0
	};
	enum change_source source = SOURCE_WRITE;
	struct apply_result result;

	for (unsigned n = (unsigned)made_random(r->seed, 8) + 1; n > 0; n--) {
		size_t w = (size_t)made_random(r->seed, WAITING);

		if (!in_use[w])
			accept_one(r, w);
		else if (r->ends[w])
			continue;
		else if (made_random(r->seed, 3) == 0)
			replace_one(r, w);
		else if (made_random(r->seed, 3) == 0)
			end_one(r, w);
		else
			confirm_one(r, w);
	}
	if (made_random(r->seed, 2) == 0 || r->change_count == 0) {
		source = made_random(r->seed, 5) == 0 ? SOURCE_JOB : SOURCE_FULL_SYNC;
		for (unsigned n = (unsigned)made_random(r->seed, 4); n > 0; n--)
			news_of_one(r);
	}
	for (unsigned n = (unsigned)made_random(r->seed, 3); n > 0; n--)
		keep_one(r);
	meta.outbox_count = r->step_count;
	meta.answer_count = r->answer_count;
	ck_assert_int_eq(apply_changes(a, r->changes, r->change_count, source, &meta, now_ms, &result),
	    ERR_OK);
	for (size_t w = 0; w < WAITING; w++)
		in_use[w] = in_use[w] && !r->ends[w];
}

static enum err
find_waiting(void *cookie, const struct outbox_entry *e)
{
	for (size_t w = 0; w < WAITING; w++)
		if (in_use[w] && waiting[w].e.sequence == e->sequence) {
			struct outbox_entry expected = waiting[w].e;

			expected.seen = e->seen;	/* that is the store's own note */
			made_same(&expected, e);
			++*(size_t *)cookie;
			return ERR_OK;
		}
	ck_abort_msg("entry %" PRIu64 " should have left", e->sequence);
}

static void
check_waiting(void)
{
	size_t found = 0, expected = 0;

	for (size_t w = 0; w < WAITING; w++)
		expected += in_use[w];
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(outbox_each(st, find_waiting, &found), ERR_OK);
	ck_assert_uint_eq(found, expected);
	store_end(st);
}

START_TEST(random_steps_keep_all_that_readers_see_equal_to_a_recomputation)
{
	static struct round r;
	uint64_t seed = (uint64_t)_i + 500;
	unsigned news = 0;

	store_config.audit.retention_ms = 500000;
	memset(in_use, 0, sizeof(in_use));
	for (unsigned round = 0; round < 1500; round++) {
		r = (struct round){ .seed = &seed, .news = news };
		play_round(&r, NOW_MS + round * 1000);
		news = r.news;
		check_waiting();
		if (round % 20 == 0)
			check();
		if (round % 300 == 299)
			outbox_reopen();
	}
	check();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("outbox random");
	TCase *t = tcase_create("outbox random");

	tcase_add_checked_fixture(t, outbox_setup, outbox_teardown);
	tcase_set_timeout(t, 300);
	tcase_set_tags(t, "long");
	tcase_add_loop_test(t, random_steps_keep_all_that_readers_see_equal_to_a_recomputation, 0, 3);
	suite_add_tcase(s, t);
	return run_suite(s);
}

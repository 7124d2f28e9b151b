#include <stdlib.h>

#include "common/base/hash.h"
#include "common/store/summary.h"
#include "common/tables/moment.h"
#include "syncd/verify/parts.h"

#define ROOM_MIN	256

static struct tally *
place(struct tally *list, size_t room, uint64_t key)
{
	size_t at = hash_number(key) % room;

	while (list[at].key != 0 && list[at].key != key)
		at = (at + 1) % room;
	return &list[at];
}

static bool
grow(struct verify *v)
{
	size_t room = v->tally_room == 0 ? ROOM_MIN : v->tally_room * 2;
	struct tally *bigger = calloc(room, sizeof(*bigger));

	if (bigger == NULL) {
		v->error = ERR_NOMEM;
		return false;
	}
	for (size_t i = 0; i < v->tally_room; i++)
		if (v->tallies[i].key != 0)
			*place(bigger, room, v->tallies[i].key) = v->tallies[i];
	free(v->tallies);
	v->tallies = bigger;
	v->tally_room = room;
	return true;
}

static void
count(struct verify *v, uint64_t key, int64_t sum)
{
	struct tally *t;

	if (v->tally_count * 2 >= v->tally_room && !grow(v))
		return;
	t = place(v->tallies, v->tally_room, key);
	v->tally_count += t->key == 0;
	t->key = key;
	t->count++;
	t->sum += sum;
}

static unsigned
code_of(const struct verify *v, unsigned f, const struct value *value)
{
	unsigned code;

	if (!value->present)
		return OPTION_NONE;
	code = options_code(&v->schema->fields[f], v->further[f], value->text);
	return code == OPTION_NONE || code > OPTION_OTHER ? OPTION_OTHER : code;
}

static void
tally_day(struct verify *v, const struct record *r, uint32_t day, int64_t sum)
{
	unsigned state = (unsigned)v->schema->state_field, f = (unsigned)v->schema->day_field;
	const struct value *value;

	count(v, total_key(TOTAL_DAY, f, day), sum);
	if (v->schema->state_field == SCHEMA_NO_FIELD)
		return;
	value = &r->values[state];
	if (value->present && code_of(v, state, value) < OPTION_OTHER &&
	    revenue_excludes(v->excluded, value->text))
		count(v, total_key(TOTAL_DAY_OUT, f, day), sum);
}

void
verify_tally(struct verify *v, const struct record *r)
{
	const struct schema *s = v->schema;
	const struct value *day;
	int64_t sum = 0;

	if (s->sum_field != SCHEMA_NO_FIELD && r->values[s->sum_field].present)
		sum = r->values[s->sum_field].number;
	count(v, total_key(TOTAL_ALL, 0, 0), sum);
	for (unsigned f = 0; f < v->schema->field_count; f++)
		if (v->schema->fields[f].flags & FIELD_GROUP)
			count(v, total_key(TOTAL_OPTION, f, code_of(v, f, &r->values[f])), sum);
	if (s->day_field == SCHEMA_NO_FIELD)
		return;
	day = &r->values[s->day_field];
	if (day->present && v->zoned)
		tally_day(v, r, total_day(moment_day(day)), sum);
}

static const char *
what_of(uint64_t key)
{
	switch ((enum total_kind)(key >> 56)) {
	case TOTAL_ALL:
		return "of all orders";
	case TOTAL_OPTION:
		return "of an option";
	case TOTAL_DAY:
		return "of a day";
	case TOTAL_DAY_OUT:
		return "of a day's orders without revenue";
	case TOTAL_BODY:
		break;
	}
	return "of an unknown kind";
}

static void
check_stored(struct verify *v, uint64_t key, struct str data)
{
	struct tally none = { .count = 0 }, *t = &none;
	struct total stored;

	if (((enum total_kind)(key >> 56) == TOTAL_DAY ||
	    (enum total_kind)(key >> 56) == TOTAL_DAY_OUT) && !v->zoned)
		return;
	if (data.len != sizeof(stored)) {
		verify_fault(v, VERIFY_TOTALS, "a total %s has %zu bytes", what_of(key), data.len);
		return;
	}
	memcpy(&stored, data.ptr, sizeof(stored));
	if (v->tally_room > 0 && place(v->tallies, v->tally_room, key)->key == key)
		t = place(v->tallies, v->tally_room, key);
	t->stored = true;
	if (stored.count != t->count)
		verify_fault(v, VERIFY_TOTALS, "the total %s (field %u, %u) counts %lld orders, but there are %lld",
		    what_of(key), (unsigned)(key >> 40 & 0xffff), (unsigned)key,
		    (long long)stored.count, (long long)t->count);
	else if (total_sum(&stored) != t->sum)
		verify_fault(v, VERIFY_TOTALS, "the total %s (field %u, %u) is not the sum of its %lld orders",
		    what_of(key), (unsigned)(key >> 40 & 0xffff), (unsigned)key, (long long)t->count);
}

void
verify_totals(struct verify *v)
{
	uint64_t body = total_key(TOTAL_BODY, 0, 0), k;
	struct db_cursor c;

	for (verify_walk(v, &c, store_table(v->dbs, v->schema)->totals); c.found; db_next(&c)) {
		memcpy(&k, c.key.ptr, sizeof(k));
		if (k != body)
			check_stored(v, k, c.value);
	}
	verify_walk_end(v, &c);
	for (size_t i = 0; i < v->tally_room; i++)
		if (v->tallies[i].key != 0 && !v->tallies[i].stored)
			verify_fault(v, VERIFY_TOTALS, "the total %s (field %u, %u) of %lld orders is missing",
			    what_of(v->tallies[i].key), (unsigned)(v->tallies[i].key >> 40 & 0xffff),
			    (unsigned)v->tallies[i].key, (long long)v->tallies[i].count);
	if (v->zoned && summary_check(v->txn, v->dbs, v->schema, store_head(v->st)) != ERR_OK)
		verify_fault(v, VERIFY_SUMMARY, "the stored body does not match the totals");
}

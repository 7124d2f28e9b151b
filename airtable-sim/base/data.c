#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/base/data_parts.h"
#include "airtable-sim/base/data_texts.h"
#include "airtable-sim/cells/cell.h"
#include "airtable-sim/formula/formula.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define DAY_MS		INT64_C(86400000)
#define SPREAD_DAYS	45
#define EMPTY_PERCENT	3
#define CUSTOMERS	(COUNT(special_customers) + COUNT(first_names) * COUNT(last_names))

static const char label_formula[] = "{Order ID} & ' / ' & {Customer}";

void
sim_data_id(const char *prefix, const char *name, char id[static SIM_ID_SIZE])
{
	size_t n = 3;

	memset(id, '0', SIM_ID_LEN);
	memcpy(id, prefix, 3);
	for (; *name != '\0' && n < SIM_ID_LEN; name++)
		if (*name != ' ')
			id[n++] = *name;
	id[SIM_ID_LEN] = '\0';
}

bool
sim_data_choices(struct sim_base *b, struct sim_field *f, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int place = sim_field_add_choice(b, f, str_of(names[i]));

		if (place < 0)
			return false;
		sim_data_id("sel", names[i], f->choices[place].id);
	}
	return true;
}

static bool
add_fields(struct sim_base *b, struct sim_table *t)
{
	static const struct {
		const char	*name;
		enum sim_type	 type;
	} fields[SIM_ORDER_FIELDS] = {
		[SIM_ORDER_ID] =	 { "Order ID", SIM_SINGLE_LINE_TEXT },
		[SIM_ORDER_CUSTOMER] =	 { "Customer", SIM_SINGLE_LINE_TEXT },
		[SIM_ORDER_STATUS] =	 { "Status", SIM_SINGLE_SELECT },
		[SIM_ORDER_TOTAL] =	 { "Order Total", SIM_CURRENCY },
		[SIM_ORDER_CREATED_AT] = { "Created At", SIM_DATE_TIME },
		[SIM_ORDER_UPDATED_AT] = { "Updated At", SIM_LAST_MODIFIED_TIME },
		[SIM_ORDER_PRIORITY] =	 { "Priority", SIM_SINGLE_SELECT },
		[SIM_ORDER_NOTES] =	 { "Notes", SIM_MULTILINE_TEXT },
		[SIM_ORDER_LABEL] =	 { "Label", SIM_FORMULA },
	};
	static const char *const statuses[] = {
		"Pending", "Processing", "Shipped", "Delivered", "Cancelled"
	};
	static const char *const priorities[] = { "Low", "Medium", "High" };
	struct sim_field *f;

	for (size_t i = 0; i < SIM_ORDER_FIELDS; i++) {
		if ((f = sim_table_add_field(b, t, fields[i].name, fields[i].type)) == NULL)
			return false;
		sim_data_id("fld", fields[i].name, f->id);
	}
	f = t->fields;
	f[SIM_ORDER_TOTAL].precision = 2;
	if ((f[SIM_ORDER_TOTAL].symbol = sim_copy(STR("$"))) == NULL ||
	    (f[SIM_ORDER_LABEL].formula_text = sim_copy(STR(label_formula))) == NULL)
		return false;
	return sim_data_choices(b, &f[SIM_ORDER_STATUS], statuses, COUNT(statuses)) &&
	    sim_data_choices(b, &f[SIM_ORDER_PRIORITY], priorities, COUNT(priorities)) &&
	    formula_parse(STR(label_formula), t, &f[SIM_ORDER_LABEL].formula, NULL) == ERR_OK;
}

/* The pool that cells share: customers by rank. */
static bool
add_customers(struct sim_base *b)
{
	size_t special = COUNT(special_customers);

	for (size_t i = 0; i < CUSTOMERS; i++) {
		char name[96];
		size_t k = i - special;

		if (i < special)	/* the best customers are the awkward ones */
			(void)snprintf(name, sizeof(name), "%s", special_customers[i]);
		else	/* 7 and 26 have no common divisor: neighbours in rank don't share a name */
			(void)snprintf(name, sizeof(name), "%s %s",
			    first_names[k * 7 % COUNT(first_names)],
			    last_names[(k + k / COUNT(first_names)) % COUNT(last_names)]);
		char *copy = sim_copy(str_of(name));

		if (copy == NULL || !sim_base_pool(b, copy))
			return false;
	}
	return true;
}

struct sim_cell
sim_data_text(const char *text)
{
	/* nothing writes through a shared text: cells are replaced whole */
	return (struct sim_cell){ .kind = SIM_TEXT, .shared = true,
	    .len = (uint32_t)strlen(text), .text = (char *)(uintptr_t)text };
}

static uint32_t
status_for_age(struct sim_random *r, int64_t age_ms)
{
	/* percent of Pending, Processing, Shipped, Delivered; the rest is Cancelled */
	static const struct {
		int		days;
		unsigned char	percent[4];
	} mixes[] = {
		{ 1, { 62, 28, 4, 1 } }, { 3, { 22, 46, 24, 3 } }, { 7, { 8, 18, 46, 22 } },
		{ 14, { 3, 6, 22, 61 } }, { SPREAD_DAYS + 1, { 1, 2, 5, 83 } },
	};
	size_t m = 0;
	uint32_t roll = sim_random_below(r, 100), i;

	while (m < COUNT(mixes) - 1 && age_ms >= mixes[m].days * DAY_MS)
		m++;
	for (i = 0; i < 4; i++) {
		if (roll < mixes[m].percent[i])
			break;
		roll -= mixes[m].percent[i];
	}
	return i;
}

static double
total(struct sim_random *r)
{
	uint32_t u = sim_random_below(r, 32 << 10), step = u >> 10, part = u & 1023;
	int64_t low = total_quantiles[step], high = total_quantiles[step + 1];
	int64_t cents = low + (high - low) * part / 1024;

	if (sim_random_below(r, 250) == 0)
		cents = 0;	/* a free order: 0 is not empty */
	return (double)cents / 100;
}

static bool
is_empty(struct sim_random *r)
{
	return sim_random_below(r, 100) < EMPTY_PERCENT;
}

static void
fill_optional(struct sim_base *b, struct sim_random *r, struct sim_row *row, int64_t created_ms,
    int64_t now_ms)
{
	struct sim_cell *c = row->cells;
	uint64_t u;

	if (!is_empty(r)) {	/* u^3: few customers order much */
		u = sim_random_below(r, 1 << 16);
		c[SIM_ORDER_CUSTOMER] = sim_data_text(b->pool[(u * u * u >> 32) * CUSTOMERS >> 16]);
	}
	if (!is_empty(r))
		c[SIM_ORDER_STATUS] = (struct sim_cell){ .kind = SIM_CHOICE,
		    .choice = status_for_age(r, now_ms - row->created_ms) };
	if (!is_empty(r))
		c[SIM_ORDER_TOTAL] = (struct sim_cell){ .kind = SIM_NUM, .number = total(r) };
	if (!is_empty(r))
		c[SIM_ORDER_CREATED_AT] = (struct sim_cell){ .kind = SIM_INSTANT,
		    .instant = created_ms };
	if (!is_empty(r)) {
		uint32_t roll = sim_random_below(r, 100);

		c[SIM_ORDER_PRIORITY] = (struct sim_cell){ .kind = SIM_CHOICE,
		    .choice = roll < 30 ? 0 : roll < 82 ? 1 : 2 };
	}
	if (sim_random_below(r, 100) < 25)
		c[SIM_ORDER_NOTES] = sim_data_text(notes[sim_random_below(r, COUNT(notes))]);
}

uint32_t
sim_data_add_order(struct sim_base *b, struct sim_table *t, uint64_t seed, uint32_t n,
    int64_t created_ms, int64_t now_ms)
{
	struct sim_random r = { seed ^ (uint64_t)n << 32 };
	struct sim_row *row;
	uint32_t slot;
	char id[SIM_ID_SIZE], order_id[24];
	int64_t age;

	(void)sim_random_next(&r);	/* seeds that differ little are soon far apart */
	sim_random_id(&r, "rec", id);
	if (sim_table_row(t, (struct str){ id, SIM_ID_LEN }) != SIM_NO_ROW)
		sim_random_id(&r, "rec", id);
	if ((slot = sim_table_add_row(b, t, id, created_ms)) == SIM_NO_ROW)
		return SIM_NO_ROW;
	row = &t->rows[slot];
	if ((row->cells = calloc(SIM_ORDER_FIELDS, sizeof(*row->cells))) == NULL)
		return SIM_NO_ROW;
	row->cell_count = SIM_ORDER_FIELDS;
	(void)snprintf(order_id, sizeof(order_id), "ORD-%06u", n + 1);
	if (!sim_cell_text(&row->cells[SIM_ORDER_ID], str_of(order_id)))
		return SIM_NO_ROW;
	fill_optional(b, &r, row, created_ms, now_ms);
	age = now_ms - created_ms;	/* changed since, mostly soon after */
	if (age > 0 && sim_random_below(&r, 100) < 85) {
		uint64_t u = sim_random_below(&r, 1 << 16);

		row->modified_ms += (int64_t)((uint64_t)age * (u * u >> 16) >> 16);
	}
	row->modified_ms -= row->modified_ms % 1000;
	row->before_ms = row->modified_ms;
	return slot;
}

/* A moment of the last 45 days, by weekday and hour. */
static int64_t
creation(struct sim_random *r, int64_t now_ms)
{
	for (;;) {
		int64_t ms = now_ms - 1 - (int64_t)(sim_random_next(r) %
		    (uint64_t)(SPREAD_DAYS * DAY_MS));
		int64_t day = ms / DAY_MS;
		uint32_t weight = (uint32_t)hour_weights[ms / 3600000 % 24] *
		    weekday_weights[(day + 3) % 7];	/* 1970-01-01 was a Thursday */

		if (sim_random_below(r, 84 * 100) < weight)
			return ms;
	}
}

static int
by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool
add_orders(struct sim_base *b, struct sim_table *t, uint32_t n, uint64_t seed, int64_t now_ms)
{
	struct sim_random r = { seed };
	int64_t *times;
	bool ok = true;

	if (n == 0)
		return true;
	if ((times = malloc(n * sizeof(*times))) == NULL || !sim_table_reserve(t, n)) {
		free(times);
		return false;
	}
	for (uint32_t i = 0; i < n; i++)
		times[i] = creation(&r, now_ms);
	qsort(times, n, sizeof(*times), by_time);
	for (uint32_t i = 0; i < n && ok; i++)
		ok = sim_data_add_order(b, t, seed, i, times[i], now_ms) != SIM_NO_ROW;
	free(times);
	return ok;
}

struct sim_base *
sim_data_new(const char *base_id, uint32_t orders, uint64_t seed, int64_t now_ms)
{
	struct sim_base *b;
	struct sim_table *t;

	if ((b = sim_base_new(base_id, "Orderdeck demo", seed)) == NULL)
		return NULL;
	if ((t = sim_table_new(b, "Orders")) == NULL)
		goto err;
	memcpy(t->id, SIM_DATA_TABLE_ID, SIM_ID_SIZE);
	sim_data_id("viw", "Orders", t->view_id);
	if (!add_fields(b, t) || !add_customers(b) || !add_orders(b, t, orders, seed, now_ms))
		goto err;
	return b;
err:
	sim_base_free(b);
	return NULL;
}

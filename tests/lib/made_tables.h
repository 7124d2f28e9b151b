#ifndef TESTS_LIB_MADE_TABLES_H
#define TESTS_LIB_MADE_TABLES_H

#include "common/tables/tables.h"
#include "tests/lib/orders_made.h"

/*
 * A second table, for tests that what is said of one table holds for each: it
 * has no money, no days and no state, so that nothing takes those for granted.
 */
enum parcels_field { PARCEL_CODE, PARCEL_STATE, PARCEL_SENT_AT, PARCEL_FIELDS };
extern const struct schema parcels_schema;
/* The orders and the parcels. */
extern const struct tables made_tables;

/* A table with a field of every kind; and the orders and it. */
enum kinds_field {
	KIND_CODE, KIND_NOTES, KIND_EMAIL, KIND_SITE, KIND_PHONE, KIND_COLOUR, KIND_PRICE, KIND_PIECES,
	KIND_WEIGHT, KIND_DISCOUNT, KIND_TAKES, KIND_TICKED, KIND_DUE, KIND_MADE_AT, KIND_FIELDS
};
extern const struct schema kinds_schema;
extern const struct tables made_kinds;

struct made_row {
	struct record	r;
	char		id[18], key[32];
};

/* Row number ${n} of a table, drawn from *seed.  Rows of all tables have the same record ids. */
void	made_row(struct made_row *, const struct schema *, unsigned n, uint64_t *seed);

#endif

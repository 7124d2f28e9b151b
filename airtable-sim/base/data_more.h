#ifndef AIRTABLE_SIM_BASE_DATA_MORE_H
#define AIRTABLE_SIM_BASE_DATA_MORE_H

#include "airtable-sim/base/action.h"

/*
 * Further tables that the simulator may start with, the same ones for the
 * same seed and "now".
 *
 * The shop: 300 products of 25 suppliers, and the customers of the orders,
 * 600 or as many as the orders show.  Orders get the fields "Customer Link"
 * and "Products".  All link fields have inverses, and there are formulas, a
 * lookup, counts and a rollup.
 *
 * Everything: a table with a field of every kind, whose values are ordinary,
 * empty and odd, and the table Things that it links to.
 */
enum sim_tables { SIM_TABLES_SHOP = 1, SIM_TABLES_EVERYTHING = 2 };

#define SIM_SHOP_PRODUCTS	300u
#define SIM_SHOP_SUPPLIERS	25u
#define SIM_SHOP_CUSTOMERS	600u

/* "shop,everything" as or'ed enum sim_tables; "orders" is none of them.  False: another word. */
bool	sim_tables_read(const char *text, unsigned *tables);
/* Add those of ${tables} to a base of generated orders; false: out of memory. */
bool	sim_tables_add(struct sim_base *, unsigned tables, uint64_t seed, int64_t now_ms);
/* Link the ${n}th generated order, which is new, to its customer and products, if there are such tables. */
bool	sim_shop_link_order(struct sim_action *, struct sim_table *orders, uint32_t slot, uint64_t seed,
	    uint32_t n);

#endif
